package apply

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// tailLines is how much of a failed init container's output its error shows.
const tailLines = 10

// InitError is an init container that ended with another exit code than 0.
type InitError struct {
	Container string
	ExitCode  int
	Lines     []string // its last lines of output
}

func (e *InitError) Error() string {
	text := fmt.Sprintf("init container %s: exit code %d", e.Container, e.ExitCode)
	if len(e.Lines) == 0 {
		return text + ", no output"
	}
	return text + ", its last lines:\n    " + strings.Join(e.Lines, "\n    ")
}

// do performs a step. It runs on a worker.
func (r *run) do(i int) error {
	step := r.plan.Steps[i]
	return r.perform(r.ctx, step.Op, func(p plan.PullProgress) {
		r.notify(Event{Index: i, Step: step, State: Working, Text: p.Text})
	})
}

func (r *run) perform(ctx context.Context, op plan.Op, report func(plan.PullProgress)) error {
	e := r.Engine
	switch op := op.(type) {
	case plan.PullImage:
		return e.PullImage(ctx, op.Image, report)
	case plan.CreateNetwork:
		return e.CreateNetwork(ctx, op.Network)
	case plan.CreateSecret:
		return e.CreateSecret(ctx, op.Secret)
	case plan.CreateVolume:
		return e.CreateVolume(ctx, op.Volume)
	case plan.WriteVolume:
		return e.WriteVolume(ctx, op.Volume)
	case plan.CreatePod:
		return e.CreatePod(ctx, op.Pod)
	case plan.StartPod:
		r.facts.forget(op.Pod)
		return e.StartPod(ctx, op.Pod)
	case plan.HoldVolumes:
		return e.HoldVolumes(ctx, op.Pod)
	case plan.CreateContainer:
		return r.createContainer(ctx, op)
	case plan.RunInit:
		return r.runInit(ctx, op.Name)
	case plan.StartContainer:
		return e.StartContainer(ctx, op.Name)
	case plan.StopContainer:
		return e.StopContainer(ctx, op)
	case plan.RenameContainer:
		return e.RenameContainer(ctx, op.From, op.To)
	case plan.RemoveContainer:
		return e.RemoveContainer(ctx, op.Name)
	case plan.SetRestart:
		return e.SetRestart(ctx, op.Name, op.Restart)
	case plan.StopPod:
		return e.StopPod(ctx, op)
	case plan.RemovePod:
		return e.RemovePod(ctx, op)
	case plan.RemoveVolume:
		return e.RemoveVolume(ctx, op.Name)
	case plan.RemoveSecret:
		return e.RemoveSecret(ctx, op.Name)
	case plan.RemoveNetwork:
		return e.RemoveNetwork(ctx, op.Name)
	default:
		return fmt.Errorf("%s: no such operation", op)
	}
}

func (r *run) createContainer(ctx context.Context, op plan.CreateContainer) error {
	c := op.Container
	if c.NeedsFacts() {
		facts, err := r.facts.of(ctx, c.Pod)
		if err != nil {
			return fmt.Errorf("create container/%s: %w", op.Name, err)
		}
		c = c.Resolve(facts)
	}
	warnings, err := r.Engine.CreateContainer(ctx, c, op.Name)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range warnings {
		r.warnings = append(r.warnings, "container/"+op.Name+": "+w)
	}
	return err
}

func (r *run) runInit(ctx context.Context, name string) error {
	if err := r.Engine.StartContainer(ctx, name); err != nil {
		return err
	}
	code, err := r.Engine.Wait(ctx, name)
	if err != nil || code == 0 {
		return err
	}
	lines, err := r.Engine.Tail(ctx, name, tailLines)
	if err != nil { // the exit code is what matters; that its log cannot be read is said in its place
		lines = []string{fmt.Sprintf("(log not readable: %v)", err)}
	}
	return &InitError{Container: name, ExitCode: code, Lines: lines}
}

// factCache asks for a pod's facts once.
type factCache struct {
	engine Engine
	mu     sync.Mutex
	pods   map[string]translate.Facts
}

func newFactCache(engine Engine) *factCache {
	return &factCache{engine: engine, pods: map[string]translate.Facts{}}
}

func (f *factCache) of(ctx context.Context, pod string) (translate.Facts, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if facts, ok := f.pods[pod]; ok {
		return facts, nil
	}
	facts, err := f.engine.Facts(ctx, pod)
	if err == nil {
		f.pods[pod] = facts
	}
	return facts, err
}

func (f *factCache) forget(pod string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.pods, pod)
}
