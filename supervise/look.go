package supervise

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// act looks at the pod, decides, and does what is to be done at once.
func (l *lead) act(ctx context.Context) error {
	l.looking, l.again = false, time.Time{}
	for _, apply := range l.pending {
		apply(&l.memory)
	}
	l.pending = nil
	state, ok, err := l.s.cfg.Engine.Pod(ctx, l.pod.Name)
	if err != nil {
		return fmt.Errorf("look at pod/%s: %w", l.pod.Name, err)
	}
	if !ok {
		l.gone = true
		return nil
	}
	state.Containers = maps.Clone(state.Containers)
	if state.Containers == nil {
		state.Containers = map[string]plan.ContainerState{}
	}
	l.state = state
	if l.strange() {
		return l.bystand(ctx)
	}
	sandbox, err := l.sandbox(ctx)
	if err != nil {
		return err
	}
	runs, err := l.inspect(ctx)
	if err != nil {
		return err
	}
	l.failed = 0
	return l.decide(ctx, sandbox, runs)
}

// strange says that nobody has launched this pod: it may be half made, and there is nothing to adopt.
func (l *lead) strange() bool {
	if l.launch != nil || l.held.Known || len(l.memory.Containers) > 0 {
		return false
	}
	return !slices.ContainsFunc(l.pod.Containers(), func(c translate.Container) bool {
		return running(l.state.Containers[c.EngineName()].Status)
	})
}

// bystand notices when a pod that is not led goes.
func (l *lead) bystand(ctx context.Context) error {
	l.suspects = map[string]bool{}
	sandbox, err := l.sandbox(ctx)
	if err != nil {
		return err
	}
	l.failed, l.memory.Sandbox = 0, sandbox
	l.attend(ctx)
	l.s.publish(l.pod, l.state, l.memory)
	return nil
}

// sandbox looks at the pod's network where it may have changed.
func (l *lead) sandbox(ctx context.Context) (plan.Sandbox, error) {
	infra := l.state.Infra
	known := l.memory.Sandbox
	if !running(infra.Status) || l.launch != nil && !l.launch.network && known.Pid == 0 {
		return plan.Sandbox{}, nil
	}
	if known.Pid != 0 && known.StartedAt.Unix() == infra.StartedAt.Unix() && !l.suspects[translate.InfraName(l.pod.Name)] {
		return known, nil
	}
	sandbox, err := l.s.cfg.Engine.Sandbox(ctx, l.pod.Name)
	if err != nil {
		return plan.Sandbox{}, fmt.Errorf("look at the network of pod/%s: %w", l.pod.Name, err)
	}
	delete(l.suspects, translate.InfraName(l.pod.Name))
	if sandbox.Pid == 0 {
		l.state.Infra.Status = plan.Exited
	}
	return sandbox, nil
}

// inspect looks at the containers of which not everything is known.
func (l *lead) inspect(ctx context.Context) (map[string]plan.Run, error) {
	names := stale(l.pod, l.state, l.memory)
	for name := range l.suspects {
		if _, ok := l.state.Containers[name]; ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	runs := map[string]plan.Run{}
	for _, name := range names {
		run, err := l.s.cfg.Engine.Inspect(ctx, name)
		if err != nil && l.vanished(ctx, name) {
			delete(l.state.Containers, name)
			delete(l.suspects, name)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("inspect container/%s: %w", name, err)
		}
		runs[name] = l.message(ctx, run)
		l.state.Containers[name] = newer(l.state.Containers[name], runs[name])
	}
	for name := range l.state.Containers {
		delete(l.suspects, name)
	}
	return runs, nil
}

// vanished says that a container that was in the list is in the next one no more: it was removed in between.
func (l *lead) vanished(ctx context.Context, name string) bool {
	state, ok, err := l.s.cfg.Engine.Pod(ctx, l.pod.Name)
	if err != nil || !ok {
		return false
	}
	_, there := state.Containers[name]
	return !there
}

// newer is what an inspection makes of a container's line in the list, which was made a moment before. Left as
// it was, nobody would look again: what an inspection has shown to have ended has no end to wait for.
func newer(listed plan.ContainerState, run plan.Run) plan.ContainerState {
	switch {
	case run.ID != listed.ID || run.StartedAt.IsZero():
		return listed
	case run.Running():
		if !running(listed.Status) {
			listed.Status, listed.ExitCode, listed.ExitedAt = plan.Running, 0, time.Time{}
		}
	case running(listed.Status):
		listed.Status, listed.ExitCode, listed.ExitedAt = plan.Exited, run.ExitCode, run.FinishedAt
		if run.Lost {
			listed.Status = plan.Lost
		}
	}
	listed.StartedAt = run.StartedAt
	return listed
}

// decide decides and acts until only workers have something to do.
func (l *lead) decide(ctx context.Context, sandbox plan.Sandbox, runs map[string]plan.Run) error {
	var failure error
	for left := 4 * (1 + len(l.pod.Containers())); ; left-- {
		now := l.clock()
		d := Next(Input{
			Pod: l.pod, Actual: l.state, Sandbox: sandbox, Runs: runs, Memory: l.memory,
			Busy: l.busy, Ending: l.ending, Now: now, MaxBackoff: l.s.maxBackoff(),
		})
		runs = nil
		l.memory = d.Memory
		for _, e := range d.Events {
			l.s.report(e)
		}
		if err := l.save(); err != nil && len(d.Actions) > 0 {
			// Without it a hook might be run twice: nothing begins.
			return err
		}
		l.wakeAt(d.Wake)
		if left == 0 {
			// Each look at a start has to bring something new; asking an engine for ever brings nothing.
			return fmt.Errorf("start the containers of pod/%s: the engine does not show that they were started", l.pod.Name)
		}
		once := false
		for _, action := range d.Actions {
			var err error
			switch action := action.(type) {
			case Start:
				once = true
				runs, err = l.start(ctx, action)
			case Kill:
				l.kill(ctx, action)
			case KillPod:
				l.killPod(ctx, action)
			case NewSandbox:
				err = l.remake(ctx)
			}
			if err != nil {
				failure = err
			}
		}
		if !once || failure != nil {
			break
		}
	}
	l.attend(ctx)
	l.s.publish(l.pod, l.state, l.memory)
	return failure
}

// clock is the time by the wall. What it has moved more than time went by since it was last asked is
// noted: the machine was suspended, or somebody set the clock.
func (l *lead) clock() time.Time {
	now := time.Now()
	passed, moved := now.Sub(l.base), now.Round(0).Sub(l.base.Round(0))
	if jump := moved - passed; jump.Abs() >= 2*time.Second {
		l.memory.Asleep += jump
	}
	l.base = now
	return now.Round(0)
}

func (l *lead) save() error {
	if l.held == nil || reflect.DeepEqual(l.memory, l.saved) {
		return nil
	}
	if err := l.held.Save(clone(l.memory)); err != nil {
		return fmt.Errorf("write down what pod/%s is doing: %w", l.pod.Name, err)
	}
	l.saved = clone(l.memory)
	return nil
}

var errNoRestart = errors.New("nobody can make its network anew")

// remake makes the sandbox anew. Where that fails, the back-off of the memory says when to try again.
func (l *lead) remake(ctx context.Context) error {
	err := errNoRestart
	if l.s.cfg.Restart != nil {
		err = l.s.cfg.Restart(ctx, l.pod.Name)
	}
	l.looking = true
	l.suspects[translate.InfraName(l.pod.Name)] = true
	if err != nil && ctx.Err() == nil {
		l.s.event(l.pod.Name, "", Warning, "FailedCreatePodSandBox", fmt.Sprintf("pod/%s: %v", l.pod.Name, err))
	}
	return nil
}
