package translate

// Facts are what a manifest may refer to and only the running pod and its engine know: the pod's
// addresses, which exist once the infra container runs, and the machine's size. Until then strings
// of a Container hold tokens in their place, so that a changed address changes no hash.
type Facts struct {
	PodIPs            []string // the first is status.podIP
	HostIPs           []string // the first is status.hostIP
	AllocatableCPU    int64    // thousandths of a CPU
	AllocatableMemory int64    // bytes
}
