package cmd

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/podup/podup/status"
)

// podSummary is a pod in one line, worded as kubectl get pods does.
type podSummary struct {
	ready, total int
	status       string
	restarts     string // "3 (12s ago)"
	count        int    // the restarts as a number
	age, ip      string
}

// summarize says a pod in one line (kubernetes v1.36 pkg/printers/internalversion/printers.go, printPod).
// That package would bring 600 others.
func summarize(pod *corev1.Pod, now time.Time) podSummary {
	s := podSummary{status: string(pod.Status.Phase), total: len(pod.Spec.Containers), age: ageText(pod.CreationTimestamp.Time, now), ip: "<none>"}
	if pod.Status.Reason != "" {
		s.status = pod.Status.Reason
	}
	if pod.Status.PodIP != "" {
		s.ip = pod.Status.PodIP
	}
	restarted := restarts{}
	initializing := s.initContainers(pod, &restarted)
	if !initializing || conditionTrue(pod, corev1.PodInitialized) {
		s.containers(pod, &restarted)
	}
	if pod.Status.Reason == status.Stopped { // podup's own: how its containers ended is no news
		s.status = status.Stopped
	}
	if pod.DeletionTimestamp != nil && pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
		s.status = "Terminating"
	}
	s.count = restarted.count
	s.restarts = strconv.Itoa(restarted.count)
	if restarted.count != 0 && !restarted.last.IsZero() {
		s.restarts = fmt.Sprintf("%d (%s ago)", restarted.count, ageText(restarted.last, now))
	}
	return s
}

// restarts are those that a line counts, with the end of the last run before one.
type restarts struct {
	count    int
	last     time.Time
	sidecars int // of count
	lastSide time.Time
}

func (r *restarts) add(c corev1.ContainerStatus, sidecar bool) {
	r.count += int(c.RestartCount)
	if sidecar {
		r.sidecars += int(c.RestartCount)
	}
	past := c.LastTerminationState.Terminated
	if past == nil {
		return
	}
	if r.last.Before(past.FinishedAt.Time) {
		r.last = past.FinishedAt.Time
	}
	if sidecar && r.lastSide.Before(past.FinishedAt.Time) {
		r.lastSide = past.FinishedAt.Time
	}
}

// initContainers says whether the pod is still, or for good, at one of them.
func (s *podSummary) initContainers(pod *corev1.Pod, restarted *restarts) (initializing bool) {
	sidecars := map[string]bool{}
	for _, c := range pod.Spec.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			sidecars[c.Name] = true
			s.total++
		}
	}
	for i, c := range pod.Status.InitContainerStatuses {
		sidecar := sidecars[c.Name]
		restarted.add(c, sidecar)
		ended, waiting := c.State.Terminated, c.State.Waiting
		switch {
		case ended != nil && ended.ExitCode == 0:
			continue
		case sidecar && c.Started != nil && *c.Started:
			if c.Ready {
				s.ready++
			}
			continue
		case ended != nil:
			s.status = "Init:" + endReason(ended)
		case waiting != nil && waiting.Reason != "" && waiting.Reason != status.PodInitializing:
			s.status = "Init:" + waiting.Reason
		default:
			s.status = fmt.Sprintf("Init:%d/%d", i, len(pod.Spec.InitContainers))
		}
		return true
	}
	return false
}

func (s *podSummary) containers(pod *corev1.Pod, restarted *restarts) {
	restarted.count, restarted.last = restarted.sidecars, restarted.lastSide
	running, failed := false, ""
	for i := len(pod.Status.ContainerStatuses) - 1; i >= 0; i-- {
		c := pod.Status.ContainerStatuses[i]
		restarted.add(c, false)
		ended, waiting := c.State.Terminated, c.State.Waiting
		switch {
		case waiting != nil && waiting.Reason != "":
			s.status = waiting.Reason
		case ended != nil:
			s.status = endReason(ended)
			if ended.ExitCode != 0 {
				failed = s.status
			}
		case c.Ready && c.State.Running != nil:
			running = true
			s.ready++
		}
	}
	if s.status != status.Completed {
		return
	}
	switch {
	case running && conditionTrue(pod, corev1.PodReady):
		s.status = "Running"
	case failed != "":
		s.status = failed
	case running:
		s.status = "NotReady"
	}
}

// endReason is how a run ended in a word.
func endReason(ended *corev1.ContainerStateTerminated) string {
	switch {
	case ended.Reason != "":
		return ended.Reason
	case ended.Signal != 0:
		return fmt.Sprintf("Signal:%d", ended.Signal)
	}
	return fmt.Sprintf("ExitCode:%d", ended.ExitCode)
}

func condition(pod *corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == kind {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}

func conditionTrue(pod *corev1.Pod, kind corev1.PodConditionType) bool {
	c := condition(pod, kind)
	return c != nil && c.Status == corev1.ConditionTrue
}

// ageText is the time since then as kubectl writes it: 7s, 3m12s, 4h.
func ageText(then, now time.Time) string {
	if then.IsZero() {
		return "<unknown>"
	}
	return duration.HumanDuration(max(now.Sub(then), 0))
}

// writePods writes the table of kubectl get pods, with the address, which on one machine is used.
func writePods(w io.Writer, color palette, pods []*corev1.Pod, now time.Time, headers bool) error {
	const statusColumn = 2
	var rows [][]string
	if headers {
		rows = append(rows, []string{"POD", "READY", "STATUS", "RESTARTS", "AGE", "IP"})
	}
	paints := map[int]func(string) string{}
	for _, pod := range pods {
		s := summarize(pod, now)
		paints[len(rows)] = summaryColor(s, color)
		rows = append(rows, []string{
			clean(pod.Name), fmtReady(s), clean(s.status), s.restarts, s.age, clean(s.ip),
		})
	}
	return writeTable(w, rows, 0, 0, func(row, column int, text string) string {
		switch {
		case headers && row == 0:
			return color.bold(text)
		case column == statusColumn:
			return paints[row](text)
		}
		return text
	})
}

// summaryColor is green for what is as it should be, red for what has failed, and yellow between.
func summaryColor(s podSummary, color palette) func(string) string {
	switch {
	case s.status == status.Completed || s.status == status.Stopped || s.status == string(corev1.PodSucceeded):
		return color.faint
	case s.status == string(corev1.PodRunning) && s.ready == s.total:
		return color.green
	}
	for _, waits := range []string{"Pending", "Running", "NotReady", "Terminating", status.ContainerCreating, status.PodInitializing} {
		if s.status == waits {
			return color.yellow
		}
	}
	if n, ok := strings.CutPrefix(s.status, "Init:"); ok && strings.Contains(n, "/") {
		return color.yellow // Init:0/2
	}
	return color.red
}

func fmtReady(s podSummary) string { return fmt.Sprintf("%d/%d", s.ready, s.total) }
