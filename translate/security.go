package translate

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/securitycontext"
	"k8s.io/utils/ptr"
)

// security is the container's security context over the pod's, field by field.
func (p *podTranslator) security(c *corev1.Container, path *field.Path) Security {
	pod := p.pod
	// The function may hand out parts of its arguments: copy what is kept.
	effective := securitycontext.DetermineEffectiveSecurityContext(pod, c)
	s := Security{
		RunAsUser:       clone(effective.RunAsUser),
		RunAsGroup:      clone(effective.RunAsGroup),
		RunAsNonRoot:    ptr.Deref(effective.RunAsNonRoot, false),
		Privileged:      ptr.Deref(effective.Privileged, false),
		ReadOnlyRoot:    ptr.Deref(effective.ReadOnlyRootFilesystem, false),
		NoNewPrivileges: securitycontext.AddNoNewPrivileges(effective),
	}
	if effective.ProcMount != nil {
		s.Unmasked = *effective.ProcMount == corev1.UnmaskedProcMount
	}
	p.profiles(&s, c, effective, path)
	if effective.Capabilities != nil {
		s.CapAdd = capabilities(effective.Capabilities.Add)
		s.CapDrop = capabilities(effective.Capabilities.Drop)
	}
	if shared := pod.Spec.SecurityContext; shared != nil {
		// The group that owns the volumes comes first (kubelet: kuberuntime/security_context.go).
		if shared.FSGroup != nil {
			s.SupplementalGroups = append(s.SupplementalGroups, *shared.FSGroup)
		}
		s.SupplementalGroups = append(s.SupplementalGroups, shared.SupplementalGroups...)
		s.StrictGroups = ptr.Deref(shared.SupplementalGroupsPolicy, "") == corev1.SupplementalGroupsPolicyStrict
	}
	return s
}

func clone[T any](p *T) *T {
	if p == nil {
		return nil
	}
	return new(*p)
}

// capabilities are spelt as Podman lists them. Container runtimes take them in any case, with and
// without the prefix.
func capabilities(list []corev1.Capability) []string {
	var names []string
	for _, capability := range list {
		names = append(names, strings.TrimPrefix(strings.ToUpper(string(capability)), "CAP_"))
	}
	slices.Sort(names)
	return slices.Compact(names)
}
