package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/podup/podup/translate"
)

func podScope(pod string) string { return "pod/" + pod }

// joinScopes gives pods that are made one scope where one takes a host port or a container's name
// from another that is replaced: that one cannot be brought back alone.
func (d *differ) joinScopes() {
	group := make([]int, len(d.pods)) // of each pod, by the index of its first
	for i := range d.pods {
		group[i] = i
	}
	for i, p := range d.pods {
		for j, from := range d.pods {
			if i == j || p.course == keepPod || from.course != replacePod || !d.takes(p.pod, from.state) {
				continue
			}
			low, high := min(group[i], group[j]), max(group[i], group[j])
			for k := range group {
				if group[k] == high {
					group[k] = low
				}
			}
		}
	}
	for i, p := range d.pods {
		var names []string
		for j, other := range d.pods {
			if group[j] == group[i] {
				names = append(names, other.pod.Name)
			}
		}
		p.scope = podScope(strings.Join(names, "+"))
	}
}

// takes says whether a pod is to have what another has now.
func (d *differ) takes(pod translate.Pod, from PodState) bool {
	return d.takesPort(pod, from) || slices.ContainsFunc(pod.Containers(), func(c translate.Container) bool {
		return from.has(c.EngineName())
	})
}

func (d *differ) takesPort(pod translate.Pod, from PodState) bool {
	held := from.Infra.Ports
	if len(held) == 0 {
		old, _ := d.actual.podMadeFrom(from)
		held = old.Ports
	}
	return slices.ContainsFunc(pod.Ports, func(port translate.Port) bool {
		return slices.ContainsFunc(held, func(h translate.Port) bool {
			return h.HostPort == port.HostPort && h.Protocol == port.Protocol
		})
	})
}

// has says whether a container of the pod, its infra container included, has a name.
func (s PodState) has(container string) bool {
	_, found := s.Containers[container]
	return found || s.Infra.Name == container
}

// removeReplaced removes a pod that the same plan makes anew. The removals of all pods come before
// anything is made: one pod may take over the port of another.
func (d *differ) removeReplaced(p *podPlan) {
	p.podChange = d.change(ActionReplace, "pod/"+p.pod.Name, p.reasons...)
	remove := RemovePod{Pod: p.pod.Name, Grace: declared(p.pod.Grace)}
	d.removals[p.pod.Name] = d.step(p.podChange, p.scope, remove, d.ready, d.rebuild(p.state, remove)...)
}

// rebuild makes the pod that is there once more, as far as its definition is known. What ran runs
// again, behind its init containers, for its network is a new one. Of a pod of which nothing ran
// there is nothing to bring back: its next up makes it. A removal that has failed may have come to
// any point: it is finished first.
func (d *differ) rebuild(state PodState, remove RemovePod) []Op {
	old, ok := d.actual.podMadeFrom(state)
	if !ok {
		return nil
	}
	ops := []Op{remove, CreatePod{old}}
	var creates []Op
	run, ran := RunPod{Pod: old}, false
	again := func(containers []translate.Container) []translate.Container {
		var made []translate.Container
		for _, c := range containers {
			e, found := state.Containers[c.EngineName()]
			if !found {
				continue
			}
			if from, ok := d.actual.madeFrom(e, c.EngineName()); ok {
				c = from
			}
			made = append(made, c)
			creates = append(creates, CreateContainer{Container: c, Name: c.EngineName()})
			if c.Init || e.alive() {
				run.Start = append(run.Start, c.EngineName())
			}
			ran = ran || !c.Init && e.alive()
		}
		return made
	}
	run.Pod.Init, run.Pod.Apps = again(old.Init), again(old.Apps)
	if !ran {
		return nil
	}
	ops = append(ops, StartPod{old.Name})
	if len(old.Held) > 0 {
		ops = append(ops, HoldVolumes{old})
	}
	return append(append(ops, creates...), run)
}

// alive says whether the container's process exists.
func (c ContainerState) alive() bool { return c.Status == Running || c.Status == Paused }

// makePod makes a pod with everything that lives and dies with it, all or nothing: a step that fails
// takes the pod and its new volumes back.
func (d *differ) makePod(p *podPlan) {
	scope := p.scope
	removed, replaced := d.removals[p.pod.Name]
	var gone []int
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
		RemovePod{Pod: p.pod.Name, Grace: declared(p.pod.Grace)})
	started := d.step(p.podChange, scope, StartPod{p.pod.Name}, append(d.portsFreed(p.pod), created))
	held := none
	if len(p.pod.Held) > 0 {
		held = d.step(p.podChange, scope, HoldVolumes{p.pod}, append(d.volumeSteps(p.pod.Held), started))
	}

	run, ready := RunPod{Pod: p.pod}, []int{started, held}
	for _, c := range p.pod.Containers() {
		change := d.memberChange(p, c, replaced)
		place := created
		if c.NeedsPod() {
			place = started
		}
		ready = append(ready, d.step(change, scope, CreateContainer{Container: c, Name: c.EngineName()}, append(d.needs(c), place)))
		run.Start = append(run.Start, c.EngineName())
	}
	d.step(p.podChange, scope, run, ready)
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
		if name != pod.Name && d.takesPort(pod, d.actual.Pods[name]) {
			steps = append(steps, removal)
		}
	}
	return steps
}

// stopGrace is how long a container of the engine may take to stop: what is wanted now, else what
// was last.
func (d *differ) stopGrace(pod, engineName string) time.Duration {
	if c, ok := findContainer(d.want, pod, engineName); ok {
		return declared(c.Grace)
	}
	return d.actual.containerGrace(pod, engineName)
}
