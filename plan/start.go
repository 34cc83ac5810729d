package plan

import (
	"slices"

	"github.com/podup/podup/translate"
)

func (k *keeper) startInfra() {
	if !k.infra {
		return
	}
	after := slices.Concat(k.ready, k.stops, k.portsFreed(k.pod))
	for _, f := range k.fates {
		after = append(after, f.vacated)
	}
	k.started = k.step(k.podChange, "", StartPod{k.pod.Name}, after)
}

// runPod swaps in everything that was made anew and then leads the pod from its first container on.
// What is made and has not run yet shows where a plan was cut short.
func (k *keeper) runPod() {
	run, ready, change := RunPod{Pod: k.pod}, k.all(), k.podChange
	var swapped []int
	for _, f := range k.fates {
		if !f.starts() {
			continue
		}
		run.Start = append(run.Start, f.name)
		if change == none {
			change = f.change
		}
		after := append(slices.Clone(ready), f.after...)
		if f.verdict == replace && f.regular() {
			after = []int{k.rename(f.change, "", f.name, translate.PredecessorName(f.name), after)}
		}
		if f.verdict == replace {
			after = []int{k.rename(f.change, "", translate.SuccessorName(f.name), f.name, after)}
		}
		swapped = append(swapped, after...)
	}
	led := k.step(change, "", run, swapped)
	for _, f := range k.fates {
		if f.starts() {
			f.last = led
		}
	}
}

// runInits swaps in the init containers that were made anew, all before the first runs (decideInits
// says why), and then runs them in order.
func (k *keeper) runInits() {
	quiet := k.all()
	for _, f := range k.inits {
		if f.regular() && f.verdict == replace {
			renamed := k.rename(f.change, k.scope(f), f.name, translate.PredecessorName(f.name), quiet)
			f.vacated = k.rename(f.change, k.scope(f), translate.SuccessorName(f.name), f.name, []int{renamed})
			quiet = []int{f.vacated}
		}
	}
	for _, f := range k.inits {
		switch {
		case !f.starts():
			continue
		case f.regular():
			f.last = k.step(f.change, k.scope(f), RunInit{f.name}, append(quiet, f.after...), k.unrun(f)...)
		case k.anew || k.whole:
			k.start(f, quiet)
		default:
			k.start(f, nil)
			continue
		}
		quiet = []int{f.last}
	}
}

// unrun takes back the run of an init container, so that it does not look finished.
func (k *keeper) unrun(f *fate) []Op {
	if f.made() { // what made it takes it away
		return []Op{StopContainer{Name: f.name, Grace: declared(f.want.Grace)}}
	}
	if ops := k.fallBack(f); len(ops) > 0 {
		return ops
	}
	return []Op{RemoveContainer{f.name}, CreateContainer{Container: f.want, Name: f.name}}
}

// all are the steps before any container of a pod that starts anew is started.
func (k *keeper) all() []int {
	after := append(slices.Concat(k.ready, k.stops), k.started, k.held)
	for _, f := range k.fates {
		after = append(after, f.created, f.vacated)
	}
	return after
}

// startApps starts app containers, each behind the init containers that run and the sidecars that are
// started.
func (k *keeper) startApps() {
	var turn []int
	for _, f := range k.inits {
		turn = append(turn, f.last)
	}
	for _, f := range k.apps {
		if f.starts() {
			k.start(f, turn)
			if k.whole {
				turn = []int{f.last}
			}
		}
	}
}

// start starts one app container or sidecar.
func (k *keeper) start(f *fate, turn []int) {
	scope := k.scope(f)
	after := append(slices.Concat(f.after, k.stops, turn), f.created, f.vacated, k.started, k.held)
	switch f.verdict {
	case replace:
		swapped := k.rename(f.change, scope, translate.SuccessorName(f.name), f.name, after)
		f.last = k.step(f.change, scope, StartContainer{f.name}, []int{swapped}, StopContainer{Name: f.name, Grace: declared(f.want.Grace)})
	case start, restart:
		f.last = k.step(f.change, scope, StartContainer{f.at}, after, k.unstart(f)...)
		if f.at != f.name {
			f.last = k.rename(f.change, scope, f.at, f.name, []int{f.last})
		}
	default:
		f.last = k.step(f.change, scope, StartContainer{f.name}, after)
	}
}

// unstart takes back the start of a container that stays, where its pod may go back without it.
// Stopped it would look finished, but not under its predecessor's name.
func (k *keeper) unstart(f *fate) []Op {
	if ops := k.fallBack(f); len(ops) > 0 {
		return ops
	}
	if !k.whole || f.verdict == restart { // whose stop is taken back as well
		return nil
	}
	ops := []Op{StopContainer{Name: f.at, Grace: declared(f.want.Grace)}}
	if f.at == f.name {
		ops = append(ops, RenameContainer{From: f.name, To: translate.PredecessorName(f.name)})
	}
	return ops
}

// fallBack brings back the predecessor of a container that an interrupted run had put in its place
// and not started yet.
func (k *keeper) fallBack(f *fate) []Op {
	if !f.predecessor || f.now.Status != Created {
		return nil
	}
	ops := []Op{RemoveContainer{f.name}, RenameContainer{From: translate.PredecessorName(f.name), To: f.name}}
	if !f.regular() {
		ops = append(ops, StartContainer{f.name})
	}
	return ops
}

// resize gives containers that stay their sizes, before they are started. It belongs to no scope, as
// the content of a volume does not. A container that is removed in the end is left as it is.
func (k *keeper) resize() {
	for _, f := range k.fates {
		if f.now == nil || f.made() {
			continue
		}
		if reasons := k.actual.sizesDiffer(f.want); len(reasons) > 0 {
			c := k.change(ActionUpdate, "container/"+f.name, reasons...)
			f.after = append(f.after, k.step(c, "", ResizeContainer{Container: f.want, Name: f.at}, f.after))
		}
	}
}

// supervise tells what a supervisor will do otherwise for what stays. The engine has no part in it.
func (k *keeper) supervise() {
	if reasons := k.actual.podSupervisionDiffers(k.pod); len(reasons) > 0 {
		k.change(ActionUpdate, "pod/"+k.pod.Name, reasons...)
	}
	for _, f := range k.fates {
		if f.now == nil || f.made() {
			continue
		}
		if reasons := k.actual.supervisionDiffers(f.want); len(reasons) > 0 {
			k.change(ActionUpdate, "container/"+f.name, reasons...)
		}
	}
}
