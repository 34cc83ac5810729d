package translate

import (
	corev1 "k8s.io/api/core/v1"
)

// Lifecycle is what a supervisor does for a container while it lives. The engine knows nothing of it,
// so none of it is in the container's Hash: a change takes effect without a new container.
//
// Its values are Kubernetes' own, defaulted and resolved: ports are numbers, commands are expanded as
// a kubelet does for hooks (not at all) and probes (from literal variables only).
type Lifecycle struct {
	// Restart is the container's own policy where it has one, else the pod's. A regular init container
	// under Always has OnFailure.
	Restart corev1.RestartPolicy
	Rules   []corev1.ContainerRestartRule

	PostStart, PreStop           *corev1.LifecycleHandler
	Startup, Readiness, Liveness *corev1.Probe

	MessagePath   string // terminationMessagePath
	MessagePolicy corev1.TerminationMessagePolicy

	// BackoffKey changes where a kubelet would forget its back-off: with image and resources.
	BackoffKey string
}
