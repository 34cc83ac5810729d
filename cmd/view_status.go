package cmd

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/manifest"
	"github.com/podup/podup/plan"
)

// statusView is a view that also tells in one line what is going on: the status of a service.
type statusView struct {
	view
	tell  func(string)
	notes bool // are told, too
	said  *sometimes
}

// sometimes is the state of a statusView.
type sometimes struct {
	mu    sync.Mutex
	track *track
	last  time.Time
	// problem is the line of the last invalid manifests.
	problem string
}

// statusEvery is how often a status follows the bytes of a pull.
const statusEvery = time.Second

func (v statusView) Problems(problems manifest.Problems) {
	v.view.Problems(problems)
	if text := problemsLine(problems); text != "" {
		v.said.mu.Lock()
		v.said.problem = text
		v.said.mu.Unlock()
		v.tell(text)
	}
}

// problemsLine is the first error, and how many more there are.
func problemsLine(problems manifest.Problems) string {
	first, more := "", 0
	for _, p := range problems {
		switch {
		case p.Severity != manifest.SeverityError:
		case first == "":
			first = strings.TrimSpace(fmt.Sprintf("%s %s", p.Path, p.Message))
			if p.Pos.Line > 0 {
				first = fmt.Sprintf("%s:%d:%d: %s", p.Pos.File, p.Pos.Line, p.Pos.Column, first)
			} else {
				first = p.Pos.File + ": " + first
			}
		default:
			more++
		}
	}
	switch {
	case first == "":
		return ""
	case more > 0:
		return fmt.Sprintf("invalid: %s (and %s)", first, count(more, "more error"))
	}
	return "invalid: " + first
}

func (v statusView) Begin(p plan.Plan) {
	v.view.Begin(p)
	v.said.mu.Lock()
	v.said.track = newTrack(p, time.Now)
	v.said.mu.Unlock()
}

func (v statusView) Event(e apply.Event) {
	v.view.Event(e)
	v.said.mu.Lock()
	defer v.said.mu.Unlock()
	if v.said.track == nil {
		return
	}
	c, what := v.said.track.event(e)
	if c == nil || what != begins && (what != progresses || time.Since(v.said.last) < statusEvery) {
		return
	}
	v.said.last = time.Now()
	doing, _ := verbs(c.Action)
	text := doing + " " + clean(c.Object)
	if c.text != "" {
		text += ": " + clean(c.text)
	}
	v.tell(text)
}

func (v statusView) Note(text string) {
	v.view.Note(text)
	if v.notes {
		v.tell(text)
	}
}

// because is what a status says of an error: its first line, and where problems were shown before the
// first of them.
func (v statusView) because(err error) string {
	var chosen *exitError
	if errors.As(err, &chosen) && chosen.err == nil {
		v.said.mu.Lock()
		defer v.said.mu.Unlock()
		return v.said.problem
	}
	text, _, _ := strings.Cut(flatten(err)[0].Error(), "\n")
	return clean(text)
}
