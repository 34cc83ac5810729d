package translate

import (
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	podresource "k8s.io/kubernetes/pkg/api/v1/resource"
)

// Facts are what a manifest may refer to and only the running pod and its engine know: the pod's
// addresses, which exist once the infra container runs, and the machine's size. Until then strings
// of a Container hold tokens in their place, so that a changed address changes no hash.
type Facts struct {
	PodIPs            []string // the first is status.podIP
	HostIPs           []string // the first is status.hostIP
	AllocatableCPU    int64    // thousandths of a CPU
	AllocatableMemory int64    // bytes
}

// tokenMark stands on both sides of a token. It can be neither in an argument nor in an environment
// variable, and Want refuses manifests that try, so that no text is mistaken for a token.
const tokenMark = "\x00"

// PodIP is what stands for status.podIP in a string that is nothing else.
const PodIP = tokenMark + "status.podIP" + tokenMark

// A token's text between the marks is a field ("status.podIP") or a resource of the machine with
// its divisor ("limits.memory/1Mi").
func token(name string) string { return tokenMark + name + tokenMark }

// limitToken stands for a limit that is not set, in whose place a kubelet shows what the node can
// allocate. The arithmetic waits for the facts, so the divisor travels with it.
func limitToken(ref *corev1.ResourceFieldSelector) string {
	name := ref.Resource
	if !ref.Divisor.IsZero() && ref.Divisor.Cmp(resource.MustParse("1")) != 0 {
		name += "/" + ref.Divisor.String()
	}
	return token(name)
}

// splitTokens cuts text at the marks: the odd parts are tokens.
func splitTokens(text string) []string { return strings.Split(text, tokenMark) }

// value of a token. What the facts do not hold is empty, as a kubelet has it.
func (f Facts) value(token string) string {
	switch token {
	case "status.podIP":
		return first(f.PodIPs)
	case "status.podIPs":
		return strings.Join(f.PodIPs, ",")
	case "status.hostIP":
		return first(f.HostIPs)
	case "status.hostIPs":
		return strings.Join(f.HostIPs, ",")
	}
	name, divisor, divided := strings.Cut(token, "/")
	ref := &corev1.ResourceFieldSelector{Resource: name}
	if divided {
		ref.Divisor = resource.MustParse(divisor) // written by limitToken
	}
	machine := &corev1.Container{Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewMilliQuantity(f.AllocatableCPU, resource.DecimalSI),
		corev1.ResourceMemory: *resource.NewQuantity(f.AllocatableMemory, resource.BinarySI),
	}}}
	text, err := podresource.ExtractContainerResourceValue(ref, machine)
	if err != nil {
		return ""
	}
	return text
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func (f Facts) resolve(text string) string {
	if !strings.Contains(text, tokenMark) {
		return text
	}
	parts := splitTokens(text)
	for i := 1; i < len(parts); i += 2 {
		parts[i] = f.value(parts[i])
	}
	return strings.Join(parts, "")
}

func (f Facts) resolveAll(texts []string) []string {
	texts = slices.Clone(texts) // of an empty list it is empty, of nil nil
	for i := range texts {
		texts[i] = f.resolve(texts[i])
	}
	return texts
}

// Resolve puts the facts in the place of all tokens. The receiver stays as it is, and so does the Hash.
func (c Container) Resolve(f Facts) Container {
	c.unresolved = c.Hash()
	c.Entrypoint = f.resolveAll(c.Entrypoint)
	c.Command = f.resolveAll(c.Command)
	c.Env = slices.Clone(c.Env)
	for i := range c.Env {
		c.Env[i].Value = f.resolve(c.Env[i].Value)
	}
	c.Mounts = slices.Clone(c.Mounts)
	for i := range c.Mounts {
		c.Mounts[i].SubPath = f.resolve(c.Mounts[i].SubPath)
	}
	return c
}

// NeedsPod says whether the container can be made only when its pod's infra container runs: it has
// facts of it, or, with a read-only root file system, its /dev/shm.
func (c Container) NeedsPod() bool { return c.NeedsFacts() || c.Security.ReadOnlyRoot }

// NeedsFacts says whether anything of the container waits for Resolve.
func (c Container) NeedsFacts() bool {
	marked := func(text string) bool { return strings.Contains(text, tokenMark) }
	return slices.ContainsFunc(c.Entrypoint, marked) ||
		slices.ContainsFunc(c.Command, marked) ||
		slices.ContainsFunc(c.Env, func(e EnvVar) bool { return marked(e.Value) }) ||
		slices.ContainsFunc(c.Mounts, func(m Mount) bool { return marked(m.SubPath) })
}

// NeedsFacts says whether a container of the pod does.
func (p Pod) NeedsFacts() bool {
	return slices.ContainsFunc(p.Init, Container.NeedsFacts) || slices.ContainsFunc(p.Apps, Container.NeedsFacts)
}

// tokenLookalike matches text that show would give for a token.
var tokenLookalike = regexp.MustCompile(`\$\((status\.(podIPs?|hostIPs?)|limits\.(cpu|memory)(/[^)]*)?)\)`)

// show makes tokens readable, "$(status.podIP)". Text that looks like one already is escaped as in a
// manifest, "$$(status.podIP)".
func show(text string) string {
	parts := splitTokens(text)
	for i := range parts {
		if i%2 == 1 {
			parts[i] = "$(" + parts[i] + ")"
		} else {
			parts[i] = tokenLookalike.ReplaceAllString(parts[i], "$$$0")
		}
	}
	return strings.Join(parts, "")
}
