package supervise

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

// launch is what a lead knows of the Launch it works for.
type launch struct {
	network bool // a hook or a probe needs the sandbox
	// kept are the sidecars that must be kept running while something after them is waited for.
	kept    map[string]bool
	tell    func(string)
	failure error            // the engine could not start a container
	hooks   map[string]error // of the postStarts that failed last, by container
}

// needsRun says that something of a container's run must be known before the launch is over.
func (n *launch) needsRun(c translate.Container) bool {
	return c.Init && !c.Sidecar || n.kept[c.Name] || c.Sidecar && c.Lifecycle.Startup != nil || c.Lifecycle.PostStart != nil
}

// keptSidecars are those before an init container that runs to its end, or before a sidecar whose startup
// probe must pass: either may take long, and need them.
func keptSidecars(pod translate.Pod) map[string]bool {
	kept := map[string]bool{}
	var before []string
	for _, c := range pod.Init {
		if !c.Sidecar || c.Lifecycle.Startup != nil {
			for _, name := range before {
				kept[name] = true
			}
		}
		if c.Sidecar {
			before = append(before, c.Name)
		}
	}
	return kept
}

func (n *launch) hooked(container string, err error) {
	delete(n.hooks, container)
	if err != nil {
		n.hooks[container] = err
	}
}

func (n *launch) say(c translate.Container) {
	if n.tell == nil {
		return
	}
	kind := "container"
	if c.Init && !c.Sidecar {
		kind = "init container"
	} else if c.Sidecar {
		kind = "sidecar"
	}
	n.tell("start " + kind + " " + c.Name)
}

// Launch leads a pod, whose containers have been created, until every app container has been started
// once and its postStart is over, or until the pod has ended, or until something waits to be tried
// again; Launched says which. The caller holds the pod's lock throughout.
//
// An error is that of an engine that could not start a container at all, or the end of ctx. What
// runs by then runs on.
func (s *Supervisor) Launch(ctx context.Context, pod translate.Pod, held Held, report func(string)) (Launched, error) {
	l := newLead(s, pod)
	l.held, l.launch = &held, &launch{tell: report, kept: keptSidecars(pod), hooks: map[string]error{}}
	for _, c := range pod.Containers() {
		hooks := c.Lifecycle
		l.launch.network = l.launch.network || hooks.PostStart != nil || c.Sidecar && hooks.Startup != nil ||
			l.launch.kept[c.Name] && (hooks.Liveness != nil || hooks.Readiness != nil)
	}
	l.recall()

	work, cancel := context.WithCancel(ctx)
	defer l.workers.Wait()
	defer cancel()
	for {
		if l.looking {
			if err := l.act(work); err != nil {
				if l.launch.failure != nil {
					err = l.launch.failure
				}
				_ = l.save()
				return Launched{Memory: l.memory}, err
			}
			if l.gone {
				return Launched{}, fmt.Errorf("launch pod/%s: it is gone", pod.Name)
			}
		}
		if !l.looking {
			if trouble, over := l.over(ctx); over {
				return Launched{Memory: l.memory, Trouble: trouble}, l.save()
			}
			l.wait(work)
		}
		if err := ctx.Err(); err != nil {
			return Launched{Memory: l.memory}, errors.Join(err, l.save())
		}
	}
}

// over says whether a launch is, and what has come in between.
func (l *lead) over(ctx context.Context) (*Trouble, bool) {
	if l.ending || len(l.busy) > 0 {
		return nil, false
	}
	switch l.memory.Phase {
	case corev1.PodSucceeded:
		return nil, true
	case corev1.PodFailed:
		return l.trouble(ctx), true
	default:
	}
	for _, c := range l.pod.Containers() {
		if l.memory.Containers[c.Name].Waiting.Reason == status.CrashLoopBackOff {
			return l.trouble(ctx), true
		}
	}
	for _, c := range l.pod.Apps {
		m := l.memory.Containers[c.Name]
		if m.Stale || m.Begun.IsZero() && !known(m.Run) {
			if !l.stuck() {
				return nil, false
			}
			return &Trouble{Pod: l.pod.Name, Container: c.Name, Reason: status.ContainerCreating, Message: "nothing more can be started: something of the pod is missing or stopped"}, true
		}
	}
	if len(l.launch.hooks) > 0 {
		return l.trouble(ctx), true
	}
	return nil, true
}

// stuck says that nothing will happen any more.
func (l *lead) stuck() bool {
	return len(l.watches) == 0 && len(l.probes) == 0 && l.again.IsZero()
}

// troubleLines is how much output explains a failure.
const troubleLines = 10

// trouble describes the container that keeps the pod from being up: the first that failed, in the
// order of starts.
func (l *lead) trouble(ctx context.Context) *Trouble {
	t := &Trouble{Pod: l.pod.Name, Reason: l.memory.Reason, Message: l.memory.Message, Retry: l.again}
	for _, c := range l.pod.Containers() {
		m := l.memory.Containers[c.Name]
		run := m.Run
		if !known(run) && m.Previous != nil {
			run = *m.Previous
		}
		hooked := m.Hook == status.HookFailed || m.Kill == status.KillPostStart
		why, killed := status.Killed(m)
		if m.Waiting.Reason == "" && !hooked && (run.Running() || !known(run) || status.Code(run) == 0) {
			continue
		}
		t.Container, t.Init, t.ExitCode = c.Name, c.Init, status.Code(run)
		switch {
		case hooked:
			t.Reason, t.Message = status.PostStartHookError, "its postStart hook failed"
			if err := l.launch.hooks[c.Name]; err != nil {
				t.Message += ": " + err.Error()
			}
		case killed:
			t.Reason, t.Message = status.Error, "it was killed: "+why
		case t.Reason == "":
			t.Reason = status.Reason(run)
			t.Message = fmt.Sprintf("it ended with exit code %d", t.ExitCode)
			if run.Error != "" {
				t.Message = run.Error
			}
		}
		lines, err := l.s.cfg.Engine.Tail(ctx, c.EngineName(), troubleLines)
		if err != nil {
			lines = []string{"(its output cannot be read: " + err.Error() + ")"}
		}
		t.Lines = lines
		return t
	}
	return t
}

// HookError is a postStart that failed.
type HookError struct {
	Container string // in the engine
	Err       error
}

// Error names the container.
func (e *HookError) Error() string {
	return fmt.Sprintf("postStart of container/%s failed: %v", e.Container, e.Err)
}

// Unwrap gives the reason.
func (e *HookError) Unwrap() error { return e.Err }

// StartContainer starts a container that has been made anew, under the name it has in the engine for
// now, and runs its postStart; a failure of that is a HookError, and the container runs on. The caller
// holds the pod's lock, and hands on what held.Save was given to whoever is called next.
func (s *Supervisor) StartContainer(ctx context.Context, pod translate.Pod, c translate.Container, name string, held Held) error {
	l := newLead(s, pod)
	l.held = &held
	l.recall()
	if l.memory.Containers == nil {
		l.memory.Containers = map[string]status.Container{}
	}
	l.memory.Stopped = false
	if terminal(l.memory.Phase) { // a life of its own: only of that which is over the phase never reverts
		l.memory.Phase, l.memory.Reason, l.memory.Message, l.memory.Since = "", "", "", time.Time{}
	}
	keep := func(change func(*status.Container)) error {
		m := l.memory.Containers[c.Name]
		change(&m)
		l.memory.Containers[c.Name] = m
		return l.save()
	}
	if err := keep(func(m *status.Container) { begin(m, c, l.clock()) }); err != nil {
		return err
	}
	if err := s.cfg.Engine.StartContainer(ctx, name); err != nil {
		return err
	}
	s.event(pod.Name, c.Name, Normal, "Started", "Container started")
	if c.Lifecycle.PostStart == nil {
		return nil
	}
	run, err := s.cfg.Engine.Inspect(ctx, name)
	if err != nil {
		return fmt.Errorf("inspect container/%s: %w", name, err)
	}
	sandbox, err := s.cfg.Engine.Sandbox(ctx, pod.Name)
	if err != nil {
		return fmt.Errorf("look at the network of pod/%s: %w", pod.Name, err)
	}
	result := status.HookDone
	failure := s.cfg.Handler.Hook(ctx, run, sandbox, c.Lifecycle.PostStart)
	if failure != nil {
		result = status.HookFailed
		s.event(pod.Name, c.Name, Warning, "FailedPostStartHook", "PostStartHook failed")
	}
	err = keep(func(m *status.Container) { m.Run, m.Hook = run, result })
	if failure != nil {
		return &HookError{Container: name, Err: failure}
	}
	return err
}
