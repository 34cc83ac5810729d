package plan

import (
	"fmt"
	"maps"
	"slices"

	"github.com/podup/podup/translate"
)

// keeper makes the steps of a pod that stays. What can fail alone is a scope of its own:
//
//   - Each container, where nothing but containers is mended or changed.
//   - Nothing, where the pod starts over: there is no running pod to go back to. What has been made
//     stays, and the next plan goes on from there.
//   - The init containers, where they run while app containers wait, and then each of these.
//   - The pod, where an init container or a volume changes under the app containers: they go back
//     together.
type keeper struct {
	*differ
	*podPlan
	anew    bool    // the infra container is started, or init containers run
	over    bool    // and nothing of the pod is up: it is led as a new one
	whole   bool    // the pod is one scope
	infra   bool    // the infra container has to be started
	inits   []*fate // with the sidecars among them
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
	infra, inits, changed := d.reinit(p, p.fates)
	k.infra, k.anew = infra, infra || inits
	k.whole = !infra && changed || len(k.renewed) > 0
	k.over = d.startsOver(p, p.fates)

	k.announce()
	k.repair()
	k.resize()
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
	if k.over {
		k.runPod()
	} else {
		k.runInits()
		k.startApps()
	}
	k.clean()
	k.supervise()
}

func (k *keeper) scope(f *fate) string {
	switch {
	case k.over:
		return ""
	case k.whole || k.anew && f.regular():
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
		if !k.plays(name) && k.state.Containers[name].Role != translate.RoleDebug {
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
		if f.predecessor && (f.verdict != start || len(k.renewed) > 0 || k.over) {
			f.after = append(f.after, k.removeLeftover(translate.PredecessorName(f.name)))
			f.predecessor = false
		}
		// One that is to be started keeps the predecessor's name until it has been: that name says
		// that it has to.
		owed := f.verdict == start || f.verdict == restart || k.over && f.verdict == replace
		if f.renamed && (f.regular() || !owed) {
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
		if f.verdict != create && f.verdict != replace || late != (k.infra && f.want.NeedsPod()) {
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
