package systemd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/podup/podup/quadlet"
)

// Survey looks at everything that an install of the set depends on, and finds what has to change. What
// stands against it is an error.
func (in *Installer) Survey(ctx context.Context, set quadlet.Set) (Difference, error) {
	disk, err := in.Host.Read(set.Project)
	if err != nil {
		return Difference{}, err
	}
	if err := Collisions(set, in.Host.Look(set)); err != nil {
		return Difference{}, err
	}
	held := Held{Secrets: map[string]bool{}}
	wanted := everyone(set.Units, func(u quadlet.Unit) string { return objectOf(u.Name, u.Text) })
	for _, s := range set.Secrets {
		wanted = append(wanted, "secret/"+s.Name)
	}
	claims := everyone(set.Units, func(u quadlet.Unit) string {
		if keeps(u.Name, u.Text) {
			return objectOf(u.Name, u.Text)
		}
		return ""
	})
	if err := in.taken(ctx, set.Project, wanted, claims); err != nil {
		return Difference{}, err
	}
	if held.Objects, err = in.Engine.UnitObjects(ctx, set.Project); err != nil {
		return Difference{}, err
	}
	for _, s := range set.Secrets {
		found, same, err := in.Engine.UnitSecret(ctx, set.Project, s.Name, s.Value)
		if err != nil {
			return Difference{}, err
		}
		if found {
			held.Secrets[s.Name] = same
		}
	}
	return Compare(set, disk, held)
}

// taken says whose the names are that the engine holds for somebody else. The data of a claim is taken over from
// an up of the project, which leaves it behind; it keeps up's labels, so nothing here removes it.
func (in *Installer) taken(ctx context.Context, project string, wanted, claims []string) error {
	owners, err := in.Engine.UnitTaken(ctx, project, wanted)
	if err != nil {
		return err
	}
	held := map[string][]string{}
	maps.DeleteFunc(owners, func(object, owner string) bool {
		return owner == "project "+project && slices.Contains(claims, object)
	})
	for object, owner := range owners {
		held[owner] = append(held[owner], object)
	}
	var errs []error
	for _, owner := range everyone(wanted, func(object string) string { return owners[object] }) {
		slices.Sort(held[owner])
		errs = append(errs, inUse(held[owner], owner, claims)...)
	}
	return errors.Join(errs...)
}

// inUse says that somebody else has objects, and the way out. Neither a down nor an uninstall removes the data
// of a claim, unless it is told to.
func inUse(objects []string, owner string, claims []string) []error {
	verb, way := "podup up", "podup down --project "
	project, made := strings.CutPrefix(owner, "project ")
	if !made {
		verb, way = "podup install", "podup uninstall "
		project, made = strings.CutPrefix(owner, "units of ")
	}
	if !made {
		return []error{fmt.Errorf("Podman has %s already (%s): podup does not touch what units have not made; remove or rename one of the two", strings.Join(objects, ", "), owner)} //nolint:staticcheck // a name
	}
	var errs []error
	var others []string
	for _, object := range objects {
		if !slices.Contains(claims, object) {
			others = append(others, object)
			continue
		}
		errs = append(errs, fmt.Errorf("%s has made %s, of project %s: %s%s --volumes removes it, with its data; or give the claim another name", verb, object, project, way, project))
	}
	if len(others) > 0 {
		errs = append(errs, fmt.Errorf("%s has made %s, of project %s: %s%s first", verb, strings.Join(others, ", "), project, way, project))
	}
	return errs
}
