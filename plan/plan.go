package plan

import (
	"fmt"
	"time"

	"github.com/podup/podup/translate"
)

// Plan is a change as data: what the user is told and what an executor does. It prints the same for
// the same input.
type Plan struct {
	Project   string
	Changes   []Change
	Steps     []Step
	Conflicts []Conflict // names held by others: with any of these, nothing may be done
	Missing   []string   // images, sorted, that are not in the store and may not be pulled: nothing may be done either
	Orphans   []string   // pods of the project the manifests no longer name, sorted; kept unless pruned
	Notes     []string   // what the user should know and the plan leaves as it is
}

// Action is what a Change does to its object.
type Action string

// The actions.
const (
	ActionPull    Action = "pull"
	ActionCreate  Action = "create"
	ActionReplace Action = "replace"
	ActionUpdate  Action = "update" // in place
	ActionStart   Action = "start"
	ActionStop    Action = "stop"
	ActionRestart Action = "restart"
	ActionRemove  Action = "remove"
)

// Change is one line for the user: an object, what happens to it and why, field by field.
type Change struct {
	Action  Action
	Object  string   // "pod/web", "container/web-app", "volume/web-cache", "image/docker.io/library/nginx:1.27", …
	Reasons []string // at least one
}

// Step is one engine operation.
type Step struct {
	Op     Op
	Undo   []Op   // in order; done when a later step of the same Scope fails
	Scope  string // steps of one non-empty scope stand or fall together
	Change int    // index of the Change it belongs to
	After  []int  // indexes of steps, all smaller than its own, that must have succeeded
}

// Conflict is a wanted name that somebody else holds.
type Conflict struct{ Object, Owner string }

// Op is one operation on the engine. The set is closed; each carries exactly what its operation
// needs, by name. String shows no confidential value.
type Op interface {
	fmt.Stringer
	op()
}

// The operations.
type (
	// PullImage asks a registry for an image.
	PullImage struct{ Image string }
	// CreateNetwork makes the project's network.
	CreateNetwork struct{ Network translate.Network }
	// CreateSecret stores an env value.
	CreateSecret struct{ Secret translate.Secret }
	// CreateVolume makes a volume and gives it its first content.
	CreateVolume struct{ Volume translate.Volume }
	// WriteVolume swaps the content of a Files volume.
	WriteVolume struct{ Volume translate.Volume }
	// CreatePod makes the pod and its infra container; nothing runs yet.
	CreatePod struct{ Pod translate.Pod }
	// StartPod starts the infra container, after which the pod has its addresses.
	StartPod struct{ Pod string }
	// HoldVolumes makes the container that keeps the pod's Memory volumes.
	HoldVolumes struct{ Pod translate.Pod }
	// CreateContainer makes a container in its pod under Name; it does not start it.
	CreateContainer struct {
		Container translate.Container
		Name      string
	}
	// RunPod leads a pod whose containers are made to where every app container of Start has been
	// started, each behind what stands before it: init containers that have succeeded, sidecars that
	// have started.
	RunPod struct {
		Pod   translate.Pod
		Start []string // engine names, in order; what is not among them stays as it is
	}
	// RunInit starts an init container and waits for its end; an exit code other than 0 is a failure.
	RunInit struct{ Name string }
	// ResizeContainer gives a container its Sizes; one that runs keeps running.
	ResizeContainer struct {
		Container translate.Container
		Name      string
	}
	// StartContainer starts a container.
	StartContainer struct{ Name string }
	// StopContainer stops a container. A negative Grace is the one it was created with.
	StopContainer struct {
		Name  string
		Grace time.Duration
	}
	// RenameContainer gives a container another name.
	RenameContainer struct{ From, To string }
	// RemoveContainer removes a container, killing it if it runs.
	RemoveContainer struct{ Name string }
	// StopPod stops all containers of a pod, app containers at once, then the infra container.
	StopPod struct {
		Pod   string
		Grace time.Duration
	}
	// RemovePod stops a pod as StopPod does and removes it with its containers and its holder.
	RemovePod struct {
		Pod   string
		Grace time.Duration
	}
	// RemoveVolume removes a volume.
	RemoveVolume struct{ Name string }
	// RemoveSecret removes an engine secret.
	RemoveSecret struct{ Name string }
	// RemoveNetwork removes the project's network.
	RemoveNetwork struct{ Name string }
)
