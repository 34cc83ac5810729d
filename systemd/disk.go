package systemd

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/podup/podup/quadlet"
)

// The directory of a project holds its units, what they mount below filesDir, and while somebody changes
// it a journal.
const (
	filesDir    = "files"
	journalName = ".podup"
	spareName   = ".podup.tmp" // a file that is being written
)

// Disk is what there is of a project.
type Disk struct {
	Project string
	Dir     string                  // absolute
	Units   map[string][]byte       // by file name
	Files   map[string]quadlet.File // by name
	Dirs    []string                // below filesDir, and that itself
	// Strangers are what else is in the directory, with whose it is. It stays as it is.
	Strangers map[string]string
	// Unfinished says that an install or uninstall did not end; Journal are the services that it meant to
	// restart.
	Unfinished bool
	Journal    []string
	Bare       bool // there is an empty directory, of somebody or other
}

// Empty says that nothing of the project is there.
func (d Disk) Empty() bool {
	return len(d.Units)+len(d.Files)+len(d.Dirs) == 0 && !d.Unfinished && !d.Bare
}

// Services are those of the units, and those of a journal.
func (d Disk) Services() []string {
	services := slices.Clone(d.Journal)
	for name, text := range d.Units {
		services = append(services, serviceOf(name, text))
	}
	slices.Sort(services)
	return slices.Compact(services)
}

// Directory is where the units of a project are.
func (h Host) Directory(project string) string { return filepath.Join(h.Quadlet, project) }

// errForeign is a directory of a project's name in which nothing is the project's.
var errForeign = errors.New("not made by podup")

// foreign is an error with a text of its own that is errForeign.
type foreign struct{ error }

func (foreign) Is(target error) bool { return target == errForeign }

// Units is Read for who wants to install nothing: a directory of somebody else's holds no units of the project.
func (h Host) Units(project string) (Disk, error) {
	disk, err := h.Read(project)
	if errors.Is(err, errForeign) {
		return Disk{Project: project, Dir: disk.Dir}, nil
	}
	return disk, err
}

// Installed says that there is something to uninstall: units, or what one that did not end has left.
func (d Disk) Installed() bool { return len(d.Units) > 0 || d.Unfinished }

// Pods are the services of the units' pods, sorted, as systemctl takes them: without ".service".
func (d Disk) Pods() []string { return d.named(".pod") }

// Containers are those of the containers, likewise, but for the ones that end before the others start.
func (d Disk) Containers() []string { return d.named(".container") }

func (d Disk) named(kind string) []string {
	var all []string
	for name, text := range d.Units {
		if path.Ext(name) == kind && value(text, "Type") != "oneshot" {
			all = append(all, strings.TrimSuffix(serviceOf(name, text), ".service"))
		}
	}
	slices.Sort(all)
	return all
}

// Claims are the volumes of claims that the units use, sorted by name.
func (d Disk) Claims() []string {
	var all []string
	for name, text := range d.Units {
		if keeps(name, text) {
			all = append(all, strings.TrimPrefix(objectOf(name, text), "volume/"))
		}
	}
	slices.Sort(all)
	return all
}

// Read looks at the directory of a project. That it is somebody else's is an error.
func (h Host) Read(project string) (Disk, error) {
	d := Disk{
		Project: project, Dir: h.Directory(project),
		Units: map[string][]byte{}, Files: map[string]quadlet.File{}, Strangers: map[string]string{},
	}
	for _, dir := range h.Search {
		if dir.Path == h.Quadlet && dir.Skip == project {
			return d, foreign{fmt.Errorf("Quadlet does not read %s: give another --project", d.Dir)} //nolint:staticcheck // a name
		}
	}
	info, err := os.Lstat(d.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return d, nil
	case err != nil:
		return d, fmt.Errorf("look at the units of project %s: %w", project, err)
	case !info.IsDir():
		return d, foreign{fmt.Errorf("%s is %s, and podup wants to have the units of project %s there: move it away, or give another --project", d.Dir, kindOf(info), project)}
	}
	root, err := os.OpenRoot(d.Dir)
	if err != nil {
		return d, fmt.Errorf("look at the units of project %s: %w", project, err)
	}
	defer root.Close()
	if err := d.read(root); err != nil {
		return d, fmt.Errorf("look at the units of project %s: %w", project, err)
	}
	if len(d.Units)+len(d.Dirs)+len(d.Strangers) == 0 {
		d.Bare = true // as after the first change of an install, and before the last of an uninstall
	}
	if len(d.Units) == 0 && !d.Unfinished && !d.Bare {
		// Without a unit nothing says whose the files are.
		if len(d.Dirs) > 0 {
			d.Strangers[filesDir] = "not made by podup"
			d.Files, d.Dirs = map[string]quadlet.File{}, nil
		}
		if len(d.Strangers) > 0 {
			return d, foreign{fmt.Errorf("%s holds %s, and nothing that podup has made for project %s: move it away, or give another --project",
				d.Dir, d.strangers(), project)}
		}
	}
	return d, nil
}

// strangers names them, with whose they are.
func (d Disk) strangers() string {
	var texts []string
	for name, whose := range d.Strangers {
		texts = append(texts, name+" ("+whose+")")
	}
	slices.Sort(texts)
	return strings.Join(texts, ", ")
}

func (d *Disk) read(root *os.Root) error {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case entry.IsDir() && name == filesDir:
			if err := d.readFiles(root); err != nil {
				return err
			}
		case !entry.Type().IsRegular():
			info, err := entry.Info()
			if err != nil {
				return err
			}
			d.Strangers[name] = kindOf(info)
		case name == spareName:
			d.Unfinished = true
		default:
			text, err := root.ReadFile(name)
			if err != nil {
				return err
			}
			project, ours := owner(text)
			switch {
			case !ours:
				d.Strangers[name] = "not made by podup"
			case project != d.Project:
				d.Strangers[name] = "made for project " + project
			case name == journalName:
				d.Unfinished = true
				d.Journal = strings.Fields(string(rules(text)))
			case isUnit(name):
				d.Units[name] = text
			default:
				d.Strangers[name] = "not made by podup"
			}
		}
	}
	return nil
}

func (d *Disk) readFiles(root *os.Root) error {
	return fs.WalkDir(root.FS(), filesDir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			d.Dirs = append(d.Dirs, name)
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			d.Strangers[name] = kindOf(info)
			return nil
		}
		f := quadlet.File{Name: name, Mode: info.Mode().Perm()}
		// What the owner may not read can be read by root only: it is written anew.
		if f.Data, err = root.ReadFile(name); err != nil && !errors.Is(err, fs.ErrPermission) {
			return err
		}
		d.Files[name] = f
		return nil
	})
}

// in are the strangers that keep a file from being written: one of its name, or in place of a directory
// of it.
func (d Disk) in(name string) (stranger string, found bool) {
	for at := name; at != "."; at = path.Dir(at) {
		if _, found := d.Strangers[at]; found {
			return at, true
		}
	}
	return "", false
}

func sameFile(a, b quadlet.File) bool { return a.Mode == b.Mode && bytes.Equal(a.Data, b.Data) }

func kindOf(info fs.FileInfo) string {
	switch mode := info.Mode(); {
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	case mode.IsDir():
		return "a directory"
	case mode.IsRegular():
		return "a file"
	default:
		return "no file"
	}
}
