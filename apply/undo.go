package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/podup/podup/plan"
)

// undoTime bounds the taking back of one scope, grace periods of what it stops aside: it runs on
// after an interrupt, when the user waits.
const undoTime = time.Minute

// scope is the steps that stand or fall together.
type scope struct {
	steps   []int
	done    []int // in order of completion
	broken  bool  // a step failed or can never run
	undoing bool
}

func (r *run) working(s *scope) bool {
	for _, i := range s.steps {
		if r.states[i] == Working {
			return true
		}
	}
	return false
}

// undo takes back what a scope did. A failed step is taken back as well: its reply may have been
// lost after the work was done, and undoing what was not done is no error. One failing undo keeps
// no other from being tried.
func (r *run) undo(s *scope) (undone []int, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), undoTime)
	defer cancel()
	var errs []error
	for _, i := range s.steps {
		if r.states[i] == Failed {
			errs = append(errs, r.takeBack(ctx, i))
		}
	}
	for k := len(s.done) - 1; k >= 0; k-- {
		i := s.done[k]
		if len(r.plan.Steps[i].Undo) == 0 {
			continue
		}
		err := r.takeBack(ctx, i)
		errs = append(errs, err)
		if err == nil {
			undone = append(undone, i)
			r.notify(Event{Index: i, Step: r.plan.Steps[i], State: Undone})
		}
	}
	return undone, errors.Join(errs...)
}

func (r *run) takeBack(ctx context.Context, i int) error {
	step := r.plan.Steps[i]
	for _, op := range step.Undo {
		if err := r.perform(ctx, op, func(plan.PullProgress) {}); err != nil {
			return fmt.Errorf("take back %s: %w", step.Op, err)
		}
	}
	return nil
}
