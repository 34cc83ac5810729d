package systemd

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/podup/podup/quadlet"
)

// Action is what an install does with something.
type Action string

// The actions. What is reworded differs in comments only.
const (
	Add    Action = "add"
	Change Action = "change"
	Reword Action = "reword"
	Keep   Action = "keep"
	Remove Action = "remove"
)

// UnitChange is what an install does with a unit.
type UnitChange struct {
	Name, Service string
	Action        Action
	Object        string // what it makes in the engine, "pod/web"; of a changed or removed unit, what it made
	Kept          bool   // Object stays when the unit goes
}

// NamedChange is what an install does with a file or a secret.
type NamedChange struct {
	Name   string
	Action Action
}

// Difference is what makes a project's directory, and the secrets of the engine, what a set says. Its
// lists are sorted by name.
type Difference struct {
	Project string
	Units   []UnitChange
	Files   []NamedChange
	Secrets []NamedChange
	// Restart are the services whose definition or secrets have changed since they were started, as far
	// as they have been. What depends on one is restarted by the service manager.
	Restart []string
	// Recreate are objects of the engine that must be gone before their service starts again.
	Recreate []string
	// Unfinished says that an install or uninstall did not end.
	Unfinished bool
}

// Held is what the engine has of an installed project.
type Held struct {
	Objects []string        // as plan.Change.Object names them
	Secrets map[string]bool // whether those of the set that there are have its value
}

// spares makes sure that a volume which goes with its pod is none that may hold the data of a claim.
func spares(u quadlet.Unit, was []byte, there bool, held Held) error {
	if path.Ext(u.Name) != ".volume" || keeps(u.Name, u.Text) {
		return nil
	}
	object := objectOf(u.Name, u.Text)
	if there && !keeps(u.Name, was) || !there && !slices.Contains(held.Objects, object) {
		return nil
	}
	return fmt.Errorf("%s may hold the data of a persistentVolumeClaim, and is now to be an emptyDir, which goes with its pod: give one of the two another name, or remove it: podman volume rm %s",
		object, strings.TrimPrefix(object, "volume/"))
}

// Compare finds what has to change. What is in the way is an error: it is never overwritten.
func Compare(set quadlet.Set, disk Disk, held Held) (Difference, error) {
	d := Difference{Project: set.Project, Unfinished: disk.Unfinished}
	if err := inTheWay(set, disk); err != nil {
		return d, err
	}
	restart, services := map[string]bool{}, map[string]string{}
	recreate := map[string]bool{}
	again := func(u quadlet.Unit, was []byte) {
		restart[u.Service] = true
		if recreated(u.Name, was) {
			recreate[objectOf(u.Name, was)] = true
		}
	}
	for _, u := range set.Units {
		services[u.Name] = u.Service
		was, there := disk.Units[u.Name]
		if err := spares(u, was, there, held); err != nil {
			return d, err
		}
		change := UnitChange{Name: u.Name, Service: u.Service, Action: Keep, Object: objectOf(u.Name, u.Text), Kept: keeps(u.Name, u.Text)}
		switch {
		case !there:
			change.Action = Add
		case !bytes.Equal(rules(was), rules(u.Text)):
			change.Action = Change
			change.Object, change.Kept = objectOf(u.Name, was), keeps(u.Name, was)
			again(u, was)
		case !bytes.Equal(was, u.Text):
			change.Action = Reword
		}
		if slices.Contains(disk.Journal, u.Service) {
			again(u, u.Text)
		}
		d.Units = append(d.Units, change)
	}
	for name, was := range disk.Units {
		if _, wanted := services[name]; !wanted {
			d.Units = append(d.Units, UnitChange{
				Name: name, Service: serviceOf(name, was), Action: Remove, Object: objectOf(name, was), Kept: keeps(name, was),
			})
		}
	}
	slices.SortFunc(d.Units, func(a, b UnitChange) int { return strings.Compare(a.Name, b.Name) })
	d.Files = compareFiles(set, disk)
	for _, secret := range set.Secrets {
		same, there := held.Secrets[secret.Name]
		change := NamedChange{secret.Name, Keep}
		switch {
		case !there:
			change.Action = Add
		case !same:
			change.Action = Change
		}
		if change.Action != Keep {
			for _, unit := range secret.Units {
				if _, there := disk.Units[unit]; there { // a new one has not been started
					restart[services[unit]] = true
				}
			}
		}
		d.Secrets = append(d.Secrets, change)
	}
	for _, object := range held.Objects {
		kind, name := path.Split(object)
		if kind == "secret/" && !slices.ContainsFunc(set.Secrets, func(s quadlet.Secret) bool { return s.Name == name }) {
			d.Secrets = append(d.Secrets, NamedChange{name, Remove})
		}
	}
	slices.SortFunc(d.Secrets, func(a, b NamedChange) int { return strings.Compare(a.Name, b.Name) })
	d.Restart = slices.Sorted(maps.Keys(restart))
	d.Recreate = slices.Sorted(maps.Keys(recreate))
	return d, nil
}

func compareFiles(set quadlet.Set, disk Disk) []NamedChange {
	var changes []NamedChange
	wanted := map[string]bool{}
	for _, f := range set.Files {
		wanted[f.Name] = true
		was, there := disk.Files[f.Name]
		switch {
		case !there:
			changes = append(changes, NamedChange{f.Name, Add})
		case !sameFile(was, f):
			changes = append(changes, NamedChange{f.Name, Change})
		default:
			changes = append(changes, NamedChange{f.Name, Keep})
		}
	}
	for name := range disk.Files {
		if !wanted[name] {
			changes = append(changes, NamedChange{name, Remove})
		}
	}
	slices.SortFunc(changes, func(a, b NamedChange) int { return strings.Compare(a.Name, b.Name) })
	return changes
}

// inTheWay finds what is where a file of the set belongs and is not the project's.
func inTheWay(set quadlet.Set, disk Disk) error {
	names := append(everyone(set.Units, func(u quadlet.Unit) string { return u.Name }),
		everyone(set.Files, func(f quadlet.File) string { return f.Name })...)
	var errs []error
	told := map[string]bool{}
	for _, name := range names {
		if stranger, found := disk.in(name); found && !told[stranger] {
			told[stranger] = true
			errs = append(errs, fmt.Errorf("%s is in the way (%s): podup does not overwrite it; move it away",
				filepath.Join(disk.Dir, filepath.FromSlash(stranger)), disk.Strangers[stranger]))
		}
	}
	return errors.Join(errs...)
}

// Empty says that nothing differs. What is installed may still have to be started.
func (d Difference) Empty() bool {
	return !d.Unfinished && !d.reload() && len(d.Restart) == 0 && !changes(d.Files) && !changes(d.Secrets)
}

// reload says whether the service manager has to read the units anew.
func (d Difference) reload() bool {
	return d.Unfinished || slices.ContainsFunc(d.Units, func(u UnitChange) bool { return u.Action != Keep })
}

func changes(of []NamedChange) bool {
	return slices.ContainsFunc(of, func(c NamedChange) bool { return c.Action != Keep })
}

// removed are the units that go.
func (d Difference) removed() []UnitChange {
	return slices.DeleteFunc(slices.Clone(d.Units), func(u UnitChange) bool { return u.Action != Remove })
}

// Kept are the objects of removed units that stay: the claims.
func (d Difference) Kept() []string {
	return everyone(d.removed(), func(u UnitChange) string {
		if u.Kept {
			return u.Object
		}
		return ""
	})
}
