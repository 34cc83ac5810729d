package cmd

import (
	"maps"
	"slices"
	"strings"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

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
