package cmd

import (
	"context"
	"sync"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/handler"
	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/supervise"
	"github.com/podup/podup/translate"
)

// led is the engine of one plan. What it starts and ends goes through a supervisor: init containers,
// hooks and the order of ends are a kubelet's. It holds the locks of all pods of the plan, so that
// whoever supervises them in the background looks on meanwhile.
type led struct {
	Engine
	supervisor *supervise.Supervisor
	handler    *handler.Handler
	runtime    runtimeDir
	want       translate.Project
	before     plan.Actual // with what was applied

	mu       sync.Mutex
	pods     map[string]*ledPod
	troubles []supervise.Trouble
}

var _ apply.Engine = (*led)(nil)

// ledPod is a pod whose lock is held.
type ledPod struct {
	starting sync.Mutex // one container after the other, as a kubelet does
	held     supervise.Held
	removed  bool

	mu    sync.Mutex
	leave func() // ends the supervision that follows the launch; nil: there is none
}

// lead takes the locks of a plan's pods. What of them is started is defined by want, what is ended by
// what was applied before; close gives the locks back.
func (a *app) lead(ctx context.Context, engine Engine, want translate.Project, before plan.Actual, p plan.Plan) (*led, error) {
	runtime, err := openRuntime(a.env.Getenv, p.Project)
	if err != nil {
		return nil, err
	}
	l := &led{Engine: engine, runtime: runtime, want: want, before: before, pods: map[string]*ledPod{}}
	if l.handler, err = a.handler(ctx, engine); err != nil {
		return nil, err
	}
	l.supervisor = supervise.New(supervise.Config{
		Engine: engine, Handler: l.handler, Report: a.recorder(runtime), Lock: l.lockHeld,
	}, want)
	// All podups take the locks in the same order.
	for _, pod := range l.podsOf(p) {
		held, err := runtime.lockPod(ctx, pod)
		if err != nil {
			l.close()
			return nil, err
		}
		one := &ledPod{held: held}
		save := held.Save
		one.held.Save = func(m status.Memory) error {
			one.held.Memory, one.held.Known = m, true
			return save(m)
		}
		l.pods[pod] = one
	}
	return l, nil
}

// handler performs hooks and probes on an engine.
func (a *app) handler(ctx context.Context, engine Engine) (*handler.Handler, error) {
	version, err := engine.Version(ctx)
	if err != nil {
		return nil, err
	}
	return handler.New(handler.Options{Engine: engine, Child: []string{a.env.Program, netnsCommand}, Local: version.Local && a.env.Program != ""}), nil
}

// recorder writes events down. An event that cannot be written is lost: what it tells of goes on.
func (a *app) recorder(runtime runtimeDir) func(supervise.Event) {
	return func(e supervise.Event) { _ = runtime.record(e) }
}

// leadEngine is what carries plans out.
type leadEngine interface {
	Engine
	RunPod(ctx context.Context, op plan.RunPod, report func(string)) (warnings []string, err error)
}

// close gives the locks back, and forgets the pods that are gone.
func (l *led) close() {
	for name, pod := range l.pods {
		pod.left()
		if pod.removed {
			l.runtime.forget(name)
		}
		pod.held.Unlock()
	}
	l.pods = nil
	_ = l.handler.Close()
}
