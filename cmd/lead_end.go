package cmd

import (
	"context"
	"slices"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/supervise"
	"github.com/podup/podup/translate"
)

// StopContainer performs the preStop of a container and stops it, within one grace. No grace is none
// for the preStop either.
func (l *led) StopContainer(ctx context.Context, op plan.StopContainer) error {
	podName := l.podWith(op.Name)
	pod := l.take(podName)
	applied, c, ok := l.defined(podName, op.Name, true)
	var err error
	if !ok || op.Grace == 0 || c.Lifecycle.PreStop == nil && !short(op.Grace, c.Grace) {
		err = l.Engine.StopContainer(ctx, op)
	} else {
		err = l.supervisor.StopContainer(ctx, c, op.Name, op.Grace)
	}
	if err != nil || !ok || pod == nil {
		return err
	}
	// What it ended with is seen here or never: the plan that started it again holds the pod's lock.
	pod.starting.Lock()
	defer pod.starting.Unlock()
	return l.supervisor.Stopped(ctx, applied, c, op.Name, pod.held)
}

// StopPod ends the containers of a pod in the kubelet's order, then the infra container.
func (l *led) StopPod(ctx context.Context, op plan.StopPod) error {
	l.take(op.Pod)
	if err := l.terminate(ctx, op.Pod, op.Grace); err != nil {
		return err
	}
	if err := l.Engine.StopPod(ctx, op); err != nil {
		return err
	}
	return l.remember(ctx, op.Pod)
}

// remember writes down how a pod is now: who asks for its status next may be faster than the supervisor
// in the background.
func (l *led) remember(ctx context.Context, name string) error {
	pod := l.pods[name]
	if pod == nil || !pod.held.Known {
		return nil
	}
	now, ok, err := l.Pod(ctx, name)
	if err != nil || !ok {
		return err
	}
	memory, err := recall(ctx, l, definition(l.before, now), now, pod.held.Memory)
	if err != nil {
		return err
	}
	return pod.held.Save(memory)
}

// RemovePod ends a pod as StopPod does and removes it.
func (l *led) RemovePod(ctx context.Context, op plan.RemovePod) error {
	pod := l.take(op.Pod)
	if err := l.terminate(ctx, op.Pod, op.Grace); err != nil {
		return err
	}
	if err := l.Engine.RemovePod(ctx, op); err != nil {
		return err
	}
	if pod != nil {
		pod.removed = true
	}
	return nil
}

// terminate ends containers in an order, where there is more to it than what the engine does by itself:
// a signal to all at once and SIGKILL after the grace.
func (l *led) terminate(ctx context.Context, name string, grace time.Duration) error {
	state, there := l.before.Pods[name]
	wanted := definition(l.before, state)
	if !there {
		for _, pod := range l.want.Pods { // one that this plan has made is taken back
			if pod.Name == name {
				wanted = pod
			}
		}
	}
	if grace == 0 {
		return nil
	}
	ordered := slices.ContainsFunc(wanted.Containers(), func(c translate.Container) bool {
		return c.Sidecar || c.Lifecycle.PreStop != nil
	})
	if !ordered && !short(grace, wanted.Grace) {
		return nil
	}
	state, ok, err := l.Pod(ctx, name)
	if err != nil || !ok {
		return err
	}
	return l.supervisor.Terminate(ctx, wanted, state, grace)
}

// short says that a kubelet gives a container longer than that: the engine would kill it too early.
func short(grace, declared time.Duration) bool {
	if grace < 0 {
		grace = declared
	}
	return grace < supervise.MinimumGrace
}
