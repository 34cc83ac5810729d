// Package plan compares what must exist with what does and says, step by step and with a reason for
// each change, how to get there. It is pure: it calls no engine and reads no clock.
package plan

import (
	"time"

	"github.com/podup/podup/translate"
)

// Actual is a snapshot of what an engine holds of one project. Diff decides on it alone.
type Actual struct {
	Project  string
	Pods     map[string]PodState    // by pod name
	Volumes  map[string]VolumeState // by engine name, the release volume excluded
	Networks []string               // names
	Secrets  []string               // engine secret names
	Sources  map[string]string      // of engine secrets, what translate.Secret.Source was when they were made
	Release  bool                   // the release volume exists

	// Images are the IDs of the images the wanted project names, by normalised reference, as far as
	// they are in the engine's store. Pulled are those a registry has just been asked for.
	Images map[string]string
	Pulled map[string]bool

	// Taken are wanted names that an object without the project's label holds, by "pod/web",
	// "container/web-app", "volume/web-cache", "network/podup.x"; the value says whose they are
	// ("not made by podup", "project shop", "units of shop").
	Taken map[string]string

	// Applied are past definitions, newest first: the last release and those before it. They turn a
	// differing hash into a field by field reason. Empty where the releases were lost.
	Applied []translate.Project
	// Unfinished is how many of Applied, from the newest, were not carried out to their end: failed
	// or killed. What leaves no trace in labels, such as the content of a volume, is as
	// Applied[Unfinished] says or as any of those after it; where there is no such definition, it is
	// not known.
	Unfinished int
	// Partial are those of Applied that were for some pods only, by index. They say nothing of other
	// pods. One that was carried out for its pods counts for these as Applied[Unfinished] does.
	Partial map[int]Partial
}

// Partial is the reach of a definition that was applied for some pods only.
type Partial struct {
	Pods []string
	Done bool // carried out to its end
}

// PodState is a pod with its containers as the engine lists them. Without an ID the engine has no
// such pod, only containers that carry its name in their labels.
type PodState struct {
	Name       string
	ID         string
	Hash       string // label; what the pod was created from
	Infra      ContainerState
	Containers map[string]ContainerState // by engine name; the infra container is not among them
}

// ContainerState is one container. Running is believed only where the process exists.
type ContainerState struct {
	Name      string // in the engine
	ID        string
	Pod       string
	Container string // name in the manifest
	Role      string // translate.Role…
	Order     int    // translate.LabelOrder
	Hash      string
	Image     string // reference it was created from
	ImageID   string
	Status    Status
	ExitCode  int       // of the last run, where Status is Exited
	StartedAt time.Time // of the last run; compared by whole seconds, an engine's list knows no more
	ExitedAt  time.Time
	CreatedAt time.Time
	Restarts  int
	Ports     []translate.Port
}

// Status is a container's state, reduced to what decisions need.
type Status string

// The states. Lost is a container the engine believes running whose process is gone, or that ended
// with its whole machine so that the exit code is unknown.
const (
	Created Status = "created" // never started, or initialised only
	Running Status = "running"
	Paused  Status = "paused"
	Exited  Status = "exited"
	Lost    Status = "lost"
)

// VolumeState is one volume of the project.
type VolumeState struct {
	Name string
	Pod  string // empty for a claim
	Role string // translate.RoleClaim or RoleVolume
	Kind translate.VolumeKind
}
