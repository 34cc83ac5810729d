package cmd

import (
	"slices"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

// remembered is what is remembered of the container as the engine has it now.
func (t projectTable) remembered(c plan.ContainerState) (status.Container, bool) {
	known, ok := t.memories[c.Pod].Containers[c.Container]
	return known, ok && known.Run.ID == c.ID
}

// restarts are those a supervisor has counted, or an engine that restarts by itself.
func (t projectTable) restarts(c plan.ContainerState) int {
	known, _ := t.remembered(c)
	return max(c.Restarts, int(known.Restarts))
}

// removed are the containers that another program has removed from a pod, sorted.
func (t projectTable) removed(pod plan.PodState) []string {
	memory := t.memories[pod.Name]
	var names []string
	for name, known := range memory.Containers {
		there := slices.ContainsFunc(podContainers(pod), func(c plan.ContainerState) bool { return c.Container == name })
		if known.Removed && !there && memory.PodID == pod.ID {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

const unready = "not ready"

// health is what a supervisor says of a container that runs: "ready" where a probe has found it so,
// "not ready", or nothing.
func (t projectTable) health(c plan.ContainerState) string {
	known, ok := t.remembered(c)
	switch {
	case !ok || !t.supervised || !known.Run.Running():
		return ""
	case !known.Ready && (c.Role == translate.RoleApp || known.Started):
		return unready
	case known.Ready && !known.Readiness.At.IsZero():
		return "ready"
	}
	return ""
}

// reason is why a container does not run, in a kubelet's words; nothing for one that runs.
func (t projectTable) reason(c plan.ContainerState) string {
	known, ok := t.remembered(c)
	ended := c.Status == plan.Exited || c.Status == plan.Lost
	switch {
	case c.Status == plan.Running || c.Status == plan.Paused:
		return ""
	case ok && t.supervised && known.Waiting.Reason != "":
		return known.Waiting.Reason
	case !ended:
		return ""
	case ok && known.Reason != "":
		return known.Reason
	case ok && known.Run.OOMKilled:
		return status.OOMKilled
	case c.Status == plan.Lost:
		return status.ContainerStatusUnknown
	case c.ExitCode == 0:
		return status.Completed
	}
	return status.Error
}
