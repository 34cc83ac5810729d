package translate

import (
	"cmp"
	"path"
	"path/filepath"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

// unconfined is what Podman calls the absence of a seccomp or AppArmor profile.
const unconfined = "unconfined"

// profiles sets what confines the container beside its user: seccomp, AppArmor and SELinux.
func (p *podTranslator) profiles(s *Security, c *corev1.Container, effective *corev1.SecurityContext, containerPath *field.Path) {
	// The effective context holds neither profile, only SELinux options.
	own, shared := c.SecurityContext, p.pod.Spec.SecurityContext
	if own == nil {
		own = &corev1.SecurityContext{}
	}
	if shared == nil {
		shared = &corev1.PodSecurityContext{}
	}
	ownPath, sharedPath := containerPath.Child("securityContext"), field.NewPath("spec", "securityContext")
	if seccomp := cmp.Or(own.SeccompProfile, shared.SeccompProfile); seccomp != nil {
		at := ownPath
		if own.SeccompProfile == nil {
			at = sharedPath
		}
		s.Seccomp = p.seccomp(seccomp, at.Child("seccompProfile", "localhostProfile"))
	}
	if armor := cmp.Or(own.AppArmorProfile, shared.AppArmorProfile); armor != nil {
		switch armor.Type {
		case corev1.AppArmorProfileTypeUnconfined:
			s.AppArmor = unconfined
		case corev1.AppArmorProfileTypeLocalhost:
			s.AppArmor = ptr.Deref(armor.LocalhostProfile, "")
		case corev1.AppArmorProfileTypeRuntimeDefault: // also the engine's default
		}
	}
	if options := effective.SELinuxOptions; options != nil {
		for _, option := range []struct{ name, value string }{
			{"user", options.User}, {"role", options.Role}, {"type", options.Type}, {"level", options.Level},
		} {
			if option.value != "" {
				s.SELinux = append(s.SELinux, option.name+":"+option.value)
			}
		}
		slices.Sort(s.SELinux)
	}
}

// seccomp gives a local profile's path. A kubelet looks for it below a directory of its own; here that
// is the manifest's, as for relative host paths.
func (p *podTranslator) seccomp(profile *corev1.SeccompProfile, localPath *field.Path) string {
	switch profile.Type {
	case corev1.SeccompProfileTypeUnconfined:
		return unconfined
	case corev1.SeccompProfileTypeLocalhost:
	default:
		return ""
	}
	local := p.text(ptr.Deref(profile.LocalhostProfile, ""), localPath)
	switch {
	case local == "" || path.IsAbs(local) || climbs(local):
		p.report(localPath, RuleInvalidPath, "%q is not a path below the manifest's directory: it must be relative and without \"..\"", local)
		return ""
	case p.doc.Dir == "":
		p.report(localPath, RuleInvalidPath, "%q is relative, but the manifest came from no directory: read it from a file", local)
		return ""
	}
	return filepath.Join(p.doc.Dir, filepath.FromSlash(local))
}
