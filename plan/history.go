package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/podup/podup/translate"
)

// candidates are the definitions of which one made what of a pod leaves no trace in labels: the
// newest that was carried out to its end for it and the attempts since. It is nil where that is not
// known.
func (a Actual) candidates(pod string) []translate.Project {
	var attempts []translate.Project
	for i, p := range a.Applied {
		part, narrow := a.Partial[i]
		if narrow && !slices.Contains(part.Pods, pod) {
			continue
		}
		attempts = append(attempts, p)
		if i == a.Unfinished || part.Done {
			return attempts
		}
	}
	return nil
}

func findPod(p translate.Project, name string) (translate.Pod, bool) {
	i := slices.IndexFunc(p.Pods, func(pod translate.Pod) bool { return pod.Name == name })
	if i < 0 {
		return translate.Pod{}, false
	}
	return p.Pods[i], true
}

func findContainer(p translate.Project, pod, engineName string) (translate.Container, bool) {
	found, _ := findPod(p, pod)
	for _, c := range found.Containers() {
		if c.EngineName() == engineName {
			return c, true
		}
	}
	return translate.Container{}, false
}

func findVolume(p translate.Project, name string) (translate.Volume, bool) {
	i := slices.IndexFunc(p.Volumes, func(v translate.Volume) bool { return v.Name == name })
	if i < 0 {
		return translate.Volume{}, false
	}
	return p.Volumes[i], true
}

// podMadeFrom gives the definition a pod of the engine was made from. Where several have its hash,
// it is the one most of its containers were made from, too. One that differs in its network alone
// says as much of a pod that was let stay on its network.
func (a Actual) podMadeFrom(state PodState) (translate.Pod, bool) {
	if pod, ok := a.podAs(state, func(pod translate.Pod) translate.Pod { return pod }); ok {
		return pod, true
	}
	return a.podAs(state, elsewhere)
}

func (a Actual) podAs(state PodState, as func(translate.Pod) translate.Pod) (translate.Pod, bool) {
	var best translate.Pod
	most := -1
	for _, p := range a.Applied {
		pod, ok := findPod(p, state.Name)
		if pod = as(pod); !ok || pod.Hash() != state.Hash {
			continue
		}
		same := 0
		for _, c := range pod.Containers() {
			if e, ok := state.Containers[c.EngineName()]; ok && e.Hash == c.Hash() {
				same++
			}
		}
		if same > most {
			best, most = pod, same
		}
	}
	return best, most >= 0
}

// madeFrom gives the definition a container of the engine was made from. The engine name is that it
// had then.
func (a Actual) madeFrom(e ContainerState, engineName string) (translate.Container, bool) {
	for _, p := range a.Applied {
		if c, ok := findContainer(p, e.Pod, engineName); ok && c.Hash() == e.Hash {
			return c, true
		}
	}
	return translate.Container{}, false
}

// volumeMadeFrom gives a definition that makes a volume like the present one, its content as far as
// it is known.
func (a Actual) volumeMadeFrom(e VolumeState) translate.Volume {
	for i, p := range a.Applied {
		if part, narrow := a.Partial[i]; narrow && !slices.Contains(part.Pods, e.Pod) {
			continue // it never reached this volume
		}
		if v, ok := findVolume(p, e.Name); ok && v.Kind == e.Kind {
			return v
		}
	}
	return translate.Volume{Project: a.Project, Name: e.Name, Pod: e.Pod, Kind: e.Kind}
}

// podGrace is what the newest definition of a pod declares, else negative: what the engine was told
// when it made the pod.
func (a Actual) podGrace(name string) time.Duration {
	for _, p := range a.Applied {
		if pod, ok := findPod(p, name); ok {
			return declared(pod.Grace)
		}
	}
	return -1
}

// declared is what an operation says of a declared grace: of none at all, that the declaration holds. Zero in
// an operation is SIGKILL at once, which nobody but a user asks for.
func declared(grace time.Duration) time.Duration {
	if grace == 0 {
		return -1
	}
	return grace
}

func (a Actual) containerGrace(pod, engineName string) time.Duration {
	for _, p := range a.Applied {
		if c, ok := findContainer(p, pod, engineName); ok {
			return declared(c.Grace)
		}
	}
	return -1
}

// everApplied says whether each definition that may hold has this container just so. An init
// container of which that is true and which is gone has run: somebody pruned it.
func (a Actual) everApplied(c translate.Container) bool {
	candidates := a.candidates(c.Pod)
	for _, p := range candidates {
		if was, ok := findContainer(p, c.Pod, c.EngineName()); !ok || was.Hash() != c.Hash() {
			return false
		}
	}
	return len(candidates) > 0
}

// sizesDiffer says why a container that stays has to be given its cgroup values. Where no definition is
// known, it is given them if it has any: that does no harm.
func (a Actual) sizesDiffer(c translate.Container) []string {
	known := false
	for _, p := range a.candidates(c.Pod) {
		old, ok := findContainer(p, c.Pod, c.EngineName())
		if !ok || old.Hash() != c.Hash() {
			continue
		}
		known = true
		if reasons := translate.Differences(old.Sizes(), c.Sizes()); len(reasons) > 0 {
			return reasons
		}
	}
	if !known && len(c.Sizes()) > 0 {
		return []string{"cgroup values unknown"}
	}
	return nil
}

// supervisionDiffers says what is new of a container that stays, for its supervisor. Where no
// definition is known, nothing is: a supervisor that has none waits for this one.
func (a Actual) supervisionDiffers(c translate.Container) []string {
	for _, p := range a.candidates(c.Pod) {
		old, ok := findContainer(p, c.Pod, c.EngineName())
		if ok && old.Hash() == c.Hash() {
			if reasons := translate.SupervisionDifferences(old.Supervision(), c.Supervision()); len(reasons) > 0 {
				return reasons
			}
		}
	}
	return nil
}

// podSupervisionDiffers is the same for what concerns a pod as a whole.
func (a Actual) podSupervisionDiffers(pod translate.Pod) []string {
	for _, p := range a.candidates(pod.Name) {
		if old, ok := findPod(p, pod.Name); ok {
			if reasons := translate.Differences(old.Supervision(), pod.Supervision()); len(reasons) > 0 {
				return reasons
			}
		}
	}
	return nil
}

// contentDiffers says why the files of a volume have to be written. Nothing means they are right.
func (a Actual) contentDiffers(v translate.Volume) []string {
	candidates := a.candidates(v.Pod)
	if candidates == nil {
		return []string{"content unknown"}
	}
	for i, p := range candidates {
		old, ok := findVolume(p, v.Name)
		switch {
		case !ok || old.Kind != translate.Files:
			return []string{"content unknown"}
		case slices.Equal(old.Files, v.Files):
		case i == 0:
			return fileDifferences(old.Files, v.Files)
		default:
			return []string{"content unknown after an interrupted run"}
		}
	}
	return nil
}

// changedFiles are the paths in a volume of which the content is another than it was, or that come or go.
func (a Actual) changedFiles(v translate.Volume) []string {
	candidates := a.candidates(v.Pod)
	if len(candidates) == 0 {
		return nil
	}
	old, _ := findVolume(candidates[0], v.Name)
	var changed []string
	for _, pair := range [][2][]translate.File{{v.Files, old.Files}, {old.Files, v.Files}} {
		for _, f := range pair[0] {
			if !slices.ContainsFunc(pair[1], func(o translate.File) bool { return o.Path == f.Path && o.Data.Equal(f.Data) }) {
				changed = append(changed, f.Path)
			}
		}
	}
	return changed
}

// fileDifferences are in the order of new's files, then what is gone in old's.
func fileDifferences(old, new []translate.File) []string {
	find := func(files []translate.File, path string) int {
		return slices.IndexFunc(files, func(f translate.File) bool { return f.Path == path })
	}
	var lines []string
	for _, f := range new {
		at := find(old, f.Path)
		if at < 0 {
			lines = append(lines, f.Path+" added")
			continue
		}
		if !f.Data.Equal(old[at].Data) {
			lines = append(lines, f.Path+" changed")
		}
		if f.Mode != old[at].Mode {
			lines = append(lines, fmt.Sprintf("%s mode: %04o → %04o", f.Path, old[at].Mode, f.Mode))
		}
	}
	for _, f := range old {
		if find(new, f.Path) < 0 {
			lines = append(lines, f.Path+" removed")
		}
	}
	return lines
}
