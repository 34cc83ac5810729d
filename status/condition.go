package status

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	podutil "k8s.io/kubernetes/pkg/api/v1/pod"

	"github.com/podup/podup/plan"
)

// conditions follows kubelet/status/generate.go, whose package would be most of a kubelet: 470
// packages more than this one needs.
func conditions(object *corev1.Pod, s corev1.PodStatus, state plan.PodState, memory Memory, now time.Time) []corev1.PodCondition {
	all := slices.Concat(s.InitContainerStatuses, s.ContainerStatuses)
	containersReady := containersReady(object, all, s.Phase)
	list := []corev1.PodCondition{
		{Type: corev1.PodReadyToStartContainers, Status: truth(sandboxed(state) && !over(s.Phase, all))},
		initialized(object, all, s.Phase, memory),
		ready(containersReady),
		containersReady,
		{Type: corev1.PodScheduled, Status: corev1.ConditionTrue},
	}
	if podutil.AllContainersCouldRestart(&object.Spec) {
		list = append(list, allRestarting(s.Phase, memory))
	}
	for i := range list {
		if list[i].Type != corev1.AllContainersRestarting { // a kubelet gives that one none (1.36)
			list[i].ObservedGeneration = Generation
		}
		_, old := podutil.GetPodConditionFromList(memory.Conditions, list[i].Type)
		if old != nil && old.Status == list[i].Status {
			list[i].LastTransitionTime = old.LastTransitionTime
		} else {
			list[i].LastTransitionTime = metav1.NewTime(now)
		}
	}
	return list
}

// over says that a pod is finished and all that it ran has ended. A kubelet ends its sandbox with it (kubelet.go
// SyncTerminatingPod); here that stays for another up, which starts the pod once more, and starts nothing by
// itself.
func over(phase corev1.PodPhase, statuses []corev1.ContainerStatus) bool {
	return (phase == corev1.PodSucceeded || phase == corev1.PodFailed) &&
		!slices.ContainsFunc(statuses, func(s corev1.ContainerStatus) bool { return s.State.Running != nil })
}

func truth(is bool) corev1.ConditionStatus {
	if is {
		return corev1.ConditionTrue
	}
	return corev1.ConditionFalse
}

func initialized(object *corev1.Pod, statuses []corev1.ContainerStatus, phase corev1.PodPhase, memory Memory) corev1.PodCondition {
	condition := corev1.PodCondition{Type: corev1.PodInitialized, Status: corev1.ConditionTrue}
	if phase == corev1.PodSucceeded {
		condition.Reason = "PodCompleted"
		return condition
	}
	var incomplete []string
	for _, c := range object.Spec.InitContainers {
		s, ok := podutil.GetContainerStatus(statuses, c.Name)
		done := ok && s.Ready
		if podutil.IsRestartableInitContainer(&c) {
			done = ok && s.Started != nil && *s.Started
		}
		if !done {
			incomplete = append(incomplete, c.Name)
		}
	}
	// Once true it stays so, whatever becomes of an init container later.
	_, old := podutil.GetPodConditionFromList(memory.Conditions, corev1.PodInitialized)
	if len(incomplete) == 0 || anyAppRan(object, statuses) || old != nil && old.Status == corev1.ConditionTrue {
		return condition
	}
	condition.Status, condition.Reason = corev1.ConditionFalse, "ContainersNotInitialized"
	condition.Message = fmt.Sprintf("containers with incomplete status: %s", incomplete)
	return condition
}

func anyAppRan(object *corev1.Pod, statuses []corev1.ContainerStatus) bool {
	return slices.ContainsFunc(object.Spec.Containers, func(c corev1.Container) bool {
		s, ok := podutil.GetContainerStatus(statuses, c.Name)
		return ok && (s.State.Running != nil || s.State.Terminated != nil)
	})
}

func containersReady(object *corev1.Pod, statuses []corev1.ContainerStatus, phase corev1.PodPhase) corev1.PodCondition {
	condition := corev1.PodCondition{Type: corev1.ContainersReady, Status: corev1.ConditionFalse}
	switch phase {
	case corev1.PodSucceeded:
		condition.Reason = "PodCompleted"
		return condition
	case corev1.PodFailed:
		condition.Reason = "PodFailed"
		return condition
	default:
	}
	var unready []string
	look := func(c corev1.Container) {
		if s, ok := podutil.GetContainerStatus(statuses, c.Name); !ok || !s.Ready {
			unready = append(unready, c.Name)
		}
	}
	for _, c := range object.Spec.InitContainers {
		if podutil.IsRestartableInitContainer(&c) {
			look(c)
		}
	}
	for _, c := range object.Spec.Containers {
		look(c)
	}
	if len(unready) > 0 {
		condition.Reason = "ContainersNotReady"
		condition.Message = fmt.Sprintf("containers with unready status: %s", unready)
		return condition
	}
	condition.Status = corev1.ConditionTrue
	return condition
}

// ready leaves readinessGates out: nothing on one machine sets their conditions.
func ready(containers corev1.PodCondition) corev1.PodCondition {
	containers.Type = corev1.PodReady
	return containers
}

func allRestarting(phase corev1.PodPhase, memory Memory) corev1.PodCondition {
	condition := corev1.PodCondition{Type: corev1.AllContainersRestarting, Status: corev1.ConditionFalse}
	switch {
	case phase == corev1.PodSucceeded:
		condition.Reason = "PodCompleted"
	case phase == corev1.PodFailed:
		condition.Reason = "PodFailed"
	case memory.Restarting:
		condition.Status, condition.Reason = corev1.ConditionTrue, "RestartAllContainersStarted"
		condition.Message = "container exited with restart policy rule"
	}
	return condition
}
