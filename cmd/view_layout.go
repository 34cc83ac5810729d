package cmd

import (
	"strings"
	"time"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/plan"
)

// layout is the columns of the live display: mark, verb, object, clock, text. They are as wide as the
// plan needs, so that nothing moves while it is carried out.
type layout struct{ verb, object int }

const (
	clockWidth = 6  // fits 99m59s
	textWidth  = 18 // is kept for the text, where the terminal is at least wideEnough
	wideEnough = 60
)

func newLayout(p plan.Plan) layout {
	l := layout{verb: len("skipped")}
	for _, change := range p.Changes {
		doing, done := verbs(change.Action)
		l.verb = max(l.verb, len(doing), len(done))
		l.object = max(l.object, cells.StringWidth(clean(change.Object)))
	}
	return l
}

// piece is text with the way it is coloured.
type piece struct {
	text  string
	paint func(string) string
}

const spinner = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

// working is the line of a change under way, and its width in cells.
func (l layout) working(c *tracked, now time.Time, width int, color palette) (line string, cellCount int) {
	frames := []rune(spinner)
	elapsed := c.elapsed(now)
	mark := string(frames[int(elapsed/redrawEvery)%len(frames)])
	doing, _ := verbs(c.Action)
	text := c.text
	if text == "" {
		text = c.why()
	}
	return l.line(width,
		piece{mark, color.cyan}, piece{doing, nil}, c.Object, piece{seconds(elapsed), color.faint}, piece{text, color.faint})
}

// ended is the line that stays of a change.
func (l layout) ended(c *tracked, what moment, width int, color palette) string {
	_, done := verbs(c.Action)
	doing, _ := verbs(c.Action)
	clock := piece{seconds(c.elapsed(c.ended)), color.faint}
	var line string
	switch {
	case what == takenBack:
		line, _ = l.line(width, piece{"↩", color.yellow}, piece{"undone", color.yellow}, c.Object, piece{}, piece{"taken back", color.faint})
	case c.state == apply.Failed && c.interrupted():
		line, _ = l.line(width, piece{"✘", color.yellow}, piece{doing, color.yellow}, c.Object, clock, piece{"interrupted", color.yellow})
	case c.state == apply.Failed:
		line, _ = l.line(width, piece{"✘", color.red}, piece{doing, color.red}, c.Object, clock, piece{"failed", color.red})
	case c.state == apply.Skipped:
		line, _ = l.line(width, piece{"-", color.faint}, piece{"skipped", color.faint}, c.Object, piece{}, piece{})
	default:
		line, _ = l.line(width, piece{"✔", color.green}, piece{done, nil}, c.Object, clock, piece{c.why(), color.faint})
	}
	return line
}

// line fits the columns into width cells, the last of which stays empty: some terminals wrap as
// soon as it is written. The object gives way first, then the text.
func (l layout) line(width int, mark, verb piece, object string, clock, text piece) (line string, cellCount int) {
	room := width - 1
	fixed := len(" ") + 1 + len(" ") + l.verb + len(" ") + len(" ") + clockWidth
	if width >= wideEnough {
		fixed += textWidth
	}
	objectWidth := min(l.object, max(room-fixed, 8))
	clock.text = strings.Repeat(" ", max(0, clockWidth-len(clock.text))) + clock.text

	pieces := []piece{
		{text: " "}, mark, {text: " "}, {pad(verb.text, l.verb), verb.paint}, {text: " "},
		{text: pad(truncateMiddle(clean(object), objectWidth), objectWidth)}, {text: " "}, clock,
	}
	if text.text != "" {
		pieces = append(pieces, piece{text: "  "}, text)
	}
	var out strings.Builder
	for i, p := range pieces {
		p.text = truncate(p.text, room-cellCount)
		if i == len(pieces)-1 || strings.TrimSpace(joinText(pieces[i+1:])) == "" {
			p.text = strings.TrimRight(p.text, " ")
		}
		cellCount += cells.StringWidth(p.text)
		if p.paint != nil && p.text != "" {
			p.text = p.paint(p.text)
		}
		out.WriteString(p.text)
	}
	return out.String(), cellCount
}

func joinText(pieces []piece) string {
	var text strings.Builder
	for _, p := range pieces {
		text.WriteString(p.text)
	}
	return text.String()
}
