package plan

import (
	"maps"
	"slices"
	"time"

	"github.com/podup/podup/translate"
)

// gate is what must have succeeded before a container is stopped: where containers wait for each
// other everything that can be tried before.
func (k *keeper) gate(f *fate) []int {
	after := append(slices.Clone(f.after), f.created, k.held)
	if k.whole || k.anew {
		after = append(after, k.ready...)
	}
	return after
}

// vacate makes room for successors. A container gets its predecessor's name before it is stopped:
// whenever the plan is cut short, that name tells a container that podup stopped from one that ended.
func (k *keeper) vacate() {
	for _, f := range k.fates {
		scope, old := k.scope(f), translate.PredecessorName(f.name)
		switch {
		case f.verdict == remake && f.now == nil:
		case f.verdict == remake:
			after := k.gate(f)
			if f.now.alive() {
				after = []int{k.stop(f.change, scope, *f.now, f.at, declared(f.want.Grace), after)}
			}
			f.vacated = k.step(f.change, scope, RemoveContainer{f.at}, after, k.recreate(*f.now, f.name)...)
		case f.regular(): // it gives its name away only when the others are ready
			if f.verdict == replace && f.now.alive() {
				f.vacated = k.stop(f.change, scope, *f.now, f.at, declared(f.want.Grace), k.gate(f))
			}
		case f.verdict == replace, f.verdict == restart:
			after := k.gate(f)
			if f.at != old {
				if f.verdict == restart && !k.serves(*f.now) {
					after = []int{k.step(f.change, scope, RenameContainer{From: f.at, To: old}, after)}
				} else {
					after = []int{k.rename(f.change, scope, f.at, old, after)}
				}
				f.at = old
			}
			f.vacated = after[len(after)-1]
			if f.now.alive() {
				f.vacated = k.stop(f.change, scope, *f.now, old, declared(f.want.Grace), after)
			}
		}
	}
}

// stopUnwanted stops what the manifests no longer name before anything takes its place: it may hold
// a port of the pod's network. It is removed only when the rest is up.
func (k *keeper) stopUnwanted() {
	for _, name := range slices.Sorted(maps.Keys(k.unwanted)) {
		e := k.state.Containers[name]
		change, scope, after := k.unwanted[name], k.unwantedScope(name), slices.Clone(k.ready)
		if e.alive() {
			after = []int{k.stop(change, scope, e, name, k.stopGrace(k.pod.Name, name), after)}
			k.stops = append(k.stops, after...)
		}
		if len(k.renewed) > 0 { // it may be in the way
			k.stops = append(k.stops, k.step(change, scope, RemoveContainer{name}, after, k.recreate(e, name)...))
			delete(k.unwanted, name)
		}
	}
}

// unwantedScope lets a container that is no longer wanted come back where one that is made in its
// place does not start. Where none is made, it goes whatever happens.
func (k *keeper) unwantedScope(name string) string {
	switch {
	case k.whole:
		return k.podPlan.scope
	case slices.ContainsFunc(k.fates, (*fate).made):
		return "container/" + name
	default:
		return ""
	}
}

// clean removes what has been replaced and what is no longer wanted, when all of its scope is done:
// from then on there is no way back. A removal that fails takes nothing back and is left to the next
// plan.
func (k *keeper) clean() {
	together := k.scopeEnds(k.podPlan.scope)
	var made []int
	for _, f := range k.fates {
		if f.made() {
			made = append(made, f.last)
		}
	}
	for _, f := range k.fates {
		if f.verdict != replace && !f.predecessor {
			continue
		}
		after := append(slices.Clone(f.after), f.last)
		if k.scope(f) == k.podPlan.scope {
			after = together
		}
		k.step(f.change, "", RemoveContainer{translate.PredecessorName(f.name)}, after)
	}
	for _, name := range slices.Sorted(maps.Keys(k.unwanted)) {
		if k.whole {
			k.step(k.unwanted[name], "", RemoveContainer{name}, together)
			continue
		}
		k.step(k.unwanted[name], k.unwantedScope(name), RemoveContainer{name}, slices.Concat(made, k.stops),
			k.recreate(k.state.Containers[name], name)...)
	}
}

// stop stops a container, and starts it again where it has to be taken back. One on a dead network
// served nobody: it keeps its predecessor's name, and the next plan starts it behind its init
// containers.
func (k *keeper) stop(change int, scope string, e ContainerState, name string, grace time.Duration, after []int) int {
	var undo []Op
	if k.serves(e) {
		undo = []Op{StartContainer{name}}
	}
	return k.step(change, scope, StopContainer{Name: name, Grace: grace}, after, undo...)
}

// serves says whether a container runs on the pod's network.
func (k *keeper) serves(e ContainerState) bool {
	return e.alive() && k.state.Infra.alive() && !stale(k.state, e)
}

func (k *keeper) rename(change int, scope, from, to string, after []int) int {
	return k.step(change, scope, RenameContainer{From: from, To: to}, after, RenameContainer{From: to, To: from})
}

// recreate makes a removed container again, where its definition is known. It starts again with the
// undoing of its stop.
func (k *keeper) recreate(e ContainerState, name string) []Op {
	if old, ok := k.actual.madeFrom(e, name); ok {
		return []Op{CreateContainer{Container: old, Name: name}}
	}
	return nil
}
