package plan

import (
	"slices"

	"github.com/podup/podup/translate"
)

// makeVolumes makes what a kept pod newly wants and writes what has changed. Where each container is
// a scope, a new volume has none: several may wait for it, and one nobody mounts is removed by the
// next plan.
func (k *keeper) makeVolumes() {
	for _, v := range k.podVolumes(k.pod.Name) {
		e, found := k.actual.Volumes[v.Name]
		freed := k.freed(v.Name)
		switch {
		case !found || freed >= 0:
			c := k.change(ActionCreate, "volume/"+v.Name, "does not exist")
			scope, undo := "", []Op(nil)
			if k.whole {
				scope, undo = k.podPlan.scope, []Op{RemoveVolume{v.Name}}
			}
			k.volumes[v.Name] = k.step(c, scope, CreateVolume{v}, []int{freed, k.holding}, undo...)
		case k.foreign(v, e), slices.Contains(k.renewed, v.Name):
		default:
			k.writeFiles(v)
		}
	}
}

// renewVolumes removes and makes the volumes that cannot be changed, and then the containers that
// had to go for it.
func (k *keeper) renewVolumes() {
	after := slices.Concat(k.ready, k.stops, []int{k.holding, k.started})
	for _, f := range k.fates {
		after = append(after, append(f.after, f.vacated)...)
	}
	for _, name := range k.renewed {
		v, _ := findVolume(k.want, name)
		e := k.actual.Volumes[name]
		c := k.change(ActionReplace, "volume/"+name, k.renewal(v, e))
		k.renewVolume(c, k.podPlan.scope, v, e, after)
	}
	for _, f := range k.fates {
		if f.verdict == remake {
			f.created = k.step(f.change, k.scope(f), CreateContainer{Container: f.want, Name: f.name},
				append(k.needs(f.want), f.vacated, k.started), RemoveContainer{f.name})
		}
	}
}

// holds compares the holder with what it has to hold. It holds the volumes it was made for, which
// are those the engine has: so it is taken away before that changes, and a plan cut short at any
// moment leaves either a right holder or none.
func (k *keeper) holds() (holder *ContainerState, changes bool) {
	if e, ok := k.state.Containers[translate.HolderName(k.pod.Name)]; ok {
		holder = &e
	}
	for _, name := range k.pod.Held {
		if e, found := k.actual.Volumes[name]; !found || e.Kind != translate.Memory {
			changes = true
		}
	}
	for _, e := range k.actual.ownVolumes(k.pod.Name) {
		if e.Kind == translate.Memory && (!slices.Contains(k.pod.Held, e.Name) || slices.Contains(k.renewed, e.Name)) {
			changes = true
		}
	}
	return holder, changes
}

// renewsMemory says whether a volume is renewed that was, or will be, in memory.
func (k *keeper) renewsMemory() bool {
	return slices.ContainsFunc(k.renewed, func(name string) bool {
		return k.actual.Volumes[name].Kind == translate.Memory || slices.Contains(k.pod.Held, name)
	})
}

func (k *keeper) dropHolder() {
	holder, changes := k.holds()
	if holder == nil || !changes && len(k.pod.Held) > 0 {
		return
	}
	name := translate.HolderName(k.pod.Name)
	c := k.change(ActionRemove, "container/"+name, "the pod's volumes in memory change")
	scope, undo := "", []Op(nil)
	if k.whole {
		scope = k.podPlan.scope
		if old, ok := k.actual.podMadeFrom(k.state); ok && len(old.Held) > 0 {
			undo = []Op{HoldVolumes{old}}
		}
	}
	k.holding = k.step(c, scope, RemoveContainer{name}, nil, undo...)
}

// hold keeps the pod's volumes in memory alive. Without a running infra container there is nothing
// to keep: they went with it.
func (k *keeper) hold() {
	if len(k.pod.Held) == 0 || !k.infra && !k.state.Infra.alive() {
		return
	}
	holder, changes := k.holds()
	var reason string
	switch {
	case k.infra:
	case holder == nil:
		reason = "nothing holds its volumes in memory"
	case changes:
		reason = "its volumes in memory change"
	case holder.Status == Exited || holder.Status == Lost:
		reason = "what holds its volumes in memory has ended"
	default:
		return
	}
	change, scope, undo := k.podChange, "", []Op(nil)
	if !k.infra {
		change = k.change(ActionUpdate, "pod/"+k.pod.Name, reason)
	}
	if k.whole {
		scope = k.podPlan.scope
		if holder == nil || changes {
			undo = []Op{RemoveContainer{translate.HolderName(k.pod.Name)}}
		}
	}
	k.held = k.step(change, scope, HoldVolumes{k.pod}, append(k.volumeSteps(k.pod.Held), k.holding, k.started), undo...)
}
