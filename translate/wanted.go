// Package translate says what must exist for a set of manifests, in Podman's terms but without
// Podman: the same value feeds the engine and Quadlet units. It does no I/O.
package translate

import (
	"io/fs"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Project is everything podup wants to exist under one project name.
type Project struct {
	Name        string
	Network     *Network     // nil: every pod is on the engine's default network
	Volumes     []Volume     // sorted by name; those of the pods and the claims
	Secrets     []Secret     // engine secrets that hold env values, sorted by source and name
	Pods        []Pod        // in manifest order
	Credentials []Credential // logins for pulling images; nothing of them is in the engine
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
	Page    int64  // bytes of a huge page, of a Memory volume that consists of them
	Files   []File // Files only; sorted by path
	Group   *int64 // fsGroup; nil leaves the content to whoever made it
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
	Source  string // for people, "login key password": the manifest's Secret and key the value came from
}

// Pod is a Podman pod with its infra container and its containers.
type Pod struct {
	Project  string
	Name     string
	UID      string // stable over re-creation: derived from project and pod name
	Hostname string
	Network  string   // engine network name; empty is the engine's default
	Aliases  []string // names of Services that lead to the pod on that network, beside Name and Hostname; sorted
	Ports    []Port
	Grace    time.Duration // terminationGracePeriodSeconds
	Init     []Container   // in order: the next starts when one has succeeded or, of a sidecar, has started
	Apps     []Container   // in manifest order
	Held     []string      // Memory volumes: a never-started container holds them over restarts

	Restart        corev1.RestartPolicy
	Deadline       time.Duration // activeDeadlineSeconds; 0 is none
	ShareProcesses bool          // shareProcessNamespace
	Namespaces     Namespaces
	Names          Names
	Resources      Resources   // spec.resources: limits of the pod's own cgroup
	Request        Request     // what it asks of the machine, all in all
	Object         *corev1.Pod // the manifest, defaulted: what podup get shows beside the status
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

// Container is one container of a pod. Strings may hold runtime tokens (see Facts), which are only
// known once the pod's infra container runs.
type Container struct {
	Project    string
	Pod        string // pod name
	Name       string // container name in the manifest
	Init       bool
	Sidecar    bool   // an init container with restartPolicy Always
	Ephemeral  bool   // added to a pod that runs, wanted by no manifest
	Target     string // of an ephemeral container, the container of the pod whose processes it sees
	Order      int    // place among its pod's init or app containers, from 0; only for showing them
	Image      string // normalised reference: registry, repository and tag or digest
	Pull       PullPolicy
	Entrypoint []string // nil: the image's
	Command    []string // nil: the image's; empty but not nil: none, for an Entrypoint drops the image's
	WorkingDir string
	Env        []EnvVar      // in Kubernetes' order, each name once
	Mounts     []Mount       // in manifest order
	StopSignal string        // "SIGUSR1"; empty is the image's
	Grace      time.Duration // between the stop signal and SIGKILL
	TTY, Stdin bool
	HostPID    bool // the pod's, which the engine has to be told of each container
	Resources  Resources
	// resizePolicy: another value is given to a container made anew, not to the one that is there.
	RestartForCPU, RestartForMemory bool

	Security  Security
	Lifecycle Lifecycle

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
	Group        *int64 // fsGroup, of volumes to which a kubelet gives it
	OnMismatch   bool   // fsGroupChangePolicy of a claim: only where the volume's directory is not the group's
	Propagation  string // "", "rprivate", "rslave", "rshared"
	Relabel      string // of a HostPath on a machine with SELinux: "", "z" (shared), "Z" (private)
}

// Resources are cgroup values; zero means not set.
type Resources struct {
	CPUShares   uint64
	CPUQuota    int64 // microseconds per CPUPeriod
	CPUPeriod   uint64
	MemoryLimit int64 // bytes
	// Limits of huge pages in bytes; those of containers only.
	HugePages2Mi, HugePages1Gi int64
	// Class of the pod and memory request in bytes: by them the kernel chooses a victim when memory runs
	// out, see OOMScore. Of containers only; a class of "" is BestEffort.
	Class         corev1.PodQOSClass
	MemoryRequest int64
}

// Security is what of a securityContext podup honours.
type Security struct {
	RunAsUser          *int64
	RunAsGroup         *int64
	RunAsNonRoot       bool
	SupplementalGroups []int64
	StrictGroups       bool // supplementalGroupsPolicy: Strict
	Privileged         bool
	ReadOnlyRoot       bool
	NoNewPrivileges    bool
	Unmasked           bool     // procMount
	Seccomp            string   // "": the engine's default; "unconfined"; the absolute path of a profile
	AppArmor           string   // "": the engine's default; "unconfined"; the name of a loaded profile
	SELinux            []string // "level:s0:c1,c2" and the like, sorted
	CapAdd, CapDrop    []string // without CAP_, upper case, sorted
}

// Containers are the pod's containers in the order they start: Init, then Apps.
func (p Pod) Containers() []Container {
	return slices.Concat(p.Init, p.Apps)
}
