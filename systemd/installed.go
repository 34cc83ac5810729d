package systemd

import (
	"cmp"
	"context"
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

// Installation is what is installed of a project.
type Installation struct {
	Project    string
	Supervised bool     // one service in which podup leads the pods, else units
	Services   []string // those that run something, sorted
}

// Installations are what is installed on this machine for this user, sorted by project: the units of one before
// its own service, where it has both. Beside an error they are what could be read.
func (h Host) Installations() ([]Installation, error) {
	var all []Installation
	var errs []error
	entries, err := os.ReadDir(h.Quadlet)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		errs = append(errs, fmt.Errorf("look for installed units: %w", err))
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		disk, err := h.Units(entry.Name())
		if err != nil {
			errs = append(errs, err)
		}
		if err != nil || !disk.Installed() {
			continue
		}
		found := Installation{Project: entry.Name()}
		for name, text := range disk.Units {
			if starts(name) {
				found.Services = append(found.Services, serviceOf(name, text))
			}
		}
		slices.Sort(found.Services)
		all = append(all, found)
	}
	services, err := h.services()
	all = append(all, services...)
	slices.SortStableFunc(all, func(a, b Installation) int { return cmp.Compare(a.Project, b.Project) })
	return all, errors.Join(append(errs, err)...)
}

// services are the projects with a service of their own.
func (h Host) services() ([]Installation, error) {
	entries, err := os.ReadDir(h.Service)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look for installed services: %w", err)
	}
	var all []Installation
	var errs []error
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasPrefix(name, "podup-") || path.Ext(name) != ".service" || !entry.Type().IsRegular() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(h.Service, name))
		if err != nil {
			errs = append(errs, fmt.Errorf("look for installed services: %w", err))
			continue
		}
		if project, ours := owner(text); ours && name == quadlet.ServiceName(project) {
			all = append(all, Installation{Project: project, Supervised: true, Services: []string{name}})
		}
	}
	return all, errors.Join(errs...)
}

// Installed are the names of the projects that are installed, sorted, as far as they can be read.
func (h Host) Installed() []string {
	all, _ := h.Installations()
	return everyone(all, func(i Installation) string { return i.Project })
}

// Standing is how an installation is, in systemd's words: "failed" where one of its services has, else "activating",
// which is also what waits to be tried again, "deactivating", "reloading", "refreshing", "active" or "inactive", the
// first that one of them is. Failed are the services that have failed, those that wait to be tried again among them.
func (i Installation) Standing(ctx context.Context, manager Manager) (state string, failed []string, err error) {
	seen := map[string]bool{}
	for _, service := range i.Services {
		s, err := manager.State(ctx, service)
		if err != nil {
			return "", nil, err
		}
		if s.Failing() {
			failed = append(failed, service)
		}
		seen[s.Active] = true
	}
	for _, word := range []string{"failed", "activating", "deactivating", "reloading", "refreshing", "active"} {
		if seen[word] {
			return word, failed, nil
		}
	}
	return "inactive", failed, nil
}
