package status

import (
	corev1 "k8s.io/api/core/v1"
	resourcehelper "k8s.io/component-helpers/resource"
)

// leastShares are milli-CPUs that a kubelet takes for none: each cgroup has so many (kubelet: cm/helpers_linux.go,
// MinShares).
const leastShares = 2

// podResources are status.resources and status.allocatedResources of the pod as a whole. A kubelet reads those of a pod
// that runs off its cgroup (kubelet: kubelet_pods.go, convertToAPIPodLevelResourcesStatus), into which it has written
// what follows from the manifest (cm/helpers_linux.go, ResourceConfigForPod): from there they are taken here. On cgroup
// v1 it shows a memory limit of 8 EiB where there is none; podup shows none.
func podResources(object *corev1.Pod, phase corev1.PodPhase) (shown *corev1.ResourceRequirements, allocated corev1.ResourceList) {
	limited := map[corev1.ResourceName]bool{corev1.ResourceCPU: true, corev1.ResourceMemory: true}
	requests := resourcehelper.PodRequests(object, resourcehelper.PodResourcesOptions{})
	limits := resourcehelper.PodLimits(object, resourcehelper.PodResourcesOptions{
		ContainerFn: func(of corev1.ResourceList, _ resourcehelper.ContainerType) {
			for name := range limited {
				limited[name] = limited[name] && !of.Name(name, "").IsZero()
			}
		},
	})
	allocated = requests.DeepCopy()
	shown = object.Spec.Resources.DeepCopy()
	if shown == nil {
		shown = &corev1.ResourceRequirements{}
	}
	// When a kubelet looks at a pod for the last time, the pod is running to the API server (seen on 1.36.3).
	if phase == corev1.PodPending {
		shown.Requests, shown.Limits = requests, limits
		return shown, allocated
	}
	put := func(into *corev1.ResourceList, name corev1.ResourceName, from corev1.ResourceList) {
		value, ok := from[name]
		if !ok {
			return
		}
		if *into == nil {
			*into = corev1.ResourceList{}
		}
		(*into)[name] = value
	}
	if requests.Cpu().MilliValue() > leastShares {
		put(&shown.Requests, corev1.ResourceCPU, requests)
	}
	put(&shown.Requests, corev1.ResourceMemory, requests)
	for name, all := range limited {
		if all { // a limit of the pod itself stands in shown
			put(&shown.Limits, name, limits)
		}
	}
	return shown, allocated
}
