package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/quadlet"
	"github.com/podup/podup/systemd"
	"github.com/podup/podup/translate"
)

// errElsewhere is an engine that the units of this user do not use.
var errElsewhere = errors.New("units use another engine")

// elsewhere is an error with a text of its own that is errElsewhere.
type elsewhere struct{ error }

func (elsewhere) Is(target error) bool { return target == errElsewhere }

// usable says why the engine is not the one that units of this user will use.
func usable(ctx context.Context, engine Engine, host systemd.Host) error {
	version, err := engine.Version(ctx)
	switch {
	case err != nil:
		return err
	case !version.Local:
		return elsewhere{fmt.Errorf("install units: Podman at %s is not of this machine, and units use the one that is", version.URL)}
	case version.Rootless == host.Root:
		return elsewhere{fmt.Errorf("install units: Podman at %s is %s, and units of this user use their own", version.URL,
			map[bool]string{true: "rootless", false: "root's"}[version.Rootless])}
	}
	return nil
}

// unitsOf gives the units that are installed of a project and use this engine. A project without any costs one
// look at a directory.
func (a *app) unitsOf(ctx context.Context, engine Engine, project string) (systemd.Disk, error) {
	host := a.units()
	disk, err := host.Units(project)
	switch {
	case errors.Is(err, os.ErrPermission): // what this user may not read, this user's systemd does not, either
		a.warn(err.Error())
		return systemd.Disk{}, nil
	case err != nil, !disk.Installed():
		return systemd.Disk{}, err
	}
	err = usable(ctx, engine, host)
	if errors.Is(err, errElsewhere) {
		return systemd.Disk{}, nil
	}
	return disk, err
}

// notByUnits refuses an up of a project that is installed by units, also where they do not run: at the next
// start they would replace its pods by their own.
func (a *app) notByUnits(ctx context.Context, engine Engine, project string, sources []string) error {
	disk, err := a.unitsOf(ctx, engine, project)
	switch {
	case err != nil, !disk.Installed():
		return err
	case len(disk.Units) == 0:
		return fmt.Errorf("an install or uninstall of project %s did not end: podup uninstall %s first", project, project)
	}
	command := "podup install"
	for _, source := range sources {
		command += " -f " + source
	}
	return fmt.Errorf("project %s is installed (units): podup uninstall %s first, or %s", project, project, command)
}

// installedText says that the pods of a project are systemd's to run, and how they are looked at and ended; it is
// empty where nothing of the project is installed. It costs a look at a directory, and asks no service manager.
func (a *app) installedText(project string) string {
	host := a.units()
	// What cannot be read, this user's systemd does not read, either.
	if disk, err := host.Units(project); err == nil && len(disk.Units) > 0 {
		var ways []string
		if pods := disk.Pods(); len(pods) > 0 {
			ways = append(ways, host.Control("status "+strings.Join(pods, " ")))
		}
		if containers := disk.Containers(); len(containers) > 0 {
			ways = append(ways, host.Journal(strings.Join(containers, " -u ")))
		}
		return fmt.Sprintf("project %s is installed as systemd units: %s; podup uninstall %s removes them", project, strings.Join(ways, ", "), project)
	}
	if text, err := host.ReadService(project); err == nil && text != nil {
		service := quadlet.ServiceName(project)
		return fmt.Sprintf("project %s is installed as %s, and has no pods now: %s, %s; podup uninstall %s removes it",
			project, service, host.Control("status "+service), host.Journal(service), project)
	}
	return ""
}

// notHere is the error of a command that names pods of a project which has none and is installed, nil otherwise.
func (a *app) notHere(actual plan.Actual, names ...string) error {
	if len(actual.Pods) > 0 || len(names) == 0 {
		return nil
	}
	if text := a.installedText(actual.Project); text != "" {
		return errors.New(text)
	}
	return nil
}

// notOfUnits refuses to remove the data that installed units use, also where they do not run.
func (a *app) notOfUnits(ctx context.Context, engine Engine, actual plan.Actual) error {
	disk, err := a.unitsOf(ctx, engine, actual.Project)
	if err != nil {
		return err
	}
	var used []string
	for _, claim := range disk.Claims() {
		if actual.Volumes[claim].Role == translate.RoleClaim {
			used = append(used, claim)
		}
	}
	if len(used) == 0 {
		return nil
	}
	return fmt.Errorf("project %s is installed, and its units use the data of %s: podup uninstall %s --volumes first",
		actual.Project, enumerate(used), actual.Project)
}

// besideService says of a project that has a service of its own when that is not who leads the pods that an up by
// hand has started. A service that runs has been told of the change, as any other supervisor is.
func (a *app) besideService(ctx context.Context, engine Engine, project string) error {
	host := a.units()
	text, err := host.ReadService(project)
	if err != nil || text == nil {
		return nil //nolint:nilerr // what is not podup's is not the project's service
	}
	if err := usable(ctx, engine, host); err != nil {
		if errors.Is(err, errElsewhere) {
			return nil
		}
		return err
	}
	runtime, err := openRuntime(a.env.Getenv, project)
	if err != nil {
		return err
	}
	service := quadlet.ServiceName(project)
	if pid, ok := runtime.supervised(); ok {
		groups, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
		if err != nil || inService(string(groups), service) {
			return nil //nolint:nilerr // it has ended since, or another user's: nothing is known
		}
	}
	a.warn(fmt.Sprintf("project %s is installed as %s, which does not run: it takes the pods over, with the manifests that it was installed with, when it starts: %s",
		project, service, host.Control("start "+service)))
	return nil
}

// inService says whether a process with these cgroups (proc_pid_cgroup(5)) is of a service.
func inService(groups, service string) bool {
	for line := range strings.Lines(groups) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) == 3 && slices.Contains(strings.Split(fields[2], "/"), service) {
			return true
		}
	}
	return false
}
