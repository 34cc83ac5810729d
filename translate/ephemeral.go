package translate

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/podup/podup/manifest"
)

// EphemeralContainer is what an ephemeral container is in a pod that runs. It has the pod's security
// context beside its own, is not restarted, and its Name must be none of the pod's. Only references to
// nothing outside of it can be resolved. Where nobody has the pod's manifest any more, it has what an
// empty one says.
func (p Pod) EphemeralContainer(wanted *corev1.EphemeralContainer) (Container, manifest.Problems) {
	object := p.Object
	if object == nil {
		object = &corev1.Pod{}
		object.Name = p.Name
		object.Spec.HostPID = p.Namespaces.HostPID
	}
	t := &podTranslator{
		translator: &translator{opts: Options{Project: p.Project}, concealed: map[string]Secret{}},
		doc:        manifest.NewDocument(object, ""),
		pod:        object.DeepCopy(),
		used:       map[string]*podVolume{},
	}
	c := corev1.Container(wanted.EphemeralContainerCommon)
	c.TerminationMessagePath = corev1.TerminationMessagePathDefault
	c.TerminationMessagePolicy = corev1.TerminationMessageReadFile
	made := t.container(&c, field.NewPath("spec", "ephemeralContainers").Index(0), false)
	made.Ephemeral, made.Target = true, wanted.TargetContainerName
	made.Lifecycle.Restart = corev1.RestartPolicyNever
	return made, t.problems
}
