package cmd

import (
	"context"
	"fmt"
	"maps"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

// recall brings a memory up to what the engine says now. While nobody supervises, it tells of the
// time before, and a lost one of nothing. What only probes could tell of a run that nobody has probed
// stays not ready.
func recall(ctx context.Context, engine lifeEngine, pod translate.Pod, state plan.PodState, memory status.Memory) (status.Memory, error) {
	memory.Pod, memory.PodID = pod.Name, state.ID
	if memory.UID == "" {
		memory.UID = pod.UID
	}
	if memory.Since.IsZero() {
		memory.Since = state.Infra.CreatedAt
	}
	memory.Sandbox = plan.Sandbox{}
	if state.Infra.Status == plan.Running {
		sandbox, err := engine.Sandbox(ctx, pod.Name)
		if err != nil {
			return status.Memory{}, fmt.Errorf("look at the network of pod %s: %w", pod.Name, err)
		}
		memory.Sandbox = sandbox
	}
	memory.Containers = maps.Clone(memory.Containers)
	if memory.Containers == nil {
		memory.Containers = map[string]status.Container{}
	}
	for _, c := range pod.Containers() {
		known, there := state.Containers[c.EngineName()]
		if !there || known.Status == plan.Created {
			continue
		}
		run, err := engine.Inspect(ctx, c.EngineName())
		if err != nil {
			return status.Memory{}, fmt.Errorf("look at container %s/%s: %w", pod.Name, c.Name, err)
		}
		memory.Containers[c.Name] = recallRun(c, memory.Containers[c.Name], run)
		if !c.Init {
			memory.Initialized = true
		}
	}
	return memory, nil
}

// recallRun tells what is remembered of a container of its present run.
func recallRun(c translate.Container, known status.Container, run plan.Run) status.Container {
	same := known.Run.ID == run.ID && known.Run.StartedAt.Equal(run.StartedAt)
	if !same {
		next := status.Container{
			Restarts: known.Restarts, Previous: known.Previous, PreviousReason: known.PreviousReason, Backoff: known.Backoff,
		}
		if !known.Run.StartedAt.IsZero() {
			past := known.Run
			if past.Running() { // nobody has seen it end
				past.Pid, past.Lost = 0, true
			}
			next.Previous, next.PreviousReason = &past, known.Reason
			next.Restarts++
		}
		known = next
	}
	known.Run = run
	known.Started = run.Running() && status.Started(c, known)
	known.Ready = run.Running() && status.Ready(c, known)
	return known
}

// believed is a snapshot of a supervised pod brought up to its memory, which may be the newer of the two:
// of the containers that both know, and of the network.
func believed(state plan.PodState, memory status.Memory) plan.PodState {
	state.Containers = maps.Clone(state.Containers)
	if memory.Sandbox.Pid > 0 && state.Infra.Status != plan.Paused {
		state.Infra.Status = plan.Running
	}
	for name, known := range memory.Containers {
		c, there := state.Containers[translate.ContainerName(state.Name, name)]
		run := known.Run
		if !there || run.ID != c.ID || run.StartedAt.Unix() < c.StartedAt.Unix() || c.Status == plan.Paused {
			continue // of a container that was replaced, or before the snapshot
		}
		if c.Status == plan.Exited && run.Running() && c.ExitedAt.Unix() > run.StartedAt.Unix() {
			continue // an end that is not in the memory yet; the engine's list gives whole seconds
		}
		c.StartedAt, c.ExitedAt, c.ExitCode = run.StartedAt, run.FinishedAt, run.ExitCode
		switch {
		case run.Running():
			c.Status = plan.Running
		case run.Lost:
			c.Status = plan.Lost
		case !run.FinishedAt.IsZero():
			c.Status = plan.Exited
		}
		state.Containers[c.Name] = c
	}
	return state
}
