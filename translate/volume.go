package translate

import (
	"maps"
	"path"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	resourcehelper "k8s.io/component-helpers/resource"
	"k8s.io/utils/ptr"
)

// podVolume is a volume of the pod that a container mounts.
type podVolume struct {
	mount Mount       // what all mounts of the volume have in common
	path  *field.Path // of the volume's name
	own   string      // engine name, where the volume is the pod's own
}

// volume translates a volume when a container first mounts it: as with a kubelet, what nobody mounts
// is not made, and what it refers to need not exist. It is nil after a problem.
func (p *podTranslator) volume(name string, mountName *field.Path) *podVolume {
	if volume, known := p.used[name]; known {
		return volume
	}
	var volume *podVolume
	found := false
	for i := range p.pod.Spec.Volumes {
		if source := &p.pod.Spec.Volumes[i]; source.Name == name {
			volume, found = p.newVolume(source, field.NewPath("spec", "volumes").Index(i)), true
			break
		}
	}
	if !found {
		p.report(mountName, RuleMissingReference, "the pod has no volume %q", name)
	}
	p.used[name] = volume
	return volume
}

func (p *podTranslator) newVolume(source *corev1.Volume, volumePath *field.Path) *podVolume {
	volume := &podVolume{path: volumePath.Child("name")}
	switch {
	case source.EmptyDir != nil:
		return p.own(volume, source, p.emptyDir(source.EmptyDir, volumePath.Child("emptyDir")))
	case source.ConfigMap != nil, source.Secret != nil, source.DownwardAPI != nil, source.Projected != nil:
		volume.mount.ReadOnly = true // whatever the mount says (kubelet: GetAttributes of these plugins)
		return p.own(volume, source, Volume{Kind: Files, Files: p.files(source, volumePath)})
	case source.HostPath != nil:
		return p.hostPath(volume, source, volumePath.Child("hostPath"))
	case source.PersistentVolumeClaim != nil:
		return p.claimVolume(volume, source.PersistentVolumeClaim, volumePath.Child("persistentVolumeClaim"))
	case source.Image != nil:
		imagePath := volumePath.Child("image")
		volume.mount.Image = p.image(source.Image.Reference, imagePath.Child("reference"))
		volume.mount.ImagePull = PullPolicy(source.Image.PullPolicy)
		volume.mount.ReadOnly = true
		return volume
	default:
		p.report(volumePath, RuleUnsupportedField, "podup knows no volume of this kind")
		return nil
	}
}

// own makes an engine volume that lives and dies with the pod.
func (p *podTranslator) own(volume *podVolume, source *corev1.Volume, wanted Volume) *podVolume {
	if wanted.Group = fsGroup(p.pod); wanted.Group != nil {
		for i := range wanted.Files {
			wanted.Files[i].Mode |= groupMayRead
		}
	}
	wanted.Project, wanted.Pod, wanted.Name = p.opts.Project, p.pod.Name, VolumeName(p.pod.Name, source.Name)
	p.volumes = append(p.volumes, wanted)
	volume.own, volume.mount.Volume = wanted.Name, wanted.Name
	volume.mount.Group = wanted.Group
	return volume
}

func (p *podTranslator) emptyDir(source *corev1.EmptyDirVolumeSource, sourcePath *field.Path) Volume {
	var size int64
	if source.SizeLimit != nil {
		size = source.SizeLimit.Value()
	}
	switch source.Medium {
	case corev1.StorageMediumDefault:
		return Volume{Kind: EmptyDir, Size: size}
	case corev1.StorageMediumMemory:
		// What the pod may use in all bounds the tmpfs, too (kubelet: emptydir/empty_dir.go,
		// calculateEmptyDirMemorySize).
		if limit := podMemoryLimit(p.pod); limit > 0 && (size <= 0 || limit < size) {
			size = limit
		}
		return Volume{Kind: Memory, Size: size}
	default: // Kubernetes' validation lets HugePages and HugePages-SIZE through
		return p.hugePageVolume(source, sourcePath.Child("medium"))
	}
}

// podMemoryLimit is the memory limit of the pod's cgroup in bytes: it has one only if every container
// has (kubelet: cm/helpers_linux.go, ResourceConfigForPod).
func podMemoryLimit(pod *corev1.Pod) int64 {
	limited := true
	limits := resourcehelper.PodLimits(pod, resourcehelper.PodResourcesOptions{
		ContainerFn: func(list corev1.ResourceList, _ resourcehelper.ContainerType) {
			limited = limited && !list.Memory().IsZero()
		},
	})
	if !limited {
		return 0
	}
	return limits.Memory().Value()
}

func (p *podTranslator) hostPath(volume *podVolume, declared *corev1.Volume, sourcePath *field.Path) *podVolume {
	source := declared.HostPath
	host := p.text(source.Path, sourcePath.Child("path"))
	switch {
	case path.IsAbs(host):
		host = path.Clean(host)
	case p.doc.Dir == "":
		p.report(sourcePath.Child("path"), RuleInvalidPath, "%q is relative, but the manifest came from no directory: give an absolute path", host)
		return nil
	default:
		host = filepath.Join(p.doc.Dir, filepath.FromSlash(host))
	}
	volume.mount.HostPath = host
	volume.mount.Relabel = p.relabel(declared.Name, host)
	volume.mount.HostPathType = string(ptr.Deref(source.Type, corev1.HostPathUnset))
	return volume
}

func (p *podTranslator) claimVolume(volume *podVolume, source *corev1.PersistentVolumeClaimVolumeSource, sourcePath *field.Path) *podVolume {
	if _, found := p.claims[source.ClaimName]; !found {
		p.report(sourcePath.Child("claimName"), RuleMissingReference, "there is no PersistentVolumeClaim %q%s; add it to the files given",
			source.ClaimName, among("the files given have", maps.Keys(p.claims)))
		return nil
	}
	volume.mount.Volume = source.ClaimName
	volume.mount.ReadOnly = source.ReadOnly
	volume.mount.Group = fsGroup(p.pod)
	if security := p.pod.Spec.SecurityContext; security != nil {
		volume.mount.OnMismatch = ptr.Deref(security.FSGroupChangePolicy, "") == corev1.FSGroupChangeOnRootMismatch
	}
	return volume
}

// groupMayRead is what every file of a read-only volume gets with the group (kubelet:
// volume/volume_linux.go).
const groupMayRead = 0o440

func fsGroup(pod *corev1.Pod) *int64 {
	if pod.Spec.SecurityContext == nil {
		return nil
	}
	return clone(pod.Spec.SecurityContext.FSGroup)
}
