package translate

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

// Namespaces are those of a pod that differ from what every pod has: a network, an IPC and a UTS
// namespace of its own, a PID namespace for each container, and the engine's user namespace.
type Namespaces struct {
	HostPID  bool // hostPID
	HostIPC  bool // hostIPC
	OwnUsers bool // hostUsers: false
	Sysctls  []Sysctl
}

// Sysctl is a kernel parameter of the pod's namespaces.
type Sysctl struct{ Name, Value string }

func (p *podTranslator) namespaces() Namespaces {
	spec := &p.pod.Spec
	n := Namespaces{
		HostPID:  spec.HostPID,
		HostIPC:  spec.HostIPC,
		OwnUsers: !ptr.Deref(spec.HostUsers, true),
	}
	if spec.SecurityContext == nil {
		return n
	}
	for i, sysctl := range spec.SecurityContext.Sysctls {
		// Both spellings name one parameter: kernel/shm_rmid_forced (kubelet: util/sysctl, NormalizeName).
		name := normalSysctl(sysctl.Name)
		n.Sysctls = append(n.Sysctls, Sysctl{name, p.text(sysctl.Value, field.NewPath("spec", "securityContext", "sysctls").Index(i).Child("value"))})
	}
	slices.SortFunc(n.Sysctls, func(a, b Sysctl) int { return cmp.Compare(a.Name, b.Name) })
	return n
}

// normalSysctl separates the parts of a name by dots, whichever of . and / comes first in it.
func normalSysctl(name string) string {
	first := strings.IndexAny(name, "./")
	if first < 0 || name[first] == '.' {
		return name
	}
	return strings.Map(func(r rune) rune {
		switch r {
		case '.':
			return '/'
		case '/':
			return '.'
		}
		return r
	}, name)
}

func (n Namespaces) facts() []fact {
	var facts []fact
	for _, flag := range []struct {
		name string
		set  bool
	}{{"hostPID", n.HostPID}, {"hostIPC", n.HostIPC}, {"user namespace of its own", n.OwnUsers}} {
		if flag.set {
			facts = append(facts, plainFact(flag.name, "true"))
		}
	}
	for _, sysctl := range n.Sysctls {
		facts = append(facts, plainFact("sysctl "+sysctl.Name, sysctl.Value))
	}
	return facts
}

// network of the pod: the machine's where the manifest asks for it, whatever the project's is.
func (p *podTranslator) network(project string) string {
	if p.pod.Spec.HostNetwork {
		return hostNetwork
	}
	return project
}

// hostname is the kernel's, and domain what fully qualifies it, if anything does
// (kubelet: kubelet_pods.go, GeneratePodHostNameAndDomain).
func (p *podTranslator) hostname() (name, domain string) {
	spec := &p.pod.Spec
	switch {
	case spec.HostNetwork && p.pod.Spec.NodeName != "":
		return p.pod.Spec.NodeName, ""
	case spec.HostnameOverride != nil:
		return *spec.HostnameOverride, ""
	}
	name = hostname(p.pod)
	if spec.Subdomain == "" {
		return name, ""
	}
	domain = strings.Join([]string{spec.Subdomain, p.pod.Namespace, "svc", clusterDomain}, ".")
	if !ptr.Deref(spec.SetHostnameAsFQDN, false) {
		return name, domain
	}
	full := name + "." + domain
	if len(full) > fullHostnameLength {
		p.report(field.NewPath("spec", "setHostnameAsFQDN"), RuleLongHostname,
			"the hostname would be %q, %d characters long, and the kernel takes %d: shorten hostname or subdomain", full, len(full), fullHostnameLength)
	}
	return full, domain
}

const (
	// clusterDomain is what a cluster's is called unless somebody changes it.
	clusterDomain = "cluster.local"
	// fullHostnameLength is the kernel's limit.
	fullHostnameLength = 64
)

// hostAliases are the pod's, in order.
func hostAliases(pod *corev1.Pod) []HostAlias {
	var aliases []HostAlias
	for _, alias := range pod.Spec.HostAliases {
		aliases = append(aliases, HostAlias{alias.IP, slices.Clone(alias.Hostnames)})
	}
	return aliases
}
