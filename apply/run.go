package apply

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/podup/podup/plan"
)

// Executor carries out plans. It may be used for several at once.
type Executor struct {
	Engine      Engine
	Parallel    int           // operations at a time; 0 is 32, of which few keep the engine busy: one for each processor, 2 to 8
	UndoTimeout time.Duration // of one operation that takes something back, beyond the time its container may take to end; 0 is a minute
	Notify      func(Event)   // called from one goroutine at a time; may be nil
}

const (
	defaultParallel    = 32
	defaultUndoTimeout = time.Minute
)

// Run carries out a plan. A step begins when all steps it comes after are done; where several can
// begin, the one with the longest way to the end of the plan behind it, and then in the order of the
// plan. A step that fails takes its scope back, once what of the scope is at
// work has ended, the last step first; other scopes go on. When ctx ends, nothing new begins and the
// scopes that are not complete are taken back.
//
// Nothing is done of a plan that has conflicts or misses images.
func (x *Executor) Run(ctx context.Context, p plan.Plan) Result {
	if err := refuse(p); err != nil {
		states := slices.Repeat([]State{Skipped}, len(p.Steps))
		return Result{States: states, Errs: make([]error, len(p.Steps)), Err: err}
	}
	r := &run{
		Executor: x, plan: p,
		facts:    &facts{engine: x.Engine, pods: map[string]*podFacts{}},
		scopes:   map[string]*scope{},
		states:   make([]State, len(p.Steps)),
		errs:     make([]error, len(p.Steps)),
		warnings: make([][]string, len(p.Steps)),
		messages: make(chan message),
		ways:     ways(p),
	}
	r.divide()
	r.loop(ctx)
	return r.result(ctx)
}

// ways gives for each step how many steps there are on the longest way from it to the end of the plan.
func ways(p plan.Plan) []int {
	ways := make([]int, len(p.Steps))
	for i := len(p.Steps) - 1; i >= 0; i-- {
		ways[i]++
		for _, after := range p.Steps[i].After {
			ways[after] = max(ways[after], ways[i])
		}
	}
	return ways
}

// divide finds the scopes and which of them wait for each other.
func (r *run) divide() {
	for i, step := range r.plan.Steps {
		if step.Scope == "" {
			continue
		}
		s := r.scopes[step.Scope]
		if s == nil {
			s = &scope{near: map[*scope]bool{}}
			r.scopes[step.Scope] = s
			r.order = append(r.order, s)
		}
		s.steps = append(s.steps, i)
		for _, after := range step.After {
			if other := r.scopes[r.plan.Steps[after].Scope]; other != nil && other != s {
				s.near[other], other.near[s] = true, true
			}
		}
	}
}

func refuse(p plan.Plan) error {
	var errs []error
	for _, c := range p.Conflicts {
		errs = append(errs, fmt.Errorf("%s is taken: %s", c.Object, c.Owner))
	}
	for _, image := range p.Missing {
		errs = append(errs, fmt.Errorf("image %s is not in the store and may not be pulled", image))
	}
	for i, step := range p.Steps {
		for _, after := range step.After {
			if after < 0 || after >= i {
				errs = append(errs, fmt.Errorf("step %d (%s) comes after step %d: not a plan", i, step.Op, after))
			}
		}
	}
	return errors.Join(errs...)
}

// run is one plan being carried out. Only the goroutine of loop touches it; workers are given what
// they need and answer by messages. So whoever starts a step has read the outcome of those before.
type run struct {
	*Executor
	plan        plan.Plan
	facts       *facts
	scopes      map[string]*scope
	order       []*scope // by first step
	states      []State  // empty: has not begun
	errs        []error
	warnings    [][]string
	interrupted bool
	working     int // workers
	busy        int // those of them that keep the engine busy
	ways        []int
	messages    chan message
}

// scope is a group of steps that stand or fall together.
type scope struct {
	steps   []int
	near    map[*scope]bool // a step of one comes after a step of the other
	working int
	failing bool
	undoing bool // or undone
}

// message is what a worker reports of a step.
type message struct {
	index    int
	kind     messageKind
	text     string
	err      error
	warnings []string
}

type messageKind int

const (
	progressed messageKind = iota
	ended
	tookBack
	tookBackAll
)

func (r *run) loop(ctx context.Context) {
	done := ctx.Done()
	r.interrupted = ctx.Err() != nil
	for {
		r.skip()
		r.begin(ctx)
		if r.working == 0 {
			return
		}
		select {
		case m := <-r.messages:
			r.receive(m)
			// A message and an interruption may come together, and select is fair.
			r.interrupted = r.interrupted || ctx.Err() != nil
		case <-done:
			r.interrupted = true
			done = nil
		}
	}
}

// skip settles all steps that cannot begin any more.
func (r *run) skip() {
	for again := true; again; {
		again = false
		for i := range r.states {
			if r.states[i] == "" && (r.interrupted || r.failing(i) || slices.ContainsFunc(r.plan.Steps[i].After, r.lost)) {
				r.settle(i, Skipped, nil)
				r.fail(i)
				again = true
			}
		}
	}
}

// lost says that a step has not been done, or is about to be taken back.
func (r *run) lost(i int) bool {
	return slices.Contains([]State{Failed, Skipped, Undone}, r.states[i]) || r.failing(i)
}

func (r *run) failing(i int) bool {
	s := r.scopes[r.plan.Steps[i].Scope]
	return s != nil && s.failing
}

func (r *run) fail(i int) {
	if s := r.scopes[r.plan.Steps[i].Scope]; s != nil {
		s.failing = true
	}
}

// begin starts what can be started: first the way back, which somebody waits for.
func (r *run) begin(ctx context.Context) {
	parallel, busy := r.Parallel, r.Parallel
	if parallel <= 0 {
		// Creates and starts keep the engine's processors busy, and wait for each other's locks by looking
		// again and again: more of them at a time take longer together.
		parallel, busy = defaultParallel, min(max(runtime.NumCPU(), 2), 8)
	}
	for _, s := range r.order {
		if s.failing && !s.undoing && r.working < parallel {
			r.undo(ctx, r.falling(s, map[*scope]bool{}))
		}
	}
	var ready []int
	for i := range r.states {
		if r.states[i] == "" && !slices.ContainsFunc(r.plan.Steps[i].After, func(j int) bool { return r.states[j] != Done }) {
			ready = append(ready, i)
		}
	}
	slices.SortStableFunc(ready, func(a, b int) int { return r.ways[b] - r.ways[a] })
	for _, i := range ready {
		if r.working < parallel && (waits(r.plan.Steps[i].Op) || r.busy < busy) {
			r.work(ctx, i)
		}
	}
}

func (r *run) work(ctx context.Context, i int) {
	step := r.plan.Steps[i]
	if s := r.scopes[step.Scope]; s != nil {
		s.working++
	}
	r.working++
	if !waits(step.Op) {
		r.busy++
	}
	r.states[i] = Working
	r.notify(Event{Index: i, Step: step, State: Working})
	go func() {
		over := make(chan struct{})
		var warnings []string
		err := r.do(ctx, step.Op, reports{
			progress: func(p PullProgress) {
				select {
				case r.messages <- message{index: i, kind: progressed, text: p.Text}:
				case <-over: // an engine that reports after the end is not listened to
				}
			},
			warn: func(texts []string) { warnings = append(warnings, texts...) },
		})
		if op, runs := step.Op.(plan.RunPod); err != nil && runs && step.Scope == "" {
			r.stopInits(ctx, op) // a pod that is made in a scope is removed as a whole
		}
		close(over)
		r.messages <- message{index: i, kind: ended, err: err, warnings: warnings}
	}()
}

func (r *run) receive(m message) {
	switch m.kind {
	case progressed:
		r.notify(Event{Index: m.index, Step: r.plan.Steps[m.index], State: Working, Text: m.text})
	case ended:
		r.working--
		if !waits(r.plan.Steps[m.index].Op) {
			r.busy--
		}
		if s := r.scopes[r.plan.Steps[m.index].Scope]; s != nil {
			s.working--
		}
		r.warnings[m.index] = m.warnings
		if m.err != nil {
			r.settle(m.index, Failed, m.err)
			r.fail(m.index)
			return
		}
		r.settle(m.index, Done, nil)
	case tookBack:
		switch {
		case m.err != nil:
			r.settle(m.index, Failed, errors.Join(r.errs[m.index], m.err))
		case r.states[m.index] == Done:
			r.settle(m.index, Undone, nil)
		}
	case tookBackAll:
		r.working--
	}
}

func (r *run) settle(i int, state State, err error) {
	r.states[i], r.errs[i] = state, err
	r.notify(Event{Index: i, Step: r.plan.Steps[i], State: state, Err: err})
}

func (r *run) notify(e Event) {
	if r.Notify != nil {
		r.Notify(e)
	}
}

// interruption is the user's; that it came as a signal, and which, goes without saying.
type interruption struct{ cause error }

func (interruption) Error() string   { return "interrupted" }
func (i interruption) Unwrap() error { return i.cause }

func (r *run) result(ctx context.Context) Result {
	result := Result{States: r.states, Errs: r.errs}
	for _, warnings := range r.warnings {
		result.Warnings = append(result.Warnings, warnings...)
	}
	var causes []error
	cut := false
	for i, state := range r.states {
		switch {
		case state == Skipped:
			cut = cut || r.interrupted
		case r.errs[i] == nil:
		case r.interrupted && (errors.Is(r.errs[i], ctx.Err()) || errors.Is(r.errs[i], context.Cause(ctx))):
			cut = true
		default:
			causes = append(causes, r.errs[i])
		}
	}
	if cut {
		causes = append(causes, interruption{context.Cause(ctx)})
	}
	result.Err = errors.Join(causes...)
	return result
}
