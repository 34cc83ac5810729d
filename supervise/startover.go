package supervise

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
)

func (n *decider) sandboxGone() bool {
	infra := n.in.Actual.Infra
	return n.in.Actual.ID != "" && infra.Status != plan.Running && infra.Status != plan.Paused
}

// sandbox leads a pod whose network is gone: everything is ended, then starts over, behind the init
// containers (kubelet: computePodActions with createPodSandbox).
func (n *decider) sandbox() {
	if n.anyRunning() {
		n.event("", Normal, "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.")
		n.killPod(n.in.Pod.Grace, true)
		return
	}
	if slices.ContainsFunc(n.views(), func(v *view) bool { return v.work != "" }) {
		return
	}
	ran := slices.ContainsFunc(n.views(), func(v *view) bool { return known(v.m.Run) })
	wanted := slices.ContainsFunc(n.apps, func(v *view) bool {
		return !known(v.m.Run) || v.m.Stale || status.Restarts(v.want, status.Code(v.m.Run))
	})
	if n.in.Pod.Restart == corev1.RestartPolicyNever && ran || !wanted {
		return // as it is, for ever
	}
	const key = "sandbox"
	if until := wait(&n.memory.Remade, key, n.memory.Remade.Updated, n.in.Now, n.in.MaxBackoff); !until.IsZero() {
		n.wakeAt(until)
		return
	}
	n.memory.Remade = next(n.memory.Remade, key, n.in.Now, n.in.Now, n.in.MaxBackoff)
	n.memory.Initialized = false
	for _, v := range n.views() {
		n.memory.Containers[v.want.Name] = v.m
		forget(&n.memory, v.want, "")
		v.m = n.memory.Containers[v.want.Name]
		v.ran = false
	}
	n.actions = []Action{NewSandbox{}}
}

// restartPace is how soon after its start a container can make all containers start over: what a
// kubelet's loop, which looks once a second, comes to.
const restartPace = 2 * time.Second

// startingOver follows the action RestartAllContainers: everything is ended without preStop, then the
// pod starts from its first container in the same sandbox.
func (n *decider) startingOver() bool {
	trigger := slices.IndexFunc(n.views(), func(v *view) bool {
		return v.ran && !v.running && v.work == "" && known(v.m.Run) && status.RestartsAll(v.want, status.Code(v.m.Run))
	})
	if trigger >= 0 {
		n.memory.Restarting = true
	}
	if !n.memory.Restarting {
		return false
	}
	if n.anyRunning() {
		n.killPod(0, false)
		return true
	}
	if slices.ContainsFunc(n.views(), func(v *view) bool { return v.work != "" }) {
		return true
	}
	if trigger >= 0 {
		run := n.views()[trigger].m.Run
		if until := run.StartedAt.Add(restartPace); n.in.Now.Before(until) && until.Sub(n.in.Now) <= restartPace {
			n.wakeAt(until)
			return true
		}
	}
	n.memory.Restarting, n.memory.Initialized = false, false
	for _, v := range n.views() {
		n.memory.Containers[v.want.Name] = v.m
		forget(&n.memory, v.want, status.RestartingAllContainers)
		v.m = n.memory.Containers[v.want.Name]
		v.ran = false
	}
	return false
}
