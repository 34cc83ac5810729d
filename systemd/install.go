package systemd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/podup/podup/quadlet"
	"github.com/podup/podup/translate"
)

// Engine is what an install asks of Podman. All of it is about what carries translate.LabelUnit with the
// name of the project; objects are named as plan.Change.Object does.
type Engine interface {
	UnitObjects(ctx context.Context, project string) ([]string, error)
	UnitTaken(ctx context.Context, project string, objects []string) (owners map[string]string, err error)
	RemoveUnitObject(ctx context.Context, project, object string) error
	UnitSecret(ctx context.Context, project, name string, want translate.Value) (found, same bool, err error)
	SetUnitSecret(ctx context.Context, project, name string, value translate.Value) error
}

// Installer changes what is installed of one project. One at a time may: the caller has a lock.
type Installer struct {
	Host    Host
	Project string
	Manager Manager // nil: there is none
	Engine  Engine  // nil: there is none; only an uninstall can do without
	// Report is told what has been done: "wrote", "web.pod".
	Report func(verb, what string)
	Warn   func(text string)

	before func(change string) error // of tests: asked before each change; what it gives ends the run
}

// Install makes what the difference says; with start, everything runs in the end. What does not is
// returned as troubles: the units are installed all the same.
func (in *Installer) Install(ctx context.Context, set quadlet.Set, d Difference, start bool) ([]Trouble, error) {
	before, err := in.states(ctx, set)
	if err != nil {
		return nil, err
	}
	if !d.Empty() {
		if err := in.change(ctx, set, d); err != nil {
			return nil, err
		}
	}
	var troubles []Trouble
	if start {
		if err := in.stop(ctx, stale(set, d, before)); err != nil {
			return nil, err
		}
		if err := in.removeObjects(ctx, d.Recreate); err != nil {
			return nil, err
		}
		if troubles, err = in.startAll(ctx, set, d, before); err != nil {
			return troubles, err
		}
	}
	return troubles, in.finish(ctx, set, d, start)
}

// stale are the services to stop before all are started: those that have changed, and those that wait to be
// tried again, for a start does not shorten their wait (systemd 257).
func stale(set quadlet.Set, d Difference, before map[string]State) []string {
	return everyone(set.Units, func(u quadlet.Unit) string {
		if slices.Contains(d.Restart, u.Service) || before[u.Service].Failing() {
			return u.Service
		}
		return ""
	})
}

// change writes what differs, and lets the service manager read it.
func (in *Installer) change(ctx context.Context, set quadlet.Set, d Difference) error {
	dir := in.dir()
	if err := in.do("make " + dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("install project %s: %w", d.Project, err)
	}
	t, err := openTree(dir, spareName, in.do)
	if err != nil {
		return fmt.Errorf("install project %s: %w", d.Project, err)
	}
	defer func() { _ = t.Close() }()
	// From here on the directory is the project's, and whoever comes next knows what is unfinished.
	if err := in.journal(t, d.Restart); err != nil {
		return err
	}
	if err := in.removeStale(ctx, t, d); err != nil {
		return err
	}
	if err := in.writeAll(ctx, t, set, d); err != nil {
		return fmt.Errorf("install project %s: %w", d.Project, err)
	}
	if in.Manager == nil {
		return nil
	}
	if d.reload() {
		if err := in.reload(ctx); err != nil {
			return err
		}
		if err := in.verify(ctx, set); err != nil {
			return err
		}
	}
	return nil
}

// journal says in the directory what is being done.
func (in *Installer) journal(t *tree, services []string) error {
	text := strings.TrimSpace(quadlet.Mark) + " " + in.Project + "; what has not been restarted.\n" + strings.Join(services, "\n")
	if err := t.write(journalName, 0o644, []byte(strings.TrimRight(text, "\n")+"\n")); err != nil {
		return err
	}
	return t.sync()
}

// removeStale stops what is no longer wanted by the units that started it, and removes them.
func (in *Installer) removeStale(ctx context.Context, t *tree, d Difference) error {
	removed := d.removed()
	services := everyone(removed, func(u UnitChange) string { return u.Service })
	if in.Manager != nil {
		if err := in.stop(ctx, services); err != nil {
			return err
		}
		for _, service := range services {
			// Else systemd lists one that ended badly for ever.
			if err := in.Manager.Reset(ctx, service); err != nil {
				return err
			}
			in.Report("stopped", service)
		}
	}
	if err := in.removeObjects(ctx, everyone(removed, func(u UnitChange) string {
		if u.Kept {
			return ""
		}
		return u.Object
	})); err != nil {
		return err
	}
	for _, u := range removed {
		if err := t.remove(u.Name); err != nil {
			return err
		}
		in.Report("removed", u.Name)
	}
	return nil
}

// removeObjects removes what the engine still has of the objects: pods before what is in them.
func (in *Installer) removeObjects(ctx context.Context, objects []string) error {
	if len(objects) == 0 {
		return nil
	}
	there, err := in.Engine.UnitObjects(ctx, in.Project)
	if err != nil {
		return err
	}
	for _, object := range there {
		if !slices.Contains(objects, object) {
			continue
		}
		if err := in.do("remove " + object); err != nil {
			return err
		}
		if err := in.Engine.RemoveUnitObject(ctx, in.Project, object); err != nil {
			return err
		}
	}
	return nil
}

func (in *Installer) writeAll(ctx context.Context, t *tree, set quadlet.Set, d Difference) error {
	files := map[string]quadlet.File{}
	for _, f := range set.Files {
		files[f.Name] = f
	}
	for _, c := range d.Files {
		if c.Action == Remove {
			if err := t.remove(c.Name); err != nil {
				return err
			}
			in.Report("removed", c.Name)
		}
	}
	disk, err := in.Host.Read(in.Project)
	if err != nil {
		return err
	}
	for _, dir := range useless(disk.Dirs, func(dir string) bool {
		return slices.ContainsFunc(set.Files, func(f quadlet.File) bool { return strings.HasPrefix(f.Name, dir+"/") })
	}) {
		if err := t.remove(dir); err != nil {
			return err
		}
	}
	for _, c := range d.Files {
		if c.Action == Add || c.Action == Change {
			if err := t.write(c.Name, files[c.Name].Mode.Perm(), files[c.Name].Data); err != nil {
				return err
			}
			in.Report("wrote", c.Name)
		}
	}
	if err := in.setSecrets(ctx, set, d); err != nil {
		return err
	}
	for _, u := range set.Units {
		i := slices.IndexFunc(d.Units, func(c UnitChange) bool { return c.Name == u.Name })
		if i < 0 || d.Units[i].Action == Keep {
			continue
		}
		if err := t.write(u.Name, 0o644, u.Text); err != nil {
			return err
		}
		in.Report("wrote", u.Name)
	}
	return t.sync()
}

func (in *Installer) setSecrets(ctx context.Context, set quadlet.Set, d Difference) error {
	for _, s := range set.Secrets {
		i := slices.IndexFunc(d.Secrets, func(c NamedChange) bool { return c.Name == s.Name })
		if i < 0 || d.Secrets[i].Action == Keep {
			continue
		}
		if err := in.do("set secret/" + s.Name); err != nil {
			return err
		}
		if err := in.Engine.SetUnitSecret(ctx, in.Project, s.Name, s.Value); err != nil {
			return err
		}
		in.Report("set", "secret/"+s.Name)
	}
	return nil
}

// finish removes what nothing uses any more, and the journal: all has been done. What --no-start has left
// running as it was stays in it.
func (in *Installer) finish(ctx context.Context, set quadlet.Set, d Difference, started bool) error {
	if d.Empty() {
		return nil
	}
	for _, s := range d.Secrets {
		if s.Action != Remove {
			continue
		}
		if err := in.do("remove secret/" + s.Name); err != nil {
			return err
		}
		if err := in.Engine.RemoveUnitObject(ctx, in.Project, "secret/"+s.Name); err != nil {
			return err
		}
		in.Report("removed", "secret/"+s.Name)
	}
	if !started && len(d.Restart) > 0 || in.Manager == nil {
		return nil
	}
	t, err := openTree(in.dir(), spareName, in.do)
	if err != nil {
		return fmt.Errorf("install project %s: %w", set.Project, err)
	}
	defer func() { _ = t.Close() }()
	if err := t.remove(spareName); err != nil {
		return err
	}
	if err := t.remove(journalName); err != nil {
		return err
	}
	return t.sync()
}

// verify holds what the service manager has made of the units against them. Nothing has been stopped yet.
func (in *Installer) verify(ctx context.Context, set quadlet.Set) error {
	var errs []error
	for _, u := range set.Units {
		state, err := in.Manager.State(ctx, u.Service)
		if err != nil {
			return err
		}
		if err := misread(u, filepath.Join(in.dir(), u.Name), state); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		errs = append(errs, errors.New("what the generator says of it: "+in.Host.Generator()))
	}
	return errors.Join(errs...)
}

// Generator is the command that shows what Podman's generator makes of all units.
func (h Host) Generator() string {
	const generator = "/usr/lib/systemd/system-generators/podman-system-generator"
	if h.Root {
		return generator + " --dryrun"
	}
	return generator + " --user --dryrun"
}

func (in *Installer) reload(ctx context.Context) error {
	if err := in.do("reload"); err != nil {
		return err
	}
	return in.Manager.Reload(ctx)
}

func (in *Installer) dir() string { return in.Host.Directory(in.Project) }

// errEnded is what a run ends with that is ended between two changes.
var errEnded = errors.New("ended")

func (in *Installer) do(change string) error {
	if in.before == nil {
		return nil
	}
	return in.before(change)
}
