package cmd

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8/cwriter"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/plan"
)

// liveProgress is the display on a terminal. Changes under way are lines that are redrawn in place;
// a change that ends becomes a line that stays. Each redraw is one write that first clears what the
// last one drew, so that nothing flickers. The cursor rests below the drawing and is never hidden:
// whatever ends the process leaves a usable terminal.
type liveProgress struct {
	out   io.Writer
	term  *cwriter.Writer
	color palette
	now   func() time.Time

	mu     sync.Mutex
	track  *track
	lines  layout
	staid  strings.Builder // lines that stay, not yet written
	drawn  []int           // widths of the lines that the next redraw clears
	finish func()          // ends the redrawing; nil outside Begin and End
}

// redrawEvery is fast enough for a spinner to turn and slow enough for a remote terminal.
const redrawEvery = 100 * time.Millisecond

func newLiveProgress(out io.Writer, color palette, now func() time.Time) *liveProgress {
	return &liveProgress{out: out, term: cwriter.New(out), color: color, now: now, track: newTrack(plan.Plan{}, now)}
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

// redraw clears the last drawing, writes the lines that stay, and draws the changes under way.
func (v *liveProgress) redraw() {
	v.mu.Lock()
	defer v.mu.Unlock()
	width, height := v.size()
	v.clearWrapped(width)

	_, _ = io.WriteString(v.term, v.staid.String())
	v.staid.Reset()
	v.drawn = v.drawn[:0]
	now := v.now()
	var live []*tracked
	for i := range v.track.changes {
		if c := &v.track.changes[i]; c.live() {
			live = append(live, c)
		}
	}
	// A drawing as high as the terminal would scroll its own top out of reach, and one that begins in
	// the first row is kept by tmux in its history each time it is cleared (seen with 3.3).
	room := max(height-2, 1)
	for i, c := range live {
		line, cellCount := v.lines.working(c, now, width, v.color)
		if len(live) > room && i == room-1 {
			rest := truncate(fmt.Sprintf("   … and %d more", len(live)-i), width-1)
			line, cellCount = v.color.faint(rest), cells.StringWidth(rest)
		}
		_, _ = io.WriteString(v.term, line+"\n")
		v.drawn = append(v.drawn, cellCount)
		if i == room-1 {
			break
		}
	}
	_ = v.term.Flush(len(v.drawn))
}

// clearWrapped clears what lies above the drawing since the terminal became narrower: terminals
// that wrap lines anew have made several of one. The library's writer counts lines as drawn.
func (v *liveProgress) clearWrapped(width int) {
	extra := 0
	for _, cellCount := range v.drawn {
		extra += max(0, cellCount-1) / width
	}
	// On Windows the writer clears through the console's own calls, which come later.
	if extra > 0 && runtime.GOOS != "windows" {
		fmt.Fprintf(v.term, "\x1b[%dA\x1b[J", extra)
	}
}
