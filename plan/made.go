package plan

import "github.com/podup/podup/translate"

// MadeFrom gives the applied definition that a pod of the engine comes from: the one it was made from,
// else the newest that has the pod; ok is false where no definition is known.
func (a Actual) MadeFrom(state PodState) (pod translate.Pod, ok bool) {
	if pod, ok = a.podMadeFrom(state); ok {
		return pod, true
	}
	for _, p := range a.Applied {
		if pod, ok = findPod(p, state.Name); ok {
			return pod, true
		}
	}
	return translate.Pod{}, false
}
