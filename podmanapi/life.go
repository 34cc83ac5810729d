package podmanapi

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// Pod looks at one pod of the project; ok is false where the engine has nothing of it.
func (c *Client) Pod(ctx context.Context, name string) (state plan.PodState, ok bool, err error) {
	listed, err := c.list(ctx, "look at pod/"+name, map[string][]string{"label": {translate.LabelPod + "=" + name}})
	if err != nil {
		return plan.PodState{}, false, err
	}
	var own = listed[:0]
	for _, l := range listed {
		if c.known.owner(container, l.Labels) == "" {
			own = append(own, l)
		}
	}
	state, ok = c.pods(own)[name]
	return state, ok, nil
}

// inspected is what podup reads of a container's state.
type inspected struct {
	ID          string `json:"Id"`
	Image       string // the ID
	ImageDigest string
	State       struct {
		Status     string
		Running    bool
		Pid        int
		ExitCode   int
		OOMKilled  bool
		Error      string
		StartedAt  time.Time
		FinishedAt time.Time
	}
	Mounts []mounted
}

// exitPatience is how long the engine may take to learn of a death that podup has seen: conmon writes
// the exit code as soon as it has reaped the process, within milliseconds.
const exitPatience = time.Second

// Inspect looks at one container. Where its process is gone and the engine does not know of it yet,
// Inspect waits a moment for the exit code.
func (c *Client) Inspect(ctx context.Context, name string) (plan.Run, error) {
	deadline := time.Now().Add(exitPatience)
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		var found inspected
		err := c.on(ctx, container, name, "look at", func(id, doing string) error {
			found = inspected{}
			return c.call(ctx, get(doing, "/containers/"+id+"/json", nil), &found)
		})
		if err != nil {
			return plan.Run{}, err
		}
		run, certain := runOf(name, found, c.alive)
		if certain || time.Now().After(deadline) {
			file := messageFile(found.Mounts)
			c.messages.addFile(run.ID, file)
			if c.local && !run.Running() && !run.StartedAt.IsZero() {
				run.Message = message(file)
			}
			return run, nil
		}
		if !pause(ctx, wait) {
			return plan.Run{}, fmt.Errorf("look at container/%s: %w", name, context.Cause(ctx))
		}
	}
}

// runOf reads a run off an inspection. It is not certain while the engine takes a process for alive
// that is gone: then the run is Lost unless a later inspection says more.
func runOf(name string, found inspected, alive func(pid int) bool) (run plan.Run, certain bool) {
	state := found.State
	run = plan.Run{
		Container: name, ID: found.ID, ImageID: strings.TrimPrefix(found.Image, "sha256:"), ImageDigest: found.ImageDigest,
		StartedAt: instant(state.StartedAt), Error: oneLine(state.Error),
	}
	switch state.Status {
	case "running", "stopping", "paused":
		if alive(state.Pid) {
			run.Pid = state.Pid
			return run, true
		}
		run.Lost, run.ExitCode = true, lostCode
		return run, false
	case "exited", "stopped":
		// With its whole machine or user session ended: Podman then shows no time and exit code 0 (5.8, 5.4).
		if instant(state.FinishedAt).IsZero() && !run.StartedAt.IsZero() {
			run.Lost, run.ExitCode = true, lostCode
			return run, true
		}
		run.FinishedAt, run.ExitCode, run.OOMKilled = instant(state.FinishedAt), state.ExitCode, state.OOMKilled
		// The start is noted when the engine has done all it does for one, up to 100 ms after the program
		// began: one that ends at once has ended before (5.8).
		if run.FinishedAt.Before(run.StartedAt) {
			run.FinishedAt = run.StartedAt
		}
		return run, true
	case "created", "configured", "initialized":
		return run, true
	default: // "removing" of a removal that was cut short, "unknown"
		run.Lost, run.ExitCode = true, lostCode
		return run, true
	}
}

// instant is zero for what never was: Go's zero time, or the beginning of 1970.
func instant(t time.Time) time.Time {
	if t.Unix() <= 0 {
		return time.Time{}
	}
	return t.UTC()
}

// Sandbox looks at the pod's infra container and its addresses; its Pid is 0 where that does not run.
func (c *Client) Sandbox(ctx context.Context, name string) (plan.Sandbox, error) {
	var found infra
	err := c.on(ctx, container, translate.InfraName(name), "look at", func(id, doing string) error {
		found = infra{}
		return c.call(ctx, get(doing, "/containers/"+id+"/json", nil), &found)
	})
	if err != nil {
		return plan.Sandbox{}, err
	}
	if !found.State.Running || !c.alive(found.State.Pid) {
		return plan.Sandbox{}, nil
	}
	sandbox := plan.Sandbox{Pid: found.State.Pid, StartedAt: instant(found.State.StartedAt), HostIPs: c.hostIPs(ctx)}
	if sandbox.IPs, err = c.podIPs(found); err != nil {
		return plan.Sandbox{}, fmt.Errorf("look at pod/%s: %w", name, err)
	}
	if len(sandbox.IPs) == 0 { // the host's network
		sandbox.IPs = sandbox.HostIPs
	}
	return sandbox, nil
}
