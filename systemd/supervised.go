package systemd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/podup/podup/quadlet"
)

// ReadService gives the text of a project's own service, nil where there is none. One that is somebody else's
// is an error.
func (h Host) ReadService(project string) ([]byte, error) {
	path := filepath.Join(h.Service, quadlet.ServiceName(project))
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("look at the service of project %s: %w", project, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is %s: podup does not touch it", path, kindOf(info))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("look at the service of project %s: %w", project, err)
	}
	if whose, ours := owner(text); !ours || whose != project {
		return nil, fmt.Errorf("%s is not made by podup for project %s: podup does not touch it; move it away, or give another --project", path, project)
	}
	return text, nil
}

// ServiceChange says what an install of a project's own service would do.
func (h Host) ServiceChange(project string, was, text []byte) string {
	name := quadlet.ServiceName(project)
	switch {
	case was == nil:
		return "write " + filepath.Join(h.Service, name) + "\nstart " + name
	case bytes.Equal(was, text):
		return "reload " + name
	case bytes.Equal(rules(was), rules(text)):
		return "write " + filepath.Join(h.Service, name) + "\nreload " + name
	}
	return "write " + filepath.Join(h.Service, name) + "\nrestart " + name
}

// ServiceUpdate is what is left to do for a project's own service that has been installed.
type ServiceUpdate struct {
	before  State
	changed bool // what the unit says
}

// InstallService writes a project's own service and enables it.
func (in *Installer) InstallService(ctx context.Context, text []byte) (update ServiceUpdate, err error) {
	name := quadlet.ServiceName(in.Project)
	path := filepath.Join(in.Host.Service, name)
	was, err := in.Host.ReadService(in.Project)
	if err != nil {
		return update, err
	}
	for _, found := range in.Host.ordinary(name) {
		if found.Path != path {
			return update, fmt.Errorf("%s is the service %s, and podup wants to write it: rename the project", found.Path, name)
		}
	}
	update.changed = !bytes.Equal(rules(was), rules(text))
	if in.Manager != nil {
		if update.before, err = in.Manager.State(ctx, name); err != nil {
			return update, err
		}
		if update.before.Up() && update.before.Path != "" && !same(update.before.Path, path) {
			return update, fmt.Errorf("the service %s runs from %s, and podup wants to write it to %s: stop it first", name, update.before.Path, path)
		}
	}
	if !bytes.Equal(was, text) {
		if err := in.writeService(name, text); err != nil {
			return update, err
		}
		in.Report("wrote", path)
	}
	if in.Manager == nil {
		return update, nil
	}
	// Both are cheap, and a run that was killed may have done neither.
	if err := in.do("enable " + name); err != nil {
		return update, err
	}
	if err := in.Manager.Enable(ctx, path); err != nil {
		return update, err
	}
	return update, in.reload(ctx)
}

func (in *Installer) writeService(name string, text []byte) error {
	if err := os.MkdirAll(in.Host.Service, 0o755); err != nil {
		return fmt.Errorf("install project %s: %w", in.Project, err)
	}
	t, err := openTree(in.Host.Service, "."+strings.TrimSuffix(name, ".service")+".tmp", in.do)
	if err != nil {
		return fmt.Errorf("install project %s: %w", in.Project, err)
	}
	defer func() { _ = t.Close() }()
	if err := t.write(name, 0o644, text); err != nil {
		return fmt.Errorf("install project %s: %w", in.Project, err)
	}
	return t.sync()
}

// UpdateService starts a project's own service. One that runs is restarted where its unit has changed, and
// reloads its manifests where it has not.
func (in *Installer) UpdateService(ctx context.Context, update ServiceUpdate) (*Trouble, error) {
	name, verb := quadlet.ServiceName(in.Project), "started"
	switch {
	case update.before.Up() && update.changed:
		verb = "restarted"
		if err := in.stop(ctx, []string{name}); err != nil {
			return nil, err
		}
	case update.before.Up():
		verb = "reloaded"
		if err := in.do("reload " + name); err != nil {
			return nil, err
		}
		job, err := in.Manager.Update(ctx, name)
		if err != nil {
			return nil, err
		}
		select {
		case result := <-job:
			if result != "done" {
				return &Trouble{Service: name, Text: "did not take up the manifests (" + result + ")", Lines: in.Manager.Lines(ctx, name, lastLines)}, nil
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %s: %w", name, context.Cause(ctx))
		}
		in.Report(verb, name)
		return nil, nil
	}
	troubles, err := in.start(ctx, []string{name})
	if err != nil {
		return nil, err
	}
	if len(troubles) > 0 {
		return &troubles[0], nil
	}
	in.Report(verb, name)
	return nil, nil
}

// StopService stops and disables a project's own service: its pods stay, stopped.
func (in *Installer) StopService(ctx context.Context) error {
	name := quadlet.ServiceName(in.Project)
	if in.Manager == nil {
		return nil
	}
	if err := in.stop(ctx, []string{name}); err != nil {
		return err
	}
	in.Report("stopped", name)
	if err := in.do("disable " + name); err != nil {
		return err
	}
	return in.Manager.Disable(ctx, name)
}

// RemoveService removes the unit of a project's own service.
func (in *Installer) RemoveService(ctx context.Context) error {
	name := quadlet.ServiceName(in.Project)
	t, err := openTree(in.Host.Service, name, in.do)
	if err != nil {
		return fmt.Errorf("uninstall project %s: %w", in.Project, err)
	}
	defer func() { _ = t.Close() }()
	if err := t.remove(name); err != nil {
		return err
	}
	if err := t.sync(); err != nil {
		return err
	}
	in.Report("removed", filepath.Join(in.Host.Service, name))
	if in.Manager == nil {
		return nil
	}
	if err := in.reload(ctx); err != nil {
		return err
	}
	return in.Manager.Reset(ctx, name)
}
