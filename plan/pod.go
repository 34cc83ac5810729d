package plan

import (
	"slices"
	"time"

	"github.com/podup/podup/translate"
)

func podScope(pod string) string { return "pod/" + pod }

// removeReplaced removes a pod that the same plan makes anew. The removals of all pods come before
// anything is made: one pod may take over the port of another.
func (d *differ) removeReplaced(p *podPlan) {
	p.podChange = d.change(ActionReplace, "pod/"+p.pod.Name, p.reasons...)
	remove := RemovePod{Pod: p.pod.Name, Grace: p.pod.Grace}
	d.removals[p.pod.Name] = d.step(p.podChange, podScope(p.pod.Name), remove, d.ready, d.rebuild(p.state, remove)...)
}

// rebuild makes the pod that is there once more, as far as its definition is known. What ran runs
// again, behind its init containers, for its network is a new one. A removal that has failed may have
// come to any point: it is finished first.
func (d *differ) rebuild(state PodState, remove RemovePod) []Op {
	old, ok := d.actual.podMadeFrom(state)
	if !ok {
		return nil
	}
	ops := []Op{remove, CreatePod{old}}
	var creates, starts []Op
	for _, c := range old.Containers() {
		e, found := state.Containers[c.EngineName()]
		if !found {
			continue
		}
		if made, ok := d.actual.madeFrom(e, c.EngineName()); ok {
			c = made
		}
		creates = append(creates, CreateContainer{Container: c, Name: c.EngineName()})
		if !c.Init && e.alive() {
			starts = append(starts, StartContainer{c.EngineName()})
		}
	}
	if !state.Infra.alive() || len(starts) == 0 {
		return append(ops, creates...)
	}
	ops = append(ops, StartPod{old.Name})
	if len(old.Held) > 0 {
		ops = append(ops, HoldVolumes{old})
	}
	ops = append(ops, creates...)
	for _, c := range old.Init {
		if _, found := state.Containers[c.EngineName()]; found {
			ops = append(ops, RunInit{c.EngineName()})
		}
	}
	return append(ops, starts...)
}

// alive says whether the container's process exists.
func (c ContainerState) alive() bool { return c.Status == Running || c.Status == Paused }

// makePod makes a pod with everything that lives and dies with it, all or nothing: a step that fails
// takes the pod and its new volumes back.
func (d *differ) makePod(p *podPlan) {
	scope := podScope(p.pod.Name)
	removed, replaced := d.removals[p.pod.Name]
	gone := []int{none}
	if replaced {
		gone = []int{removed}
	} else {
		gone = []int{d.removeStrays(p.state, d.ready)}
		p.podChange = d.change(ActionCreate, "pod/"+p.pod.Name, p.reasons...)
	}
	for _, v := range d.podVolumes(p.pod.Name) {
		d.makeVolume(v, scope, gone)
	}
	created := d.step(p.podChange, scope, CreatePod{p.pod}, slices.Concat(gone, d.ready),
		RemovePod{Pod: p.pod.Name, Grace: p.pod.Grace})
	started := d.step(p.podChange, scope, StartPod{p.pod.Name}, append(d.portsFreed(p.pod), created))
	held := none
	if len(p.pod.Held) > 0 {
		held = d.step(p.podChange, scope, HoldVolumes{p.pod}, append(d.volumeSteps(p.pod.Held), started))
	}

	var changes, creates []int
	for _, c := range p.pod.Containers() {
		change := d.memberChange(p, c, replaced)
		place := created
		if c.NeedsFacts() {
			place = started
		}
		changes = append(changes, change)
		creates = append(creates, d.step(change, scope, CreateContainer{Container: c, Name: c.EngineName()}, append(d.needs(c), place)))
	}
	last := []int{started, held}
	for i, c := range p.pod.Containers() {
		var op Op = StartContainer{c.EngineName()}
		if c.Init {
			op = RunInit{c.EngineName()}
		}
		last = []int{d.step(changes[i], scope, op, append(last, creates[i]))}
	}
}

// memberChange is the line of a container of a pod that is made.
func (d *differ) memberChange(p *podPlan, c translate.Container, replaced bool) int {
	e, found := p.state.Containers[c.EngineName()]
	if !replaced || !found {
		return d.change(ActionCreate, "container/"+c.EngineName(), "does not exist")
	}
	reasons := []string{"its pod is replaced"}
	return d.change(ActionReplace, "container/"+c.EngineName(), append(reasons, d.definitionDiffers(c, e)...)...)
}

// makeVolume brings a volume of a pod that is made to what is wanted. What lived in the pod's
// previous life is kept, unless the user wants the volumes renewed.
func (d *differ) makeVolume(v translate.Volume, scope string, gone []int) {
	e, found := d.actual.Volumes[v.Name]
	if freed := d.freed(v.Name); freed >= 0 {
		found, gone = false, append(slices.Clone(gone), freed)
	}
	if !found {
		c := d.change(ActionCreate, "volume/"+v.Name, "does not exist")
		d.volumes[v.Name] = d.step(c, scope, CreateVolume{v}, []int{d.freed(v.Name)}, RemoveVolume{v.Name})
		return
	}
	if d.foreign(v, e) {
		return
	}
	reason := d.renewal(v, e)
	if reason == "" && d.opts.RenewVolumes && (v.Kind == translate.EmptyDir || v.Kind == translate.Memory) {
		reason = "renewal asked for"
	}
	if reason == "" {
		d.writeFiles(v)
		return
	}
	c := d.change(ActionReplace, "volume/"+v.Name, reason)
	d.renewVolume(c, scope, v, e, slices.Concat(gone, d.ready))
}

func (d *differ) renewVolume(change int, scope string, v translate.Volume, e VolumeState, after []int) {
	removed := d.step(change, scope, RemoveVolume{v.Name}, after, CreateVolume{d.actual.volumeMadeFrom(e)})
	d.volumes[v.Name] = d.step(change, scope, CreateVolume{v}, []int{removed}, RemoveVolume{v.Name})
}

func (d *differ) volumeSteps(names []string) []int {
	var steps []int
	for _, name := range names {
		if i, ok := d.volumes[name]; ok {
			steps = append(steps, i)
		}
	}
	return steps
}

// portsFreed are the removals of other pods that hold a host port of this one.
func (d *differ) portsFreed(pod translate.Pod) []int {
	var steps []int
	for name, removal := range d.removals {
		if name != pod.Name && slices.ContainsFunc(d.publishedPorts(name), func(held translate.Port) bool {
			return slices.ContainsFunc(pod.Ports, func(port translate.Port) bool {
				return port.HostPort == held.HostPort && port.Protocol == held.Protocol
			})
		}) {
			steps = append(steps, removal)
		}
	}
	return steps
}

func (d *differ) publishedPorts(pod string) []translate.Port {
	state := d.actual.Pods[pod]
	if len(state.Infra.Ports) > 0 {
		return state.Infra.Ports
	}
	old, _ := d.actual.podMadeFrom(state)
	return old.Ports
}

// stopGrace is how long a container of the engine may take to stop: what is wanted now, else what
// was last.
func (d *differ) stopGrace(pod, engineName string) time.Duration {
	if c, ok := findContainer(d.want, pod, engineName); ok {
		return c.Grace
	}
	return d.actual.containerGrace(pod, engineName)
}
