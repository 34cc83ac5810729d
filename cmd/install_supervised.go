package cmd

import (
	"context"
	"fmt"
	"os"

	"github.com/podup/podup/systemd"
)

// supervise installs the service in which podup leads the project.
func (o *installOptions) supervise(ctx context.Context) error {
	a := o.app
	if o.podman != "" {
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
	disk, err := host.Read(service.Project)
	if err != nil {
		return err
	}
	if !disk.Empty() {
		return fmt.Errorf("project %s is installed without --supervised: podup uninstall %s first", service.Project, service.Project)
	}
	if o.dryRun {
		was, err := host.ReadService(service.Project)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(a.env.Out, host.ServiceChange(service.Project, was, text))
		return err
	}
	in, done, err := a.installer(ctx, host, service.Project, v, !o.noStart)
	if err != nil {
		return err
	}
	defer done()
	trouble, err := in.InstallService(ctx, text, !o.noStart)
	if err != nil {
		return err
	}
	a.warnLinger(host)
	if trouble != nil {
		return a.troubled(host, []systemd.Trouble{*trouble})
	}
	return nil
}
