package cmd

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// screen is a terminal: it keeps what has been written to it as a person would see it, with what
// has scrolled out at the top. It wraps at its width and understands the few control sequences podup
// uses; any other fails the test.
type screen struct {
	t             testing.TB
	width, height int
	rows          []string // all rows ever, the last height of them visible
	row           int      // of the cursor, in rows
	column        int
	writes        int
}

func newScreen(tb testing.TB, width, height int) *screen {
	tb.Helper()
	return &screen{t: tb, width: width, height: height, rows: []string{""}}
}

func (s *screen) TerminalSize() (width, height int) { return s.width, s.height }

func (s *screen) Write(p []byte) (int, error) {
	s.writes++
	text := string(p)
	for text != "" {
		if rest, ok := strings.CutPrefix(text, "\x1b["); ok {
			end := strings.IndexFunc(rest, func(r rune) bool { return r >= '@' && r <= '~' })
			if end < 0 {
				s.t.Fatalf("cut control sequence %q", text)
			}
			s.control(rest[:end], rest[end])
			text = rest[end+1:]
			continue
		}
		r := []rune(text)[0]
		text = text[len(string(r)):]
		s.put(r)
	}
	return len(p), nil
}

func (s *screen) control(argument string, final byte) {
	switch final {
	case 'm': // colour
	case 'A':
		n, err := strconv.Atoi(argument)
		if err != nil || n < 1 {
			s.t.Fatalf("cursor up by %q", argument)
		}
		if s.row -= n; s.row < len(s.rows)-s.height {
			s.t.Errorf("the cursor was moved %d rows up, out of the screen of %d", n, s.height)
			s.row = max(0, len(s.rows)-s.height)
		}
	case 'K':
		line := []rune(s.rows[s.row])
		// Behind the last column the cursor still stands on it, as in xterm.
		s.rows[s.row] = string(line[:min(len(line), s.column, s.width-1)]) // exact for narrow runes
	case 'J':
		s.rows = s.rows[:s.row+1]
		s.rows[s.row] = string([]rune(s.rows[s.row])[:min(s.column, len([]rune(s.rows[s.row])))])
	default:
		s.t.Fatalf("unknown control sequence ESC [ %s %c", argument, final)
	}
}

func (s *screen) put(r rune) {
	switch {
	case r == '\n':
		s.down()
		return
	case r == '\r':
		s.column = 0
		return
	case r < ' ' || r == 0x7f:
		s.t.Fatalf("control character %U reached the terminal", r)
	}
	if s.column+cells.RuneWidth(r) > s.width {
		s.down()
	}
	line := []rune(s.rows[s.row])
	if s.column < len(line) {
		line[s.column] = r
	} else {
		line = append(line, r)
	}
	s.rows[s.row] = string(line)
	s.column += cells.RuneWidth(r)
}

func (s *screen) down() {
	s.column = 0
	if s.row++; s.row == len(s.rows) {
		s.rows = append(s.rows, "")
	}
}

// String is what a person sees who scrolls to the top.
func (s *screen) String() string {
	return strings.TrimRight(strings.Join(s.rows, "\n"), "\n") + "\n"
}

func (s *screen) expect(want string) {
	s.t.Helper()
	want = strings.TrimPrefix(want, "\n")
	if got := s.String(); got != want {
		s.t.Errorf("the screen shows\n%swant\n%s", frame(got, s.width), frame(want, s.width))
	}
}

func frame(text string, width int) string {
	var out strings.Builder
	for line := range lines(text) {
		fmt.Fprintf(&out, "|%s|\n", pad(line, width))
	}
	return out.String()
}
