package translate

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/podup/podup/manifest"
)

// engineNames finds objects that would have the same name in the engine. Podman has separate name
// spaces for pods, containers and volumes. Names with a dot after the pod's (the holder, those used
// during a replacement) meet no others, since no container's name has one.
type engineNames struct {
	t          *translator
	pods       map[string]bool
	containers map[string]string // name in the engine → what has it
	volumes    map[string]string
}

func newNames(t *translator, project string) *engineNames {
	return &engineNames{
		t:          t,
		pods:       map[string]bool{},
		containers: map[string]string{},
		volumes:    map[string]string{ProjectObject(project): "the volume in which podup keeps its releases"},
	}
}

func (n *engineNames) claim(doc manifest.Document[*corev1.PersistentVolumeClaim]) {
	path := field.NewPath("metadata", "name")
	name := doc.Object.Name
	if other, taken := n.volumes[name]; taken {
		n.t.problems = append(n.t.problems, doc.At(path, RuleNameCollision, fmt.Sprintf(
			"the claim's volume would have the name of %s; rename the claim", other)))
		return
	}
	n.volumes[name] = fmt.Sprintf("claim %q%s", name, at(doc.PosOf(path)))
}

func (n *engineNames) pod(p *podTranslator) {
	namePath := field.NewPath("metadata", "name")
	pod := p.pod.Name
	if n.pods[pod] {
		return // manifest.Load has reported it, and everything below it would meet as well
	}
	n.pods[pod] = true

	n.take(p, n.containers, InfraName(pod), fmt.Sprintf("the infra container of pod %q", pod), namePath)
	for _, list := range []struct {
		field      string
		containers []corev1.Container
	}{{"initContainers", p.pod.Spec.InitContainers}, {"containers", p.pod.Spec.Containers}} {
		for i := range list.containers {
			name := list.containers[i].Name
			n.take(p, n.containers, ContainerName(pod, name), fmt.Sprintf("container %q of pod %q", name, pod),
				field.NewPath("spec", list.field).Index(i).Child("name"))
		}
	}
	for i := range p.pod.Spec.Volumes {
		source := &p.pod.Spec.Volumes[i]
		if volume := p.used[source.Name]; volume != nil && volume.own != "" {
			n.take(p, n.volumes, volume.own, fmt.Sprintf("volume %q of pod %q", source.Name, pod), volume.path)
		}
	}
}

// take gives a name to an object of a pod, described by what and declared at path.
func (n *engineNames) take(p *podTranslator, names map[string]string, name, what string, path *field.Path) {
	if other, taken := names[name]; taken {
		p.report(path, RuleNameCollision, "%s would be called %q in the engine, as is %s; rename one of them", what, name, other)
		return
	}
	names[name] = what + at(p.doc.PosOf(path))
}
