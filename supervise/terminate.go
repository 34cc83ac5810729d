package supervise

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

// MinimumGrace is what every container has between its stop signal and SIGKILL, however little of the
// grace is left (kuberuntime_manager.go: minimumGracePeriodInSeconds).
const MinimumGrace = 2 * time.Second

// victim is a running container that is to end.
type victim struct {
	name    string              // in the engine
	want    translate.Container // Name is empty for a container that nothing is known of
	preStop bool
	run     plan.Run // of preStop only
	message string   // of the event
}

// Terminate takes a pod down: app containers at once, sidecars after them in reverse order, their
// preStop hooks at once, all within one grace (kubelet: kuberuntime_termination_order.go). A negative
// grace is the pod's own; none at all still leaves a preStop a second, and a container two. Containers
// are left stopped. The caller holds the pod's lock.
func (s *Supervisor) Terminate(ctx context.Context, pod translate.Pod, state plan.PodState, grace time.Duration) error {
	if grace < 0 {
		grace = lastGrace(pod)
	}
	grace = max(grace, time.Second)
	known := map[string]translate.Container{}
	for _, c := range pod.Containers() {
		known[c.EngineName()] = c
	}
	var victims []victim
	for _, c := range pod.Containers() {
		if running(state.Containers[c.EngineName()].Status) {
			victims = append(victims, victim{name: c.EngineName(), want: c, preStop: c.Lifecycle.PreStop != nil})
		}
	}
	for name, c := range state.Containers {
		if _, ok := known[name]; !ok && running(c.Status) {
			victims = append(victims, victim{name: name})
		}
	}
	return s.end(ctx, pod, victims, plan.Sandbox{}, grace)
}

// StopContainer ends one container as Terminate does. A negative grace is the container's own.
func (s *Supervisor) StopContainer(ctx context.Context, c translate.Container, name string, grace time.Duration) error {
	if grace < 0 {
		grace = c.Grace
	}
	one := victim{name: name, want: c, preStop: c.Lifecycle.PreStop != nil}
	if err := s.fill(ctx, &one); err != nil {
		return err
	}
	var sandbox plan.Sandbox
	if one.preStop {
		var err error
		if sandbox, err = s.cfg.Engine.Sandbox(ctx, c.Pod); err != nil {
			return fmt.Errorf("look at the network of pod/%s: %w", c.Pod, err)
		}
	}
	return s.kill(ctx, one, sandbox, max(grace, time.Second), nil)
}

// Stopped notes how a container has ended, under the name it has in the engine for now, that was stopped
// while its pod goes on: a start of it, or of another in its place, would make that a run nobody saw the end
// of. One that the engine cannot be asked about stays as it is remembered, and a pod of which nothing is
// remembered stays so. The caller holds the pod's lock.
func (s *Supervisor) Stopped(ctx context.Context, pod translate.Pod, c translate.Container, name string, held Held) error {
	if !held.Known {
		return nil
	}
	run, err := s.cfg.Engine.Inspect(ctx, name)
	if err != nil || run.Running() {
		return ctx.Err()
	}
	l := newLead(s, pod)
	l.held = &held
	l.recall()
	if l.memory.Containers == nil {
		l.memory.Containers = map[string]status.Container{}
	}
	l.memory.Containers[c.Name] = observe(l.memory.Containers[c.Name], l.message(ctx, run), c, Input{Now: l.clock()})
	return l.save()
}

func running(s plan.Status) bool { return s == plan.Running || s == plan.Paused }

// fill finds out what a preStop is performed on. A container that has ended needs none.
func (s *Supervisor) fill(ctx context.Context, v *victim) error {
	if !v.preStop || v.run.Running() {
		return nil
	}
	run, err := s.cfg.Engine.Inspect(ctx, v.name)
	if err != nil {
		return fmt.Errorf("inspect container/%s: %w", v.name, err)
	}
	v.run, v.preStop = run, run.Running()
	return nil
}

// end ends containers in order. The sandbox is looked at where a preStop needs it and it is not given.
func (s *Supervisor) end(ctx context.Context, pod translate.Pod, victims []victim, sandbox plan.Sandbox, grace time.Duration) error {
	hooks := false
	for i := range victims {
		if err := s.fill(ctx, &victims[i]); err != nil {
			return err
		}
		hooks = hooks || victims[i].preStop
	}
	if hooks && sandbox.Pid == 0 {
		var err error
		if sandbox, err = s.cfg.Engine.Sandbox(ctx, pod.Name); err != nil {
			// Without its network an exec still works.
			s.event(pod.Name, "", Warning, "FailedPreStopHook", "the network of the pod cannot be looked at: "+err.Error())
		}
	}
	order := order(pod, victims)
	errs := make([]error, len(victims))
	var group sync.WaitGroup
	for i, v := range victims {
		turn := order[v.name]
		group.Go(func() {
			errs[i] = s.kill(ctx, v, sandbox, grace, turn.after)
			close(turn.over)
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// turn is a container's place in the order of termination.
type turn struct {
	over  chan struct{}   // closed when it has ended
	after []chan struct{} // those it waits for
}

// order makes sidecars wait for all app containers and for the sidecars after them in the list.
func order(pod translate.Pod, victims []victim) map[string]turn {
	turns := map[string]turn{}
	var apps []chan struct{}
	for _, v := range victims {
		t := turn{over: make(chan struct{})}
		turns[v.name] = t
		if !v.want.Init {
			apps = append(apps, t.over)
		}
	}
	var later []chan struct{}
	for i := len(pod.Init) - 1; i >= 0; i-- {
		c := pod.Init[i]
		t, ok := turns[c.EngineName()]
		if !c.Sidecar || !ok {
			continue
		}
		t.after = append(t.after, apps...)
		t.after = append(t.after, later...)
		turns[c.EngineName()] = t
		later = []chan struct{}{t.over}
	}
	return turns
}

// kill ends one container: preStop, its turn, then the stop signal, all within one grace (kubelet:
// kuberuntime_container.go killContainer).
func (s *Supervisor) kill(ctx context.Context, v victim, sandbox plan.Sandbox, grace time.Duration, after []chan struct{}) error {
	start := time.Now()
	// A kubelet counts whole seconds that are over.
	left := func() time.Duration { return grace - time.Since(start).Truncate(time.Second) }
	message := v.message
	if message == "" {
		message = "Stopping container " + v.want.Name
	}
	if v.want.Name != "" {
		s.event(v.want.Pod, v.want.Name, Normal, "Killing", message)
	}
	if v.preStop && grace > 0 {
		// One that does not end in time is given up and goes on, until its container is gone: it may be what
		// hands the container's work over (kubelet: executePreStopHook leaves its goroutine behind).
		hook, cancel := context.WithCancel(ctx)
		over := make(chan error, 1)
		var hooks sync.WaitGroup
		defer hooks.Wait()
		defer cancel()
		hooks.Go(func() { over <- s.cfg.Handler.Hook(hook, v.run, sandbox, v.want.Lifecycle.PreStop) })
		late := time.NewTimer(grace)
		defer late.Stop()
		select {
		case err := <-over:
			if err != nil && ctx.Err() == nil {
				s.event(v.want.Pod, v.want.Name, Warning, "FailedPreStopHook", "PreStopHook failed")
			}
		case <-late.C:
		}
	}
	if len(after) > 0 && left() > 0 {
		timer := time.NewTimer(left())
		defer timer.Stop()
	waiting:
		for _, other := range after {
			select {
			case <-other:
			case <-timer.C:
				break waiting // the order is worth less than the grace
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.cfg.Engine.StopContainer(ctx, plan.StopContainer{Name: v.name, Grace: max(left(), MinimumGrace)}); err != nil {
		return fmt.Errorf("stop container/%s: %w", v.name, err)
	}
	return nil
}

// Longest is how long Terminate takes at most, as far as it is up to the pod: a kubelet counts whole
// seconds that are over, and then leaves every container the least.
func Longest(pod translate.Pod) time.Duration { return lastGrace(pod) + time.Second + MinimumGrace }
