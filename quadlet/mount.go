package quadlet

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/podup/podup/translate"
)

func (g *generator) mounts(unit string, data *containerData, c *translate.Container) {
	for i := range c.Mounts {
		m := &c.Mounts[i]
		at := field(c, "volumeMounts["+m.Path+"]")
		g.checkWord(c.Pod, at, m.Path)
		g.checkWord(c.Pod, at, m.SubPath)
		if strings.Contains(m.Path+m.SubPath+m.HostPath, "\r") {
			g.refuse(c.Pod, at, "a carriage return in a path does not survive --mount, which podman reads as CSV; "+supervised)
		}
		switch {
		case m.HostPath != "":
			g.hostPath(at, data, c, m)
		case m.Image != "":
			g.imageMount(unit, at, data, m)
		default:
			if volume := g.volumes[m.Volume]; volume.Kind == translate.Files {
				g.filesMount(unit, at, data, c, m, volume)
			} else {
				g.volumeMount(data, c, m, volume)
			}
		}
	}
}

// ownClaims gives the claims of a pod to its fsGroup, once, before any of its containers runs.
func (g *generator) ownClaims(data *podData, p *translate.Pod) {
	for _, c := range p.Containers() {
		for _, m := range c.Mounts {
			if g.volumes[m.Volume].Kind != translate.Claim || m.Group == nil {
				continue
			}
			_, service := volumeUnit(m.Volume)
			if service += ".service"; slices.Contains(data.Requires, service) {
				continue
			}
			policy := "always"
			if m.OnMismatch {
				policy = "mismatch"
			}
			data.Requires = append(data.Requires, service)
			data.StartPost = append(data.StartPost, g.inVolumes(ownScript, m.Volume, fmt.Sprint(*m.Group), policy))
		}
	}
}

func (g *generator) volumeMount(data *containerData, c *translate.Container, m *translate.Mount, volume translate.Volume) {
	source, _ := volumeUnit(m.Volume)
	if m.SubPath == "" {
		options := []string{"nocopy"}
		if m.ReadOnly {
			options = append(options, "ro")
		}
		if m.Propagation != "" {
			options = append(options, m.Propagation)
		}
		if pathIsPlain(m.Path) {
			data.Volumes = append(data.Volumes, source+":"+m.Path+":"+strings.Join(options, ","))
			return
		}
	} else {
		data.before(g.inVolumes(subPathScript, append([]string{m.Volume}, parts(m.SubPath)...)...))
	}
	options := []string{"type=volume", "source=" + source, "destination=" + m.Path}
	if m.SubPath != "" {
		options = append(options, "subpath="+m.SubPath)
	}
	data.Mounts = append(data.Mounts, mountOption(append(options, access(m)...)))
}

// before has systemd run a command before the container, once however many mounts ask for it.
func (d *containerData) before(command []string) {
	if !slices.ContainsFunc(d.StartPre, func(known []string) bool { return slices.Equal(known, command) }) {
		d.StartPre = append(d.StartPre, command)
	}
}

func access(m *translate.Mount) []string {
	var options []string
	if m.ReadOnly {
		options = append(options, "ro=true")
	}
	if m.Propagation != "" {
		options = append(options, m.Propagation)
	}
	return options
}

func (g *generator) hostPath(at string, data *containerData, c *translate.Container, m *translate.Mount) {
	g.checkWord(c.Pod, at, m.HostPath)
	if check := hostPathCheck(m); check != nil {
		data.before(check)
	}
	relabel := m.Relabel
	switch m.HostPathType {
	case "Socket", "CharDevice", "BlockDevice":
		relabel = "" // with another label, its owner could lose it
	}
	source := m.HostPath
	if m.SubPath != "" {
		data.before(append([]string{"/bin/sh", "-c", hostSubPathScript, "subpath", m.HostPath}, parts(m.SubPath)...))
		source = path.Join(m.HostPath, m.SubPath)
	}
	g.bind(at, data, c, source, m, relabel)
}

func (g *generator) bind(at string, data *containerData, c *translate.Container, source string, m *translate.Mount, relabel string) {
	since, _ := oddMount.since()
	odd := strings.ContainsFunc(source, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`"'\`, r) }) &&
		g.opts.Podman.Before(since)
	if odd && source[0] != '/' {
		g.refuse(c.Pod, at, fmt.Sprintf("a file %q beside the units cannot be mounted by Podman before %s: use another name (items), or a newer Podman", m.SubPath, since))
	}
	if pathIsPlain(source) && pathIsPlain(m.Path) && !odd {
		text := source + ":" + m.Path
		var options []string
		if m.ReadOnly {
			options = append(options, "ro")
		}
		if m.Propagation != "" {
			options = append(options, m.Propagation)
		}
		if relabel != "" {
			options = append(options, relabel)
		}
		if len(options) > 0 {
			text += ":" + strings.Join(options, ",")
		}
		data.Volumes = append(data.Volumes, text)
		return
	}
	options := append([]string{"type=bind", "source=" + source, "destination=" + m.Path}, access(m)...)
	if relabel != "" {
		options = append(options, relabel)
	}
	text := mountOption(options)
	if odd {
		text = g.opts.Podman.value(oddMount, text, &data.PodmanArgs)
	}
	if text != "" {
		data.Mounts = append(data.Mounts, text)
	}
}

func (g *generator) imageMount(unit, at string, data *containerData, m *translate.Mount) {
	options := []string{"type=image", "source=" + m.Image, "destination=" + m.Path}
	if m.SubPath != "" {
		options = append(options, "subpath=/"+m.SubPath) // Podman wants it to begin so
	}
	data.Mounts = append(data.Mounts, mountOption(options))
	if m.ImagePull != translate.PullIfNotPresent && m.ImagePull != "" {
		g.note(unit, at, fmt.Sprintf("the image %s is pulled where it is missing, whatever its pullPolicy %s says; podman pull gets a newer one", m.Image, m.ImagePull))
	}
}

// filesMount mounts the directory of a volume's files, or what SubPath names of it, and secrets over the
// empty files that stand for them.
func (g *generator) filesMount(unit, at string, data *containerData, c *translate.Container, m *translate.Mount, volume translate.Volume) {
	found := m.SubPath == ""
	public := false
	var grouped []string // files that only the group may read beside their owner
	for _, file := range volume.Files {
		target := path.Join(m.Path, file.Path)
		if m.SubPath != "" {
			rest, below := strings.CutPrefix(file.Path, m.SubPath)
			if !below || rest != "" && rest[0] != '/' {
				continue
			}
			target = m.Path + rest
		}
		found = true
		if confidential(file) {
			g.secretFile(unit, data, c, volume, file, target)
			public = public || target != m.Path
			continue
		}
		public = true
		if volume.Group != nil && file.Mode&0o004 == 0 {
			grouped = append(grouped, file.Path)
		}
	}
	if len(grouped) > 0 {
		g.note(unit, at, fmt.Sprintf("files that only the group of fsGroup may read cannot be given to it: give them a mode with which others may (%s); %s",
			strings.Join(grouped, ", "), supervised))
	}
	switch {
	case !found:
		g.refuse(c.Pod, at, fmt.Sprintf("volume %s has no file %s, and nothing can be made in it", volume.Name, m.SubPath))
	case len(volume.Files) == 0:
		data.Mounts = append(data.Mounts, mountOption([]string{"type=tmpfs", "destination=" + m.Path, "ro=true", "tmpfs-mode=0755"}))
	case public:
		g.bind(at, data, c, "./"+fileName(volume.Name, m.SubPath), m, "z")
	}
}

// pathIsPlain says whether a path can stand in Volume=, where colons separate.
func pathIsPlain(p string) bool { return isPlain(p) && !strings.Contains(p, ":") }

// mountOption is the value of --mount, whose commas separate as in CSV.
func mountOption(options []string) string {
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	_ = w.Write(options) // a buffer takes everything
	w.Flush()
	return strings.TrimSuffix(text.String(), "\n")
}

// parts of a sub-path, each with those before it: "a", "a/b".
func parts(sub string) []string {
	var all []string
	for i, r := range sub {
		if r == '/' {
			all = append(all, sub[:i])
		}
	}
	return append(all, sub)
}

// hostPathCheck is what a kubelet asks of a host path by its type (kubelet: volume/hostpath/host_path.go).
func hostPathCheck(m *translate.Mount) []string {
	test := func(flag string) []string { return []string{"/usr/bin/test", flag, m.HostPath} }
	switch m.HostPathType {
	case "Directory":
		return test("-d")
	case "File":
		return test("-f")
	case "Socket":
		return test("-S")
	case "CharDevice":
		return test("-c")
	case "BlockDevice":
		return test("-b")
	case "DirectoryOrCreate":
		return []string{"/usr/bin/mkdir", "-p", "-m", "0755", "--", m.HostPath}
	case "FileOrCreate":
		return []string{"/bin/sh", "-c", `test -e "$1" || : >"$1"; test -f "$1"`, "file", m.HostPath}
	}
	return nil
}
