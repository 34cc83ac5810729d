package quadlet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"
	"unicode/utf16"
	"unicode/utf8"
)

// Node stands in a project for the name of the machine that the units will run on, where a pod names
// none: translate.Options.Node. Units have systemd's specifier %H in its place. No manifest holds it by chance.
const Node = "\x01podup.node\x01"

const nodeSpecifier = "%H"

// functions are those of the templates. What a unit says of a manifest has gone through one of them.
func functions() template.FuncMap {
	return template.FuncMap{"word": word, "words": words, "plain": plain, "json": jsonValue, "comment": comment}
}

// word quotes one word of a line that systemd or Quadlet splits: Exec, Environment, Label, Secret, Mount,
// PodmanArgs and systemd's own Exec lines. Quadlet undoes the quotes but neither % nor $, which reach
// systemd (5.8.2, 5.4.2).
func word(text string) string {
	if text == "" {
		return `""`
	}
	if strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@:,./=+-") == "" {
		return text
	}
	var b strings.Builder
	b.WriteByte('"')
	for i, part := range strings.Split(text, Node) {
		if i > 0 {
			b.WriteString(nodeSpecifier)
		}
		for _, r := range part {
			switch {
			case r == '\\' || r == '"':
				b.WriteByte('\\')
				b.WriteRune(r)
			case r == '%' || r == '$':
				b.WriteRune(r)
				b.WriteRune(r)
			case r == '\n':
				b.WriteString(`\n`)
			case r == '\t':
				b.WriteString(`\t`)
			case r == '\r':
				b.WriteString(`\r`)
			case r < ' ' || r == 0x7f:
				fmt.Fprintf(&b, `\x%02x`, r)
			default:
				b.WriteRune(r)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}

func words(all []string) string {
	quoted := make([]string, len(all))
	for i, text := range all {
		quoted[i] = word(text)
	}
	return strings.Join(quoted, " ")
}

// plain is a value that is neither split nor unquoted: only what systemd would expand is doubled. Not
// every text can be said so, see isPlain.
func plain(text string) string {
	text = strings.NewReplacer("%", "%%", "$", "$$").Replace(text)
	return strings.ReplaceAll(text, Node, nodeSpecifier)
}

// jsonValue is an argv as the value of Entrypoint or HealthCmd.
func jsonValue(argv []string) string { return plain(jsonText(argv)) }

// jsonText is an argv as JSON in ASCII, in which no character is lost on the way through Quadlet and systemd.
func jsonText(argv []string) string {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(argv); err != nil { // strings always encode
		return "[]"
	}
	var b strings.Builder
	node := strings.Trim(mustJSON(Node), `"`)
	for i, part := range strings.Split(strings.TrimSuffix(text.String(), "\n"), node) {
		if i > 0 {
			b.WriteString(Node)
		}
		for _, r := range part {
			switch {
			case r < 0x7f:
				b.WriteRune(r)
			case r > 0xffff:
				high, low := utf16.EncodeRune(r)
				fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
			default:
				fmt.Fprintf(&b, `\u%04x`, r)
			}
		}
	}
	return b.String()
}

func mustJSON(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil { // a string always encodes
		return text
	}
	return string(quoted)
}

// comment is text for one line of a comment.
func comment(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text)
}

// isPlain says whether text survives as a plain value, whose ends are trimmed, whose last backslash joins
// lines and whose quotes at both ends are taken off.
func isPlain(text string) bool {
	if text == "" || text != strings.TrimSpace(text) || strings.HasSuffix(text, `\`) || wordTrouble(text) != "" {
		return false
	}
	if strings.ContainsFunc(strings.ReplaceAll(text, Node, ""), func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return false
	}
	return text[0] != '"' || text[len(text)-1] != '"'
}

// wordTrouble is what of a text no quoting brings through, empty where all is well.
func wordTrouble(text string) string {
	if strings.Contains(text, "\x00") {
		return tokenTrouble
	}
	if !utf8.ValidString(text) {
		return "it is not UTF-8"
	}
	for _, r := range text {
		switch {
		case r == 0x80:
			// Podman's generator writes it as \x80, which to systemd is a byte (5.8.2).
			return "the character U+0080 does not survive Podman's generator"
		case r >= 0xfdd0 && r <= 0xfdef || r&0xfffe == 0xfffe:
			// systemd takes such a line for no UTF-8 and ignores it (basic/utf8.c, unichar_is_valid).
			return fmt.Sprintf("systemd ignores a line with the character %U", r)
		}
	}
	return ""
}

const tokenTrouble = "it is known only when the pod runs, and units are written before"

// jsonTrouble is wordTrouble for what goes through JSON.
func jsonTrouble(text string) string {
	if strings.Contains(text, "\x00") {
		return tokenTrouble
	}
	if !utf8.ValidString(text) {
		return "it is not UTF-8"
	}
	return ""
}
