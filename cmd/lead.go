package cmd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/handler"
	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/supervise"
	"github.com/podup/podup/translate"
)

// led is the engine of one plan. What it starts and ends goes through a supervisor: init containers,
// hooks and the order of ends are a kubelet's. It holds the locks of all pods of the plan, so that
// whoever supervises them in the background looks on meanwhile.
type led struct {
	Engine
	supervisor *supervise.Supervisor
	handler    *handler.Handler
	runtime    runtimeDir
	want       translate.Project
	before     plan.Actual // with what was applied

	mu       sync.Mutex
	pods     map[string]*ledPod
	troubles []supervise.Trouble
}

var _ apply.Engine = (*led)(nil)

// ledPod is a pod whose lock is held.
type ledPod struct {
	starting sync.Mutex // one container after the other, as a kubelet does
	held     supervise.Held
	removed  bool

	mu    sync.Mutex
	leave func() // ends the supervision that follows the launch; nil: there is none
}

// lead takes the locks of a plan's pods. What of them is started is defined by want, what is ended by
// what was applied before; close gives the locks back.
func (a *app) lead(ctx context.Context, engine Engine, want translate.Project, before plan.Actual, p plan.Plan) (*led, error) {
	runtime, err := openRuntime(a.env.Getenv, p.Project)
	if err != nil {
		return nil, err
	}
	l := &led{Engine: engine, runtime: runtime, want: want, before: before, pods: map[string]*ledPod{}}
	if l.handler, err = a.handler(ctx, engine); err != nil {
		return nil, err
	}
	l.supervisor = supervise.New(supervise.Config{
		Engine: engine, Handler: l.handler, Report: a.recorder(runtime), Lock: l.lockHeld,
	}, want)
	// All podups take the locks in the same order.
	for _, pod := range l.podsOf(p) {
		held, err := runtime.lockPod(ctx, pod)
		if err != nil {
			l.close()
			return nil, err
		}
		one := &ledPod{held: held}
		save := held.Save
		one.held.Save = func(m status.Memory) error {
			one.held.Memory, one.held.Known = m, true
			return save(m)
		}
		l.pods[pod] = one
	}
	return l, nil
}

// handler performs hooks and probes on an engine.
func (a *app) handler(ctx context.Context, engine Engine) (*handler.Handler, error) {
	version, err := engine.Version(ctx)
	if err != nil {
		return nil, err
	}
	return handler.New(handler.Options{Engine: engine, Child: []string{a.env.Program, netnsCommand}, Local: version.Local && a.env.Program != ""}), nil
}

// recorder writes events down. An event that cannot be written is lost: what it tells of goes on.
func (a *app) recorder(runtime runtimeDir) func(supervise.Event) {
	return func(e supervise.Event) { _ = runtime.record(e) }
}

// leadEngine is what carries plans out.
type leadEngine interface {
	Engine
	RunPod(ctx context.Context, op plan.RunPod, report func(string)) (warnings []string, err error)
}

// close gives the locks back, and forgets the pods that are gone.
func (l *led) close() {
	for name, pod := range l.pods {
		pod.left()
		if pod.removed {
			l.runtime.forget(name)
		}
		pod.held.Unlock()
	}
	l.pods = nil
	_ = l.handler.Close()
}

// podsOf are the pods a plan touches, sorted.
func (l *led) podsOf(p plan.Plan) []string {
	names := map[string]bool{}
	for _, step := range p.Steps {
		for _, op := range append([]plan.Op{step.Op}, step.Undo...) {
			if pod := l.podOf(op); pod != "" {
				names[pod] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// podOf is the pod that an operation acts on, empty for what belongs to none.
func (l *led) podOf(op plan.Op) string {
	switch op := op.(type) {
	case plan.CreatePod:
		return op.Pod.Name
	case plan.StartPod:
		return op.Pod
	case plan.RunPod:
		return op.Pod.Name
	case plan.HoldVolumes:
		return op.Pod.Name
	case plan.StopPod:
		return op.Pod
	case plan.RemovePod:
		return op.Pod
	case plan.CreateContainer:
		return op.Container.Pod
	case plan.ResizeContainer:
		return op.Container.Pod
	case plan.RunInit:
		return l.podWith(op.Name)
	case plan.StartContainer:
		return l.podWith(op.Name)
	case plan.StopContainer:
		return l.podWith(op.Name)
	case plan.RenameContainer:
		return l.podWith(op.From)
	case plan.RemoveContainer:
		return l.podWith(op.Name)
	}
	return ""
}

// podWith is the pod that has a container of a name.
func (l *led) podWith(container string) string {
	name := lasting(container)
	for _, pod := range l.want.Pods {
		if slices.ContainsFunc(pod.Containers(), func(c translate.Container) bool { return c.EngineName() == name }) {
			return pod.Name
		}
	}
	for pod, state := range l.before.Pods {
		if _, ok := state.Containers[container]; ok {
			return pod
		}
		if _, ok := state.Containers[name]; ok {
			return pod
		}
	}
	return ""
}

// lasting is the name a container has when it is not being replaced. A container's own name has no dot.
func lasting(container string) string {
	for _, suffix := range []string{translate.SuccessorName(""), translate.PredecessorName("")} {
		if name, ok := strings.CutSuffix(container, suffix); ok {
			return name
		}
	}
	return container
}

// RunPod leads a pod until its app containers have been started once. What is tried again later is a
// trouble, which the user is told of; a container that cannot be started at all is an error.
func (l *led) RunPod(ctx context.Context, op plan.RunPod, report func(string)) (warnings []string, err error) {
	pod, err := l.pod(op.Pod.Name)
	if err != nil {
		return nil, err
	}
	pod.starting.Lock()
	defer pod.starting.Unlock()
	pod.left()
	pod.removed = false
	if err := l.anew(ctx, pod, op); err != nil {
		return nil, err
	}
	launched, err := l.supervisor.Launch(ctx, op.Pod, pod.held, report)
	if err != nil {
		return nil, err
	}
	if launched.Trouble != nil {
		l.mu.Lock()
		l.troubles = append(l.troubles, *launched.Trouble)
		l.mu.Unlock()
	}
	if len(l.pods) > 1 {
		pod.attend(ctx, l.supervisor, op.Pod)
	}
	return nil, nil
}

// launchPause is how long a pod that has been launched is left alone while others of its plan are not yet:
// until then the plan is usually over.
const launchPause = 5 * time.Second

// attend supervises a pod from a while after its launch until left is called: an init container of another pod
// may wait for one that has to be restarted first.
func (p *ledPod) attend(ctx context.Context, supervisor *supervise.Supervisor, pod translate.Pod) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	over := make(chan struct{})
	go func() {
		defer close(over)
		select {
		case <-time.After(launchPause):
			supervisor.Attend(ctx, pod)
		case <-ctx.Done():
		}
	}()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leave = func() {
		cancel()
		<-over
	}
}

// left ends the supervision of attend, and returns when it no longer acts.
func (p *ledPod) left() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.leave != nil {
		p.leave()
		p.leave = nil
	}
}

// lockHeld is for who supervises within the plan: the locks are held by it all the time.
func (l *led) lockHeld(_ context.Context, name string) (supervise.Held, error) {
	pod, err := l.pod(name)
	if err != nil {
		return supervise.Held{}, err
	}
	held := pod.held
	held.Unlock = func() {}
	return held, nil
}

// take is the pod that a container belongs to, left by who attended it.
func (l *led) take(name string) *ledPod {
	pod := l.pods[name]
	if pod != nil {
		pod.left()
	}
	return pod
}

// anew lets a pod that was there before start once more. What has ended since nobody looked, by the hand
// of this plan or otherwise, must not count as a failure to come up.
func (l *led) anew(ctx context.Context, pod *ledPod, op plan.RunPod) error {
	before, there := l.before.Pods[op.Pod.Name]
	if !there || before.ID == "" {
		return nil
	}
	now, ok, err := l.Pod(ctx, op.Pod.Name)
	if err != nil || !ok || now.ID != before.ID {
		return err // another pod of the name has a memory of its own
	}
	memory := pod.held.Memory
	if memory.PodID != now.ID {
		memory = status.Memory{}
	}
	if memory, err = recall(ctx, l, op.Pod, now, memory); err != nil {
		return err
	}
	pod.held.Memory, pod.held.Known = supervise.StartAgain(op.Pod, memory, op.Start), true
	return nil
}

func (l *led) pod(name string) (*ledPod, error) {
	if pod := l.pods[name]; pod != nil {
		return pod, nil
	}
	return nil, fmt.Errorf("pod/%s is not locked: its plan does not name it", name)
}

// StartContainer starts a container and performs its postStart.
func (l *led) StartContainer(ctx context.Context, name string) error {
	podName := l.podWith(name)
	pod := l.take(podName)
	wanted, c, ok := l.defined(podName, name, lasting(name) != name)
	if pod == nil || !ok {
		return l.Engine.StartContainer(ctx, name)
	}
	pod.starting.Lock()
	defer pod.starting.Unlock()
	return l.supervisor.StartContainer(ctx, wanted, c, name, pod.held)
}

// defined finds the definition of a container: what is wanted, or for what is on its way out what was
// applied, each before the other.
func (l *led) defined(podName, name string, applied bool) (translate.Pod, translate.Container, bool) {
	var pods []translate.Pod
	for _, pod := range l.want.Pods {
		if pod.Name == podName {
			pods = append(pods, pod)
		}
	}
	if state, ok := l.before.Pods[podName]; ok {
		pods = append(pods, definition(l.before, state))
	}
	if applied {
		slices.Reverse(pods)
	}
	for _, pod := range pods {
		for _, c := range pod.Containers() {
			if c.EngineName() == lasting(name) {
				return pod, c, true
			}
		}
	}
	return translate.Pod{}, translate.Container{}, false
}

// StopContainer performs the preStop of a container and stops it, within one grace. No grace is none
// for the preStop either.
func (l *led) StopContainer(ctx context.Context, op plan.StopContainer) error {
	podName := l.podWith(op.Name)
	l.take(podName)
	_, c, ok := l.defined(podName, op.Name, true)
	if !ok || op.Grace == 0 || c.Lifecycle.PreStop == nil && !short(op.Grace, c.Grace) {
		return l.Engine.StopContainer(ctx, op)
	}
	return l.supervisor.StopContainer(ctx, c, op.Name, op.Grace)
}

// StopPod ends the containers of a pod in the kubelet's order, then the infra container.
func (l *led) StopPod(ctx context.Context, op plan.StopPod) error {
	l.take(op.Pod)
	if err := l.terminate(ctx, op.Pod, op.Grace); err != nil {
		return err
	}
	if err := l.Engine.StopPod(ctx, op); err != nil {
		return err
	}
	return l.remember(ctx, op.Pod)
}

// remember writes down how a pod is now: who asks for its status next may be faster than the supervisor
// in the background.
func (l *led) remember(ctx context.Context, name string) error {
	pod := l.pods[name]
	now, ok, err := l.Pod(ctx, name)
	if pod == nil || !pod.held.Known || err != nil || !ok {
		return err
	}
	memory, err := recall(ctx, l, definition(l.before, now), now, pod.held.Memory)
	if err != nil {
		return err
	}
	return pod.held.Save(memory)
}

// RemovePod ends a pod as StopPod does and removes it.
func (l *led) RemovePod(ctx context.Context, op plan.RemovePod) error {
	pod := l.take(op.Pod)
	if err := l.terminate(ctx, op.Pod, op.Grace); err != nil {
		return err
	}
	if err := l.Engine.RemovePod(ctx, op); err != nil {
		return err
	}
	if pod != nil {
		pod.removed = true
	}
	return nil
}

// terminate ends containers in an order, where there is more to it than what the engine does by itself:
// a signal to all at once and SIGKILL after the grace.
func (l *led) terminate(ctx context.Context, name string, grace time.Duration) error {
	state, there := l.before.Pods[name]
	wanted := definition(l.before, state)
	if !there {
		for _, pod := range l.want.Pods { // one that this plan has made is taken back
			if pod.Name == name {
				wanted = pod
			}
		}
	}
	if grace == 0 {
		return nil
	}
	ordered := slices.ContainsFunc(wanted.Containers(), func(c translate.Container) bool {
		return c.Sidecar || c.Lifecycle.PreStop != nil
	})
	if !ordered && !short(grace, wanted.Grace) {
		return nil
	}
	state, ok, err := l.Pod(ctx, name)
	if err != nil || !ok {
		return err
	}
	return l.supervisor.Terminate(ctx, wanted, state, grace)
}

// short says that a kubelet gives a container longer than that: the engine would kill it too early.
func short(grace, declared time.Duration) bool {
	if grace < 0 {
		grace = declared
	}
	return grace < supervise.MinimumGrace
}

// troubled is an up that has done what it can, of which something is not well.
type troubled struct{ troubles []supervise.Trouble }

func (e *troubled) Error() string {
	var texts []string
	for _, t := range e.troubles {
		texts = append(texts, troubleText(t))
	}
	return strings.Join(texts, "\n")
}

// trouble is the error for what could not be led to where it runs; nil where there is none.
func (l *led) trouble() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.troubles) == 0 {
		return nil
	}
	slices.SortFunc(l.troubles, func(a, b supervise.Trouble) int { return strings.Compare(a.Pod, b.Pod) })
	return &troubled{l.troubles}
}

// troubleText says what is wrong, whether it is tried again, and what the container wrote last.
func troubleText(t supervise.Trouble) string {
	what := "pod " + t.Pod
	if t.Container != "" {
		what = "container " + t.Pod + "/" + t.Container
		if t.Init {
			what = "init " + what
		}
	}
	text := what + ": " + t.Message
	if t.Reason != "" && t.Reason != status.Error {
		text += " (" + t.Reason + ")"
	}
	if t.Retry.IsZero() {
		text += "; it is not tried again"
	} else {
		text += "; podup tries again in " + max(time.Until(t.Retry).Round(time.Second), time.Second).String()
	}
	if len(t.Lines) > 0 {
		text += ":\n  " + strings.Join(t.Lines, "\n  ")
	}
	return text
}

// asTrouble says whether an up has only troubles.
func asTrouble(err error) bool {
	var some *troubled
	return errors.As(err, &some)
}
