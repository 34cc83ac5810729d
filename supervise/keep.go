package supervise

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/status"
)

// wanted says of a container that does not run that it is to.
func (v *view) wanted() bool {
	switch {
	case !v.ran:
		return true
	case (v.m.Kill == status.KillLiveness || v.m.Kill == status.KillStartup) && v.policy() != corev1.RestartPolicyNever:
		return true
	}
	return status.Restarts(v.want, status.Code(v.m.Run))
}

func (v *view) policy() corev1.RestartPolicy {
	if v.want.Sidecar {
		return corev1.RestartPolicyAlways
	}
	return v.want.Lifecycle.Restart
}

// keep sees to it that a container that is to run does.
func (n *decider) keep(v *view) {
	switch {
	case v.work == Stopping:
	case v.running && v.m.Hook == status.HookFailed:
		n.kill(v, status.KillPostStart, "FailedPostStartHook", nil)
	case v.work != "":
	case v.running && v.probed() != nil:
		kind, why := "liveness", status.KillLiveness
		if v.probed() == v.want.Lifecycle.Startup {
			kind, why = "startup", status.KillStartup
		}
		n.kill(v, why, v.failed(kind), v.probed())
	case v.running:
	case v.wanted():
		n.start(v)
	}
}

// probed is the probe by whose failure a container is to end, nil where there is none.
func (v *view) probed() *corev1.Probe {
	switch l := v.want.Lifecycle; {
	case l.Liveness != nil && v.m.Liveness.Result == status.Failure:
		return l.Liveness
	case l.Startup != nil && v.m.Startup.Result == status.Failure:
		return l.Startup
	}
	return nil
}

func (v *view) failed(probe string) string {
	if v.want.Init {
		return fmt.Sprintf("Init container %s failed %s probe", v.want.Name, probe)
	}
	text := fmt.Sprintf("Container %s failed %s probe", v.want.Name, probe)
	if v.policy() != corev1.RestartPolicyNever {
		text += ", will be restarted"
	}
	return text
}

func (n *decider) kill(v *view, why status.Kill, message string, probe *corev1.Probe) {
	grace := n.in.Pod.Grace
	if probe != nil && probe.TerminationGracePeriodSeconds != nil {
		grace = time.Duration(*probe.TerminationGracePeriodSeconds) * time.Second
	}
	preStop := v.want.Lifecycle.PreStop != nil && v.m.PreStop == ""
	if preStop {
		v.m.PreStop = status.HookRunning
	}
	v.m.Kill = why
	n.actions = append(n.actions, Kill{Container: v.want.Name, Grace: grace, PreStop: preStop, Message: message})
}

// start begins a container, unless its back-off or another container that is being started says to
// wait.
func (n *decider) start(v *view) {
	if !v.exists || v.work != "" {
		return
	}
	event, counts := v.ended()
	key := v.want.Lifecycle.BackoffKey
	if counts {
		if until := wait(&v.m.Backoff, key, event, n.in.Now, n.in.MaxBackoff); !until.IsZero() {
			if v.killed() {
				// A kubelet looks again, and by then the run that was killed is the last to have ended.
				v.m.Backoff.Until = time.Time{}
				until = wait(&v.m.Backoff, key, v.m.Run.FinishedAt, n.in.Now, n.in.MaxBackoff)
			}
			if !until.IsZero() {
				n.hold(v, until)
				return
			}
		}
	}
	if n.laneTaken() {
		return
	}
	if counts {
		v.m.Backoff = next(v.m.Backoff, key, event, n.in.Now, n.in.MaxBackoff)
	}
	begin(&v.m, v.want, n.in.Now)
	n.actions = append(n.actions, Start{Container: v.want.Name})
}

// killed says that a probe has ended the run and that this is the first look at a restart.
func (v *view) killed() bool {
	return (v.m.Kill == status.KillLiveness || v.m.Kill == status.KillStartup) && v.m.Waiting.Reason == ""
}

// ended is the moment from which back-off counts. After a probe's kill a kubelet still has its list of
// containers from before it: the end of the run before counts, and where there was none, nothing does.
func (v *view) ended() (event time.Time, counts bool) {
	switch {
	case !known(v.m.Run), v.m.Reason == status.RestartingAllContainers:
		return time.Time{}, false
	case v.killed() && v.m.Previous == nil:
		return time.Time{}, false
	case v.killed():
		return v.m.Previous.FinishedAt, true
	}
	return v.m.Run.FinishedAt, true
}

func (n *decider) hold(v *view, until time.Time) {
	object := status.Object(n.in.Pod)
	message := fmt.Sprintf("back-off %s restarting failed container=%s pod=%s_%s(%s)",
		min(v.m.Backoff.Delay, most(n.in.MaxBackoff)), v.want.Name, n.in.Pod.Name, object.Namespace, n.in.Pod.UID)
	if v.m.Waiting.Reason != status.CrashLoopBackOff {
		n.event(v.want.Name, Warning, "BackOff", fmt.Sprintf("Back-off restarting failed container %s in pod %s_%s(%s)",
			v.want.Name, n.in.Pod.Name, object.Namespace, n.in.Pod.UID))
	}
	v.m.Waiting = status.Waiting{Reason: status.CrashLoopBackOff, Message: message}
	n.wakeAt(until)
}

// laneTaken says that a container is being started: the next one waits for its postStart.
func (n *decider) laneTaken() bool {
	return slices.ContainsFunc(n.actions, func(a Action) bool { _, is := a.(Start); return is }) ||
		slices.ContainsFunc(n.views(), func(v *view) bool { return v.work == Starting })
}
