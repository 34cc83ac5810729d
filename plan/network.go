package plan

import (
	"slices"

	"github.com/podup/podup/translate"
)

// forPeers ends the reason of a pod that goes to the project's network because it is no longer alone.
const forPeers = ", so that the pods find each other by name"

// keepNetwork lets a pod stay on the project's network when it becomes the only one: what the network
// is for has gone, but leaving it would cost an unchanged pod its life. The network goes with the
// last pod on it.
func (d *differ) keepNetwork() {
	name := translate.ProjectObject(d.want.Name)
	if d.want.Network != nil || !slices.Contains(d.actual.Networks, name) {
		return
	}
	pods := slices.Clone(d.want.Pods)
	for i, pod := range pods {
		if state, there := d.actual.Pods[pod.Name]; there && pod.Network == "" && state.ID != "" && state.Hash == on(pod, name).Hash() {
			pods[i] = on(pod, name)
			d.want.Network = &translate.Network{Project: d.want.Name, Name: name}
		}
	}
	d.want.Pods = pods
}

// on is a pod on another network.
func on(pod translate.Pod, network string) translate.Pod {
	pod.Network = network
	return pod
}

// elsewhere is a pod on that of the two networks podup chooses between on which it is not. Which of
// them a pod was made on shows in its hash alone, for keepNetwork may have let it stay.
func elsewhere(pod translate.Pod) translate.Pod {
	switch own := translate.ProjectObject(pod.Project); pod.Network {
	case "":
		return on(pod, own)
	case own:
		return on(pod, "")
	}
	return pod
}

// joins says whether a pod leaves the engine's default network for that of the project's pods.
func (d *differ) joins(old, pod translate.Pod) bool {
	return old.Network == "" && d.want.Network != nil && pod.Network == d.want.Network.Name && len(d.want.Pods) > 1
}
