package validate

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/podup/podup/manifest"
)

// safeSysctls are those a kubelet sets without being told to allow them (kubelet:
// sysctl/safe_sysctls.go, with a kernel of 6.12 or later).
func safeSysctls() []string {
	return []string{
		"kernel.shm_rmid_forced",
		"net.ipv4.ip_local_port_range",
		"net.ipv4.tcp_syncookies",
		"net.ipv4.ping_group_range",
		"net.ipv4.ip_unprivileged_port_start",
		"net.ipv4.ip_local_reserved_ports",
		"net.ipv4.tcp_keepalive_time",
		"net.ipv4.tcp_fin_timeout",
		"net.ipv4.tcp_keepalive_intvl",
		"net.ipv4.tcp_keepalive_probes",
		"net.ipv4.tcp_rmem",
		"net.ipv4.tcp_wmem",
	}
}

// namespacedSysctls are what the kernel has once for each network or IPC namespace (kubelet:
// util/sysctl/namespace.go).
func namespacedSysctls() []string {
	return []string{"kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue.", "net."}
}

// sysctls refuses those that would change the whole machine, as a kubelet does.
func (c *checker) sysctls(doc manifest.Document[*corev1.Pod]) {
	security := doc.Object.Spec.SecurityContext
	if security == nil {
		return
	}
	for i, sysctl := range security.Sysctls {
		path := field.NewPath("spec", "securityContext", "sysctls").Index(i).Child("name")
		name := sysctl.Name
		if at := strings.IndexAny(name, "./"); at >= 0 && name[at] == '/' {
			name = strings.NewReplacer("/", ".", ".", "/").Replace(name)
		}
		switch {
		case name == "" || slices.Contains(safeSysctls(), name):
		case !slices.ContainsFunc(namespacedSysctls(), func(prefix string) bool { return strings.HasPrefix(name, prefix) }):
			c.add(doc.At(path, "podup-unsupported-sysctl",
				"it belongs to the whole machine, not to a pod: a kubelet refuses it; set it on the machine with sysctl(8)"))
		default:
			c.add(doc.WarnAt(path, "podup-unsafe-sysctl",
				"a kubelet refuses it unless started with --allowed-unsafe-sysctls="+name))
		}
	}
}
