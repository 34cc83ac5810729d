package status

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/apis/core/v1/helper/qos"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// Generation is the metadata.generation of every pod, and what its status has observed. An API server gives it to a
// new pod (registry/core/pod/strategy.go, PrepareForCreate) and counts from there as the pod is changed; what podup
// applies anew is a new pod of that name. A kubelet repeats the generation it acts on (status/status_manager.go,
// SetPodStatus); of a static pod, which no API server has seen, that is 0.
const Generation = 1

// Of says what a pod's v1 status is. Where the engine and the memory differ the engine is right: the
// memory may be a moment old, or nobody supervises. Without a memory everything follows from the
// engine, and probes have not been made.
//
// Transition times are those of memory.Conditions where the status of a condition is the same, else
// now (kubelet: kubelet_pods.go generateAPIPodStatus).
func Of(pod translate.Pod, state plan.PodState, memory Memory, now time.Time) corev1.PodStatus {
	object := Object(pod)
	s := corev1.PodStatus{
		ObservedGeneration: Generation,
		Reason:             memory.Reason,
		Message:            memory.Message,
		QOSClass:           qos.ComputePodQOS(object),
	}
	since := cmp.Or(memory.Since, state.Infra.StartedAt, state.Infra.CreatedAt)
	if !since.IsZero() {
		s.StartTime = &metav1.Time{Time: since}
	}
	if state.Infra.Status == plan.Running || state.Infra.Status == plan.Paused {
		for _, ip := range memory.Sandbox.IPs {
			s.PodIPs = append(s.PodIPs, corev1.PodIP{IP: ip})
		}
		if len(s.PodIPs) > 0 {
			s.PodIP = s.PodIPs[0].IP
		}
	}
	for _, ip := range memory.Sandbox.HostIPs {
		s.HostIPs = append(s.HostIPs, corev1.HostIP{IP: ip})
	}
	if len(s.HostIPs) > 0 {
		s.HostIP = s.HostIPs[0].IP
	}

	for _, c := range pod.Init {
		s.InitContainerStatuses = append(s.InitContainerStatuses, containerStatus(pod, object, c, state, memory))
	}
	for _, c := range pod.Apps {
		s.ContainerStatuses = append(s.ContainerStatuses, containerStatus(pod, object, c, state, memory))
	}
	// As a kubelet lists them (kubelet: types.SortedContainerStatuses).
	slices.SortFunc(s.ContainerStatuses, func(a, b corev1.ContainerStatus) int { return cmp.Compare(a.Name, b.Name) })

	s.Phase = phase(pod, slices.Concat(s.ContainerStatuses, s.InitContainerStatuses), memory)
	if memory.Stopped && memory.Phase == "" {
		s.Reason, s.Message = Stopped, "The pod has been stopped"
	}
	s.Resources, s.AllocatedResources = podResources(object, s.Phase)
	s.Conditions = conditions(object, s, state, memory, now)
	return s
}

// Object is the pod as Kubernetes' functions want it: the manifest, or what is left of it where a
// value was made without one.
func Object(pod translate.Pod) *corev1.Pod {
	if pod.Object != nil {
		return pod.Object
	}
	object := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: pod.Name, Namespace: metav1.NamespaceDefault}}
	object.Spec.RestartPolicy = pod.Restart
	for _, c := range pod.Init {
		made := asContainer(c)
		if c.Sidecar {
			always := corev1.ContainerRestartPolicyAlways
			made.RestartPolicy = &always
		} else if c.Lifecycle.Restart == pod.Restart || pod.Restart == corev1.RestartPolicyAlways {
			made.RestartPolicy = nil
		}
		object.Spec.InitContainers = append(object.Spec.InitContainers, made)
	}
	for _, c := range pod.Apps {
		object.Spec.Containers = append(object.Spec.Containers, asContainer(c))
	}
	return object
}
