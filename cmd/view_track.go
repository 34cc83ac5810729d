package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/plan"
)

// track folds the steps of a plan into its changes: the user sees what happens to an object, not
// the calls it takes. Not safe for concurrent use.
type track struct {
	changes  []tracked
	now      func() time.Time
	failures int // events with an error
}

// tracked is one change under way. State is empty until its first step begins.
type tracked struct {
	plan.Change
	state        apply.State
	text         string // of the step at work
	err          error
	began, ended time.Time
	undone       bool

	waiting string    // what its step waits for where that takes a grace period
	waits   time.Time // since when
	told    bool      // a plain view has said so

	steps, done, skipped int
}

// moment is what an event means for a change.
type moment int

const (
	unchanged moment = iota
	begins
	progresses // only its text or its clock differs
	ends       // done, failed or skipped
	takenBack
)

func newTrack(p plan.Plan, now func() time.Time) *track {
	t := &track{now: now}
	for _, change := range p.Changes {
		t.changes = append(t.changes, tracked{Change: change})
	}
	for _, step := range p.Steps {
		if c := t.change(step); c != nil {
			c.steps++
		}
	}
	return t
}

func (t *track) change(step plan.Step) *tracked {
	if step.Change < 0 || step.Change >= len(t.changes) {
		return nil
	}
	return &t.changes[step.Change]
}

// event notes what has happened; change is nil where that concerns no change of the plan.
func (t *track) event(e apply.Event) (change *tracked, what moment) {
	c := t.change(e.Step)
	if c == nil {
		return nil, unchanged
	}
	if c.began.IsZero() {
		c.began = t.now()
	}
	switch e.State {
	case apply.Working:
		c.text = workText(e)
		if waiting := graceText(e.Step.Op); waiting != c.waiting {
			c.waiting, c.waits, c.told = waiting, t.now(), false
		}
		if c.state == "" {
			c.state = apply.Working
			return c, begins
		}
		return c, progresses
	case apply.Done:
		c.done++
		c.text, c.waiting = "", ""
		if c.state == apply.Failed || c.done+c.skipped < c.steps {
			return c, progresses
		}
		if c.skipped > 0 {
			return c, c.end(apply.Skipped, t.now())
		}
		return c, c.end(apply.Done, t.now())
	case apply.Failed:
		c.text = ""
		c.err = e.Err
		t.failures++
		return c, c.end(apply.Failed, t.now())
	case apply.Skipped:
		c.skipped++
		if c.state == apply.Failed || c.done+c.skipped < c.steps {
			return c, progresses
		}
		return c, c.end(apply.Skipped, t.now())
	case apply.Undone:
		if c.undone {
			return c, unchanged
		}
		c.undone = true
		c.text = ""
		return c, takenBack
	}
	return c, unchanged
}

func (c *tracked) end(state apply.State, now time.Time) moment {
	c.state = state
	c.ended = now
	return ends
}

// cutShort ends what is still under way when the plan is over, as skipped, and gives it.
func (t *track) cutShort() []*tracked {
	cut := t.live()
	for _, c := range cut {
		c.end(apply.Skipped, t.now())
	}
	return cut
}

// shown says whether each error of a step has come as an event.
func (t *track) shown(r apply.Result) bool {
	errs := 0
	for _, err := range r.Errs {
		if err != nil {
			errs++
		}
	}
	return errs > 0 && t.failures >= errs
}

// interrupted says whether the change failed only because the user wanted it.
func (c *tracked) interrupted() bool { return errors.Is(c.err, context.Canceled) }

// live is what is under way.
func (t *track) live() []*tracked {
	var live []*tracked
	for i := range t.changes {
		if c := &t.changes[i]; c.state == apply.Working && !c.undone {
			live = append(live, c)
		}
	}
	return live
}

// elapsed is how long the change has taken up to now, or took.
func (c *tracked) elapsed(now time.Time) time.Duration {
	if c.began.IsZero() {
		return 0
	}
	if !c.ended.IsZero() {
		now = c.ended
	}
	return now.Sub(c.began)
}

// why is the change's reasons, for the actions whose reason does not go without saying.
func (c *tracked) why() string {
	if c.Action == plan.ActionReplace || c.Action == plan.ActionUpdate {
		return joinReasons(c.Reasons)
	}
	return ""
}

func joinReasons(reasons []string) string {
	text := ""
	for i, reason := range reasons {
		if i > 0 {
			text += "; "
		}
		text += clean(reason)
	}
	return text
}

// workText is what a step that may take long is doing, in words.
func workText(e apply.Event) string {
	if e.Text != "" {
		return clean(e.Text)
	}
	switch e.Step.Op.(type) {
	case plan.RunInit:
		return "running"
	case plan.StopContainer, plan.StopPod, plan.RemovePod:
		return "stopping"
	}
	return ""
}

// graceText is what a step waits for that ends containers, "" for any other.
func graceText(op plan.Op) string {
	var grace time.Duration
	switch op := op.(type) {
	case plan.StopContainer:
		grace = op.Grace
	case plan.StopPod:
		grace = op.Grace
	case plan.RemovePod:
		grace = op.Grace
	default:
		return ""
	}
	switch {
	case grace < 0:
		return "which has its grace period to stop"
	case grace == 0:
		return ""
	}
	return "which has " + grace.String() + " to stop before it is killed"
}

// verbs are an action while it happens and after.
func verbs(action plan.Action) (doing, done string) {
	switch action {
	case plan.ActionPull:
		return "pulling", "pulled"
	case plan.ActionCreate:
		return "creating", "created"
	case plan.ActionReplace:
		return "replacing", "replaced"
	case plan.ActionUpdate:
		return "updating", "updated"
	case plan.ActionStart:
		return "starting", "started"
	case plan.ActionStop:
		return "stopping", "stopped"
	case plan.ActionRestart:
		return "restarting", "restarted"
	case plan.ActionRemove:
		return "removing", "removed"
	}
	return string(action), string(action)
}

// seconds writes a duration as a clock beside a step shows it: 0.3s, 12.4s, 2m05s.
func seconds(d time.Duration) string {
	d = max(d, 0)
	if d < time.Minute {
		return fmt.Sprintf("%.1fs", d.Truncate(100*time.Millisecond).Seconds())
	}
	return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
}
