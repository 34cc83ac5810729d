package cmd

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/plan"
)

// plainProgress writes a line when a change begins and one when it ends: for files and pipes.
type plainProgress struct {
	out   io.Writer
	color palette
	now   func() time.Time

	mu     sync.Mutex
	track  *track
	finish func() // ends the reminding; nil outside Begin and End
}

// quietTime is how long nothing need be said of a container that takes its time to stop.
const quietTime = 2 * time.Second

func newPlainProgress(out io.Writer, color palette, now func() time.Time) *plainProgress {
	return &plainProgress{out: out, color: color, now: now, track: newTrack(plan.Plan{}, now)}
}

func (v *plainProgress) Begin(p plan.Plan) {
	v.remind(nil)
	v.mu.Lock()
	v.track = newTrack(p, v.now)
	v.mu.Unlock()
	over, ended := make(chan struct{}), make(chan struct{})
	ticker := time.NewTicker(quietTime / 4)
	go func() {
		defer close(ended)
		defer ticker.Stop()
		for {
			select {
			case <-over:
				return
			case <-ticker.C:
				v.sayWaiting()
			}
		}
	}()
	v.remind(func() {
		close(over)
		<-ended
	})
}

// remind ends the reminding of the plan before.
func (v *plainProgress) remind(finish func()) {
	if v.finish != nil {
		v.finish()
	}
	v.finish = finish
}

// sayWaiting says once of each change what it has been waiting for all this time.
func (v *plainProgress) sayWaiting() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, c := range v.track.live() {
		if c.waiting == "" || c.told || v.now().Sub(c.waits) < quietTime {
			continue
		}
		c.told = true
		_, _ = fmt.Fprintf(v.out, "waiting for %s, %s\n", clean(c.Object), c.waiting)
	}
}

func (v *plainProgress) Event(e apply.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	c, what := v.track.event(e)
	if text := plainLine(c, what, v.now(), v.color); text != "" {
		_, _ = io.WriteString(v.out, text)
	}
}

func plainLine(c *tracked, what moment, now time.Time, color palette) string {
	if c == nil {
		return ""
	}
	object := clean(c.Object)
	doing, _ := verbs(c.Action)
	switch what {
	case begins:
		if why := c.why(); why != "" {
			return fmt.Sprintf("%s %s (%s)\n", doing, object, why)
		}
		return fmt.Sprintf("%s %s\n", doing, object)
	case ends:
		return plainEnd(c, now, color)
	case takenBack:
		return fmt.Sprintf("%s %s\n", color.yellow("took back"), object)
	case unchanged, progresses:
	}
	return ""
}

func plainEnd(c *tracked, now time.Time, color palette) string {
	object := clean(c.Object)
	doing, done := verbs(c.Action)
	took := seconds(c.elapsed(now))
	switch {
	case c.state == apply.Done:
		return fmt.Sprintf("%s %s in %s\n", color.action(c.Action, done), object, took)
	case c.state == apply.Failed && c.interrupted():
		return fmt.Sprintf("%s %s after %s\n", color.yellow("interrupted "+doing), object, took)
	case c.state == apply.Failed:
		return fmt.Sprintf("%s %s after %s\n%s", color.red("failed "+doing), object, took, indentError(c.err))
	case c.done > 0:
		return fmt.Sprintf("%s %s\n", color.faint("not finished"), object)
	}
	return fmt.Sprintf("%s %s\n", color.faint("not "+done), object)
}

// indentError is an error below the line of the change it concerns. Its further lines, such as the
// last output of a container, stay lines.
func indentError(err error) string {
	if err == nil {
		return ""
	}
	return "    " + strings.ReplaceAll(cleanLines(err.Error()), "\n", "\n    ") + "\n"
}

func (v *plainProgress) End(r apply.Result) (shown bool) {
	v.remind(nil)
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, c := range v.track.cutShort() {
		_, _ = io.WriteString(v.out, plainLine(c, ends, v.now(), v.color))
	}
	_, _ = io.WriteString(v.out, warningLines(r.Warnings, v.color))
	return v.track.shown(r)
}

func warningLines(warnings []string, color palette) string {
	var text strings.Builder
	for _, warning := range gathered(warnings) {
		fmt.Fprintf(&text, "%s %s\n", color.yellow("warning:"), clean(warning))
	}
	return text.String()
}

// gathered says once what is said of several objects: "container/a, container/b: no limits here".
func gathered(warnings []string) []string {
	const most = 3
	var texts []string
	objects := map[string][]string{}
	for _, warning := range warnings {
		object, text, found := strings.Cut(warning, ": ")
		if !found {
			object, text = "", warning
		}
		if _, known := objects[text]; !known {
			texts = append(texts, text)
		}
		objects[text] = append(objects[text], object)
	}
	for i, text := range texts {
		of := slices.DeleteFunc(objects[text], func(object string) bool { return object == "" })
		switch {
		case len(of) > most:
			texts[i] = fmt.Sprintf("%s and %d more: %s", strings.Join(of[:most], ", "), len(of)-most, text)
		case len(of) > 0:
			texts[i] = strings.Join(of, ", ") + ": " + text
		}
	}
	return texts
}

func (v *plainProgress) Note(text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	_, _ = io.WriteString(v.out, cleanLines(text)+"\n")
}

// quietProgress shows nothing: errors and problems are not progress, and are shown all the same.
type quietProgress struct{}

func (quietProgress) Begin(plan.Plan)       {}
func (quietProgress) Event(apply.Event)     {}
func (quietProgress) End(apply.Result) bool { return false }
func (quietProgress) Note(string)           {}
