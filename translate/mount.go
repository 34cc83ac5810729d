package translate

import (
	"path"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"
)

func (p *podTranslator) mounts(env *environment, c *corev1.Container, containerPath *field.Path) []Mount {
	var mounts []Mount
	seen := map[string]string{}
	for i := range c.VolumeMounts {
		declared, mountPath := &c.VolumeMounts[i], containerPath.Child("volumeMounts").Index(i)
		volume := p.volume(declared.Name, mountPath.Child("name"))
		if volume == nil {
			continue
		}
		mount := volume.mount
		mount.Path = path.Join("/", p.text(declared.MountPath, mountPath.Child("mountPath")))
		if other, taken := seen[mount.Path]; taken {
			p.report(mountPath.Child("mountPath"), RulePathConflict, "volume %q is mounted there already", other)
		}
		seen[mount.Path] = declared.Name
		mount.SubPath = p.subPath(env, declared, mountPath)
		mount.ReadOnly = mount.ReadOnly || declared.ReadOnly
		mount.Propagation = propagation(declared.MountPropagation)
		mounts = append(mounts, mount)
	}
	return mounts
}

// propagation is empty, the engine's default, where nothing is declared.
func propagation(mode *corev1.MountPropagationMode) string {
	if mode == nil {
		return ""
	}
	switch *mode {
	case corev1.MountPropagationHostToContainer:
		return "rslave"
	case corev1.MountPropagationBidirectional:
		return "rshared"
	default:
		return "rprivate"
	}
}

// subPath is relative and clean; empty is the volume's root.
func (p *podTranslator) subPath(env *environment, mount *corev1.VolumeMount, mountPath *field.Path) string {
	sub, subPath := p.text(mount.SubPath, mountPath.Child("subPath")), mountPath.Child("subPath")
	if mount.SubPathExpr != "" {
		subPath = mountPath.Child("subPathExpr")
		var ok bool
		if sub, ok = p.expandSubPath(env, p.text(mount.SubPathExpr, subPath), subPath); !ok {
			return ""
		}
	}
	if sub == "" {
		return ""
	}
	if path.IsAbs(sub) || climbs(sub) {
		p.report(subPath, RuleInvalidPath, "%q is not a path below the volume's root: it must be relative and without \"..\"", show(sub))
		return ""
	}
	if sub = path.Clean(sub); sub == "." {
		return ""
	}
	return sub
}

// climbs is what Kubernetes' validation asks of paths; here it is asked of what variables made of one.
func climbs(p string) bool {
	for part := range strings.SplitSeq(p, "/") {
		if part == ".." {
			return true
		}
	}
	return false
}

// expandSubPath differs from other expansion in that every variable must have a value (kubelet:
// container/helpers.go, ExpandContainerVolumeMounts).
func (p *podTranslator) expandSubPath(env *environment, expr string, exprPath *field.Path) (string, bool) {
	missing, secrets := sets.New[string](), sets.New[string]()
	expanded := expansion.Expand(expr, func(name string) string {
		v := env.vars[name]
		if v.text == "" {
			missing.Insert(name)
		}
		if v.confidential {
			secrets.Insert(name)
		}
		return v.text
	})
	for _, name := range sets.List(missing) {
		p.report(exprPath, RuleMissingVariable, "$(%s) has no value in this container", name)
	}
	for _, name := range sets.List(secrets) {
		p.report(exprPath, RuleSecretInArgv, "$(%s) is the value of a Secret and would show in the engine's records and in the "+
			"container's list of mounts: use a variable that is no secret", name)
	}
	return expanded, len(missing) == 0 && len(secrets) == 0
}
