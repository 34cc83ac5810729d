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
		objects := strings.Join(held[owner], ", ")
		if up, ok := strings.CutPrefix(owner, "project "); ok {
			errs = append(errs, fmt.Errorf("podup up has made %s, of project %s: podup down --project %s first", objects, up, up))
			continue
		}
		errs = append(errs, fmt.Errorf("Podman has %s already (%s): podup does not touch what units have not made; remove or rename one of the two", objects, owner)) //nolint:staticcheck // a name
	}
	return errors.Join(errs...)
}
