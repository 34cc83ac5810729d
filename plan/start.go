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
	k.started = k.step(k.podChange, k.podPlan.scope, StartPod{k.pod.Name}, after)
}

// runInits swaps in the init containers that were made anew, all before the first runs (decideInits
// says why), and then runs them in order.
func (k *keeper) runInits() {
	quiet := k.all()
	for _, f := range k.inits {
		if f.verdict == replace {
			renamed := k.rename(f.change, k.scope(f), f.name, translate.PredecessorName(f.name), quiet)
			f.vacated = k.rename(f.change, k.scope(f), translate.SuccessorName(f.name), f.name, []int{renamed})
			quiet = []int{f.vacated}
		}
	}
	for _, f := range k.inits {
		if f.starts() {
			f.last = k.step(f.change, k.scope(f), RunInit{f.name}, append(quiet, f.after...), k.unrun(f)...)
			quiet = []int{f.last}
		}
	}
}

// unrun takes back the run of an init container, so that it does not look finished.
func (k *keeper) unrun(f *fate) []Op {
	if f.made() { // what made it takes it away
		return []Op{StopContainer{Name: f.name, Grace: f.want.Grace}}
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

func (k *keeper) startApps() {
	turn := none
	for _, f := range k.inits {
		turn = max(turn, f.last)
	}
	for _, f := range k.apps {
		if !f.starts() {
			continue
		}
		scope := k.scope(f)
		after := append(slices.Concat(f.after, k.stops), f.created, f.vacated, k.started, k.held, turn)
		switch f.verdict {
		case replace:
			swapped := k.rename(f.change, scope, translate.SuccessorName(f.name), f.name, after)
			f.last = k.step(f.change, scope, StartContainer{f.name}, []int{swapped}, StopContainer{Name: f.name, Grace: f.want.Grace})
		case start, restart:
			f.last = k.step(f.change, scope, StartContainer{f.at}, after, k.unstart(f)...)
			if f.at != f.name {
				f.last = k.rename(f.change, scope, f.at, f.name, []int{f.last})
			}
		default:
			f.last = k.step(f.change, scope, StartContainer{f.name}, after)
		}
		if k.whole {
			turn = f.last
		}
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
	ops := []Op{StopContainer{Name: f.at, Grace: f.want.Grace}}
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
	if !f.want.Init {
		ops = append(ops, StartContainer{f.name})
	}
	return ops
}

// setRestart changes the policy of containers that stay.
func (k *keeper) setRestart() {
	for _, f := range k.apps {
		if f.now == nil || f.made() {
			continue
		}
		if reason := k.actual.restartDiffers(f.want); reason != "" {
			c := k.change(ActionUpdate, "container/"+f.name, reason)
			k.step(c, "", SetRestart{Name: f.name, Restart: f.want.Restart}, append(f.after, f.last))
		}
	}
}
