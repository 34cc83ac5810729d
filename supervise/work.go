package supervise

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

func (l *lead) container(name string) translate.Container {
	for _, c := range l.pod.Containers() {
		if c.Name == name {
			return c
		}
	}
	return translate.Container{}
}

// start starts a container, whose memory says so already, and its postStart. It gives what it has
// seen of the run. An error says that the engine could not be asked; what the engine could not start
// is a run that failed.
func (l *lead) start(ctx context.Context, action Start) (map[string]plan.Run, error) {
	c := l.container(action.Container)
	name := c.EngineName()
	if l.launch != nil {
		l.launch.say(c)
	}
	if err := l.s.cfg.Engine.StartContainer(ctx, name); err != nil {
		return l.notStarted(ctx, c, err)
	}
	l.s.event(l.pod.Name, c.Name, Normal, "Started", "Container started")
	state := l.state.Containers[name]
	state.Status, state.StartedAt = plan.Running, l.base
	l.state.Containers[name] = state
	if l.launch != nil && !l.launch.needsRun(c) {
		return nil, nil
	}
	run, err := l.s.cfg.Engine.Inspect(ctx, name)
	if err != nil {
		l.suspects[name] = true
		return nil, fmt.Errorf("inspect container/%s: %w", name, err)
	}
	state.StartedAt = run.StartedAt
	if !run.Running() {
		run = l.message(ctx, run)
		state.Status, state.ExitCode, state.ExitedAt = plan.Exited, run.ExitCode, run.FinishedAt
	}
	l.state.Containers[name] = state
	if c.Lifecycle.PostStart != nil {
		l.postStart(ctx, c, run)
	}
	return map[string]plan.Run{name: run}, nil
}

// notStarted finds out what became of a start that the engine says has failed.
func (l *lead) notStarted(ctx context.Context, c translate.Container, cause error) (map[string]plan.Run, error) {
	name := c.EngineName()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	run, err := l.s.cfg.Engine.Inspect(ctx, name)
	if err != nil && l.launch == nil && l.vanished(ctx, name) {
		// It was removed before the start: nothing has begun.
		m := l.memory.Containers[c.Name]
		if m.Previous != nil {
			l.memory.Containers[c.Name] = status.Container{
				Run: *m.Previous, Reason: m.PreviousReason, Restarts: max(m.Restarts-1, 0), Backoff: m.Backoff,
			}
		}
		delete(l.state.Containers, name)
		return nil, nil
	}
	if err != nil {
		l.suspects[name] = true
		return nil, fmt.Errorf("start container/%s: %w", name, cause)
	}
	m := l.memory.Containers[c.Name]
	earlier := run.StartedAt.IsZero() || m.Previous != nil && m.Previous.StartedAt.Equal(run.StartedAt)
	if run.Running() && !earlier {
		// It has started, and the answer was lost. A hook that has not begun will not: as when the
		// supervisor is killed between the two.
		m.Hook = ""
		if c.Lifecycle.PostStart != nil {
			m.Hook = status.HookDone
		}
		l.memory.Containers[c.Name] = m
		state := l.state.Containers[name]
		state.Status, state.StartedAt = plan.Running, run.StartedAt
		l.state.Containers[name] = state
		return map[string]plan.Run{name: run}, nil
	}
	l.s.event(l.pod.Name, c.Name, Warning, "Failed", "Error: "+cause.Error())
	if earlier {
		run = plan.Run{Container: name, ID: run.ID, ImageID: run.ImageID, ImageDigest: run.ImageDigest}
	}
	run.Pid, run.Error, run.FinishedAt, run.ExitCode = 0, cause.Error(), l.clock(), 0
	m.Run, m.Hook = run, ""
	l.memory.Containers[c.Name] = m
	if l.launch != nil {
		l.launch.failure = cause
		return nil, cause
	}
	return nil, nil
}

// postStart performs the hook of a container that has just been started, without the lock.
func (l *lead) postStart(ctx context.Context, c translate.Container, run plan.Run) {
	l.busy[c.Name] = Starting
	sandbox := l.memory.Sandbox
	hook, cancel := context.WithCancel(ctx)
	l.hook = cancel
	l.workers.Go(func() {
		defer cancel()
		err := l.s.cfg.Handler.Hook(hook, run, sandbox, c.Lifecycle.PostStart)
		l.answer(ctx, func() {
			delete(l.busy, c.Name)
			l.hook, l.looking = nil, true
			result := status.HookDone
			if err != nil {
				result = status.HookFailed
				// The text of the error stays out of the event: it may hold a secret (kubelet: likewise).
				l.s.event(l.pod.Name, c.Name, Warning, "FailedPostStartHook", "PostStartHook failed")
			}
			if l.launch != nil {
				l.launch.hooked(c.Name, err)
			}
			l.settle(func(m *status.Memory) {
				one := m.Containers[c.Name]
				if one.Run.ID == run.ID && (one.Run.StartedAt.Equal(run.StartedAt) || one.Run.StartedAt.IsZero()) {
					one.Hook = result
					m.Containers[c.Name] = one
				}
			})
		})
	})
}

// settle applies a result to the memory: at once for what is decided here, and again when the lock is
// had and the memory has been read anew.
func (l *lead) settle(apply func(*status.Memory)) {
	if l.memory.Containers == nil {
		l.memory.Containers = map[string]status.Container{}
	}
	apply(&l.memory)
	l.pending = append(l.pending, apply)
}

// kill ends one container.
func (l *lead) kill(ctx context.Context, action Kill) {
	c := l.container(action.Container)
	l.busy[c.Name] = Stopping
	v := victim{name: c.EngineName(), want: c, preStop: action.PreStop, run: l.memory.Containers[c.Name].Run, message: action.Message}
	sandbox := l.memory.Sandbox
	l.workers.Go(func() {
		err := l.s.fill(ctx, &v)
		if err == nil {
			err = l.s.kill(ctx, v, sandbox, action.Grace, nil)
		}
		l.answer(ctx, func() {
			delete(l.busy, c.Name)
			l.stopped(err, v.name)
		})
	})
}

// killPod ends all containers.
func (l *lead) killPod(ctx context.Context, action KillPod) {
	l.ending = true
	if l.hook != nil {
		l.hook() // unlike a kubelet, which would wait for it, however long it takes
	}
	var victims []victim
	var names []string
	for _, c := range l.pod.Containers() {
		if !running(l.state.Containers[c.EngineName()].Status) {
			continue
		}
		v := victim{name: c.EngineName(), want: c, run: l.memory.Containers[c.Name].Run}
		for _, name := range action.PreStop {
			v.preStop = v.preStop || name == c.Name
		}
		victims = append(victims, v)
		names = append(names, v.name)
	}
	pod, sandbox := l.pod, l.memory.Sandbox
	l.workers.Go(func() {
		err := l.s.end(ctx, pod, victims, sandbox, action.Grace)
		l.answer(ctx, func() {
			l.ending = false
			l.stopped(err, names...)
		})
	})
}

// stopped looks at containers that have been stopped, after a while where that failed.
func (l *lead) stopped(err error, names ...string) {
	for _, name := range names {
		l.suspects[name] = true
	}
	if err != nil {
		l.s.event(l.pod.Name, "", Warning, "FailedKillPod", "error killing pod: "+err.Error())
		l.retry(err)
		return
	}
	l.looking = true
}

const (
	messageLines = 80   // kubelet: MaxContainerTerminationMessageLogLines
	messageBytes = 2048 // kubelet: MaxContainerTerminationMessageLogLength
)

// message gives a run that has failed the end of its output for a message, where it left none and its
// container asks for that.
func (l *lead) message(ctx context.Context, run plan.Run) plan.Run {
	for _, c := range l.pod.Containers() {
		if c.EngineName() != run.Container || c.Lifecycle.MessagePolicy != corev1.TerminationMessageFallbackToLogsOnError {
			continue
		}
		if run.Running() || run.StartedAt.IsZero() || run.Message != "" || status.Code(run) == 0 {
			continue
		}
		if m := l.memory.Containers[c.Name].Run; m.Message != "" && m.StartedAt.Equal(run.StartedAt) {
			run.Message = m.Message
			continue
		}
		lines, err := l.s.cfg.Engine.Tail(ctx, run.Container, messageLines)
		text := strings.Join(lines, "\n")
		if err != nil {
			text = "Error on reading termination message from logs: " + err.Error()
		} else if text != "" {
			text += "\n"
		}
		run.Message = text[max(0, len(text)-messageBytes):]
	}
	return run
}

// attend has a watch for every run and a worker for every probe that is due, and no others.
func (l *lead) attend(ctx context.Context) {
	runs := map[string]plan.Run{}
	for _, c := range l.pod.Containers() {
		if run := l.memory.Containers[c.Name].Run; run.Running() && running(l.state.Containers[c.EngineName()].Status) {
			runs[c.EngineName()] = run
		}
	}
	if infra := l.infra(); infra.Running() && running(l.state.Infra.Status) && l.launch == nil {
		runs[infra.Container] = infra
	}
	for name, w := range l.watches {
		if run, ok := runs[name]; !ok || !same(run, w.run) {
			w.cancel()
			delete(l.watches, name)
		}
	}
	for name, run := range runs {
		if _, ok := l.watches[name]; ok {
			continue
		}
		if was, ok := l.lingering[name]; ok && same(was.run, run) {
			// The process is gone and the engine has not noticed: it is asked again, ever more seldom.
			l.lingering[name] = lingerer{run: run, looks: min(was.looks+1, 7)}
			l.suspects[name] = true
			l.wakeAt(time.Now().Add(10 * time.Millisecond << was.looks))
			continue
		}
		delete(l.lingering, name)
		l.watch(ctx, name, run)
	}
	l.attendProbes(ctx)
}

// infra is the run of the pod's infra container.
func (l *lead) infra() plan.Run {
	sandbox := l.memory.Sandbox
	return plan.Run{Container: translate.InfraName(l.pod.Name), ID: l.state.Infra.ID, Pid: sandbox.Pid, StartedAt: sandbox.StartedAt}
}

// same says that two values are of one process.
func same(a, b plan.Run) bool { return a.Pid == b.Pid && a.StartedAt.Equal(b.StartedAt) }

// watch waits for the end of a run in a worker.
func (l *lead) watch(ctx context.Context, name string, run plan.Run) {
	ctx, cancel := context.WithCancel(ctx)
	l.watches[name] = watch{run: run, cancel: cancel}
	l.workers.Go(func() {
		defer cancel()
		err := l.s.cfg.Engine.Ended(ctx, run)
		l.answer(ctx, func() {
			if w, ok := l.watches[name]; !ok || !same(w.run, run) {
				return
			}
			delete(l.watches, name)
			l.suspects[name] = true
			for _, c := range l.pod.Containers() {
				if c.EngineName() == name && l.busy[c.Name] == Starting && l.hook != nil && err == nil {
					l.hook() // nothing is left to hook
				}
			}
			if err != nil {
				// The connection, not the container: the list tells what is true.
				l.retry(fmt.Errorf("wait for the end of container/%s: %w", name, err))
				return
			}
			l.lingering[name] = lingerer{run: run}
			l.looking = true
		})
	})
}
