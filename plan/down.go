package plan

import (
	"maps"
	"slices"
	"time"

	"github.com/podup/podup/translate"
)

// DownOptions say what Down removes and how patiently.
type DownOptions struct {
	Pods    []string      // only these; empty is all
	Volumes bool          // claims too
	Grace   time.Duration // of each container between its stop signal and SIGKILL; negative: as declared
}

// Down gives the steps that remove a project, or pods of it with what only they need. It works on
// whatever a run that was cut short has left. The release volume is not its business.
func Down(actual Actual, opts DownOptions) Plan {
	b := &builder{plan: Plan{Project: actual.Project}}
	selects := Options{Pods: opts.Pods}.selects
	var removed, kept []string
	names := slices.Collect(maps.Keys(actual.Pods))
	for _, v := range actual.Volumes {
		if v.Role != translate.RoleClaim && v.Pod != "" {
			names = append(names, v.Pod)
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if !selects(name) {
			kept = append(kept, name)
			continue
		}
		removed = append(removed, name)
	}
	gone := map[string]int{}
	for _, name := range removed {
		grace := opts.Grace
		if grace < 0 {
			grace = actual.podGrace(name)
		}
		gone[name] = b.removePod(actual, name, grace, nil, "down")
	}
	for _, name := range removed {
		for _, v := range actual.ownVolumes(name) {
			b.removeVolume(v, []int{gone[name]}, "its pod is removed")
		}
	}
	if opts.Volumes {
		after := b.ends(0, b.next())
		for _, v := range actual.claims(removed, kept, len(opts.Pods) == 0) {
			b.removeVolume(v, after, "down with volumes")
		}
	}
	if len(kept) > 0 || len(opts.Pods) > 0 && len(removed) == 0 {
		return b.plan
	}
	after := b.ends(0, b.next())
	for _, name := range actual.secretsBySource() {
		b.step(b.change(ActionRemove, actual.secretObject(name), "no pod is left"), "", RemoveSecret{name}, after)
	}
	for _, name := range slices.Sorted(slices.Values(actual.Networks)) {
		b.step(b.change(ActionRemove, "network/"+name, "no pod is left"), "", RemoveNetwork{name}, after)
	}
	return b.plan
}

// removePod removes a pod, or the containers that are left of one. It gives the step after which
// nothing of it uses a volume.
func (b *builder) removePod(actual Actual, name string, grace time.Duration, after []int, reason string) int {
	state, found := actual.Pods[name]
	switch {
	case !found:
		return none
	case state.ID != "":
		return b.step(b.change(ActionRemove, "pod/"+name, reason), "", RemovePod{Pod: name, Grace: grace}, after)
	default:
		return b.removeStrays(state, after)
	}
}

// removeStrays removes containers whose pod is gone, one after another: they are few.
func (b *builder) removeStrays(state PodState, after []int) int {
	last := none
	for _, name := range slices.Sorted(maps.Keys(state.Containers)) {
		last = b.step(b.change(ActionRemove, "container/"+name, "its pod is gone"), "", RemoveContainer{name}, append(after, last))
	}
	return last
}

func (b *builder) removeVolume(v VolumeState, after []int, reason string) int {
	return b.step(b.change(ActionRemove, "volume/"+v.Name, reason), "", RemoveVolume{v.Name}, after)
}

// claims are the claims that go with removed pods: all of them when nothing is kept, else those that
// a definition of a removed pod names and none of a kept one. Where a kept pod has no definition,
// nobody knows what it uses.
func (a Actual) claims(removed, kept []string, all bool) []VolumeState {
	mounts := func(pods []string) (names map[string]bool, known bool) {
		names, known = map[string]bool{}, true
		for _, name := range pods {
			found := false
			for _, p := range a.Applied {
				pod, ok := findPod(p, name)
				found = found || ok
				for _, c := range pod.Containers() {
					for _, m := range c.Mounts {
						names[m.Volume] = true
					}
				}
			}
			known = known && found
		}
		return names, known
	}
	mine, _ := mounts(removed)
	theirs, known := mounts(kept)
	var claims []VolumeState
	for _, name := range slices.Sorted(maps.Keys(a.Volumes)) {
		e := a.Volumes[name]
		if e.Role == translate.RoleClaim && (all || known && mine[name] && !theirs[name]) {
			claims = append(claims, e)
		}
	}
	return claims
}
