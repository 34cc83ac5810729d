package apply

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/podup/podup/plan"
)

// Executor carries out plans.
type Executor struct {
	Engine   Engine
	Parallel int         // engine calls at a time; 0 is 8
	Notify   func(Event) // called from one goroutine at a time; may be nil
}

const defaultParallel = 8

// Run carries out a plan. A step begins once all it comes after are done; when a step of a scope
// does not come to its end, what the scope has done is taken back in reverse, also after an
// interrupt. Scopes that need nothing of a failed one go on.
func (x *Executor) Run(ctx context.Context, p plan.Plan) Result {
	r := &run{
		Executor: x,
		ctx:      ctx,
		plan:     p,
		states:   make([]State, len(p.Steps)),
		errs:     make([]error, len(p.Steps)),
		scopes:   map[string]*scope{},
		outcomes: make(chan outcome),
		facts:    newFactCache(x.Engine),
	}
	for i, step := range p.Steps {
		if step.Scope == "" {
			continue
		}
		s, ok := r.scopes[step.Scope]
		if !ok {
			s = &scope{}
			r.scopes[step.Scope] = s
			r.order = append(r.order, s)
		}
		s.steps = append(s.steps, i)
	}
	r.loop()
	return r.result()
}

// run is one execution. Only the goroutine of loop touches its state; workers report through
// outcomes.
type run struct {
	*Executor
	ctx      context.Context
	plan     plan.Plan
	states   []State // empty: not begun
	errs     []error
	scopes   map[string]*scope
	order    []*scope // by first step
	busy     int
	outcomes chan outcome
	facts    *factCache

	undoErrs []error

	mu       sync.Mutex // of Notify and warnings: workers report progress
	warnings []string
}

// outcome is what a worker came to: a step, or the undoing of a scope.
type outcome struct {
	step   int
	undo   *scope // nil for a step
	undone []int
	err    error
}

func (r *run) loop() {
	for {
		r.begin()
		if r.busy == 0 {
			return
		}
		o := <-r.outcomes
		r.busy--
		if o.undo != nil {
			for _, i := range o.undone {
				r.states[i] = Undone
			}
			if o.err != nil {
				r.undoErrs = append(r.undoErrs, o.err)
			}
			continue
		}
		if o.err != nil {
			r.settle(o.step, Failed, o.err)
			continue
		}
		r.settle(o.step, Done, nil)
		if s := r.scopes[r.plan.Steps[o.step].Scope]; s != nil {
			s.done = append(s.done, o.step)
		}
	}
}

// begin skips what can no longer run, undoes scopes that have come to rest broken, and starts what is
// ready as far as there is room. Steps come after smaller indexes only, so one pass over them skips
// everything a failure reaches.
func (r *run) begin() {
	for i := range r.plan.Steps {
		if r.states[i] == "" && (r.ctx.Err() != nil || r.broken(i)) {
			r.settle(i, Skipped, nil)
		}
	}
	for _, s := range r.order {
		if s.broken && !s.undoing && !r.working(s) {
			s.undoing = true
			r.busy++
			go func() {
				undone, err := r.undo(s)
				r.outcomes <- outcome{undo: s, undone: undone, err: err}
			}()
		}
	}
	for i := range r.plan.Steps {
		if r.busy >= r.limit() {
			return
		}
		if r.states[i] == "" && r.ready(i) {
			r.settle(i, Working, nil)
			r.busy++
			go func() { r.outcomes <- outcome{step: i, err: r.do(i)} }()
		}
	}
}

func (r *run) limit() int {
	if r.Parallel > 0 {
		return r.Parallel
	}
	return defaultParallel
}

// broken says whether a step can never run: something it comes after did not succeed, or its scope
// has failed.
func (r *run) broken(i int) bool {
	if s := r.scopes[r.plan.Steps[i].Scope]; s != nil && s.broken {
		return true
	}
	for _, before := range r.plan.Steps[i].After {
		switch r.states[before] {
		case Failed, Skipped, Undone:
			return true
		}
		// Done, but about to be taken back.
		if s := r.scopes[r.plan.Steps[before].Scope]; s != nil && s.broken {
			return true
		}
	}
	return false
}

func (r *run) ready(i int) bool {
	for _, before := range r.plan.Steps[i].After {
		if r.states[before] != Done {
			return false
		}
	}
	return true
}

func (r *run) settle(i int, state State, err error) {
	r.states[i], r.errs[i] = state, err
	if s := r.scopes[r.plan.Steps[i].Scope]; s != nil && (state == Failed || state == Skipped) {
		s.broken = true
	}
	r.notify(Event{Index: i, Step: r.plan.Steps[i], State: state, Err: err})
}

func (r *run) notify(e Event) {
	if r.Notify == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Notify(e)
}

// result joins the root causes in the order of the steps. After an interrupt the steps it broke off
// say nothing new: the interrupt is named once.
func (r *run) result() Result {
	var causes []error
	for _, err := range r.errs {
		if err != nil && (r.ctx.Err() == nil || !errors.Is(err, r.ctx.Err())) {
			causes = append(causes, err)
		}
	}
	causes = append(causes, r.undoErrs...)
	if err := r.ctx.Err(); err != nil && r.unfinished() {
		causes = append(causes, fmt.Errorf("interrupted: %w", context.Cause(r.ctx)))
	}
	return Result{States: r.states, Errs: r.errs, Warnings: r.warnings, Err: errors.Join(causes...)}
}

func (r *run) unfinished() bool {
	for _, state := range r.states {
		if state != Done {
			return true
		}
	}
	return false
}
