package cmd

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

// life is what is known of one pod: what was applied, what the engine has, and what is remembered.
type life struct {
	pod    translate.Pod
	state  plan.PodState
	memory status.Memory
	// remembered is false where all that the memory holds was read off the engine just now.
	remembered bool
}

// lifeEngine is what of an Engine looking at lives takes.
type lifeEngine interface {
	Observer
	Inspect(ctx context.Context, container string) (plan.Run, error)
	Sandbox(ctx context.Context, pod string) (plan.Sandbox, error)
	Tail(ctx context.Context, container string, lines int) ([]string, error)
}

// overview puts together what the engine, its releases and the runtime directory know of a project.
type overview struct {
	engine     lifeEngine
	runtime    runtimeDir
	actual     plan.Actual // with what was applied
	supervisor int         // pid; 0 where nobody supervises
	supervised bool
}

// openProject connects for commands that read no manifest.
func (a *app) openProject(ctx context.Context) (project string, engine Engine, err error) {
	if project, err = a.existingProject(); err != nil {
		return "", nil, err
	}
	engine, err = a.connect(ctx)
	return project, engine, err
}

// lookAtProject is overview for commands that read no manifest and change nothing; done ends it.
func (a *app) lookAtProject(ctx context.Context) (o *overview, done func(), err error) {
	project, engine, err := a.openProject(ctx)
	if err != nil {
		return nil, nil, err
	}
	done = func() { _ = engine.Close() }
	if o, err = a.overview(ctx, engine, project); err != nil {
		done()
	}
	return o, done, err
}

// overview looks at a project.
func (a *app) overview(ctx context.Context, engine lifeEngine, project string) (*overview, error) {
	runtime, err := openRuntime(a.env.Getenv, project)
	if err != nil {
		return nil, err
	}
	o := &overview{engine: engine, runtime: runtime, actual: plan.Actual{Project: project}}
	if err := o.look(ctx); err != nil {
		return nil, err
	}
	if len(o.actual.Pods) == 0 {
		return o, nil
	}
	return o, o.read(ctx, a.warn)
}

// read reads what was applied.
func (o *overview) read(ctx context.Context, warn func(string)) error {
	reader := o.engine.History(o.actual.Project)
	key, err := projectKey(ctx, reader, warn)
	if err != nil {
		return err
	}
	past := history{reader: reader, project: o.actual.Project, key: key, warn: warn}
	past.apply(ctx, &o.actual, true)
	return ctx.Err()
}

// look takes a new snapshot of the engine.
func (o *overview) look(ctx context.Context) error {
	actual, err := o.engine.Observe(ctx, translate.Project{Name: o.actual.Project})
	if err != nil {
		return err
	}
	actual.Applied, actual.Unfinished, actual.Partial = o.actual.Applied, o.actual.Unfinished, o.actual.Partial
	o.actual = actual
	o.supervisor, o.supervised = o.runtime.supervised()
	return nil
}

// life gives one pod of the snapshot, which must have it.
func (o *overview) life(ctx context.Context, pod string) (life, error) {
	state := o.actual.Pods[pod]
	l := life{pod: definition(o.actual, state), state: state}
	l.memory, l.remembered = o.runtime.memory(pod)
	if l.remembered && l.memory.PodID != "" && l.memory.PodID != state.ID {
		l.memory, l.remembered = status.Memory{}, false // of an earlier pod of that name
	}
	var err error
	if l.remembered && o.supervised {
		// Who launches a pod does not look at a network it has no use for.
		if l.memory.Sandbox.Pid == 0 && state.Infra.Status == plan.Running {
			if l.memory.Sandbox, err = o.engine.Sandbox(ctx, pod); err != nil {
				return life{}, fmt.Errorf("look at the network of pod %s: %w", pod, err)
			}
		}
		l.state = believed(l.state, l.memory)
		return l, o.identify(ctx, &l)
	}
	l.memory, err = recall(ctx, o.engine, l.pod, state, l.memory)
	return l, err
}

// identify asks for the digests of images that a supervisor has not noted yet: of containers it is only beginning to
// lead. Of such a run the memory holds nothing else, so that the engine's list stays what is believed.
func (o *overview) identify(ctx context.Context, l *life) error {
	for name, known := range l.memory.Containers {
		c, there := l.state.Containers[translate.ContainerName(l.state.Name, name)]
		if !there || c.Status != plan.Running || known.Run.ImageDigest != "" || !known.Run.StartedAt.IsZero() {
			continue
		}
		run, err := o.engine.Inspect(ctx, c.Name)
		if err != nil {
			return fmt.Errorf("look at container %s/%s: %w", l.state.Name, name, err)
		}
		known.Run.ImageID, known.Run.ImageDigest = run.ImageID, run.ImageDigest
		l.memory.Containers[name] = known
	}
	return nil
}

// lives gives the pods of the snapshot that are named, all where none is, by name.
func (o *overview) lives(ctx context.Context, names []string) ([]life, error) {
	if err := onlyPods(&o.actual, names); err != nil {
		return nil, err
	}
	var all []life
	for _, name := range podNames(o.actual) {
		l, err := o.life(ctx, name)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

// definition is what a pod was applied from; where no release tells, what the engine does.
func definition(actual plan.Actual, state plan.PodState) translate.Pod {
	if pod, ok := actual.MadeFrom(state); ok {
		return pod
	}
	pod := translate.Pod{
		Project: actual.Project, Name: state.Name, Restart: corev1.RestartPolicyAlways,
		Grace: corev1.DefaultTerminationGracePeriodSeconds * time.Second,
	}
	for _, c := range podContainers(state) {
		if containerLabel(c) != c.Container {
			continue // it is only there while it is being replaced
		}
		container := translate.Container{
			Project: actual.Project, Pod: state.Name, Name: c.Container, Init: c.Role == translate.RoleInit, Order: c.Order, Image: c.Image,
			Grace: pod.Grace, Lifecycle: translate.Lifecycle{Restart: corev1.RestartPolicyAlways},
		}
		if container.Init {
			container.Lifecycle.Restart = corev1.RestartPolicyOnFailure
			pod.Init = append(pod.Init, container)
		} else {
			pod.Apps = append(pod.Apps, container)
		}
	}
	return pod
}

// status is the pod's v1 status.
func (l life) status(now time.Time) corev1.PodStatus { return status.Of(l.pod, l.state, l.memory, now) }

// object is the pod as an API server would give it.
func (l life) object(now time.Time) *corev1.Pod {
	object := &corev1.Pod{}
	if l.pod.Object != nil {
		object = l.pod.Object.DeepCopy()
	} else {
		object.Name = l.pod.Name
		object.Spec = assumedSpec(l.pod)
	}
	object.TypeMeta = metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"}
	if object.Namespace == "" {
		object.Namespace = metav1.NamespaceDefault
	}
	if object.UID == "" {
		object.UID = types.UID(l.pod.UID)
	}
	object.CreationTimestamp = metav1.NewTime(l.born())
	object.Generation = status.Generation
	object.Status = l.status(now)
	return object
}

// born is when the pod was made; status.startTime begins anew when its user starts it again.
func (l life) born() time.Time {
	born := l.state.Infra.CreatedAt
	for _, c := range l.state.Containers {
		if born.IsZero() || !c.CreatedAt.IsZero() && c.CreatedAt.Before(born) {
			born = c.CreatedAt
		}
	}
	if born.IsZero() {
		return l.memory.Since
	}
	return born
}

// assumedSpec is what can be said of a pod whose manifest nobody has any more.
func assumedSpec(pod translate.Pod) corev1.PodSpec {
	containers := func(all []translate.Container) []corev1.Container {
		var out []corev1.Container
		for _, c := range all {
			out = append(out, corev1.Container{Name: c.Name, Image: c.Image})
		}
		return out
	}
	return corev1.PodSpec{RestartPolicy: pod.Restart, InitContainers: containers(pod.Init), Containers: containers(pod.Apps)}
}

// wanted gives the definition of a container, ok is false where the pod has no such.
func (l life) wanted(name string) (translate.Container, bool) {
	all := l.pod.Containers()
	i := slices.IndexFunc(all, func(c translate.Container) bool { return c.Name == name })
	if i < 0 {
		return translate.Container{}, false
	}
	return all[i], true
}

// noPods says on standard error that there is nothing to show, and why.
func (a *app) noPods(project string) {
	text := a.installedText(project)
	if text == "" {
		text = fmt.Sprintf("project %s has no pods (podup ls lists the projects)", project)
	}
	fmt.Fprintln(a.env.Err, text)
}
