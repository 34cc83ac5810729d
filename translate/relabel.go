package translate

import (
	"path"
	"slices"
	"strings"

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

// system says whether a directory is the system's: what Podman refuses to relabel (opencontainers/selinux
// go-selinux/label, checkRelabel... of the directories themselves) and what lies below those that hold
// nothing else.
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
