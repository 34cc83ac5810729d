// Package translate says what must exist for a set of manifests, in Podman's terms but without
// Podman: the same value feeds the engine and Quadlet units. It does no I/O.
package translate

import (
	"io/fs"
	"slices"
	"time"
)

// Project is everything podup wants to exist under one project name.
type Project struct {
	Name    string
	Network *Network // nil: every pod is on the engine's default network
	Volumes []Volume // sorted by name; those of the pods and the claims
	Secrets []Secret // engine secrets that hold env values, sorted by name
	Pods    []Pod    // in manifest order
}

// Network is a bridge with DNS on which the pods of a project find each other by name.
type Network struct {
	Project string
	Name    string // podup.<project>
}

// VolumeKind says how a volume comes by its content.
type VolumeKind string

// The kinds of volume. A claim outlives the pod; everything else is made and removed with it.
const (
	EmptyDir VolumeKind = "emptyDir" // a directory any user may write to
	Memory   VolumeKind = "memory"   // a tmpfs that lives as long as the pod
	Files    VolumeKind = "files"    // configMap, secret, downwardAPI, projected
	Claim    VolumeKind = "claim"    // persistentVolumeClaim
)

// Volume is an engine volume. Pod is empty for a claim, which belongs to the project.
type Volume struct {
	Project string
	Name    string // <pod>-<volume>; a claim keeps its own name
	Pod     string
	Kind    VolumeKind
	Size    int64  // bytes, 0 is unlimited; enforced for Memory only
	Files   []File // Files only; sorted by path
}

// File is one file of a Files volume, placed below the volume's root as a kubelet's AtomicWriter does.
type File struct {
	Path string // relative, cleaned, may contain slashes
	Mode fs.FileMode
	Data Value
}

// Secret is an engine secret, immutable and named by the keyed digest of its value:
// podup.<project>.<digest>. Only environment variables use one; files are written to volumes.
type Secret struct {
	Project string
	Name    string
	Value   Value
}

// Pod is a Podman pod with its infra container and its containers.
type Pod struct {
	Project  string
	Name     string
	UID      string // stable over re-creation: derived from project and pod name
	Hostname string
	Network  string // engine network name; empty is the engine's default
	Ports    []Port
	Grace    time.Duration // terminationGracePeriodSeconds
	Init     []Container   // in order; each runs to completion before the next
	Apps     []Container   // in manifest order
	Held     []string      // Memory volumes: a never-started container holds them over restarts
}

// Port is one published port. HostIP empty means all addresses.
type Port struct {
	HostIP        string
	HostPort      uint16
	ContainerPort uint16
	Protocol      string // "tcp", "udp", "sctp"
}

// PullPolicy is Kubernetes' imagePullPolicy.
type PullPolicy string

// The pull policies, spelt as in a manifest.
const (
	PullAlways       PullPolicy = "Always"
	PullIfNotPresent PullPolicy = "IfNotPresent"
	PullNever        PullPolicy = "Never"
)

// Restart is Podman's restart policy.
type Restart string

// The restart policies, spelt as Podman does.
const (
	RestartAlways    Restart = "always"
	RestartOnFailure Restart = "on-failure"
	RestartNo        Restart = "no"
)

// Container is one container of a pod. Strings may hold runtime tokens (see Facts), which are only
// known once the pod's infra container runs.
type Container struct {
	Project    string
	Pod        string // pod name
	Name       string // container name in the manifest
	Init       bool
	Order      int    // place among its pod's init or app containers, from 0; only for showing them
	Image      string // normalised reference: registry, repository and tag or digest
	Pull       PullPolicy
	Entrypoint []string // nil: the image's
	Command    []string // nil: the image's; empty but not nil: none, for an Entrypoint drops the image's
	WorkingDir string
	Env        []EnvVar // in Kubernetes' order, each name once
	Mounts     []Mount  // in manifest order
	Restart    Restart
	Grace      time.Duration // between the stop signal and SIGKILL
	TTY, Stdin bool
	Resources  Resources
	Security   Security

	unresolved string // the Hash from before Resolve, which facts do not change
}

// EnvVar is an environment variable. Secret names the engine secret that holds the value; then Value
// is empty.
type EnvVar struct {
	Name   string
	Value  string
	Secret string
}

// Mount puts exactly one of Volume, HostPath and Image at Path.
type Mount struct {
	Path         string
	Volume       string // engine volume name
	HostPath     string // absolute
	HostPathType string // Kubernetes' hostPath.type, "" is no check
	Image        string // normalised reference of an image volume
	ImagePull    PullPolicy
	SubPath      string
	ReadOnly     bool
	Propagation  string // "", "rprivate", "rslave", "rshared"
}

// Resources are cgroup values; zero means not set.
type Resources struct {
	CPUShares   uint64
	CPUQuota    int64 // microseconds per CPUPeriod
	CPUPeriod   uint64
	MemoryLimit int64 // bytes
}

// Security is what of a securityContext podup honours.
type Security struct {
	RunAsUser          *int64
	RunAsGroup         *int64
	RunAsNonRoot       bool
	SupplementalGroups []int64
	Privileged         bool
	ReadOnlyRoot       bool
	NoNewPrivileges    bool
	CapAdd, CapDrop    []string // without CAP_, upper case, sorted
}

// Containers are the pod's containers in the order they start: Init, then Apps.
func (p Pod) Containers() []Container {
	return slices.Concat(p.Init, p.Apps)
}
