package translate

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A difference shows shownLength characters of a value. Of a longer one it shows where the two begin
// to differ, with contextLength characters before that.
const (
	shownLength   = 60
	contextLength = 12
	elision       = "…"
)

var concealedForm = regexp.MustCompile(`^\(secret [0-9a-f]+\)$`)

// Differences says field by field what turns old into new: "image: nginx:1.26 → nginx:1.27",
// "env LOG: removed". It is empty where nothing does. Changes and additions come in new's order, then
// removals in old's. Confidential values are only said to have changed.
func Differences(old, new []Field) []string {
	before := make(map[string]string, len(old))
	for _, field := range old {
		before[field.Name] = field.Value
	}
	var lines []string
	after := make(map[string]bool, len(new))
	for _, field := range new {
		after[field.Name] = true
		was, had := before[field.Name]
		secret := concealedForm.MatchString(field.Value) || concealedForm.MatchString(was)
		switch {
		case had && was == field.Value:
		case had && secret:
			lines = append(lines, field.Name+": changed")
		case had:
			from, to := shorten(was, field.Value)
			lines = append(lines, field.Name+": "+printable(from)+" → "+printable(to))
		case secret:
			lines = append(lines, field.Name+": added")
		default:
			value, _ := shorten(field.Value, "")
			lines = append(lines, field.Name+": added ("+printable(value)+")")
		}
	}
	for _, field := range old {
		if !after[field.Name] {
			lines = append(lines, field.Name+": removed")
		}
	}
	return lines
}

// shorten cuts two values down to where they differ.
func shorten(a, b string) (string, string) {
	if utf8.RuneCountInString(a) <= shownLength && utf8.RuneCountInString(b) <= shownLength {
		return a, b
	}
	x, y := []rune(a), []rune(b)
	same := 0
	for same < len(x) && same < len(y) && x[same] == y[same] {
		same++
	}
	start := max(same-contextLength, 0)
	return window(x, start), window(y, start)
}

func window(text []rune, start int) string {
	start = min(start, len(text))
	end := min(start+shownLength, len(text))
	cut := string(text[start:end])
	if start > 0 {
		cut = elision + cut
	}
	if end < len(text) {
		cut += elision
	}
	return cut
}

// printable keeps a value on its line and its ends visible.
func printable(text string) string {
	if text == "" || text != strings.TrimSpace(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}
