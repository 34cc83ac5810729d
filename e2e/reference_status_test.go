package e2e

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// statusLines are what of a pod's status two runs have in common, in words. Times, addresses and ids
// are not.
func statusLines(pod *corev1.Pod) []string {
	s := pod.Status
	phase := "phase " + string(s.Phase)
	if s.Reason != "" {
		phase += " " + s.Reason
	}
	if s.Message != "" {
		phase += ": " + s.Message
	}
	lines := []string{phase, "qosClass " + string(s.QOSClass)}
	conditions := slices.SortedFunc(slices.Values(s.Conditions), func(a, b corev1.PodCondition) int { return cmp.Compare(a.Type, b.Type) })
	for _, c := range conditions {
		line := fmt.Sprintf("%s %s", c.Type, c.Status)
		if c.Reason != "" {
			line += " " + c.Reason
		}
		if c.Message != "" {
			line += ": " + c.Message
		}
		lines = append(lines, line)
	}
	for _, c := range s.InitContainerStatuses {
		lines = append(lines, "init "+containerLine(c))
	}
	for _, c := range slices.SortedFunc(slices.Values(s.ContainerStatuses), func(a, b corev1.ContainerStatus) int { return cmp.Compare(a.Name, b.Name) }) {
		lines = append(lines, containerLine(c))
	}
	return lines
}

// backOff is what a waiting container's message tells beside names and ids.
var backOff = regexp.MustCompile(`^back-off \S+`)

func containerLine(c corev1.ContainerStatus) string {
	words := []string{c.Name}
	switch {
	case c.State.Waiting != nil:
		words[0] += " waiting " + c.State.Waiting.Reason
		if message := backOff.FindString(c.State.Waiting.Message); message != "" {
			words[0] += " " + message
		}
	case c.State.Running != nil:
		words[0] += " running"
	case c.State.Terminated != nil:
		words[0] += " " + terminatedWords(c.State.Terminated)
	}
	if c.Started != nil && *c.Started {
		words = append(words, "started")
	}
	if c.Ready {
		words = append(words, "ready")
	}
	if c.RestartCount > 0 {
		words = append(words, fmt.Sprintf("restarts %d", c.RestartCount))
	}
	if last := c.LastTerminationState.Terminated; last != nil {
		words = append(words, "last "+terminatedWords(last))
	}
	return strings.Join(words, ", ")
}

func terminatedWords(t *corev1.ContainerStateTerminated) string {
	text := fmt.Sprintf("terminated %s %d", t.Reason, t.ExitCode)
	if t.Message != "" {
		text += fmt.Sprintf(" %q", t.Message)
	}
	return text
}
