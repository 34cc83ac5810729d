package plan

import "fmt"

// decideInits says which init containers run: from the first that has to, all that follow, in order.
//
// As with a kubelet (kuberuntime_container.go, computeInitContainerActions) a pod of which an app
// container runs is past its init containers, whatever became of them since: they are finished,
// pruned or were run by hand. Two things podup knows better. An init container whose definition is
// new has to run. And so has one that was made and never ran, for podup makes them only to run them:
// a run was cut short in between. That is why those that have to run again behind another are made
// anew first, and from last to first: whatever the moment of a kill, what is still to run shows.
func (d *differ) decideInits(p *podPlan, fates []*fate, down bool) {
	inits := fates[:len(p.pod.Init)]
	appsUp, starting := false, false
	for _, f := range fates[len(inits):] {
		appsUp = appsUp || f.now != nil && f.now.alive() && !down && !stale(p.state, *f.now)
		starting = starting || f.starts()
	}
	from := len(inits)
	for i, f := range inits {
		if d.hasToRun(f) || !appsUp && starting && !done(p, f, down) {
			from = i
			break
		}
	}
	for i, f := range inits {
		switch {
		case i < from:
			f.settle(leave) // a pruned one among them stays away
		case f.made():
		case i > from && done(p, f, down):
			f.settle(replace, "runs again after container/"+inits[from].name)
		default:
			f.settle(start, whyRun(p, f, down))
		}
	}
	stopping := from < len(inits)
	for _, f := range fates[len(inits):] {
		if stopping && f.verdict == leave && f.now.alive() {
			f.settle(restart, "stopped while init containers run")
		}
	}
}

func (d *differ) hasToRun(f *fate) bool {
	if f.now == nil {
		return !d.actual.everApplied(f.want)
	}
	return !f.right || f.now.Status == Created
}

// done says whether an init container has succeeded in the pod's present life.
func done(p *podPlan, f *fate, down bool) bool {
	return f.now != nil && f.right && f.now.Status == Exited && f.now.ExitCode == 0 && !down && !stale(p.state, *f.now)
}

func whyRun(p *podPlan, f *fate, down bool) string {
	switch e := *f.now; {
	case e.Status == Created:
		return "never ran"
	case e.Status == Running && !down && !stale(p.state, e):
		return "has not ended"
	case e.Status == Exited && e.ExitCode != 0:
		return fmt.Sprintf("exited with code %d", e.ExitCode)
	case e.Status == Lost:
		return "its process is gone"
	default:
		return "the pod starts anew"
	}
}

// reinit says whether the pod as a whole starts anew: its infra container, or its init containers.
func (p *podPlan) reinit() (infra, inits bool) {
	for i, f := range p.fates {
		isInit := i < len(p.pod.Init)
		infra = infra || f.starts() && !p.state.Infra.alive()
		inits = inits || isInit && f.starts()
	}
	return infra, inits
}
