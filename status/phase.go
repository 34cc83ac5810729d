package status

import (
	corev1 "k8s.io/api/core/v1"
	podutil "k8s.io/kubernetes/pkg/api/v1/pod"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// phase follows kubelet_pods.go getPhase, which is not exported.
func phase(pod translate.Pod, statuses []corev1.ContainerStatus, memory Memory) corev1.PodPhase {
	if memory.Phase == corev1.PodSucceeded || memory.Phase == corev1.PodFailed {
		return memory.Phase
	}
	n := count(pod, statuses)
	switch {
	case n.initFailed > 0:
		return corev1.PodFailed
	case n.initPending > 0 || n.sidecarsPending > 0 && !memory.Initialized, n.waiting > 0:
		return corev1.PodPending
	case n.running > 0 && n.unknown == 0:
		return corev1.PodRunning
	case n.running == 0 && n.stopped > 0 && n.unknown == 0:
		switch {
		case n.stopped != n.final && !memory.Stopped:
			return corev1.PodRunning // all about to be started again
		case n.stopped == n.succeeded:
			return corev1.PodSucceeded
		}
		return corev1.PodFailed
	}
	return corev1.PodPending
}

// counts are containers by what they mean for the phase.
type counts struct {
	initPending, initFailed int // regular init containers; failed: and not started again
	sidecarsPending         int
	// The rest are of sidecars and app containers.
	unknown, running, waiting int
	stopped, final, succeeded int // app containers; final: not started again
}

func count(pod translate.Pod, statuses []corev1.ContainerStatus) counts {
	var n counts
	for _, c := range pod.Init {
		s, ok := podutil.GetContainerStatus(statuses, c.Name)
		switch {
		case c.Sidecar:
			n.sidecar(s, ok)
		case !ok:
			n.initPending++
		default:
			n.init(c, s)
		}
	}
	for _, c := range pod.Apps {
		s, ok := podutil.GetContainerStatus(statuses, c.Name)
		if !ok {
			n.unknown++
			continue
		}
		n.app(c, s)
	}
	return n
}

// init counts an init container that is to run again neither as pending nor as failed, as a kubelet
// does: the app containers, which wait for it, keep the pod pending.
func (n *counts) init(c translate.Container, s corev1.ContainerStatus) {
	ended := s.State.Terminated
	if s.State.Waiting != nil {
		ended = s.LastTerminationState.Terminated
	}
	switch {
	case ended == nil:
		n.initPending++
	case ended.ExitCode != 0 && ended.Reason != RestartingAllContainers && !Restarts(c, int(ended.ExitCode)):
		n.initFailed++
	}
}

func (n *counts) sidecar(s corev1.ContainerStatus, ok bool) {
	switch {
	case !ok:
		n.unknown++
	case s.State.Running != nil:
		if s.Started == nil || !*s.Started {
			n.sidecarsPending++
		}
		n.running++
	case s.State.Terminated != nil:
	case s.State.Waiting != nil && s.LastTerminationState.Terminated == nil:
		n.sidecarsPending++
		n.waiting++
	}
}

func (n *counts) app(c translate.Container, s corev1.ContainerStatus) {
	ended := s.State.Terminated
	if s.State.Waiting != nil {
		ended = s.LastTerminationState.Terminated
	}
	switch {
	case s.State.Running != nil:
		n.running++
	case ended != nil:
		n.stopped++
		if ended.Reason != RestartingAllContainers && !Restarts(c, int(ended.ExitCode)) {
			n.final++
		}
		if s.State.Terminated != nil && ended.ExitCode == 0 {
			n.succeeded++
		}
	case s.State.Waiting != nil:
		n.waiting++
	default:
		n.unknown++
	}
}

// sandboxed says that the pod has its network.
func sandboxed(state plan.PodState) bool {
	return state.Infra.Status == plan.Running || state.Infra.Status == plan.Paused
}
