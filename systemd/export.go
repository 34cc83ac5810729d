package systemd

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/podup/podup/quadlet"
)

// Export writes a set into a directory of somebody's choice, which it makes if need be, and says what it has
// written and removed: units of the same project that are no longer in the set go. A file that podup has not
// made for the project is an error, and then nothing is written.
func Export(dir string, set quadlet.Set, report func(verb, what string)) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("write units: %w", err)
	}
	t, err := openTree(dir, spareName, func(string) error { return nil })
	if err != nil {
		return fmt.Errorf("write units: %w", err)
	}
	defer func() { _ = t.Close() }()
	if err := t.export(dir, set, report); err != nil {
		return fmt.Errorf("write units into %s: %w", dir, err)
	}
	return t.sync()
}

func (t *tree) export(dir string, set quadlet.Set, report func(verb, what string)) error {
	ours, err := t.unitsOf(set.Project)
	if err != nil {
		return err
	}
	var taken []error
	for _, unit := range set.Units {
		if _, err := t.root.Lstat(unit.Name); err == nil && ours[unit.Name] == nil {
			taken = append(taken, fmt.Errorf("%s was not made by podup for project %s: move it away, or give another --project", filepath.Join(dir, unit.Name), set.Project))
		}
	}
	for _, file := range set.Files {
		there, err := t.root.ReadFile(file.Name)
		if !errors.Is(err, fs.ErrNotExist) && len(ours) == 0 && !bytes.Equal(there, file.Data) {
			taken = append(taken, fmt.Errorf("%s is there, and no unit of project %s beside it: move it away", filepath.Join(dir, file.Name), set.Project))
		}
	}
	if len(taken) > 0 {
		return errors.Join(taken...)
	}
	for _, file := range set.Files {
		if err := t.write(file.Name, file.Mode, file.Data); err != nil {
			return err
		}
		report("wrote", path.Join(dir, file.Name))
	}
	for _, unit := range set.Units {
		delete(ours, unit.Name)
		if err := t.write(unit.Name, 0o644, unit.Text); err != nil {
			return err
		}
		report("wrote", path.Join(dir, unit.Name))
	}
	for name := range ours {
		if err := t.remove(name); err != nil {
			return err
		}
		report("removed", path.Join(dir, name))
	}
	return nil
}

// unitsOf are the units of a project in the tree's own directory, by name.
func (t *tree) unitsOf(project string) (map[string][]byte, error) {
	entries, err := fs.ReadDir(t.root.FS(), ".")
	if err != nil {
		return nil, err
	}
	ours := map[string][]byte{}
	for _, entry := range entries {
		if !entry.Type().IsRegular() || !isUnit(entry.Name()) {
			continue
		}
		text, err := t.root.ReadFile(entry.Name())
		if err != nil {
			return nil, err
		}
		if made, is := owner(text); is && made == project {
			ours[entry.Name()] = text
		}
	}
	return ours, nil
}
