package systemd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/podup/podup/quadlet"
)

// Found is a file that Quadlet or the service manager reads, of somebody else.
type Found struct {
	Path    string
	Base    string // the name by which Quadlet tells files apart; empty for an ordinary unit
	Service string // what it becomes
}

// Collisions are the units of a set that would meet each other, or what has been found. Neither Quadlet
// nor systemd says anything of it (5.8): one of the two is there, and the other is not.
func Collisions(set quadlet.Set, found []Found) error {
	var errs []error
	services, objects := map[string]string{}, map[string]string{}
	for _, u := range set.Units {
		if other, met := services[u.Service]; met {
			errs = append(errs, fmt.Errorf("%s and %s would both be the service %s: rename one of the two", other, u.Name, u.Service))
		}
		services[u.Service] = u.Name
		// Pods and containers share one space of names in Podman.
		object := objectOf(u.Name, u.Text)
		if kind, name := filepath.Split(object); kind == "pod/" || kind == "container/" {
			if other, met := objects[name]; met {
				errs = append(errs, fmt.Errorf("%s and %s would both have the name %s in Podman: rename one of the two", other, u.Name, name))
			}
			objects[name] = u.Name
		}
		for _, f := range found {
			switch {
			case f.Base == u.Name:
				errs = append(errs, fmt.Errorf("%s has the name of a unit that podup wants to write, and Quadlet reads only one of the two: rename it, or the pod", f.Path))
			case f.Service == u.Service:
				errs = append(errs, fmt.Errorf("%s is the service %s, and %s would be, too: rename one of the two", f.Path, f.Service, u.Name))
			}
		}
	}
	return errors.Join(errs...)
}

// Look finds what could meet the units of a project. Directories that this user may not read, Quadlet
// does not read either.
func (h Host) Look(set quadlet.Set) []Found {
	s := search{seen: map[string]bool{}}
	if own, err := filepath.EvalSymlinks(h.Directory(set.Project)); err == nil {
		s.seen[own] = true
	}
	for _, dir := range h.Search {
		s.dir(dir.Path, dir)
	}
	for _, u := range set.Units {
		s.found = append(s.found, h.ordinary(u.Service)...)
	}
	return s.found
}

// ordinary finds unit files of a service that no generator has made.
func (h Host) ordinary(service string) []Found {
	for _, dir := range h.Services {
		path := filepath.Join(dir, service)
		if _, err := os.Lstat(path); err == nil {
			return []Found{{Path: path, Service: service}}
		}
	}
	return nil
}

type search struct {
	seen  map[string]bool // directories, without links
	found []Found
}

func (s *search) dir(path string, within Directory) {
	real, err := filepath.EvalSymlinks(path) // Quadlet follows links
	if err != nil || s.seen[real] {
		return
	}
	s.seen[real] = true
	entries, err := os.ReadDir(real)
	if err != nil {
		return
	}
	for _, entry := range entries {
		at := filepath.Join(path, entry.Name())
		info, err := os.Stat(at)
		switch {
		case err != nil:
		case info.IsDir():
			if path == within.Path && !within.reads(entry.Name()) {
				continue
			}
			s.dir(at, within)
		case isUnit(entry.Name()):
			text, err := os.ReadFile(at)
			if err != nil && !errors.Is(err, fs.ErrPermission) {
				continue
			}
			s.found = append(s.found, Found{Path: at, Base: entry.Name(), Service: serviceOf(entry.Name(), text)})
		}
	}
}

// reads says whether Quadlet looks into a sub-directory.
func (d Directory) reads(name string) bool {
	number, err := strconv.Atoi(name)
	return name != d.Skip && (d.User < 0 || err != nil || number == d.User)
}

// misread says what the service manager, once it has read all units, has in place of the service of the
// file at path.
func misread(u quadlet.Unit, path string, state State) error {
	switch {
	case state.Load == "loaded" && same(state.Source, path):
		return nil
	case state.Load == "not-found":
		return fmt.Errorf("%s: Podman's generator makes no service of it", path)
	case state.Load != "loaded":
		return fmt.Errorf("%s: the service manager says of it: %s", u.Service, state.Load)
	}
	other := state.Source
	if other == "" {
		other = state.Path
	}
	return fmt.Errorf("%s: the service manager has it from %s, not from %s", u.Service, other, path)
}

func same(a, b string) bool {
	if a == b {
		return true
	}
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}
