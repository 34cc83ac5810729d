package translate

import (
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// AnnotationRelabel on a pod says what label its hostPath volumes get on a machine with SELinux: shared,
// so that all containers of the machine may use them, private, for this one alone, or none. With a slash
// and a volume's name behind it, it is about that volume. The volumes podup makes are labelled by the
// engine.
const AnnotationRelabel = "io.podup.selinux-relabel"

// The labels as Podman spells them.
const (
	relabelShared  = "z"
	relabelPrivate = "Z"
)

// relabel is how a hostPath volume is labelled where SELinux is on: shared unless the pod says
// otherwise, and never a directory of the system.
func (p *podTranslator) relabel(volume, host string) string {
	label := relabelShared
	if system(host) {
		label = ""
	}
	for _, key := range []string{AnnotationRelabel, AnnotationRelabel + "/" + volume} {
		value, ok := p.pod.Annotations[key]
		if !ok {
			continue
		}
		annotation := field.NewPath("metadata", "annotations").Key(key)
		switch value {
		case "none":
			label = ""
		case "shared", "private":
			label = relabelShared
			if value == "private" {
				label = relabelPrivate
			}
			if system(host) {
				label = ""
				if key != AnnotationRelabel {
					p.report(annotation, RuleInvalidAnnotation, "%s is the system's: with another SELinux label the machine's own programs could lose it; use none", host)
				}
			}
		default:
			p.report(annotation, RuleInvalidAnnotation, "%q is no way to label a volume: use shared, private or none", value)
		}
	}
	return label
}

// relabelNames finds annotations that speak of a volume which is no hostPath of the pod.
func (p *podTranslator) relabelNames() {
	for key := range p.pod.Annotations {
		name, about := strings.CutPrefix(key, AnnotationRelabel+"/")
		if about && !slices.ContainsFunc(p.pod.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == name && v.HostPath != nil }) {
			p.report(field.NewPath("metadata", "annotations").Key(key), RuleInvalidAnnotation, "the pod has no hostPath volume %q", name)
		}
	}
}

// system says whether a directory is the system's: what Podman refuses to relabel (opencontainers/selinux 1.13,
// go-selinux, Chcon), users' homes, and what lies below directories that hold nothing of a user's.
func system(host string) bool {
	whole := []string{
		"/", "/home", "/media", "/mnt", "/opt", "/root", "/srv", "/tmp", "/var", "/var/cache", "/var/home", "/var/lib", "/var/log", "/var/tmp",
	}
	if slices.Contains(whole, host) || path.Dir(host) == "/home" || path.Dir(host) == "/var/home" {
		return true
	}
	for _, tree := range []string{"/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/system", "/usr", "/var/run"} {
		if host == tree || strings.HasPrefix(host, tree+"/") {
			return true
		}
	}
	return false
}
