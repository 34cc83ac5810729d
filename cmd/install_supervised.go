package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/podup/podup/quadlet"
	"github.com/podup/podup/systemd"
)

// supervise installs the service in which podup leads the project.
func (o *installOptions) supervise(ctx context.Context) error {
	a := o.app
	if o.podman.given {
		return usagef("--podman-version is for the units of install without --supervised")
	}
	v := a.view("")
	generate := &generateSystemdOptions{
		upOptions: upOptions{app: a, strict: o.strict, network: o.network},
		root:      os.Getuid() == 0, passed: passedFlags(o.strict, o.network),
	}
	service, err := generate.service()
	if err != nil {
		return err
	}
	text, err := service.Text()
	if err != nil {
		return exit(exitUsage, err)
	}
	host := a.units()
	in, done, err := a.installer(ctx, host, service.Project, v, !o.noStart && !o.dryRun)
	if err != nil {
		return err
	}
	defer done()
	if err := a.ignored(ctx, in, []quadlet.Unit{{Name: quadlet.ServiceName(service.Project), Text: text}}, o.strict); err != nil {
		return err
	}
	if o.dryRun {
		return o.showService(ctx, in, text)
	}
	update, err := a.installService(ctx, in, text, v)
	if err != nil {
		return err
	}
	a.warnLinger(host)
	if o.noStart {
		return nil
	}
	trouble, err := in.UpdateService(ctx, update)
	if err != nil {
		return err
	}
	if trouble != nil {
		return a.troubled(host, []systemd.Trouble{*trouble})
	}
	return nil
}

// showService says what an install would do.
func (o *installOptions) showService(ctx context.Context, in *systemd.Installer, text []byte) error {
	if err := noUnits(in.Host, in.Project); err != nil {
		return err
	}
	lines, err := in.ServiceChange(ctx, text, !o.noStart)
	if err != nil {
		return err
	}
	if len(lines) == 0 {
		lines = []string{"nothing would change"}
	}
	_, err = fmt.Fprintln(o.app.env.Out, strings.Join(lines, "\n"))
	return err
}

// noUnits refuses a project that is installed by units.
func noUnits(host systemd.Host, project string) error {
	disk, err := host.Read(project)
	if err == nil && !disk.Empty() {
		err = fmt.Errorf("project %s is installed without --supervised: podup uninstall %s first", project, project)
	}
	return err
}

// installService writes and enables the service. It is started without the project's lock, which the service's
// own podup takes, to make itself the supervisor of what an up has started.
func (a *app) installService(ctx context.Context, in *systemd.Installer, text []byte, v view) (update systemd.ServiceUpdate, err error) {
	held, err := acquire(ctx, a.env.Getenv, in.Project, "podup install", v.Note)
	if err != nil {
		return update, err
	}
	defer func() { err = errors.Join(err, held.remove()) }()
	if err := noUnits(in.Host, in.Project); err != nil {
		return update, err
	}
	return in.InstallService(ctx, text)
}
