package supervise

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

// Next decides what a pod needs now, as a kubelet does (kuberuntime_manager.go computePodActions). It
// is pure: the same input gives the same decision.
//
// A container that is not in the engine is not waited for and not made: the next up does that.
func Next(in Input) Decision {
	n := &decider{in: in, memory: fold(in)}
	for _, c := range in.Pod.Init {
		n.inits = append(n.inits, n.look(c))
	}
	for _, c := range in.Pod.Apps {
		n.apps = append(n.apps, n.look(c))
	}
	n.decide()
	n.conclude()
	return Decision{Memory: n.memory, Actions: n.actions, Wake: n.wake, Events: n.events}
}

// decider is a decision in the making.
type decider struct {
	in          Input
	memory      status.Memory
	inits, apps []*view
	actions     []Action
	wake        time.Time
	events      []Event
}

// view is a container as a decision sees it.
type view struct {
	want    translate.Container
	m       status.Container
	exists  bool
	running bool
	ran     bool // it runs or has, in this sandbox
	work    Work
}

func (n *decider) look(c translate.Container) *view {
	s, ok := n.in.Actual.Containers[c.EngineName()]
	v := &view{want: c, m: n.memory.Containers[c.Name], exists: ok, work: n.in.Busy[c.Name]}
	switch {
	case !ok:
		if v.m.Run.Running() {
			v.m.Run.Pid, v.m.Run.Lost, v.m.Run.FinishedAt = 0, true, n.in.Now
		}
	case known(v.m.Run):
		v.running = v.m.Run.Running()
	default:
		// Begun here a moment ago, and not looked at since.
		v.running = !v.m.Begun.IsZero() && (s.Status == plan.Running || s.Status == plan.Paused)
	}
	v.ran = !v.m.Stale && (v.running || known(v.m.Run) || v.work == Starting)
	n.removed(v)
	return v
}

// removed notes that a container is gone that has been there. What has done its work is not missed.
func (n *decider) removed(v *view) {
	done := v.want.Init && !v.want.Sidecar && known(v.m.Run) && !v.m.Run.Running() && status.Code(v.m.Run) == 0
	gone := !v.exists && (known(v.m.Run) || !v.m.Begun.IsZero()) && !done
	if gone && !v.m.Removed {
		n.event(v.want.Name, Warning, "Removed", "Container removed by another program: podup up makes it anew")
	}
	v.m.Removed = gone
	if !gone {
		return
	}
	v.m.Waiting = status.Waiting{} // for nothing that will come
	if run := &v.m.Run; known(*run) && !run.Running() && v.wanted() {
		run.Lost = true // what it ended with is no news of a container that was to go on
	}
}

func (n *decider) views() []*view { return slices.Concat(n.inits, n.apps) }

func (n *decider) anyRunning() bool {
	return slices.ContainsFunc(n.views(), func(v *view) bool { return v.running })
}

func (n *decider) decide() {
	if n.in.Ending {
		return
	}
	if !n.memory.Initialized && slices.ContainsFunc(n.apps, func(v *view) bool { return v.ran }) {
		n.memory.Initialized = true // known from before the memory was lost
	}
	switch {
	case terminal(n.memory.Phase), n.memory.Stopped:
		n.killPod(lastGrace(n.in.Pod), true)
	case n.overdue():
		n.memory.Phase, n.memory.Reason = corev1.PodFailed, status.DeadlineExceeded
		n.memory.Message = "Pod was active on the node longer than the specified deadline"
		n.event("", Normal, status.DeadlineExceeded, n.memory.Message)
		n.killPod(lastGrace(n.in.Pod), true)
	case n.sandboxGone():
		n.sandbox()
	case slices.ContainsFunc(n.views(), func(v *view) bool { return v.running && v.m.Stale }):
		n.killPod(n.in.Pod.Grace, true) // in a network that is not the pod's any more
	case n.startingOver():
	case n.initialize():
		n.runApps()
	}
}

// overdue says that activeDeadlineSeconds have passed, and wakes when they will have.
func (n *decider) overdue() bool {
	if n.in.Pod.Deadline <= 0 {
		return false
	}
	end := n.memory.Since.Add(n.in.Pod.Deadline + n.memory.Asleep)
	if n.in.Now.Before(end) {
		n.wakeAt(end)
		return false
	}
	return true
}

// lastGrace is what a pod has whose life is over: a second at least (kubelet: pod_workers.go
// calculateEffectiveGracePeriod), unlike one whose containers are killed to be started again.
func lastGrace(pod translate.Pod) time.Duration { return max(pod.Grace, time.Second) }

// killPod ends all that runs, once what is being stopped has ended.
func (n *decider) killPod(grace time.Duration, preStop bool) {
	n.actions = nil
	if !n.anyRunning() || slices.ContainsFunc(n.views(), func(v *view) bool { return v.work == Stopping }) {
		return
	}
	kill := KillPod{Grace: grace}
	for _, v := range n.views() {
		if v.running && preStop && v.want.Lifecycle.PreStop != nil && v.m.PreStop == "" {
			v.m.PreStop = status.HookRunning
			kill.PreStop = append(kill.PreStop, v.want.Name)
		}
	}
	n.actions = []Action{kill}
}

// initialize leads the init containers and says whether app containers may be started (kubelet:
// kuberuntime_container.go computeInitContainerActions).
func (n *decider) initialize() bool {
	if n.memory.Initialized {
		if n.finished() || n.lastKilled() {
			return true
		}
		for _, v := range n.inits {
			if v.want.Sidecar {
				n.keep(v)
			}
		}
		return true
	}
	at := -1
	for i, v := range n.inits {
		if v.ran {
			at = i
		}
	}
	for _, v := range n.inits[:max(at, 0)] {
		if v.want.Sidecar {
			n.keep(v)
		}
	}
	if at >= 0 {
		v := n.inits[at]
		switch {
		case v.want.Sidecar:
			if n.keep(v); !v.running || v.work != "" || !status.Started(v.want, v.m) {
				return false
			}
		case v.running || v.work != "":
			return false
		case status.Code(v.m.Run) != 0:
			if status.Restarts(v.want, status.Code(v.m.Run)) {
				n.start(v)
			}
			return false
		}
	}
	if at+1 < len(n.inits) {
		n.start(n.inits[at+1])
		return false
	}
	n.memory.Initialized = true
	return true
}

// finished says that no app container runs or will again.
func (n *decider) finished() bool {
	return !slices.ContainsFunc(n.apps, func(v *view) bool { return v.running || v.work != "" || v.wanted() })
}

// lastKilled says that a probe ends what is left of the app containers and none is started again. Then the
// whole pod is ended, with its own grace: the probe's is for a container alone (kubelet: computePodActions,
// where nothing is kept or started).
func (n *decider) lastKilled() bool {
	some := false
	for _, v := range n.apps {
		switch {
		case v.work != "" || !v.running && v.wanted():
			return false
		case !v.running:
		case v.policy() == corev1.RestartPolicyNever && v.m.Hook != status.HookFailed && v.probed() != nil:
			some = true
		default:
			return false
		}
	}
	return some
}

func (n *decider) runApps() {
	if n.lastKilled() {
		n.killPod(n.in.Pod.Grace, true)
		return
	}
	if n.finished() {
		n.killPod(lastGrace(n.in.Pod), true) // sidecars do not keep a pod alive
		return
	}
	for _, v := range n.apps {
		n.keep(v)
	}
}

// conclude writes down what follows for the status.
func (n *decider) conclude() {
	for _, v := range n.views() {
		if v.running {
			v.m.Waiting = status.Waiting{}
		}
		v.m.Started = v.running && status.Started(v.want, v.m)
		v.m.Ready = v.running && status.Ready(v.want, v.m)
		if v.want.Init && !v.want.Sidecar {
			v.m.Ready = known(v.m.Run) && !v.running && status.Code(v.m.Run) == 0
		}
		n.memory.Containers[v.want.Name] = v.m
	}
	s := status.Of(n.in.Pod, n.in.Actual, n.memory, n.in.Now)
	if terminal(s.Phase) && !terminal(n.memory.Phase) && !n.memory.Stopped && n.over() {
		n.memory.Phase = s.Phase
		n.killPod(lastGrace(n.in.Pod), true) // sidecars, when an init container has failed for good
		for _, v := range n.views() {
			n.memory.Containers[v.want.Name] = v.m
		}
		s = status.Of(n.in.Pod, n.in.Actual, n.memory, n.in.Now)
	}
	n.memory.Conditions = s.Conditions
}

// over says that a phase that is final follows from what has been, not from what is about to be.
func (n *decider) over() bool {
	if n.in.Ending || len(n.in.Busy) > 0 || len(n.actions) > 0 {
		return false
	}
	return n.finished() || slices.ContainsFunc(n.inits, func(v *view) bool {
		return !v.want.Sidecar && v.ran && !v.running && status.Code(v.m.Run) != 0 && !v.wanted()
	})
}

func (n *decider) event(container, kind, reason, message string) {
	n.events = append(n.events, Event{Time: n.in.Now, Pod: n.in.Pod.Name, Container: container, Type: kind, Reason: reason, Message: message})
}

func (n *decider) wakeAt(at time.Time) {
	if n.wake.IsZero() || at.Before(n.wake) {
		n.wake = at
	}
}
