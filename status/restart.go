package status

import (
	corev1 "k8s.io/api/core/v1"
	podutil "k8s.io/kubernetes/pkg/api/v1/pod"

	"github.com/podup/podup/translate"
)

// Restarts says whether a container that ended with a code is started again: the first rule that
// matches decides, else the policy. A rule that restarts all containers restarts this one.
func Restarts(c translate.Container, exitCode int) bool {
	if c.Sidecar {
		return true
	}
	return podutil.ContainerShouldRestart(asContainer(c), corev1.PodSpec{}, int32(exitCode))
}

// RestartsAll says whether a container that ended with a code makes all containers of its pod start
// over.
func RestartsAll(c translate.Container, exitCode int) bool {
	rule, ok := podutil.FindMatchingContainerRestartRule(asContainer(c), int32(exitCode))
	return ok && rule.Action == corev1.ContainerRestartRuleActionRestartAllContainers
}

// asContainer has what Kubernetes' functions read of a container: its name and when it restarts.
func asContainer(c translate.Container) corev1.Container {
	policy := corev1.ContainerRestartPolicy(c.Lifecycle.Restart)
	return corev1.Container{
		Name:               c.Name,
		Image:              c.Image,
		RestartPolicy:      &policy,
		RestartPolicyRules: c.Lifecycle.Rules,
	}
}
