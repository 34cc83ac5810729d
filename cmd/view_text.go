package cmd

import (
	"iter"
	"os"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"
)

// cells measures text in terminal cells. East Asian ambiguous runes count one, whatever the locale:
// the same input must print the same.
var cells = runewidth.Condition{StrictEmojiNeutral: true} //nolint:gochecknoglobals // nobody writes to it

// clean makes text from outside fit for a terminal: control characters, which could move the
// cursor, recolour or retitle the terminal, and bidirectional overrides, which could make a line
// read as another, become '?'. Tabs and newlines become spaces.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case unicode.IsControl(r), r == unicode.ReplacementChar, isBidiControl(r):
			return '?'
		}
		return r
	}, text)
}

// cleanLines is clean for text of several lines, which stay lines.
func cleanLines(text string) string {
	var out []string
	for line := range lines(text) {
		out = append(out, clean(line))
	}
	return strings.Join(out, "\n")
}

func isBidiControl(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// lines yields the lines of text without their ends; a final newline starts no further line.
func lines(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range strings.Lines(text) {
			if !yield(strings.TrimRight(line, "\r\n")) {
				return
			}
		}
	}
}

// truncate cuts text to width cells, the last of them an ellipsis where something was cut.
func truncate(text string, width int) string {
	if width <= 0 {
		return ""
	}
	return cells.Truncate(text, width, "…")
}

// truncateMiddle cuts text to width cells and keeps both ends: what tells image references apart is
// mostly at the end.
func truncateMiddle(text string, width int) string {
	over := cells.StringWidth(text) - width
	if over <= 0 {
		return text
	}
	if width < 3 {
		return truncate(text, width)
	}
	head := (width - 1) / 3
	tail := width - 1 - head
	return cells.Truncate(text, head, "") + "…" + cells.TruncateLeft(text, cells.StringWidth(text)-tail, "")
}

// pad fills text up with spaces to width cells.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-cells.StringWidth(text)))
}

// terminalSize gives the size of the terminal a stream is connected to; ok is false where it is
// none. A stream that has a TerminalSize method answers for itself, as the terminals of tests do.
func terminalSize(stream any) (width, height int, ok bool) {
	switch s := stream.(type) {
	case interface{ TerminalSize() (int, int) }:
		width, height = s.TerminalSize()
	case *os.File:
		if !term.IsTerminal(int(s.Fd())) {
			return 0, 0, false
		}
		var err error
		if width, height, err = term.GetSize(int(s.Fd())); err != nil {
			return 80, 24, true
		}
	default:
		return 0, 0, false
	}
	// A serial line or a fresh pseudo terminal has the size 0 by 0.
	if width <= 0 || height <= 0 {
		return 80, 24, true
	}
	return width, height, true
}

// isTerminal says whether a stream is connected to a terminal.
func isTerminal(stream any) bool {
	_, _, ok := terminalSize(stream)
	return ok
}
