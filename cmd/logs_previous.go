package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/podup/podup/plan"
)

// logWindow is the time of one run in a log that holds all runs of its container.
type logWindow struct{ since, until time.Time }

// runSlack is how much the times of the first and the last line may lie beyond those of the run: conmon
// stamps lines when it reads them, beside the engine that stamps the run (seen on 5.8: a few
// milliseconds).
const runSlack = 100 * time.Millisecond

// previousWindows find the run before the current one of each container: that which the status shows as
// lastState, so that for a container that is backed off it is the one that has just ended. Containers
// that have run once only are left out, unless they are all there is.
func previousWindows(ctx context.Context, o *overview, containers []plan.ContainerState) (map[string]logWindow, []plan.ContainerState, error) {
	windows := map[string]logWindow{}
	var with []plan.ContainerState
	var errs []error
	for _, c := range containers {
		l, err := o.life(ctx, c.Pod)
		if err != nil {
			return nil, nil, err
		}
		window, err := l.previous(c)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		windows[c.Name] = window
		with = append(with, c)
	}
	if len(with) == 0 {
		return nil, nil, errors.Join(errs...)
	}
	return windows, with, nil
}

// previous is the window of the run before the current one.
func (l life) previous(c plan.ContainerState) (logWindow, error) {
	known := l.memory.Containers[c.Container]
	run, next := known.Previous, known.Run.StartedAt
	var before *plan.Run
	if known.Waiting.Reason != "" && !known.Run.Running() && !known.Run.FinishedAt.IsZero() {
		run, next, before = &known.Run, time.Time{}, known.Previous
	}
	switch {
	case run == nil:
		return logWindow{}, fmt.Errorf("no previous run of container %s is known", clean(containerPath(c)))
	case run.ID != c.ID:
		return logWindow{}, fmt.Errorf("the output of the previous run of container %s went with the container, which has been replaced", clean(containerPath(c)))
	}
	w := logWindow{since: run.StartedAt.Add(-runSlack), until: run.FinishedAt.Add(runSlack)}
	if before != nil && before.ID == run.ID {
		w.since = between(before.FinishedAt, run.StartedAt, w.since)
	}
	if run.FinishedAt.IsZero() || !next.IsZero() && w.until.After(next) {
		w.until = between(run.FinishedAt, next, next)
	}
	return w, nil
}

// between is the middle of the gap between two runs, or near where it is wide enough for that.
func between(end, start, near time.Time) time.Time {
	if end.IsZero() || start.IsZero() || near.After(end) && near.Before(start) {
		return near
	}
	return end.Add(start.Sub(end) / 2)
}
