package apply_test

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// fake records calls by name ("start a"), lets them fail and holds them up.
type fake struct {
	mu    sync.Mutex
	calls []string
	busy  int
	most  int // calls at a time, at most
	fail  map[string]error
	hold  map[string]chan struct{} // the call ends when it is closed, or its context ends
	began map[string]chan struct{} // closed when the call has begun

	codes    map[string]int // of Wait
	output   []string
	tailErr  error
	warnings []string
	progress func(report func(apply.PullProgress))
}

var _ apply.Engine = (*fake)(nil)

func newFake() *fake {
	return &fake{fail: map[string]error{}, hold: map[string]chan struct{}{}, began: map[string]chan struct{}{}, codes: map[string]int{}}
}

// block holds up a call. It gives what says that it has begun, and what lets it end.
func (f *fake) block(call string) (began <-chan struct{}, end func()) {
	held, start := make(chan struct{}), make(chan struct{})
	f.hold[call], f.began[call] = held, start
	return start, func() { close(held) }
}

func (f *fake) called() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

func (f *fake) call(ctx context.Context, format string, args ...any) error {
	name := fmt.Sprintf(format, args...)
	f.mu.Lock()
	f.calls = append(f.calls, name)
	f.busy++
	f.most = max(f.most, f.busy)
	hold, began, err := f.hold[name], f.began[name], f.fail[name]
	f.mu.Unlock()
	if began != nil {
		close(began)
	}
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	f.mu.Lock()
	f.busy--
	f.mu.Unlock()
	return err
}

func (f *fake) PullImage(ctx context.Context, image string, report func(apply.PullProgress)) error {
	if f.progress != nil {
		f.progress(report)
	}
	return f.call(ctx, "pull %s", image)
}

func (f *fake) CreateNetwork(ctx context.Context, n translate.Network) error {
	return f.call(ctx, "network %s", n.Name)
}

func (f *fake) CreateSecret(ctx context.Context, s translate.Secret) error {
	return f.call(ctx, "secret %s", s.Name)
}

func (f *fake) CreateVolume(ctx context.Context, v translate.Volume) error {
	return f.call(ctx, "volume %s", v.Name)
}

func (f *fake) WriteVolume(ctx context.Context, v translate.Volume) error {
	return f.call(ctx, "write %s", v.Name)
}

func (f *fake) CreatePod(ctx context.Context, p translate.Pod) error {
	return f.call(ctx, "pod %s", p.Name)
}

func (f *fake) StartPod(ctx context.Context, pod string) error {
	return f.call(ctx, "start pod %s", pod)
}

func (f *fake) Facts(ctx context.Context, pod string) (translate.Facts, error) {
	err := f.call(ctx, "facts %s", pod)
	return translate.Facts{PodIPs: []string{"10.0.0.7"}}, err
}

func (f *fake) HoldVolumes(ctx context.Context, p translate.Pod) error {
	return f.call(ctx, "hold %s", p.Name)
}

func (f *fake) CreateContainer(ctx context.Context, c translate.Container, name string) ([]string, error) {
	text := "create " + name
	for _, e := range c.Env {
		text += " " + e.Name + "=" + e.Value
	}
	return slices.Clone(f.warnings), f.call(ctx, "%s", text)
}

func (f *fake) ResizeContainer(ctx context.Context, c translate.Container, name string) ([]string, error) {
	return slices.Clone(f.warnings), f.call(ctx, "resize %s to %d bytes", name, c.Resources.MemoryLimit)
}

func (f *fake) StartContainer(ctx context.Context, name string) error {
	return f.call(ctx, "start %s", name)
}

func (f *fake) Wait(ctx context.Context, name string) (int, error) {
	return f.codes[name], f.call(ctx, "wait %s", name)
}

func (f *fake) Tail(ctx context.Context, name string, lines int) ([]string, error) {
	if err := f.call(ctx, "tail %s %d", name, lines); err != nil {
		return nil, err
	}
	return f.output, f.tailErr
}

func (f *fake) StopContainer(ctx context.Context, op plan.StopContainer) error {
	return f.call(ctx, "stop %s %s", op.Name, op.Grace)
}

func (f *fake) RenameContainer(ctx context.Context, from, to string) error {
	return f.call(ctx, "rename %s %s", from, to)
}

func (f *fake) RemoveContainer(ctx context.Context, name string) error {
	return f.call(ctx, "remove %s", name)
}

func (f *fake) RunPod(ctx context.Context, op plan.RunPod, report func(string)) ([]string, error) {
	report("web-a")
	return []string{"web-a is not ready"}, f.call(ctx, "run %s %v", op.Pod.Name, op.Start)
}

func (f *fake) StopPod(ctx context.Context, op plan.StopPod) error {
	return f.call(ctx, "stop pod %s %s", op.Pod, op.Grace)
}

func (f *fake) RemovePod(ctx context.Context, op plan.RemovePod) error {
	return f.call(ctx, "remove pod %s %s", op.Pod, op.Grace)
}

func (f *fake) RemoveVolume(ctx context.Context, name string) error {
	return f.call(ctx, "remove volume %s", name)
}

func (f *fake) RemoveSecret(ctx context.Context, name string) error {
	return f.call(ctx, "remove secret %s", name)
}

func (f *fake) RemoveNetwork(ctx context.Context, name string) error {
	return f.call(ctx, "remove network %s", name)
}
