package systemd

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/podup/podup/quadlet"
)

// owner is the project that a unit was made for, by its first line.
func owner(text []byte) (project string, ours bool) {
	line, _, _ := strings.Cut(string(text), "\n")
	rest, ours := strings.CutPrefix(line, strings.TrimSpace(quadlet.Mark)+" ")
	if !ours {
		return "", false
	}
	project, _, _ = strings.Cut(strings.TrimSpace(rest), " ")
	return strings.TrimRight(project, ";"), true
}

// rules are the lines of a unit that mean something. A unit of which others change is written anew, and
// nothing is restarted for it.
func rules(text []byte) []byte {
	var kept [][]byte
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && line[0] != ';' {
			kept = append(kept, line)
		}
	}
	return bytes.Join(kept, []byte("\n"))
}

// value is the last one of a key of a unit file, whatever its section.
func value(text []byte, key string) string {
	found := ""
	for line := range bytes.Lines(rules(text)) {
		if name, value, ok := strings.Cut(string(line), "="); ok && strings.TrimSpace(name) == key {
			found = strings.TrimSpace(value)
		}
	}
	return found
}

// kinds are what Quadlet makes services of, with what it appends to a file's name for one.
func kinds() map[string]string {
	return map[string]string{
		".container": "", ".kube": "", ".pod": "-pod", ".volume": "-volume", ".network": "-network",
		".image": "-image", ".build": "-build", ".artifact": "-artifact",
	}
}

func isUnit(name string) bool {
	_, ok := kinds()[path.Ext(name)]
	return ok
}

// serviceOf is the service that Quadlet makes of a file.
func serviceOf(name string, text []byte) string {
	if name := value(text, "ServiceName"); name != "" {
		return name + ".service"
	}
	kind := path.Ext(name)
	return strings.TrimSuffix(name, kind) + kinds()[kind] + ".service"
}

// objectOf is what a unit makes in the engine: "pod/web". It is empty for a unit that names nothing.
func objectOf(name string, text []byte) string {
	kind := strings.TrimPrefix(path.Ext(name), ".")
	keys := map[string]string{"pod": "PodName", "container": "ContainerName", "volume": "VolumeName", "network": "NetworkName"}
	if object := value(text, keys[kind]); object != "" {
		return kind + "/" + object
	}
	return ""
}

// keeps says whether what a unit makes outlives it: the volume of a claim. That of a pod is removed when
// its service stops.
func keeps(name string, text []byte) bool {
	return path.Ext(name) == ".volume" && value(text, "ExecStop") == "" && value(text, "ExecStopPost") == ""
}

// recreated says whether a changed unit takes effect only when what it has made is gone.
func recreated(name string, text []byte) bool {
	return path.Ext(name) == ".network" || path.Ext(name) == ".volume" && !keeps(name, text)
}

// Starts says whether an install starts a unit itself: volumes and networks come with what uses them.
func (u UnitChange) Starts() bool { return starts(u.Name) }

func starts(name string) bool { return path.Ext(name) == ".pod" || path.Ext(name) == ".container" }

// everyone gives what f gives of each, sorted, each once, without "".
func everyone[T any](of []T, f func(T) string) []string {
	var all []string
	for _, one := range of {
		if text := f(one); text != "" {
			all = append(all, text)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
