package plan

import (
	"fmt"
	"slices"
)

// decideInits says which init containers run: from the first that has to, all that follow, in order.
//
// As with a kubelet (kuberuntime_container.go, computeInitContainerActions) a pod of which an app
// container runs is past its init containers, whatever became of them since: they are finished,
// pruned or were run by hand. Two things podup knows better. An init container whose definition is
// new has to run. And so has one that was made and never ran, for podup makes them only to run them:
// a run was cut short in between. That is why those that have run are made anew to run again, all
// before the first of them runs: whatever the moment of a kill, what is still to run shows.
func (d *differ) decideInits(p *podPlan, fates []*fate, down bool) {
	inits := fates[:len(p.pod.Init)]
	appsUp, starting := false, false
	for _, f := range fates[len(inits):] {
		appsUp = appsUp || f.now != nil && f.now.alive() && !down && !stale(p.state, *f.now)
		starting = starting || f.starts()
	}
	from := len(inits)
	for i, f := range inits {
		if !f.regular() {
			continue
		}
		if d.hasToRun(f) || !appsUp && starting && !done(p, f, down) {
			from = i
			break
		}
	}
	for i, f := range inits {
		switch {
		case !f.regular(): // it runs on meanwhile
		case i < from:
			f.settle(leave) // a pruned one among them stays away
		case f.made():
		case f.now.Status == Created:
			f.settle(start, "never ran")
		case i == from && f.now.Status == Running && !down && !stale(p.state, *f.now):
			f.settle(start, "has not ended")
		case done(p, f, down):
			f.settle(replace, "runs again after container/"+inits[from].name)
		default:
			f.settle(replace, whyAgain(*f.now))
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
		return f.renewed || !d.actual.everApplied(f.want)
	}
	return !f.right || f.now.Status == Created
}

// done says whether an init container has succeeded in the pod's present life.
func done(p *podPlan, f *fate, down bool) bool {
	return f.now != nil && f.right && f.now.Status == Exited && f.now.ExitCode == 0 && !down && !stale(p.state, *f.now)
}

// whyAgain says why an init container that has run is no good.
func whyAgain(e ContainerState) string {
	switch {
	case e.Status == Exited && e.ExitCode != 0:
		return fmt.Sprintf("exited with code %d", e.ExitCode)
	case e.Status == Lost:
		return "its process is gone"
	default:
		return "the pod starts anew"
	}
}

// startsOver says whether nothing of a pod is up that could go on, so that it is led from its first
// init container as a new one is.
func (d *differ) startsOver(p *podPlan, fates []*fate) bool {
	infra, inits, changed := d.reinit(p, fates)
	serves := func(f *fate) bool {
		return f.now != nil && f.now.alive() && p.state.Infra.alive() && !stale(p.state, *f.now)
	}
	if len(d.renewedVolumes(p.pod.Name)) > 0 {
		return false // its containers come back together
	}
	return infra || inits && !changed && !slices.ContainsFunc(fates[len(p.pod.Init):], serves)
}

// reinit says what of the pod starts anew: its infra container, its init containers, and whether one
// of these has a new definition.
func (d *differ) reinit(p *podPlan, fates []*fate) (infra, inits, changed bool) {
	for _, f := range fates {
		infra = infra || f.starts() && !p.state.Infra.alive()
		if f.regular() && f.starts() {
			inits = true
			changed = changed || !f.right && (f.now != nil || !d.actual.everApplied(f.want))
		}
	}
	return infra, inits, changed
}
