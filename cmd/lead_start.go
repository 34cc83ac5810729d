package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/supervise"
	"github.com/podup/podup/translate"
)

// RunPod leads a pod until its app containers have been started once. What is tried again later is a
// trouble, which the user is told of; a container that cannot be started at all is an error.
func (l *led) RunPod(ctx context.Context, op plan.RunPod, report func(string)) (warnings []string, err error) {
	pod, err := l.pod(op.Pod.Name)
	if err != nil {
		return nil, err
	}
	pod.starting.Lock()
	defer pod.starting.Unlock()
	pod.left()
	pod.removed = false
	if err := l.anew(ctx, pod, op); err != nil {
		return nil, err
	}
	launched, err := l.supervisor.Launch(ctx, op.Pod, pod.held, report)
	if err != nil {
		return nil, err
	}
	if launched.Trouble != nil {
		l.mu.Lock()
		l.troubles = append(l.troubles, *launched.Trouble)
		l.mu.Unlock()
	}
	if len(l.pods) > 1 {
		pod.attend(ctx, l.supervisor, op.Pod)
	}
	return nil, nil
}

// launchPause is how long a pod that has been launched is left alone while others of its plan are not yet:
// until then the plan is usually over.
const launchPause = 5 * time.Second

// attend supervises a pod from a while after its launch until left is called: an init container of another pod
// may wait for one that has to be restarted first.
func (p *ledPod) attend(ctx context.Context, supervisor *supervise.Supervisor, pod translate.Pod) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	over := make(chan struct{})
	go func() {
		defer close(over)
		select {
		case <-time.After(launchPause):
			supervisor.Attend(ctx, pod)
		case <-ctx.Done():
		}
	}()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leave = func() {
		cancel()
		<-over
	}
}

// left ends the supervision of attend, and returns when it no longer acts.
func (p *ledPod) left() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.leave != nil {
		p.leave()
		p.leave = nil
	}
}

// lockHeld is for who supervises within the plan: the locks are held by it all the time.
func (l *led) lockHeld(_ context.Context, name string) (supervise.Held, error) {
	pod, err := l.pod(name)
	if err != nil {
		return supervise.Held{}, err
	}
	held := pod.held
	held.Unlock = func() {}
	return held, nil
}

// take is the pod that a container belongs to, left by who attended it.
func (l *led) take(name string) *ledPod {
	pod := l.pods[name]
	if pod != nil {
		pod.left()
	}
	return pod
}

// anew lets a pod that was there before start once more. What has ended since nobody looked, by the hand
// of this plan or otherwise, must not count as a failure to come up.
func (l *led) anew(ctx context.Context, pod *ledPod, op plan.RunPod) error {
	before, there := l.before.Pods[op.Pod.Name]
	if !there || before.ID == "" {
		return nil
	}
	now, ok, err := l.Pod(ctx, op.Pod.Name)
	if err != nil || !ok || now.ID != before.ID {
		return err // another pod of the name has a memory of its own
	}
	memory := pod.held.Memory
	if memory.PodID != now.ID {
		memory = status.Memory{}
	}
	if memory, err = recall(ctx, l, op.Pod, now, memory); err != nil {
		return err
	}
	pod.held.Memory, pod.held.Known = supervise.StartAgain(op.Pod, memory, op.Start), true
	return nil
}

func (l *led) pod(name string) (*ledPod, error) {
	if pod := l.pods[name]; pod != nil {
		return pod, nil
	}
	return nil, fmt.Errorf("pod/%s is not locked: its plan does not name it", name)
}

// StartContainer starts a container and performs its postStart.
func (l *led) StartContainer(ctx context.Context, name string) error {
	podName := l.podWith(name)
	pod := l.take(podName)
	wanted, c, ok := l.defined(podName, name, lasting(name) != name)
	if pod == nil || !ok {
		return l.Engine.StartContainer(ctx, name)
	}
	pod.starting.Lock()
	defer pod.starting.Unlock()
	return l.supervisor.StartContainer(ctx, wanted, c, name, pod.held)
}
