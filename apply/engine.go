// Package apply carries out a plan. It decides nothing: what happens follows from the steps alone.
package apply

import (
	"context"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// Engine does the operations of a plan, one method each.
type Engine interface {
	Operations
	// RunPod starts containers of a pod whose infra container runs, in the order of its manifest: each
	// waits for the init containers before it to succeed, for the sidecars before it to have started.
	// What is to be started and runs is left to, and an init container that has succeeded since the
	// infra container was started is not run again. report tells what it waits for; warnings are what
	// the user should know of a pod that stays.
	RunPod(ctx context.Context, op plan.RunPod, report func(text string)) (warnings []string, err error)
}

// Operations are what an engine does by itself. Every method may be called again after a
// failure, and then succeeds if the work was done before: creating what is there with the same
// project label and hash, starting what runs, stopping what is stopped and removing what is gone
// are no errors, nor is renaming what has the new name already. None touches an object that lacks
// the project's label.
type Operations interface {
	PullImage(ctx context.Context, image string, report func(PullProgress)) error
	CreateNetwork(ctx context.Context, network translate.Network) error
	CreateSecret(ctx context.Context, secret translate.Secret) error
	CreateVolume(ctx context.Context, volume translate.Volume) error
	WriteVolume(ctx context.Context, volume translate.Volume) error
	CreatePod(ctx context.Context, pod translate.Pod) error
	StartPod(ctx context.Context, pod string) error
	// Facts of a pod whose infra container runs.
	Facts(ctx context.Context, pod string) (translate.Facts, error)
	HoldVolumes(ctx context.Context, pod translate.Pod) error
	// CreateContainer makes container, whose tokens are resolved, under name. Warnings are what the
	// engine says it will not honour.
	CreateContainer(ctx context.Context, container translate.Container, name string) (warnings []string, err error)
	// ResizeContainer gives a container its Sizes, whether it runs or not. Warnings are what the engine
	// cannot enforce.
	ResizeContainer(ctx context.Context, container translate.Container, name string) (warnings []string, err error)
	StartContainer(ctx context.Context, name string) error
	// Wait returns the exit code of the container's current run when it ends.
	Wait(ctx context.Context, name string) (exitCode int, err error)
	// Tail gives the container's last lines of output, for a message about its failure.
	Tail(ctx context.Context, name string, lines int) ([]string, error)
	// StopContainer stops a paused container as well.
	StopContainer(ctx context.Context, op plan.StopContainer) error
	RenameContainer(ctx context.Context, from, to string) error
	RemoveContainer(ctx context.Context, name string) error
	StopPod(ctx context.Context, op plan.StopPod) error
	RemovePod(ctx context.Context, op plan.RemovePod) error
	RemoveVolume(ctx context.Context, name string) error
	RemoveSecret(ctx context.Context, name string) error
	RemoveNetwork(ctx context.Context, name string) error
}

// PullProgress is what a registry transfer has come to.
type PullProgress = plan.PullProgress

// State is how far a step has come.
type State string

// The states of a step.
const (
	Working State = "working"
	Done    State = "done"
	Failed  State = "failed"  // or done, and could not be taken back
	Skipped State = "skipped" // a step it comes after failed, or the run was interrupted
	Undone  State = "undone"  // done, then taken back because its scope failed
)

// Event reports a step of the plan to a view. Text is progress within Working.
type Event struct {
	Index int
	Step  plan.Step
	State State
	Text  string
	Err   error
}

// Result is the outcome of every step, by index in the plan. Err joins the root causes only, in the
// order of the steps: a step skipped because another failed adds nothing. What could not be taken
// back is a cause of its own. After an interruption Err is the context's cause as well.
type Result struct {
	States   []State
	Errs     []error
	Warnings []string
	Err      error
}
