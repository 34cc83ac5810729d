package quadlet

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/podup/podup/translate"
)

// volumeData is what volume.tmpl shows.
type volumeData struct {
	head
	PartOf                string
	Type, Device, Options string
	StartPost             [][]string
	Stop                  [][]string
}

func (g *generator) volume(v translate.Volume) {
	if v.Kind == translate.Files {
		g.files(v)
		return
	}
	unit, service := volumeUnit(v.Name)
	manager := "--user"
	if g.opts.Root {
		manager = "--system"
	}
	at := fmt.Sprintf("spec.volumes[%s]", strings.TrimPrefix(v.Name, v.Pod+"-"))
	data := volumeData{}
	if v.Pod != "" {
		_, pod := podUnit(v.Pod)
		data.PartOf = pod + ".service"
		data.Stop = [][]string{{"/bin/sh", "-c", removeScript, "volume", v.Name, manager}}
	}
	switch v.Kind {
	case translate.Memory:
		g.memoryVolume(unit, at, &data, v)
	default:
		if v.Size > 0 {
			g.note(unit, at+".emptyDir.sizeLimit", "nothing keeps the volume below it; give it medium Memory, or watch it")
		}
		data.StartPost = append(data.StartPost, g.inVolumes(openScript, v.Name))
		if v.Group != nil {
			data.StartPost = append(data.StartPost, g.inVolumes(ownScript, v.Name, fmt.Sprint(*v.Group), "mismatch"))
		}
	}
	data.head = g.head(unit, service, v.Name)
	if v.Pod == "" {
		data.Labels = append(data.Labels, translate.LabelRole+"="+translate.RoleClaim)
	}
	g.write(v.Pod, unit, service, "volume", data)
}

// memoryVolume is a tmpfs. It lives as long as somebody has it mounted: the volume is mounted by itself,
// so that it outlives a container that starts again, and an init container that ends.
func (g *generator) memoryVolume(unit, at string, data *volumeData, v translate.Volume) {
	options := []string{"mode=1777"} // as a kubelet's (seen on 1.36)
	if v.Group != nil {
		options = []string{"mode=3777", fmt.Sprintf("gid=%d", *v.Group)}
	}
	data.Type, data.Device = "tmpfs", "tmpfs"
	if v.Page > 0 {
		if !g.opts.Root {
			g.refuse(v.Pod, at+".emptyDir.medium", "only root may mount huge pages: generate for root, or use medium Memory")
		}
		data.Type, data.Device = "hugetlbfs", "nodev"
		options = []string{fmt.Sprintf("pagesize=%dM", v.Page>>20), "mode=0777"}
		if v.Group != nil {
			options = []string{options[0], "mode=2777", fmt.Sprintf("gid=%d", *v.Group)}
		}
	} else if v.Size > 0 {
		options = append([]string{fmt.Sprintf("size=%d", v.Size)}, options...)
	}
	data.Options = strings.Join(options, ",")
	hold := []string{podman, "volume", "mount", v.Name}
	release := []string{podman, "volume", "unmount", v.Name}
	if !g.opts.Root {
		hold, release = append([]string{podman, "unshare"}, hold...), append([]string{podman, "unshare"}, release...)
	}
	data.StartPost = append(data.StartPost, hold)
	data.Stop = append([][]string{release}, data.Stop...)
}

// Scripts that work on a volume's directory; $1 is the volume. What may only be written so: systemd and
// Podman have no words for it.
const (
	mountpoint = `d=$(` + podman + ` volume inspect --format '{{.Mountpoint}}' "$1") || exit; `

	// It outlives the machine's end, as with a kubelet, but not the pod's; $2 is the service manager.
	removeScript = `[ "$(systemctl "$2" is-system-running)" = stopping ] || exec ` + podman + ` volume rm "$1"`

	// Any user of the container may write, as with a kubelet. One that has content may have been given
	// another mode by whoever uses it.
	openScript = mountpoint + `[ -n "$(ls -A "$d")" ] || chmod 0777 "$d"`

	// fsGroup: $2 is the group, $3 "mismatch" where a directory that is the group's already is left alone
	// (kubelet: volume/volume_linux.go). A file that another pod removes meanwhile is no failure.
	ownScript = mountpoint + `[ "$3" != mismatch ] || [ -z "$(find "$d" -prune -gid "$2" -perm -2770)" ] || exit 0; ` +
		`find "$d" -mindepth 1 -exec chgrp -h "$2" {} +; find "$d" -mindepth 1 ! -type l -exec chmod ug+rw {} +; ` +
		`find "$d" -mindepth 1 -type d -exec chmod ug+x,g+s {} +; chgrp "$2" "$d" && chmod ug+rwx,g+s "$d"`

	// What follows are the directories down to the sub-path. No link is followed out of the volume; new ones
	// have the volume's mode (kubelet: kubelet_pods.go, makeMounts).
	subPathScript = mountpoint + makeParts

	hostSubPathScript = `d=$1; ` + makeParts

	makeParts = `shift; mode=$(stat -c %a "$d"); ` +
		`for p; do [ ! -L "$d/$p" ] || exit 1; [ -e "$d/$p" ] || { mkdir "$d/$p" 2>/dev/null && chmod "$mode" "$d/$p"; } || [ -d "$d/$p" ] || exit 1; done`
)

// inVolumes is a script that may change what is in volumes: where users are mapped, their root has to.
func (g *generator) inVolumes(script string, args ...string) []string {
	command := append([]string{"/bin/sh", "-c", script, "volume"}, args...)
	if !g.opts.Root {
		return append([]string{podman, "unshare"}, command...)
	}
	return command
}

// files are those of a volume, as files beside the units. Secrets are empty there.
func (g *generator) files(v translate.Volume) {
	at := fmt.Sprintf("spec.volumes[%s]", strings.TrimPrefix(v.Name, v.Pod+"-"))
	for _, file := range v.Files {
		if reason := scanned(file.Path); reason != "" {
			g.refuse(v.Pod, at, fmt.Sprintf("file %s: Podman's generator reads the directory of the units with all below it, and %s: use another path (items)", file.Path, reason))
		}
		made := File{Name: fileName(v.Name, file.Path), Mode: file.Mode}
		if confidential(file) {
			made.Mode = 0o644
		} else {
			made.Data = []byte(file.Data.Reveal())
		}
		g.set.Files = append(g.set.Files, made)
	}
}

// scanned says what Podman's generator would take a file below the units' directory for.
func scanned(name string) string {
	kinds := []string{".artifact", ".build", ".container", ".image", ".kube", ".network", ".pod", ".quadlets", ".volume"}
	if ext := path.Ext(name); slices.Contains(kinds, ext) {
		return "would take it for a unit"
	}
	for part := range strings.SplitSeq(path.Dir(name), "/") {
		if stem, ok := strings.CutSuffix(part, ".d"); ok && (slices.Contains(kinds, "."+stem) || slices.Contains(kinds, path.Ext(stem))) {
			return "would take what is in " + part + " for additions to units"
		}
	}
	return ""
}
