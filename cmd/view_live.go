package cmd

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-colorable"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/plan"
)

// liveProgress is the display on a terminal. Changes under way are lines that are redrawn in place;
// a change that ends becomes a line that stays. The cursor rests below the drawing and is never
// hidden: whatever ends the process leaves a usable terminal.
//
// The drawing is podup's own, of what libraries give (widths, size, colour, Windows' console): one
// write that puts lines over the old ones. Libraries for progress bars (mpb 8.10) clear first and
// rely on the cursor's column, which the echo of Ctrl-C moves, and on lines that no narrower
// terminal has wrapped; and tmux keeps what is cleared from the top of its window in its history.
type liveProgress struct {
	out    io.Writer
	screen io.Writer // out, with control sequences translated for a Windows console that has none
	color  palette
	now    func() time.Time

	mu     sync.Mutex
	track  *track
	lines  layout
	staid  strings.Builder // lines that stay, not yet written
	drawn  []int           // widths of the lines that the next redraw goes over
	finish func()          // ends the redrawing; nil outside Begin and End
}

// redrawEvery is fast enough for a spinner to turn and slow enough for a remote terminal.
const redrawEvery = 100 * time.Millisecond

func newLiveProgress(out io.Writer, color palette, now func() time.Time) *liveProgress {
	screen := out
	if file, ok := out.(*os.File); ok {
		screen = colorable.NewColorable(file)
	}
	return &liveProgress{out: out, screen: screen, color: color, now: now, track: newTrack(plan.Plan{}, now)}
}

func (v *liveProgress) Begin(p plan.Plan) {
	v.begin(p)
	stop, stopped := make(chan struct{}), make(chan struct{})
	v.finish = func() {
		close(stop)
		<-stopped
	}
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(redrawEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				v.redraw()
			case <-stop:
				return
			}
		}
	}()
}

func (v *liveProgress) begin(p plan.Plan) {
	if v.finish != nil {
		v.finish()
		v.finish = nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.track = newTrack(p, v.now)
	v.lines = newLayout(p)
}

func (v *liveProgress) Event(e apply.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	c, what := v.track.event(e)
	if c == nil || what != ends && what != takenBack {
		return
	}
	width, _ := v.size()
	v.staid.WriteString(v.lines.ended(c, what, width, v.color) + "\n")
	if what == ends && c.state == apply.Failed && !c.interrupted() {
		v.staid.WriteString(indentError(c.err))
	}
}

func (v *liveProgress) End(r apply.Result) (shown bool) {
	if v.finish != nil {
		v.finish()
		v.finish = nil
	}
	v.mu.Lock()
	width, _ := v.size()
	for _, c := range v.track.cutShort() {
		v.staid.WriteString(v.lines.ended(c, ends, width, v.color) + "\n")
	}
	v.staid.WriteString(warningLines(r.Warnings, v.color))
	shown = v.track.shown(r)
	v.mu.Unlock()
	v.redraw()
	return shown
}

func (v *liveProgress) Note(text string) {
	v.mu.Lock()
	v.staid.WriteString(cleanLines(text) + "\n")
	waiting := v.finish != nil
	v.mu.Unlock()
	if !waiting {
		v.redraw()
	}
}

func (v *liveProgress) size() (width, height int) {
	width, height, ok := terminalSize(v.out)
	if !ok {
		return defaultWidth, 24
	}
	return width, height
}

var colorCodes = regexp.MustCompile("\x1b\\[[0-9;]*m")

// redraw goes over the last drawing: with the lines that stay, then with the changes under way.
func (v *liveProgress) redraw() {
	v.mu.Lock()
	defer v.mu.Unlock()
	width, height := v.size()
	var frame strings.Builder
	v.goBack(&frame, width)
	over := len(v.drawn) > 0
	for line := range lines(v.staid.String()) {
		frame.WriteString(line)
		// Behind a full row the cursor still stands on its last rune, which would be cleared.
		if cellCount := cells.StringWidth(colorCodes.ReplaceAllString(line, "")); cellCount == 0 || cellCount%width != 0 {
			frame.WriteString("\x1b[K")
		}
		frame.WriteByte('\n')
	}
	v.staid.Reset()
	v.drawn = v.drawn[:0]
	now := v.now()
	live := v.track.live()
	// A drawing as high as the terminal would scroll its own top out of reach.
	room := max(height-1, 1)
	for i, c := range live {
		line, cellCount := v.lines.working(c, now, width, v.color)
		if len(live) > room && i == room-1 {
			rest := truncate(fmt.Sprintf("   … and %d more", len(live)-i), width-1)
			line, cellCount = v.color.faint(rest), cells.StringWidth(rest)
		}
		frame.WriteString(line + "\x1b[K\n")
		v.drawn = append(v.drawn, cellCount)
		if i == room-1 {
			break
		}
	}
	if over {
		frame.WriteString("\x1b[J")
	}
	if frame.Len() > 0 {
		_, _ = io.WriteString(v.screen, frame.String())
	}
}

// goBack moves the cursor to where the last drawing began. A terminal that has become narrower since
// has wrapped its lines into more rows.
func (v *liveProgress) goBack(frame *strings.Builder, width int) {
	rows := 0
	for _, cellCount := range v.drawn {
		rows += max(1, (cellCount+width-1)/width)
	}
	if rows > 0 {
		fmt.Fprintf(frame, "\r\x1b[%dA", rows)
	}
}
