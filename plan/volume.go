package plan

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/podup/podup/translate"
)

// createClaims makes the claims that are missing. They outlive every plan: no step takes one back.
func (d *differ) createClaims() {
	for _, v := range d.want.Volumes {
		if v.Pod != "" {
			continue
		}
		e, found := d.actual.Volumes[v.Name]
		switch {
		case !found:
			c := d.change(ActionCreate, "volume/"+v.Name, "does not exist")
			d.volumes[v.Name] = d.step(c, "", CreateVolume{v}, nil)
		case e.Role == translate.RoleClaim:
		case d.freed(v.Name) >= 0:
			c := d.change(ActionCreate, "volume/"+v.Name, "does not exist")
			d.volumes[v.Name] = d.step(c, "", CreateVolume{v}, []int{d.freed(v.Name)})
		case !d.brings(e.Pod) || d.mountedBeside(e.Pod, v.Name):
			d.conflict("volume/"+v.Name, "pod "+e.Pod+" of this project")
		}
	}
}

// mountedBeside says whether a container of another pod is to mount a volume. Then a pod's own volume
// cannot become a claim: the pod could not go back alone.
func (d *differ) mountedBeside(pod, volume string) bool {
	return slices.ContainsFunc(d.want.Pods, func(p translate.Pod) bool {
		return p.Name != pod && slices.ContainsFunc(p.Containers(), func(c translate.Container) bool {
			return mounted(c.Mounts, []string{volume}) != ""
		})
	})
}

// brings says whether this plan brings a pod to what is wanted, its volumes included.
func (d *differ) brings(pod string) bool { return d.wanted(pod) && d.opts.selects(pod) }

// podVolumes are the wanted volumes that are a pod's to make: its own, and claims whose name a
// volume of the pod still has.
func (d *differ) podVolumes(pod string) []translate.Volume {
	var volumes []translate.Volume
	for _, v := range d.want.Volumes {
		e, found := d.actual.Volumes[v.Name]
		if v.Pod == pod || v.Pod == "" && found && e.Role != translate.RoleClaim && e.Pod == pod {
			volumes = append(volumes, v)
		}
	}
	return volumes
}

// renewal says why the volume that is there cannot be brought to what is wanted, only be made anew.
// The size of a volume in memory is fixed with its mount.
func (d *differ) renewal(v translate.Volume, e VolumeState) string {
	switch {
	case e.Kind != "" && e.Kind != v.Kind:
		return fmt.Sprintf("%s → %s", e.Kind, v.Kind)
	case v.Kind != translate.Memory:
		return ""
	}
	for _, p := range d.actual.candidates(e.Pod) {
		old, ok := findVolume(p, v.Name)
		switch {
		case !ok || old.Kind != translate.Memory:
		case old.Page != v.Page:
			return fmt.Sprintf("page size: %s → %s", page(old.Page), page(v.Page))
		case old.Size != v.Size:
			return fmt.Sprintf("size: %s → %s", size(old.Size), size(v.Size))
		}
	}
	return ""
}

func page(bytes int64) string {
	if bytes == 0 {
		return "usual"
	}
	return size(bytes)
}

func size(bytes int64) string {
	if bytes == 0 {
		return "unlimited"
	}
	for _, unit := range []struct {
		name  string
		bytes int64
	}{{"Gi", 1 << 30}, {"Mi", 1 << 20}, {"Ki", 1 << 10}} {
		if bytes%unit.bytes == 0 {
			return fmt.Sprintf("%d%s", bytes/unit.bytes, unit.name)
		}
	}
	return fmt.Sprint(bytes)
}

// freed gives the step that removes a volume with its orphaned pod.
func (d *differ) freed(volume string) int {
	if i, ok := d.gone[volume]; ok {
		return i
	}
	return none
}

// foreign notes the conflict of a volume that is there and cannot be given up for v.
func (d *differ) foreign(v translate.Volume, e VolumeState) bool {
	switch {
	case e.Role == translate.RoleClaim && v.Kind != translate.Claim:
		d.conflict("volume/"+v.Name, "a persistentVolumeClaim of this project")
	case v.Pod != "" && e.Role != translate.RoleClaim && e.Pod != v.Pod:
		d.conflict("volume/"+v.Name, "pod "+e.Pod+" of this project")
	default:
		return false
	}
	return true
}

// writeFiles brings a Files volume that stays to its wanted content. It belongs to no scope: as in a
// cluster, content changes whether or not a container that reads it can be replaced.
func (d *differ) writeFiles(v translate.Volume) {
	if v.Kind != translate.Files {
		return
	}
	if reasons := d.actual.contentDiffers(v); len(reasons) > 0 {
		c := d.change(ActionUpdate, "volume/"+v.Name, append(reasons, d.unseen(v)...)...)
		d.volumes[v.Name] = d.step(c, "", WriteVolume{v}, nil)
	}
}

// unseen names the containers that go on without the changed files: a subPath is bound to the file or directory that
// was there when the container was started, as in a cluster (kubernetes.io: Concepts, Volumes, using subPath).
func (d *differ) unseen(v translate.Volume) []string {
	changed := d.actual.changedFiles(v)
	var texts []string
	for _, p := range d.pods {
		if p.pod.Name != v.Pod || p.course != keepPod {
			continue
		}
		for _, f := range p.fates {
			if f.verdict != leave || f.now == nil || !f.now.alive() || !bound(f.want.Mounts, v.Name, changed) {
				continue
			}
			name := p.pod.Name + "/" + f.want.Name
			texts = append(texts, fmt.Sprintf("%s mounts it by subPath and sees the change after podup restart %s", name, name))
		}
	}
	return texts
}

// bound says whether a mount of a volume is by a subPath that one of the files is, or is under.
func bound(mounts []translate.Mount, volume string, files []string) bool {
	return slices.ContainsFunc(mounts, func(m translate.Mount) bool {
		return m.Volume == volume && m.SubPath != "" && slices.ContainsFunc(files, func(file string) bool {
			sub := path.Clean(m.SubPath)
			return file == sub || strings.HasPrefix(file, sub+"/")
		})
	})
}

// removeStaleVolumes removes the volumes of a wanted pod that are not wanted any more, when its steps
// have ended their use and nothing can bring it back.
func (d *differ) removeStaleVolumes(p *podPlan) {
	stale := slices.DeleteFunc(d.actual.ownVolumes(p.pod.Name), func(e VolumeState) bool {
		_, wanted := findVolume(d.want, e.Name)
		return wanted
	})
	if len(stale) == 0 {
		return
	}
	after := append(d.ends(p.first, p.end), d.scopeEnds(p.scope)...)
	for _, e := range stale {
		d.removeVolume(e, after, "no longer in the manifests")
	}
}

// ownVolumes are the volumes that live and die with a pod, sorted by name.
func (a Actual) ownVolumes(pod string) []VolumeState {
	var volumes []VolumeState
	for _, name := range slices.Sorted(maps.Keys(a.Volumes)) {
		if e := a.Volumes[name]; e.Role != translate.RoleClaim && e.Pod == pod {
			volumes = append(volumes, e)
		}
	}
	return volumes
}
