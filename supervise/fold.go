package supervise

import (
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

// stale names the containers of a pod, as the engine does, of which a list tells something else than
// the memory: an inspection must say what.
func stale(pod translate.Pod, state plan.PodState, memory status.Memory) []string {
	var names []string
	for _, c := range pod.Containers() {
		s, ok := state.Containers[c.EngineName()]
		if !ok {
			continue
		}
		run := memory.Containers[c.Name].Run
		same := run.ID == s.ID && run.StartedAt.Unix() == s.StartedAt.Unix()
		differs := false
		switch s.Status {
		case plan.Running, plan.Paused:
			differs = !same || !run.Running()
		case plan.Exited, plan.Lost:
			differs = run.Error == "" && (!same || run.Running())
		case plan.Created:
			differs = known(run) && run.ID != s.ID || run.Running() // another container of this name
		}
		if differs {
			names = append(names, s.Name)
		}
	}
	return names
}

// fold brings a memory up to what the engine shows.
func fold(in Input) status.Memory {
	m := clone(in.Memory)
	if in.Actual.ID != "" && m.PodID != "" && in.Actual.ID != m.PodID {
		m = status.Memory{} // of a pod of this name that is gone
	}
	if in.Actual.ID != "" {
		m.PodID = in.Actual.ID
	}
	m.Pod, m.UID = in.Pod.Name, in.Pod.UID
	if m.Since.IsZero() {
		m.Since = in.Now
	}
	if m.Containers == nil {
		m.Containers = map[string]status.Container{}
	}

	for name, c := range m.Containers {
		if c.Removed && !slices.ContainsFunc(in.Pod.Containers(), func(w translate.Container) bool { return w.Name == name }) {
			c.Removed = false // it is not missed any more
			m.Containers[name] = c
		}
	}
	another := map[string]bool{} // containers in a run that was not known
	for _, c := range in.Pod.Containers() {
		s, ok := in.Actual.Containers[c.EngineName()]
		run, inspected := in.Runs[c.EngineName()]
		old := m.Containers[c.Name]
		now := old
		switch {
		case inspected:
			now = observe(old, run, c, in)
		case ok:
			now = revert(old, s.Status == plan.Running || s.Status == plan.Paused, in.Busy[c.Name])
		}
		another[c.Name] = !now.Run.StartedAt.Equal(old.Run.StartedAt)
		m.Containers[c.Name] = now
	}
	if in.Sandbox.Pid == 0 {
		return m
	}
	switch {
	case m.Sandbox.Pid == 0:
		// Nothing is known of an earlier one, except what ended before this one began.
		for _, c := range in.Pod.Containers() {
			one := m.Containers[c.Name]
			if known(one.Run) && !one.Run.Running() && one.Run.FinishedAt.Before(in.Sandbox.StartedAt) {
				forget(&m, c, "")
			}
		}
	case m.Sandbox.Pid != in.Sandbox.Pid || !m.Sandbox.StartedAt.Equal(in.Sandbox.StartedAt):
		m.Initialized = false
		for _, c := range in.Pod.Containers() {
			if !another[c.Name] {
				forget(&m, c, "")
			}
		}
	}
	m.Sandbox = in.Sandbox
	return m
}

// observe takes what an inspection tells of a container into what is remembered of it.
func observe(m status.Container, run plan.Run, c translate.Container, in Input) status.Container {
	work := in.Busy[c.Name]
	switch {
	case m.Run.Error != "" && !run.Running() && run.ID == m.Run.ID && run.StartedAt.Equal(m.Run.StartedAt):
		return m // the start that failed
	case m.Run.Error != "" && !run.Running() && run.ID == m.Run.ID && (run.StartedAt.IsZero() || m.Previous != nil && run.StartedAt.Equal(m.Previous.StartedAt)):
		return m // what the engine shows is from before the start that failed
	case run.StartedAt.IsZero():
		if known(m.Run) && run.ID != m.Run.ID {
			retire(&m, in.Now)
			m.Restarts++
			return m
		}
		return revert(m, false, work)
	case known(m.Run) && run.ID == m.Run.ID && run.StartedAt.Equal(m.Run.StartedAt):
		if m.Run.Message != "" && run.Message == "" {
			run.Message = m.Run.Message
		}
		m.Run = run
		return m
	case !known(m.Run) && m.Previous != nil && run.ID == m.Previous.ID && run.StartedAt.Equal(m.Previous.StartedAt):
		if run.Running() {
			return resume(m, run, c)
		}
		return revert(m, false, work)
	case !known(m.Run):
		m.Run = run
		if m.Begun.IsZero() && c.Lifecycle.PostStart != nil {
			m.Hook = status.HookDone // whoever started it has seen to that
		}
		return m
	}
	// Somebody else has started it.
	retire(&m, run.StartedAt)
	m.Restarts++
	m.Run = run
	if c.Lifecycle.PostStart != nil {
		m.Hook = status.HookDone
	}
	return m
}

// resume takes back the end of a run that goes on: who was to start the container found it running, which an
// engine does not call an error.
func resume(m status.Container, run plan.Run, c translate.Container) status.Container {
	m = status.Container{Run: run, Restarts: max(m.Restarts-1, 0), Backoff: m.Backoff}
	if c.Lifecycle.PostStart != nil {
		m.Hook = status.HookDone
	}
	return m
}

// revert takes back a start that was begun by somebody who did not get to it.
func revert(m status.Container, running bool, work Work) status.Container {
	if m.Begun.IsZero() || known(m.Run) || running || work != "" {
		return m
	}
	m.Begun, m.Hook = time.Time{}, ""
	return m
}

// known says that the run has been seen, or has been seen not to begin.
func known(run plan.Run) bool { return !run.StartedAt.IsZero() || run.Error != "" }

// retire makes the current run the one before.
func retire(m *status.Container, at time.Time) {
	if !known(m.Run) {
		return
	}
	previous := m.Run
	if previous.Running() {
		previous.Pid, previous.Lost, previous.FinishedAt = 0, true, at
	}
	*m = status.Container{Previous: &previous, PreviousReason: m.Reason, Restarts: m.Restarts, Backoff: m.Backoff}
}

// begin notes that a container is about to be started.
func begin(m *status.Container, c translate.Container, now time.Time) {
	if known(m.Run) {
		retire(m, now)
		m.Restarts++
	}
	*m = status.Container{
		Previous: m.Previous, PreviousReason: m.PreviousReason,
		Restarts: m.Restarts, Backoff: m.Backoff, Begun: now,
	}
	m.Backoff.Until = time.Time{}
	if c.Lifecycle.PostStart != nil {
		m.Hook = status.HookRunning
	}
}

// forget makes a run one that has not been for the order of starts. A container that is not started
// again after what it ended with keeps its run, unless everything starts over.
func forget(m *status.Memory, c translate.Container, reason string) {
	one := m.Containers[c.Name]
	if !known(one.Run) && one.Begun.IsZero() {
		return
	}
	if reason == "" && !c.Init && known(one.Run) && !one.Run.Running() && !status.Restarts(c, status.Code(one.Run)) {
		return
	}
	one.Stale, one.Waiting = true, status.Waiting{}
	if reason != "" {
		one.Reason = reason
	}
	m.Containers[c.Name] = one
}

// StartOver makes a memory one of a pod that starts from its first container: after it was stopped,
// or to restart it. What its containers have been through stays known.
func StartOver(pod translate.Pod, memory status.Memory) status.Memory {
	return startAgain(pod, memory, func(translate.Container) bool { return true })
}

// StartAgain makes a memory one of a pod of which some containers, by their names in the engine, are to
// be started however they ended and whatever back-off they were in. The others are as they were.
func StartAgain(pod translate.Pod, memory status.Memory, containers []string) status.Memory {
	return startAgain(pod, memory, func(c translate.Container) bool { return slices.Contains(containers, c.EngineName()) })
}

func startAgain(pod translate.Pod, memory status.Memory, of func(translate.Container) bool) status.Memory {
	m := clone(memory)
	m.Phase, m.Reason, m.Message, m.Since, m.Asleep = "", "", "", time.Time{}, 0
	m.Initialized, m.Stopped, m.Restarting = false, false, false
	m.Conditions = nil
	for _, c := range pod.Containers() {
		one, ok := m.Containers[c.Name]
		if ok && known(one.Run) && of(c) {
			one.Stale, one.Waiting, one.Backoff = true, status.Waiting{}, status.Backoff{}
			m.Containers[c.Name] = one
		}
	}
	return m
}

func clone(m status.Memory) status.Memory {
	m.Containers = maps.Clone(m.Containers)
	for name, c := range m.Containers {
		if c.Previous != nil {
			previous := *c.Previous
			c.Previous = &previous
			m.Containers[name] = c
		}
	}
	m.Conditions = slices.Clone(m.Conditions)
	return m
}

func terminal(phase corev1.PodPhase) bool {
	return phase == corev1.PodSucceeded || phase == corev1.PodFailed
}
