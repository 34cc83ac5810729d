package cmd

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

// trouble is one reason why a pod is not as it should be.
type trouble struct {
	container string // name in the manifest; empty is the pod
	text      string // "ended with exit code 1 (Error) 12s ago, next try in 7s"
	output    bool   // the container's last lines may say more
	// cause is what has failed, without what changes by the minute, and the same for the next failure of that
	// kind. It is empty for what is only under way.
	cause string
}

// say names the container before the reason.
func (t trouble) say(pod string) string {
	if t.container == "" {
		return "pod " + pod + " " + t.text
	}
	return "container " + pod + "/" + t.container + " " + t.text
}

// troubles are why a pod is not ready, in the order of its containers. A pod that is well, or that has
// succeeded, has none.
func (l life) troubles(pod *corev1.Pod, now time.Time) []trouble {
	if pod.Status.Phase == corev1.PodSucceeded || conditionTrue(pod, corev1.PodReady) {
		return nil
	}
	var found []trouble
	if l.memory.Stopped {
		return []trouble{{text: "was stopped: podup start " + pod.Name + " starts it"}}
	}
	if pod.Status.Reason != "" {
		text := joined(": ", "has failed", pod.Status.Reason, pod.Status.Message)
		found = append(found, trouble{text: text, cause: text})
	}
	if l.state.Infra.Status != plan.Running && pod.Status.Phase != corev1.PodFailed {
		found = append(found, trouble{text: "has no network: its infra container does not run"})
	}
	for _, statuses := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for _, c := range statuses {
			if t, ok := l.containerTrouble(c, now); ok {
				found = append(found, t)
			}
		}
	}
	if len(found) == 0 {
		for _, c := range pod.Status.Conditions {
			if c.Type != corev1.PodReady && c.Status != corev1.ConditionTrue && c.Message != "" {
				found = append(found, trouble{text: fmt.Sprintf("is not %s: %s", c.Type, c.Message)})
			}
		}
	}
	return found
}

// containerTrouble is what keeps one container from being ready. What only waits for others has none.
func (l life) containerTrouble(c corev1.ContainerStatus, now time.Time) (trouble, bool) {
	known := l.memory.Containers[c.Name]
	wanted, _ := l.wanted(c.Name)
	t := trouble{container: c.Name}
	why, killed := status.Killed(known)
	switch ended, waiting := c.State.Terminated, c.State.Waiting; {
	case l.removed(wanted, known):
		t.text = "was removed by another program: podup up makes it anew"
		t.cause = t.text
	case killed && (ended != nil || waiting != nil && waiting.Reason == status.CrashLoopBackOff):
		t.text, t.output, t.cause = "was killed: "+why, true, steady(why)
		if waiting != nil {
			t.text += "; " + nextTry(known, now)
		}
	case killed && c.State.Running != nil:
		t.text, t.output, t.cause = "is being killed: "+why, true, steady(why)
	case ended != nil && ended.ExitCode == 0:
		return t, false
	case ended != nil:
		t.text, t.output, t.cause = endText(ended, now), true, endCause(ended)
	case waiting != nil && waiting.Reason == status.CrashLoopBackOff && c.LastTerminationState.Terminated != nil:
		past := c.LastTerminationState.Terminated
		t.text, t.output, t.cause = endText(past, now)+", "+nextTry(known, now), true, endCause(past)
	case waiting != nil && (waiting.Reason == status.ContainerCreating || waiting.Reason == status.PodInitializing || waiting.Reason == ""):
		if past := c.LastTerminationState.Terminated; past == nil || past.ExitCode == 0 {
			return t, false
		}
		past := c.LastTerminationState.Terminated
		t.text, t.output, t.cause = endText(past, now), true, endCause(past)
	case waiting != nil:
		t.text, t.output = "waits: "+joined(": ", waiting.Reason, waiting.Message), known.Run.ID != ""
		t.cause = steady(t.text)
	case c.State.Running != nil && (c.Started == nil || !*c.Started) && wanted.Lifecycle.Startup != nil:
		t.text, t.output = "has not started up: startup probe "+probeText(wanted.Lifecycle.Startup, known.Startup, now, true), true
		t.cause = probeCause("startup", known.Startup)
	case c.State.Running != nil && known.Hook == status.HookRunning:
		t.text, t.output = "is at its postStart hook", true
	case c.State.Running != nil && !c.Ready && wanted.Lifecycle.Readiness != nil:
		t.text, t.output = "is not ready: readiness probe "+probeText(wanted.Lifecycle.Readiness, known.Readiness, now, true), true
		t.cause = probeCause("readiness", known.Readiness)
	case c.State.Running != nil && !c.Ready && wanted.Init && !wanted.Sidecar:
		t.text, t.output = "runs since "+ageText(c.State.Running.StartedAt.Time, now), true
	default:
		return t, false
	}
	return t, true
}

// removed says that the engine has a container no more that has run.
func (l life) removed(wanted translate.Container, known status.Container) bool {
	_, there := l.state.Containers[wanted.EngineName()]
	return !there && wanted.Name != "" && (known.Removed || known.Run.Running())
}

var numbers = regexp.MustCompile(`[0-9]+`)

// steady is a text without its numbers: counts, process IDs and ports of clients differ from failure to failure.
func steady(text string) string { return numbers.ReplaceAllString(text, "") }

func endCause(ended *corev1.ContainerStateTerminated) string {
	return fmt.Sprintf("%d %s", ended.ExitCode, ended.Reason)
}

func probeCause(kind string, tally status.Tally) string {
	if tally.Last != status.Failure {
		return ""
	}
	return kind + steady(tally.Output)
}

// endText says how a run ended and when: "ended with exit code 1 (Error) 12s ago".
func endText(ended *corev1.ContainerStateTerminated, now time.Time) string {
	text := fmt.Sprintf("ended with exit code %d", ended.ExitCode)
	if ended.Reason != "" {
		text += " (" + ended.Reason + ")"
	}
	if !ended.FinishedAt.IsZero() {
		text += " " + ageText(ended.FinishedAt.Time, now) + " ago"
	}
	return text
}

// nextTry says when a container that is backed off is started again.
func nextTry(c status.Container, now time.Time) string {
	wait := retryAt(c).Sub(now)
	if wait < time.Second {
		return "next try now"
	}
	return "next try in " + wait.Round(time.Second).String()
}

// retryAt is when the back-off of a container ends: its delay counts from the end of the run
// (kubelet: doBackOff).
func retryAt(c status.Container) time.Time {
	if !c.Backoff.Until.IsZero() {
		return c.Backoff.Until
	}
	return c.Run.FinishedAt.Add(c.Backoff.Delay)
}

// probeText says where a probe stands: "failing for 9s: HTTP 500" of one that goes on being made, whose
// memory is only written when that changes, and else "failed 3 of 3, 4s ago: HTTP 500".
func probeText(probe *corev1.Probe, tally status.Tally, now time.Time, goesOn bool) string {
	switch {
	case tally.At.IsZero() && probe.InitialDelaySeconds > 0:
		return fmt.Sprintf("not made yet: it begins %ds after the start", probe.InitialDelaySeconds)
	case tally.At.IsZero():
		return "not made yet"
	}
	threshold, word := probe.FailureThreshold, "failed"
	if tally.Last == status.Success {
		threshold, word = probe.SuccessThreshold, "succeeded"
	}
	count := fmt.Sprintf("%d times", tally.Count)
	if tally.Count <= threshold {
		count = fmt.Sprintf("%d of %d", tally.Count, threshold)
	}
	text := fmt.Sprintf("%s %s, %s ago", word, count, ageText(tally.At, now))
	if goesOn && !tally.Since.IsZero() {
		text = strings.TrimSuffix(word, "ed") + "ing for " + ageText(tally.Since, now)
	}
	if tally.Last != status.Success && tally.Output != "" {
		text += ": " + status.Brief(tally.Output)
	}
	return text
}

// joined joins what is not empty.
func joined(separator string, parts ...string) string {
	var kept []string
	for _, part := range parts {
		if part != "" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, separator)
}

// lastLines is how much of a failed container's output is shown.
const lastLines = 10

// explain says why a pod is not ready, with the last output of the containers that are the cause.
func (l life) explain(ctx context.Context, engine lifeEngine, pod *corev1.Pod, now time.Time) string {
	var text []string
	for _, t := range l.troubles(pod, now) {
		line := t.say(pod.Name)
		output := l.output(ctx, engine, t)
		if len(output) > 0 {
			line += "; its last output:"
		}
		text = append(text, line)
		for _, one := range output {
			text = append(text, "  "+one)
		}
	}
	return strings.Join(text, "\n")
}

// output is the last of what a container in trouble has written, none where it cannot be read: it goes
// beside a message that stands without it.
func (l life) output(ctx context.Context, engine lifeEngine, t trouble) []string {
	if !t.output {
		return nil
	}
	name := translate.ContainerName(l.pod.Name, t.container)
	if c, there := l.state.Containers[name]; !there || c.Status == plan.Created {
		return nil
	}
	lines, err := engine.Tail(ctx, name, lastLines)
	if err != nil {
		return []string{"(its output cannot be read: " + err.Error() + ")"}
	}
	return lines
}
