package systemd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
)

// Leftover is what an uninstall finds of a project.
type Leftover struct {
	Disk    Disk
	Service []byte   // of the supervised form, nil: none
	Objects []string // of the engine
}

// Empty says that the project is not installed, and has left nothing.
func (l Leftover) Empty() bool { return l.Disk.Empty() && l.Service == nil && len(l.Objects) == 0 }

// Find looks for all of the project. Without an engine Objects is empty.
func (in *Installer) Find(ctx context.Context) (Leftover, error) {
	var l Leftover
	var err error
	if l.Disk, err = in.Host.Read(in.Project); err != nil {
		return l, err
	}
	if l.Service, err = in.Host.ReadService(in.Project); err != nil {
		return l, err
	}
	if in.Engine != nil {
		l.Objects, err = in.Engine.UnitObjects(ctx, in.Project)
	}
	return l, err
}

// Uninstall removes the units of a project, and what they have made; the volumes of claims, which it names, only with volumes. What cannot be
// removed does not keep it from removing the rest: everything that went wrong is returned together.
func (in *Installer) Uninstall(ctx context.Context, l Leftover, volumes bool) (kept []string, err error) {
	if !l.Disk.Empty() {
		t, err := openTree(in.dir(), spareName, in.do)
		if err != nil {
			return nil, fmt.Errorf("uninstall project %s: %w", in.Project, err)
		}
		defer func() { _ = t.Close() }()
		if err := in.journal(t, l.Disk.Services()); err != nil {
			return nil, err
		}
		if err := in.dismantle(ctx, t, l.Disk); err != nil {
			return nil, err
		}
	}
	kept, engineErr := in.removeAll(ctx, l, volumes)
	if l.Disk.Empty() {
		return kept, engineErr
	}
	// Only a service manager that has read that the units are gone makes an end of the uninstall.
	if in.Manager != nil {
		if err := in.reload(ctx); err != nil {
			return kept, errors.Join(engineErr, err)
		}
		for _, service := range l.Disk.Services() {
			if err := in.do("reset " + service); err != nil {
				return kept, err
			}
			if err := in.Manager.Reset(ctx, service); err != nil {
				return kept, errors.Join(engineErr, err)
			}
		}
	}
	return kept, errors.Join(engineErr, in.removeDir(l.Disk))
}

// dismantle stops the services and removes the units and files.
func (in *Installer) dismantle(ctx context.Context, t *tree, disk Disk) error {
	if err := in.stopAll(ctx, disk.Services()); err != nil {
		return err
	}
	if in.Engine != nil {
		var objects []string
		for name, text := range disk.Units {
			if object := objectOf(name, text); object != "" && !keeps(name, text) {
				objects = append(objects, object)
			}
		}
		if err := in.removeObjects(ctx, objects); err != nil {
			return err // their units tell what of them may go
		}
	}
	var names []string
	for name := range disk.Units {
		names = append(names, name)
	}
	for name := range disk.Files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := t.remove(name); err != nil {
			return err
		}
		if isUnit(name) && path.Dir(name) == "." {
			in.Report("removed", name)
		}
	}
	strangers := slices.Collect(maps.Keys(disk.Strangers))
	for _, dir := range useless(disk.Dirs, func(dir string) bool {
		return slices.ContainsFunc(strangers, func(name string) bool { return strings.HasPrefix(name, dir+"/") })
	}) {
		if err := t.remove(dir); err != nil {
			return err
		}
	}
	return t.sync()
}

// stopAll stops services as far as it can: of what runs on, the containers are killed later.
func (in *Installer) stopAll(ctx context.Context, services []string) error {
	if in.Manager == nil {
		return nil
	}
	up := everyone(services, func(service string) string {
		if state, err := in.Manager.State(ctx, service); err != nil || !state.Up() {
			return "" // a stop that fails says why
		}
		return service
	})
	switch err := in.stop(ctx, services); {
	case ctx.Err() != nil || errors.Is(err, errEnded):
		return err
	case err != nil:
		in.Warn(err.Error())
	default:
		for _, service := range up {
			in.Report("stopped", service)
		}
	}
	return nil
}

// removeAll removes what the engine has of the project. A volume whose unit nobody has seen is taken for a
// claim's: no data goes by mistake.
func (in *Installer) removeAll(ctx context.Context, l Leftover, volumes bool) (kept []string, err error) {
	if in.Engine == nil {
		return nil, nil
	}
	objects, err := in.Engine.UnitObjects(ctx, in.Project)
	if err != nil {
		return nil, err
	}
	passing := map[string]bool{}
	for name, text := range l.Disk.Units {
		if !keeps(name, text) {
			passing[objectOf(name, text)] = true
		}
	}
	var errs []error
	for _, object := range objects {
		kind, name := path.Split(object)
		if kind == "volume/" && !passing[object] && !volumes {
			kept = append(kept, name)
			continue
		}
		if err := in.do("remove " + object); err != nil {
			return kept, err
		}
		if err := in.Engine.RemoveUnitObject(ctx, in.Project, object); err != nil {
			errs = append(errs, err)
			continue
		}
		if kind == "secret/" || kind == "volume/" || kind == "network/" {
			in.Report("removed", object)
		}
	}
	return kept, errors.Join(errs...)
}

// removeDir removes the project's directory, but for what somebody else has put there.
func (in *Installer) removeDir(disk Disk) error {
	t, err := openTree(in.dir(), spareName, in.do)
	if err != nil {
		return fmt.Errorf("uninstall project %s: %w", in.Project, err)
	}
	for _, name := range []string{spareName, journalName} {
		if err = t.remove(name); err != nil {
			break
		}
	}
	if err = errors.Join(err, t.sync(), t.Close()); err != nil {
		return err
	}
	if len(disk.Strangers) > 0 {
		in.Warn(fmt.Sprintf("%s stays: it holds %s", disk.Dir, disk.strangers()))
		return nil
	}
	if err := in.do("remove " + disk.Dir); err != nil {
		return err
	}
	if err := os.Remove(disk.Dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("uninstall project %s: %w", in.Project, err)
	}
	return nil
}
