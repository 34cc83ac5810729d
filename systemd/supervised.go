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

// ServiceUpdate is what is left to do for a project's own service that has been installed.
type ServiceUpdate struct {
	was    []byte
	before State
	stale  bool // what runs was started with another unit
}

// markName is the file beside a project's own service that says that what runs was started with another unit. It
// holds that invocation, or nothing for whatever runs, and is there as long as nobody has stopped what runs: also
// after an install that starts nothing, or that was killed.
func markName(project string) string {
	return "." + strings.TrimSuffix(quadlet.ServiceName(project), ".service") + ".stale"
}

// spareService is a file beside it that is being written.
func spareService(project string) string {
	return "." + strings.TrimSuffix(quadlet.ServiceName(project), ".service") + ".tmp"
}

// surveyService looks at what an install of a project's own service depends on. What stands against it is an error.
func (in *Installer) surveyService(ctx context.Context, text []byte) (found ServiceUpdate, err error) {
	name := quadlet.ServiceName(in.Project)
	path := filepath.Join(in.Host.Service, name)
	if found.was, err = in.Host.ReadService(in.Project); err != nil {
		return found, err
	}
	for _, other := range in.Host.ordinary(name) {
		if other.Path != path {
			return found, fmt.Errorf("%s is the service %s, and podup wants to write it: rename the project", other.Path, name)
		}
	}
	if in.Manager != nil {
		if found.before, err = in.Manager.State(ctx, name); err != nil {
			return found, err
		}
		if found.before.Up() && found.before.Path != "" && !same(found.before.Path, path) {
			return found, fmt.Errorf("the service %s runs from %s, and podup wants to write it to %s: stop it first", name, found.before.Path, path)
		}
	}
	mark, err := os.ReadFile(filepath.Join(in.Host.Service, markName(in.Project)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return found, fmt.Errorf("look at the service of project %s: %w", in.Project, err)
	}
	started := strings.TrimSpace(string(mark))
	pending := err == nil && (started == "" || started == found.before.Invocation)
	found.stale = pending || !bytes.Equal(rules(found.was), rules(text))
	return found, nil
}

// ServiceChange says what an install of a project's own service would do, a line each.
func (in *Installer) ServiceChange(ctx context.Context, text []byte, start bool) (lines []string, err error) {
	name := quadlet.ServiceName(in.Project)
	found, err := in.surveyService(ctx, text)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(found.was, text) {
		lines = append(lines, "write "+filepath.Join(in.Host.Service, name))
	}
	switch {
	case !start:
	case !found.before.Up():
		lines = append(lines, "start "+name)
	case found.stale:
		lines = append(lines, "restart "+name)
	default:
		lines = append(lines, "reload "+name)
	}
	return lines, nil
}

// InstallService writes a project's own service and enables it.
func (in *Installer) InstallService(ctx context.Context, text []byte) (update ServiceUpdate, err error) {
	name := quadlet.ServiceName(in.Project)
	path := filepath.Join(in.Host.Service, name)
	if update, err = in.surveyService(ctx, text); err != nil {
		return update, err
	}
	// Without a service manager nobody knows whether what was there runs.
	marks := !bytes.Equal(rules(update.was), rules(text)) && (update.before.Up() || in.Manager == nil && update.was != nil)
	if marks {
		if err := in.writeService(markName(in.Project), nil); err != nil {
			return update, err
		}
	}
	if !bytes.Equal(update.was, text) {
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
	if err := in.reload(ctx); err != nil || !marks {
		return update, err
	}
	// Whoever starts it from now on, by hand too, starts what has been written.
	return update, in.writeService(markName(in.Project), []byte(update.before.Invocation+"\n"))
}

// writeService writes a file into the directory of services.
func (in *Installer) writeService(name string, text []byte) error {
	if err := os.MkdirAll(in.Host.Service, 0o755); err != nil {
		return fmt.Errorf("install project %s: %w", in.Project, err)
	}
	t, err := openTree(in.Host.Service, spareService(in.Project), in.do)
	if err != nil {
		return fmt.Errorf("install project %s: %w", in.Project, err)
	}
	defer func() { _ = t.Close() }()
	if err := t.write(name, 0o644, text); err != nil {
		return fmt.Errorf("install project %s: %w", in.Project, err)
	}
	return t.sync()
}

// removeService removes files from the directory of services, and what a killed run has left beside them.
func (in *Installer) removeService(names ...string) error {
	t, err := openTree(in.Host.Service, spareService(in.Project), in.do)
	if err != nil {
		return err
	}
	defer func() { _ = t.Close() }()
	for _, name := range append([]string{t.spare}, names...) {
		if err := t.remove(name); err != nil {
			return err
		}
	}
	return t.sync()
}

// UpdateService starts a project's own service. One that runs is restarted where its unit has changed since it was
// started, and reloads its manifests where it has not.
func (in *Installer) UpdateService(ctx context.Context, update ServiceUpdate) (*Trouble, error) {
	name, verb := quadlet.ServiceName(in.Project), "started"
	if update.before.Up() && update.stale {
		verb = "restarted"
		if err := in.stop(ctx, []string{name}); err != nil {
			return nil, err
		}
	}
	if err := in.removeService(markName(in.Project)); err != nil {
		return nil, fmt.Errorf("install project %s: %w", in.Project, err)
	}
	if update.before.Up() && !update.stale {
		return in.reloadService(ctx, name)
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

func (in *Installer) reloadService(ctx context.Context, name string) (*Trouble, error) {
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
	in.Report("reloaded", name)
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
	if err := in.removeService(markName(in.Project), name); err != nil {
		return fmt.Errorf("uninstall project %s: %w", in.Project, err)
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
