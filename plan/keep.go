package plan

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/podup/podup/translate"
)

// keeper makes the steps of a pod that stays. What can fail alone is a scope of its own:
//
//   - Each container, where nothing but containers is mended or changed.
//   - Where the pod starts anew, its infra container with its init containers, and then each app
//     container. There is no running pod to go back to, and once the init containers have run, they
//     need not do so again because an app container does not start.
//   - The pod, where an init container or a volume changes under the app containers: they go back
//     together.
type keeper struct {
	*differ
	*podPlan
	anew    bool // the infra container is started, or init containers run
	whole   bool // the pod is one scope
	infra   bool // the infra container has to be started
	inits   []*fate
	apps    []*fate
	renewed []string

	ready    []int // all that can fail before a container is stopped
	stops    []int // of containers that are no longer wanted
	holding  int   // the holder is out of the way
	started  int   // the infra container runs
	held     int
	unwanted map[string]int // the change of each
}

// keep mends and changes a pod without touching what is right.
func (d *differ) keep(p *podPlan) {
	k := &keeper{differ: d, podPlan: p, holding: none, started: none, held: none, unwanted: map[string]int{}}
	k.inits, k.apps = p.fates[:len(p.pod.Init)], p.fates[len(p.pod.Init):]
	k.renewed = d.renewedVolumes(p.pod.Name)
	infra, inits, changed := d.reinit(p)
	k.infra, k.anew = infra, infra || inits
	k.whole = !infra && changed || len(k.renewed) > 0

	k.announce()
	k.repair()
	k.dropHolder()
	k.makeVolumes()
	if !k.infra && !k.renewsMemory() {
		k.hold() // before a container that mounts them lets go
	}
	k.createContainers(false)
	k.vacate()
	k.stopUnwanted()
	k.startInfra()
	k.createContainers(true)
	k.renewVolumes()
	if k.infra || k.renewsMemory() {
		k.hold()
	}
	k.runInits()
	k.startApps()
	k.setRestart()
	k.clean()
}

func (k *keeper) scope(f *fate) string {
	if k.whole || k.anew && f.want.Init {
		return k.podPlan.scope
	}
	return "container/" + f.name
}

// announce makes the changes, so that they are told in the order of the manifest.
func (k *keeper) announce() {
	if k.infra {
		k.podChange = k.change(ActionStart, "pod/"+k.pod.Name, "its infra container is not running")
	}
	for _, f := range k.fates {
		object := "container/" + f.name
		switch {
		case f.made() && f.now == nil:
			f.change = k.change(ActionCreate, object, f.reasons...)
		case f.made():
			f.change = k.change(ActionReplace, object, f.reasons...)
		case f.starts():
			f.change = k.change(ActionStart, object, f.reasons...)
		default:
			if f.renamed {
				f.change = k.change(ActionUpdate, object, "gets its name back after an interrupted run")
			}
			if f.now != nil && f.now.Status == Paused {
				k.plan.Notes = append(k.plan.Notes, fmt.Sprintf("%s is paused and is left so; podman unpause %s lets it go on", object, f.name))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(k.state.Containers)) {
		if !k.plays(name) {
			k.unwanted[name] = k.change(ActionRemove, "container/"+name, "no longer in the manifests")
		}
	}
}

// repair clears away what an interrupted run has left. It is right whatever becomes of the rest, and
// so belongs to no scope.
func (k *keeper) repair() {
	for _, f := range k.fates {
		if f.successor {
			name := translate.SuccessorName(f.name)
			f.after = append(f.after, k.removeLeftover(name))
		}
		if f.impostor {
			f.after = append(f.after, k.removeLeftover(f.name))
		}
		// Only a container that has not been started yet may have to give way to its predecessor. Of
		// any other it is in the way of the next one, or of a volume that is renewed.
		if f.predecessor && (f.verdict != start || len(k.renewed) > 0) {
			f.after = append(f.after, k.removeLeftover(translate.PredecessorName(f.name)))
			f.predecessor = false
		}
		// One that is to be started keeps the predecessor's name until it has been: that name says
		// that it has to.
		if f.renamed && (f.want.Init || f.verdict != start && f.verdict != restart) {
			f.after = []int{k.step(f.change, "", RenameContainer{From: f.at, To: f.name}, f.after)}
			f.at = f.name
		}
	}
}

func (k *keeper) removeLeftover(name string) int {
	c := k.change(ActionRemove, "container/"+name, "left by an interrupted run")
	return k.step(c, "", RemoveContainer{name}, nil)
}

// createContainers makes what can be made while the old runs. Under a dead infra container the ones
// that need the pod's address wait for a new one.
func (k *keeper) createContainers(late bool) {
	var made []int
	for _, f := range k.fates {
		if f.verdict == remake && !late {
			k.ready = append(k.ready, k.needs(f.want)...)
		}
		if f.verdict != create && f.verdict != replace || late != (k.infra && f.want.NeedsFacts()) {
			continue
		}
		name := f.name
		if f.verdict == replace {
			name = translate.SuccessorName(f.name)
		}
		f.created = k.step(f.change, k.scope(f), CreateContainer{Container: f.want, Name: name},
			append(k.needs(f.want), append(f.after, k.started)...), RemoveContainer{name})
		made = append(made, f.created)
	}
	if !late {
		k.ready = append(k.ready, made...)
	}
}

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
				after = []int{k.stop(f.change, scope, *f.now, f.at, f.want.Grace, after)}
			}
			f.vacated = k.step(f.change, scope, RemoveContainer{f.at}, after, k.recreate(*f.now, f.name)...)
		case f.want.Init: // it gives its name away only when the others are ready
			if f.verdict == replace && f.now.alive() {
				f.vacated = k.stop(f.change, scope, *f.now, f.at, f.want.Grace, k.gate(f))
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
				f.vacated = k.stop(f.change, scope, *f.now, old, f.want.Grace, after)
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

// runInits swaps in the init containers that were made anew, the last one first (decideInits says
// why), and then runs them in order.
func (k *keeper) runInits() {
	quiet := k.all()
	for _, f := range slices.Backward(k.inits) {
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
