package translate

// Labels podup puts on everything it makes. Of what does not have its project in LabelProject, `podup up` and
// `podup down` touch the data of the project's claims alone, which units may have made (LabelUnit).
const (
	LabelProject   = "io.podup.project"
	LabelPod       = "io.podup.pod"
	LabelContainer = "io.podup.container" // the name in the manifest
	LabelRole      = "io.podup.role"      // one of the Role constants
	LabelHash      = "io.podup.hash"      // what the engine fixed at creation, see Hash
	LabelOrder     = "io.podup.order"     // place among the pod's containers of its kind when it was made, from 0
	LabelKind      = "io.podup.kind"      // of a volume, its VolumeKind
	LabelSource    = "io.podup.source"    // of a secret, its Source
)

// LabelUnit is on what systemd units make and use, in place of LabelProject: the name of the installed
// project. Such an object is no project's of `podup up`, but for a claim's volume, which has RoleClaim as well.
// A container has the labels of its image, which may be a commit of a container that podup has made: each of
// the two labels is on all containers, empty where it is the other one's, and the project's prevails.
const LabelUnit = "io.podup.unit"

// Roles of engine objects.
const (
	RoleApp     = "app"
	RoleInit    = "init"
	RoleSidecar = "sidecar" // an init container that runs on
	RoleHolder  = "holder"
	RoleDebug   = "debug" // an ephemeral container: it goes with its pod and is never started again
	RolePod     = "pod"   // the pod and, by inheritance, its infra container
	RoleRelease = "release"
	RoleClaim   = "claim"
	RoleVolume  = "volume" // lives and dies with its pod
)

// Names of engine objects. A dot cannot stand in a container's manifest name, so the names with a
// dot meet no container's.

// ContainerName is what the engine calls a container of a pod.
func ContainerName(pod, container string) string { return pod + "-" + container }

// InfraName is what the engine calls a pod's infra container.
func InfraName(pod string) string { return pod + "-infra" }

// HolderName is the container that keeps a pod's Memory volumes alive.
func HolderName(pod string) string { return pod + ".hold" }

// SuccessorName and PredecessorName are held only while a container is being replaced.
func SuccessorName(container string) string { return container + ".new" }

// PredecessorName is what a container is called while its successor takes its name.
func PredecessorName(container string) string { return container + ".old" }

// VolumeName is what the engine calls a pod's own volume. (kube play uses the bare name, so two
// pods with a volume "cache" share its data.)
func VolumeName(pod, volume string) string { return pod + "-" + volume }

// ProjectObject is the name of a project's network and of its release volume.
func ProjectObject(project string) string { return "podup." + project }

// SecretName is what the engine calls the secret that holds the value with this digest.
func SecretName(project, digest string) string { return ProjectObject(project) + "." + digest }

// EngineName is the container's name in the engine.
func (c Container) EngineName() string { return ContainerName(c.Pod, c.Name) }
