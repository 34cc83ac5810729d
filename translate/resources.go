package translate

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	resourcehelper "k8s.io/component-helpers/resource"
	podresource "k8s.io/kubernetes/pkg/api/v1/resource"
)

// The kernel's and the kubelet's numbers (kubelet: cm/helpers_linux.go).
const (
	minShares    = 2
	maxShares    = 262144
	sharesPerCPU = 1024
	milliPerCPU  = 1000
	quotaPeriod  = 100000 // microseconds
	minQuota     = 1000   // microseconds
)

// resources follows the kubelet's calculateLinuxResources (kuberuntime_container_linux.go), but for
// one thing: where no container of the pod speaks of CPU, none gets shares. A kubelet gives them the
// minimum, which against each other means the same; on cgroup v1 a rootless engine would warn of it.
func resources(pod *corev1.Pod, c *corev1.Container) Resources {
	var r Resources
	limits := limitsOf(pod, c)
	limit := limits.Cpu().MilliValue()
	request, requested := c.Resources.Requests[corev1.ResourceCPU]
	switch {
	case requested:
		r.CPUShares = shares(request.MilliValue())
	case limit != 0:
		r.CPUShares = shares(limit)
	case declaresCPU(pod):
		r.CPUShares = minShares
	}
	if limit != 0 {
		r.CPUPeriod = quotaPeriod
		r.CPUQuota = max(limit*quotaPeriod/milliPerCPU, minQuota)
	}
	r.MemoryLimit = limits.Memory().Value()
	r.HugePages2Mi, r.HugePages1Gi = hugePages(c, page2Mi), hugePages(c, page1Gi)
	if r.Class = class(pod); r.Class == corev1.PodQOSBurstable {
		r.MemoryRequest = memoryRequest(pod, c, sidecar(c))
	}
	return r
}

// restartsFor says whether a container is made anew to give it another amount of a resource.
func restartsFor(c *corev1.Container, name corev1.ResourceName) bool {
	return slices.ContainsFunc(c.ResizePolicy, func(policy corev1.ContainerResizePolicy) bool {
		return policy.ResourceName == name && policy.RestartPolicy == corev1.RestartContainer
	})
}

// limitsOf are the container's, and the pod's where it has none (kubelet:
// kuberuntime_container_linux.go, getCPULimit and getMemoryLimit).
func limitsOf(pod *corev1.Pod, c *corev1.Container) corev1.ResourceList {
	limits := corev1.ResourceList{}
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		limit := c.Resources.Limits[name]
		if limit.IsZero() && resourcehelper.IsPodLevelResourcesSet(pod) {
			limit = pod.Spec.Resources.Limits[name]
		}
		limits[name] = limit
	}
	return limits
}

// podResources are those of the pod's own cgroup, where the pod declares any.
func podResources(pod *corev1.Pod) Resources {
	var r Resources
	if !resourcehelper.IsPodLevelResourcesSet(pod) {
		return r
	}
	// With the overhead, as a scheduler and a kubelet count it.
	limits := resourcehelper.PodLimits(pod, resourcehelper.PodResourcesOptions{})
	requests := resourcehelper.PodRequests(pod, resourcehelper.PodResourcesOptions{})
	if _, ok := pod.Spec.Resources.Requests[corev1.ResourceCPU]; ok {
		r.CPUShares = shares(requests.Cpu().MilliValue())
	}
	if !pod.Spec.Resources.Limits.Cpu().IsZero() {
		r.CPUPeriod, r.CPUQuota = quotaPeriod, max(limits.Cpu().MilliValue()*quotaPeriod/milliPerCPU, minQuota)
	}
	if !pod.Spec.Resources.Limits.Memory().IsZero() {
		r.MemoryLimit = limits.Memory().Value()
	}
	return r
}

func shares(milliCPU int64) uint64 {
	return uint64(min(max(milliCPU*sharesPerCPU/milliPerCPU, minShares), maxShares))
}

func declaresCPU(pod *corev1.Pod) bool {
	declares := func(c corev1.Container) bool {
		_, requested := c.Resources.Requests[corev1.ResourceCPU]
		_, limited := c.Resources.Limits[corev1.ResourceCPU]
		return requested || limited
	}
	return resourcehelper.IsPodLevelResourcesSet(pod) && (pod.Spec.Resources.Requests.Cpu().MilliValue() > 0 || pod.Spec.Resources.Limits.Cpu().MilliValue() > 0) ||
		slices.ContainsFunc(pod.Spec.Containers, declares) || slices.ContainsFunc(pod.Spec.InitContainers, declares)
}

// resourceField is a container's request or limit as an environment variable. c is the container
// that asks, and the one meant where the reference names none.
func (p *podTranslator) resourceField(c *corev1.Container, ref *corev1.ResourceFieldSelector, path *field.Path) (string, bool) {
	machine := true
	if ref.ContainerName != "" {
		var init bool
		if c, init = p.find(ref.ContainerName); c == nil {
			p.noContainer(ref, path)
			return "", false
		}
		// A kubelet gives the node's resources to app containers only when it looks one up by name
		// (kubelet: kubelet_resources.go): an init container's unset limit is then 0.
		machine = !init
	}
	if machine && limitUnset(c, ref) {
		if ref.Resource == "limits.ephemeral-storage" {
			p.report(path, RuleNoLimit, "container %q sets no ephemeral-storage limit; Kubernetes would show what the node "+
				"can allocate, but here no storage is set aside: declare the limit", c.Name)
			return "", false
		}
		return limitToken(ref), true
	}
	return p.resourceText(c, ref, path)
}

// resourceFile is a container's request or limit as the content of a file.
func (p *podTranslator) resourceFile(ref *corev1.ResourceFieldSelector, path *field.Path) (string, bool) {
	c, _ := p.find(ref.ContainerName)
	if c == nil {
		p.noContainer(ref, path)
		return "", false
	}
	if limitUnset(c, ref) {
		p.report(path, RuleNoLimit, "container %q sets no %s; Kubernetes would write what the node can allocate, "+
			"but podup writes files before it knows the machine: declare the limit, or use an environment variable", c.Name, ref.Resource)
		return "", false
	}
	return p.resourceText(c, ref, path)
}

func (p *podTranslator) resourceText(c *corev1.Container, ref *corev1.ResourceFieldSelector, path *field.Path) (string, bool) {
	text, err := podresource.ExtractContainerResourceValue(ref, c)
	if err != nil {
		p.report(path.Child("resource"), RuleUnsupportedField, "%v", err)
		return "", false
	}
	return text, true
}

// limitUnset says whether the reference is to a limit in whose place Kubernetes shows the node's
// allocatable resources. Huge pages have none: they are never overcommitted.
func limitUnset(c *corev1.Container, ref *corev1.ResourceFieldSelector) bool {
	switch ref.Resource {
	case "limits.cpu":
		return c.Resources.Limits.Cpu().IsZero()
	case "limits.memory":
		return c.Resources.Limits.Memory().IsZero()
	case "limits.ephemeral-storage":
		return c.Resources.Limits.StorageEphemeral().IsZero()
	default:
		return false
	}
}

func (p *podTranslator) noContainer(ref *corev1.ResourceFieldSelector, path *field.Path) {
	p.report(path.Child("containerName"), RuleMissingReference, "the pod has no container %q", ref.ContainerName)
}

func (p *podTranslator) find(name string) (c *corev1.Container, init bool) {
	for i := range p.pod.Spec.Containers {
		if c := &p.pod.Spec.Containers[i]; c.Name == name {
			return c, false
		}
	}
	for i := range p.pod.Spec.InitContainers {
		if c := &p.pod.Spec.InitContainers[i]; c.Name == name {
			return c, true
		}
	}
	return nil, false
}
