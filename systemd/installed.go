package systemd

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"

	"github.com/podup/podup/quadlet"
)

// Installation is what is installed of a project.
type Installation struct {
	Project    string
	Supervised bool     // one service in which podup leads the pods, else units
	Services   []string // those that run something, sorted
}

// Installations are what is installed on this machine for this user, sorted by project.
func (h Host) Installations() []Installation {
	var all []Installation
	entries, _ := os.ReadDir(h.Quadlet) // none: nothing is
	for _, entry := range entries {
		disk, err := h.Read(entry.Name())
		if !entry.IsDir() || err != nil || disk.Empty() || disk.Bare {
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
	files, _ := filepath.Glob(filepath.Join(h.Service, "*.service"))
	for _, file := range files {
		name := filepath.Base(file)
		if text, err := os.ReadFile(file); err == nil {
			if project, ours := owner(text); ours && name == quadlet.ServiceName(project) {
				all = append(all, Installation{Project: project, Supervised: true, Services: []string{name}})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Installation) int { return cmp.Compare(a.Project, b.Project) })
	return slices.CompactFunc(all, func(a, b Installation) bool { return a.Project == b.Project })
}

// Installed are the names of the projects that are installed, sorted.
func (h Host) Installed() []string {
	return everyone(h.Installations(), func(i Installation) string { return i.Project })
}

// Standing is how an installation is, in systemd's words: "failed" where one of its services has, or waits to
// be tried again, else "activating", "deactivating", "active" or "inactive", the first that one of them is.
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
	if len(failed) > 0 {
		return "failed", failed, nil
	}
	for _, word := range []string{"activating", "deactivating", "active", "reloading", "refreshing"} {
		if seen[word] {
			return word, nil, nil
		}
	}
	return "inactive", nil, nil
}
