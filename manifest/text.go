package manifest

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// text is a source file cut into lines, which count from 1.
type text struct {
	name    string
	lines   []string
	secrets []span // lines that hold a Secret: they are never shown as they are
	last    cursor
}

type span struct{ first, last int }

// widestExcerpt keeps a file that is one huge line out of the messages. In bytes.
const widestExcerpt = 400

func newText(name, data string) *text {
	lines := strings.Split(data, "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return &text{name: name, lines: lines}
}

func (t *text) line(n int) string {
	if n < 1 || n > len(t.lines) {
		return ""
	}
	return t.lines[n-1]
}

// pos makes a position of a line and a column in characters, which is what the YAML parser counts.
// It goes on from where it was last: positions come in the order of the source but for a few, and a
// file may be one line of megabytes.
func (t *text) pos(line, characters int) Pos {
	content := t.line(line)
	if t.last.line != line || t.last.characters > characters {
		t.last = cursor{line: line, characters: 1}
	}
	for t.last.characters < characters && t.last.bytes < len(content) {
		_, size := utf8.DecodeRuneInString(content[t.last.bytes:])
		t.last.bytes += size
		t.last.characters++
	}
	return Pos{File: t.name, Line: line, Column: t.last.bytes + 1}
}

// cursor is a column of a line, in characters counted from 1 and in bytes before it.
type cursor struct{ line, characters, bytes int }

// excerpt gives the line a field stands in, or nothing where it is too long. Of a line that holds
// part of a Secret only the field's own key and, unless it is confidential, value are shown, each in
// its column.
func (t *text) excerpt(f *Field) string {
	if f.Pos.Column > widestExcerpt {
		return ""
	}
	if !t.secret(f.Pos.Line) {
		if content := t.line(f.Pos.Line); len(content) <= widestExcerpt {
			return content
		}
		return ""
	}
	var b strings.Builder
	pad := func(column int) {
		if missing := column - 1 - b.Len(); missing > 0 {
			b.WriteString(strings.Repeat(" ", missing))
		}
	}
	if f.key.line == f.Pos.Line && len(f.key.text) <= widestExcerpt {
		pad(f.key.column)
		b.WriteString(f.key.text + ":")
	}
	if f.Kind == Scalar && f.Pos.Column > f.key.column {
		pad(f.Pos.Column)
		value, _, _ := strings.Cut(f.Value, "\n")
		if f.hidden || len(value) > widestExcerpt {
			value = "***"
		}
		b.WriteString(value)
	}
	return b.String()
}

func (t *text) secret(line int) bool {
	for _, one := range t.secrets {
		if line >= one.first && line <= one.last {
			return true
		}
	}
	return false
}

// secretKind finds what may be a Secret in text that cannot be parsed.
var secretKind = regexp.MustCompile(`(?i)\bkind["']?\s*:\s*["']?secret`)

const byteOrderMark = "\uFEFF"

// readable gives the text of a file without its byte order mark, or says why it cannot be YAML.
func readable(source Source) (string, *Problem) {
	bad := func(line int, rule, message string) (string, *Problem) {
		return "", &Problem{Pos: Pos{File: source.Name, Line: line}, Rule: rule, Severity: SeverityError, Message: message}
	}
	data := source.Data
	if len(data) > MaxBytes {
		return bad(0, "yaml-too-large", fmt.Sprintf("the file is larger than %d MiB: split it", MaxBytes>>20))
	}
	if len(data) >= 2 && (data[0] == 0xFE && data[1] == 0xFF || data[0] == 0xFF && data[1] == 0xFE) {
		return bad(0, "yaml-not-text", "the file is UTF-16: save it as UTF-8")
	}
	content := strings.TrimPrefix(string(data), byteOrderMark)
	line := 1
	for i, char := range content {
		switch {
		case char == '\n':
			line++
		case char == utf8.RuneError && !strings.HasPrefix(content[i:], "\uFFFD"):
			return bad(line, "yaml-not-text", fmt.Sprintf("not a text file: byte 0x%02x is not UTF-8", content[i]))
		case !printable(char):
			return bad(line, "yaml-not-text", fmt.Sprintf("not a text file: it has the control character U+%04X", char))
		}
	}
	return content, nil
}

// printable is YAML 1.2's c-printable (5.1) without the byte order mark, as the parser has it.
func printable(char rune) bool {
	switch {
	case char == '\t', char == '\n', char == '\r', char == 0x85:
		return true
	case char >= 0x20 && char <= 0x7E, char >= 0xA0 && char <= 0xD7FF:
		return true
	case char >= 0xE000 && char <= 0xFFFD:
		return char != 0xFEFF
	default:
		return char >= 0x10000
	}
}
