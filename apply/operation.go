package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// reports is where an operation leaves what is not its outcome.
type reports struct {
	progress func(PullProgress)
	warn     func([]string)
}

// do makes the engine calls of one operation.
func (r *run) do(ctx context.Context, op plan.Op, report reports) error {
	switch op := op.(type) {
	case plan.PullImage:
		progress := report.progress
		if progress == nil {
			progress = func(PullProgress) {}
		}
		return r.Engine.PullImage(ctx, op.Image, progress)
	case plan.CreateNetwork:
		return r.Engine.CreateNetwork(ctx, op.Network)
	case plan.CreateSecret:
		return r.Engine.CreateSecret(ctx, op.Secret)
	case plan.CreateVolume:
		return r.Engine.CreateVolume(ctx, op.Volume)
	case plan.WriteVolume:
		return r.Engine.WriteVolume(ctx, op.Volume)
	case plan.CreatePod:
		return r.Engine.CreatePod(ctx, op.Pod)
	case plan.StartPod:
		// The pod may get other addresses than it had.
		r.facts.forget(op.Pod)
		return r.Engine.StartPod(ctx, op.Pod)
	case plan.HoldVolumes:
		return r.Engine.HoldVolumes(ctx, op.Pod)
	case plan.CreateContainer:
		return r.createContainer(ctx, op, report)
	case plan.RunPod:
		return r.runPod(ctx, op, report)
	case plan.RunInit:
		return RunInit(ctx, r.Engine, op.Name)
	case plan.ResizeContainer:
		return r.resizeContainer(ctx, op, report)
	case plan.StartContainer:
		return r.Engine.StartContainer(ctx, op.Name)
	case plan.StopContainer:
		return r.Engine.StopContainer(ctx, op)
	case plan.RenameContainer:
		return r.Engine.RenameContainer(ctx, op.From, op.To)
	case plan.RemoveContainer:
		return r.Engine.RemoveContainer(ctx, op.Name)
	case plan.StopPod:
		return r.Engine.StopPod(ctx, op)
	case plan.RemovePod:
		return r.Engine.RemovePod(ctx, op)
	case plan.RemoveVolume:
		return r.Engine.RemoveVolume(ctx, op.Name)
	case plan.RemoveSecret:
		return r.Engine.RemoveSecret(ctx, op.Name)
	case plan.RemoveNetwork:
		return r.Engine.RemoveNetwork(ctx, op.Name)
	}
	return fmt.Errorf("%s: no such operation", op)
}

// waits says that an operation waits for a container or a registry most of the time, not for the engine.
func waits(op plan.Op) bool {
	switch op.(type) {
	case plan.PullImage, plan.RunPod, plan.RunInit, plan.StopContainer, plan.StopPod, plan.RemovePod:
		return true
	}
	return false
}

func (r *run) createContainer(ctx context.Context, op plan.CreateContainer, report reports) error {
	container := op.Container
	if container.NeedsFacts() {
		facts, err := r.facts.of(ctx, container.Pod)
		if err != nil {
			return fmt.Errorf("create container/%s: %w", op.Name, err)
		}
		container = container.Resolve(facts)
	}
	warnings, err := r.Engine.CreateContainer(ctx, container, op.Name)
	report.warnOf(container, warnings)
	return err
}

func (r *run) resizeContainer(ctx context.Context, op plan.ResizeContainer, report reports) error {
	warnings, err := r.Engine.ResizeContainer(ctx, op.Container, op.Name)
	report.warnOf(op.Container, warnings)
	return err
}

func (r reports) warnOf(c translate.Container, warnings []string) {
	if r.warn == nil {
		return
	}
	for i := range warnings {
		warnings[i] = "container/" + c.EngineName() + ": " + warnings[i]
	}
	r.warn(warnings)
}

func (r *run) runPod(ctx context.Context, op plan.RunPod, report reports) error {
	progress := func(text string) {
		if report.progress != nil {
			report.progress(PullProgress{Text: text})
		}
	}
	warnings, err := r.Engine.RunPod(ctx, op, progress)
	if report.warn != nil {
		report.warn(warnings)
	}
	return err
}

// stopInits ends the init containers of a pod that could not be led: what is taken back now may start app
// containers again, which must not run beside them.
func (r *run) stopInits(ctx context.Context, op plan.RunPod) {
	for _, c := range op.Pod.Init {
		if c.Sidecar || !slices.Contains(op.Start, c.EngineName()) {
			continue
		}
		stop := plan.StopContainer{Name: c.EngineName(), Grace: -1}
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.undoTimeout(stop))
		_ = r.Engine.StopContainer(bounded, stop) // the failure that is told is the one before
		cancel()
	}
}

// InitError is an init container that ended with another exit code than 0.
type InitError struct {
	Container string // engine name
	ExitCode  int
	Lines     []string // the last of its output
}

// Error gives the last lines of output below the message.
func (e *InitError) Error() string {
	text := fmt.Sprintf("init container %s ended with exit code %d", e.Container, e.ExitCode)
	if len(e.Lines) == 0 {
		return text + " and no output"
	}
	return text + ":\n  " + strings.Join(e.Lines, "\n  ")
}

// tailLines is how much output explains a failure.
const tailLines = 10

// RunInit starts an init container and waits for its end. One that ends with another exit code than 0
// is an InitError.
func RunInit(ctx context.Context, engine Engine, name string) error {
	if err := engine.StartContainer(ctx, name); err != nil {
		return err
	}
	code, err := engine.Wait(ctx, name)
	if err != nil || code == 0 {
		return err
	}
	lines, err := engine.Tail(ctx, name, tailLines)
	if err != nil {
		lines = []string{"(its output cannot be read: " + err.Error() + ")"}
	}
	return &InitError{Container: name, ExitCode: code, Lines: lines}
}

// facts asks for the facts of a pod once, however many of its containers need them.
type facts struct {
	engine Engine
	mu     sync.Mutex
	pods   map[string]*podFacts
}

type podFacts struct {
	mu    sync.Mutex
	known bool
	facts translate.Facts
}

func (f *facts) of(ctx context.Context, pod string) (translate.Facts, error) {
	f.mu.Lock()
	entry := f.pods[pod]
	if entry == nil {
		entry = &podFacts{}
		f.pods[pod] = entry
	}
	f.mu.Unlock()

	entry.mu.Lock()
	defer entry.mu.Unlock()
	if entry.known {
		return entry.facts, nil
	}
	facts, err := f.engine.Facts(ctx, pod)
	if err == nil {
		entry.facts, entry.known = facts, true
	}
	return facts, err
}

func (f *facts) forget(pod string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.pods, pod)
}
