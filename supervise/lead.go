package supervise

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

// lead is one pod being led. One goroutine owns it, that of run or of Launch; workers are given what
// they need and answer with functions, which it calls.
//
// It acts on the pod under the pod's lock only: for the moment of a decision, and for as long as
// containers are being ended. A postStart, which may take for ever, runs without the lock, so that the
// pod can be taken down meanwhile.
type lead struct {
	s      *Supervisor
	pod    translate.Pod
	memory status.Memory
	state  plan.PodState
	base   time.Time // when the clocks were last compared

	answers chan func()
	left    chan struct{} // closed by Run when the lead has ended
	mail    chan struct{} // next has been set
	mu      sync.Mutex
	next    *translate.Pod // another definition
	workers sync.WaitGroup
	held    *Held
	freed   time.Time // when the lock was last given back
	locking bool
	saved   status.Memory
	looking bool // something has changed: a step is due
	again   time.Time
	failed  int // steps in a row that the engine has failed
	gone    bool

	// pending are results that wait for the lock.
	pending   []func(*status.Memory)
	suspects  map[string]bool // containers to inspect whatever the list says, as the engine names them
	busy      map[string]Work
	ending    bool
	hook      context.CancelFunc // of the postStart that is running
	watches   map[string]watch   // by engine name, the infra container's among them
	lingering map[string]lingerer
	probes    map[probeKey]probing
	launch    *launch // nil: not in Launch
}

// watch waits for the end of one run.
type watch struct {
	run    plan.Run
	cancel context.CancelFunc
}

// lingerer is a run that has ended and that the engine has still shown as running, so many times.
type lingerer struct {
	run   plan.Run
	looks int
}

func newLead(s *Supervisor, pod translate.Pod) *lead {
	return &lead{
		s: s, pod: pod, base: time.Now(), answers: make(chan func()), left: make(chan struct{}), mail: make(chan struct{}, 1), looking: true,
		suspects: map[string]bool{}, busy: map[string]Work{},
		watches: map[string]watch{}, lingering: map[string]lingerer{}, probes: map[probeKey]probing{},
	}
}

// reload hands a lead that runs another definition.
func (l *lead) reload(pod translate.Pod) {
	l.mu.Lock()
	l.next = &pod
	l.mu.Unlock()
	select {
	case l.mail <- struct{}{}:
	default:
	}
}

// fetch is the definition that came last and has not been fetched, nil where there is none.
func (l *lead) fetch() *translate.Pod {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := l.next
	l.next = nil
	return next
}

// redefine goes on with another definition and looks at everything again.
func (l *lead) redefine(pod translate.Pod) {
	l.pod, l.looking = pod, true
	for _, c := range pod.Containers() {
		l.suspects[c.EngineName()] = true
	}
	l.suspects[translate.InfraName(pod.Name)] = true
}

// answer gives a function to the lead's goroutine, or gives up with ctx.
func (l *lead) answer(ctx context.Context, f func()) bool {
	select {
	case l.answers <- f:
		return true
	case <-ctx.Done():
		return false
	}
}

// run leads the pod until the engine has nothing of it or ctx ends.
func (l *lead) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer l.workers.Wait()
	defer l.release()
	defer cancel()
	for !l.gone {
		l.lock(ctx)
		if l.gone || ctx.Err() != nil {
			return
		}
		if l.looking && l.held != nil {
			continue
		}
		l.wait(ctx)
		if l.held != nil && !l.looking && l.idle() {
			l.release()
		}
	}
}

// wait waits for one thing to happen.
func (l *lead) wait(ctx context.Context) {
	var wake <-chan time.Time
	if !l.again.IsZero() {
		timer := time.NewTimer(time.Until(l.again))
		defer timer.Stop()
		wake = timer.C
	}
	select {
	case f := <-l.answers:
		f()
	case <-l.mail:
		if pod := l.fetch(); pod != nil {
			l.redefine(*pod)
		}
	case <-wake:
		l.again, l.looking = time.Time{}, true
	case <-ctx.Done():
	}
}

// lock takes the pod's lock for a step that is due, and takes the step once it has it.
func (l *lead) lock(ctx context.Context) {
	switch {
	case !l.looking || l.locking:
	case l.held != nil:
		l.step(ctx)
	default:
		l.locking = true
		others, name := time.Until(l.freed.Add(fairness)), l.pod.Name
		l.workers.Go(func() {
			if others > 0 {
				select {
				case <-time.After(others):
				case <-ctx.Done():
				}
			}
			held, err := l.s.cfg.Lock(ctx, name)
			taken := l.answer(ctx, func() {
				l.locking = false
				if err != nil {
					l.retry(fmt.Errorf("lock pod/%s: %w", l.pod.Name, err))
					return
				}
				l.held = &held
				l.recall()
				l.step(ctx)
			})
			if !taken && err == nil && held.Unlock != nil {
				held.Unlock()
			}
		})
	}
}

// fairness is how long the lock is left to others after a step: who waits for it asks every few
// milliseconds, and a pod of which something happens all the time can be taken down nevertheless.
const fairness = 10 * time.Millisecond

// recall takes over what somebody else has written to the memory, keeping what was only known here.
func (l *lead) recall() {
	if !l.held.Known {
		return
	}
	mine := l.memory.Containers
	l.memory = clone(l.held.Memory)
	l.saved = clone(l.held.Memory)
	for name, c := range l.memory.Containers {
		if m, ok := mine[name]; ok && sameRun(c, m) {
			c.Startup, c.Readiness, c.Liveness = m.Startup, m.Readiness, m.Liveness
			l.memory.Containers[name] = c
		}
	}
	for name, c := range l.memory.Containers {
		if c.Hook == status.HookRunning && l.busy[name] != Starting {
			// Whoever ran it is gone. It is not run a second time, and counts as done: a kubelet that was
			// restarted knows nothing of it either.
			c.Hook = status.HookDone
			l.memory.Containers[name] = c
		}
	}
}

func sameRun(a, b status.Container) bool {
	return a.Begun.Equal(b.Begun) && a.Run.ID == b.Run.ID && a.Run.StartedAt.Equal(b.Run.StartedAt)
}

// release gives the lock back.
func (l *lead) release() {
	if l.held != nil && l.held.Unlock != nil && l.launch == nil {
		l.held.Unlock()
		l.freed = time.Now()
	}
	l.held = nil
}

// retry looks again after a while because something that is not the pod's fault has failed.
func (l *lead) retry(err error) {
	if l.failed == 0 {
		l.s.event(l.pod.Name, "", Warning, "FailedSync", err.Error())
	}
	l.failed = min(l.failed+1, 5)
	l.wakeAt(time.Now().Add(time.Duration(1<<(l.failed-1)) * time.Second))
}

func (l *lead) wakeAt(at time.Time) {
	if !at.IsZero() && (l.again.IsZero() || at.Before(l.again)) {
		l.again = at
	}
}

// step looks at the pod under its lock, decides and acts until there is nothing to do at once.
func (l *lead) step(ctx context.Context) {
	if err := l.act(ctx); err != nil && ctx.Err() == nil {
		l.retry(err)
	}
	if l.idle() && !l.looking {
		l.release()
	}
}

// idle says that nothing is being done that needs the lock.
func (l *lead) idle() bool {
	return !l.ending && !slices.Contains(slices.Collect(maps.Values(l.busy)), Stopping)
}
