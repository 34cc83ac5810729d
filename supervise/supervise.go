// Package supervise leads pods through their lives as a kubelet does: it starts init containers,
// sidecars and app containers in order, runs hooks and probes, restarts what ends, and takes pods
// down within their grace. Next decides and is pure; a Supervisor acts.
package supervise

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
)

// Engine is what a supervisor asks of the engine. Containers are named as the engine names them.
type Engine interface {
	// Pod looks at one pod; ok is false where the engine has nothing of it.
	Pod(ctx context.Context, pod string) (state plan.PodState, ok bool, err error)
	// Sandbox looks at the pod's infra container and its addresses.
	Sandbox(ctx context.Context, pod string) (plan.Sandbox, error)
	// Inspect looks at one container.
	Inspect(ctx context.Context, container string) (plan.Run, error)
	// Ended returns when the process of a run is gone, at once where it is, or with ctx's error.
	Ended(ctx context.Context, run plan.Run) error
	StartContainer(ctx context.Context, container string) error
	// StopContainer sends the stop signal, and SIGKILL after the grace.
	StopContainer(ctx context.Context, op plan.StopContainer) error
	// Tail gives the container's last lines of output.
	Tail(ctx context.Context, container string, lines int) ([]string, error)
}

// Handler performs hooks and probes.
type Handler interface {
	// Probe makes one attempt and takes no longer than the probe's timeout. An error is an attempt that
	// could not be made, which a kubelet does not count.
	Probe(ctx context.Context, run plan.Run, sandbox plan.Sandbox, probe *corev1.Probe) (success bool, output string, err error)
	// Hook performs a postStart or preStop action; it has no timeout but ctx.
	Hook(ctx context.Context, run plan.Run, sandbox plan.Sandbox, hook *corev1.LifecycleHandler) error
}

// MaxBackoff is a kubelet's.
const MaxBackoff = 5 * time.Minute
