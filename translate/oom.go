package translate

import (
	corev1 "k8s.io/api/core/v1"
	resourcehelper "k8s.io/component-helpers/resource"
	"k8s.io/kubernetes/pkg/apis/core/v1/helper/qos"
)

// Values of oom_score_adj (kubelet: qos/policy.go): who exceeds least what was asked for goes last.
const (
	guaranteedScore = -997
	bestEffortScore = 1000
)

// OOMScore is the container's oom_score_adj on a machine with this much memory, in bytes: -997 for the
// pods that are guaranteed theirs, 1000 for those that asked for none, and 3 to 999 between, the lower
// the more the container has asked for (kubelet: qos/policy.go, GetContainerOOMScoreAdjust).
func (r Resources) OOMScore(capacity int64) int {
	switch {
	case r.Class == corev1.PodQOSGuaranteed:
		return guaranteedScore
	case r.Class != corev1.PodQOSBurstable || capacity <= 0:
		return bestEffortScore
	}
	if r.MemoryRequest >= capacity {
		return 1000 + guaranteedScore
	}
	score := 1000 - int(1000*r.MemoryRequest/capacity)
	return min(max(score, 1000+guaranteedScore), bestEffortScore-1)
}

// class of the pod, empty for BestEffort.
func class(pod *corev1.Pod) corev1.PodQOSClass {
	if found := qos.ComputePodQOS(pod); found != corev1.PodQOSBestEffort {
		return found
	}
	return ""
}

// memoryRequest is what OOMScore goes by: the container's own request, a share of what the pod asks
// for beyond its containers, and for a sidecar at least what the most modest app container has, so
// that it does not go before the containers it serves.
func memoryRequest(pod *corev1.Pod, c *corev1.Container, isSidecar bool) int64 {
	request := c.Resources.Requests.Memory().Value()
	if isSidecar && len(pod.Spec.Containers) > 0 {
		least := pod.Spec.Containers[0].Resources.Requests.Memory().Value()
		for i := range pod.Spec.Containers {
			least = min(least, pod.Spec.Containers[i].Resources.Requests.Memory().Value())
		}
		request = max(request, least)
	}
	if !resourcehelper.IsPodLevelRequestsSet(pod) || pod.Spec.Resources.Requests.Memory().IsZero() {
		return request
	}
	asked := resourcehelper.AggregateContainerRequests(pod, resourcehelper.PodResourcesOptions{})
	spare := pod.Spec.Resources.Requests.Memory().Value() - asked.Memory().Value()
	return request + spare/int64(len(pod.Spec.Containers)+len(pod.Spec.InitContainers))
}
