package apply

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/podup/podup/plan"
)

// falling gives the scopes that fall with one: those that wait for each other have one way back.
func (r *run) falling(s *scope, seen map[*scope]bool) map[*scope]bool {
	seen[s] = true
	for other := range s.near {
		if other.failing && !other.undoing && !seen[other] {
			r.falling(other, seen)
		}
	}
	return seen
}

// undo takes back what has begun of scopes that fall together, unless something of them is still at
// work. That includes the steps that failed: the engine may have done its work and the answer be
// lost.
func (r *run) undo(ctx context.Context, scopes map[*scope]bool) {
	var begun []int
	for s := range scopes {
		if s.working > 0 {
			return
		}
		for _, i := range s.steps {
			if r.states[i] == Done || r.states[i] == Failed {
				begun = append(begun, i)
			}
		}
	}
	for s := range scopes {
		s.undoing = true
	}
	if len(begun) == 0 {
		return
	}
	slices.Sort(begun)
	r.working++
	steps := r.plan.Steps
	go func() {
		for _, i := range slices.Backward(begun) {
			err := r.takeBack(ctx, steps[i])
			r.messages <- message{index: i, kind: tookBack, err: err}
		}
		r.messages <- message{kind: tookBackAll}
	}()
}

// takeBack does the operations that undo a step, up to the first that fails. An interruption does
// not end it, but each operation has its time.
func (r *run) takeBack(ctx context.Context, step plan.Step) error {
	for _, op := range step.Undo {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.undoTimeout(op))
		err := r.do(undo, op, reports{})
		cancel()
		if err != nil {
			return fmt.Errorf("take back %q by %q: %w", step.Op, op, err)
		}
	}
	return nil
}

// patience is for what a container may take without anybody knowing how long.
const patience = 10 * time.Minute

func (r *run) undoTimeout(op plan.Op) time.Duration {
	timeout := r.UndoTimeout
	if timeout <= 0 {
		timeout = defaultUndoTimeout
	}
	grace := time.Duration(0)
	switch op := op.(type) {
	case plan.StopContainer:
		grace = op.Grace
	case plan.StopPod:
		grace = op.Grace
	case plan.RemovePod:
		grace = op.Grace
	case plan.RunInit, plan.RunPod:
		grace = -1
	}
	if grace < 0 {
		grace = patience
	}
	return timeout + min(grace, patience)
}
