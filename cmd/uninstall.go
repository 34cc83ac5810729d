package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/podup/podup/systemd"
)

type uninstallOptions struct {
	app     *app
	project string
	volumes bool
}

func newUninstallCommand(a *app, run func(context.Context, *uninstallOptions) error) *cobra.Command {
	opts := &uninstallOptions{app: a}
	command := &cobra.Command{
		Use:   "uninstall PROJECT",
		Short: "Remove what install has installed",
		Long: `Stop the services of an installed project, and remove its units, files, pods,
containers, volumes, secrets and network. The data of claims stays, unless --volumes
is given; so do images. An install or up of the same project finds it again.

What podup has not made is not touched.`,
		Example: `  podup uninstall shop
  podup uninstall shop --volumes`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			text := "uninstall: name one project: podup uninstall PROJECT"
			if installed := a.units().Installed(); len(installed) > 0 {
				text += " (installed: " + strings.Join(installed, ", ") + ")"
			}
			return errors.New(text)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return a.units().Installed(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(command *cobra.Command, args []string) error {
			opts.project = args[0]
			if run == nil {
				run = runUninstall
			}
			return run(command.Context(), opts)
		},
	}
	command.Flags().BoolVar(&opts.volumes, "volumes", false, "remove the data of claims, too")
	return command
}

func runUninstall(ctx context.Context, opts *uninstallOptions) error {
	a := opts.app
	a.project = opts.project // all else takes it from there
	project, err := a.projectName()
	if err != nil {
		return err
	}
	v := a.view("")
	held, err := acquire(ctx, a.env.Getenv, project, "podup uninstall", v.Note)
	if err != nil {
		return err
	}
	defer held.release()
	host := a.units()
	in, done, err := a.installer(ctx, host, project, v, false)
	if err != nil {
		return err
	}
	defer done()
	engine, unreachable := a.connect(ctx)
	if unreachable == nil {
		defer engine.Close()
		in.Engine = engine
	} else if ctx.Err() != nil {
		return unreachable
	}
	left, err := in.Find(ctx)
	if err != nil {
		return err
	}
	if left.Service != nil {
		held.release() // down takes it
		return opts.dismissAll(ctx, in, left.Disk.Installed())
	}
	if left.Empty() {
		if unreachable != nil {
			return fmt.Errorf("project %s has no units, and what else it has left cannot be seen: %w", project, unreachable)
		}
		v.Note(notInstalled(project, host))
		return held.remove()
	}
	kept, err := in.Uninstall(ctx, left, opts.volumes)
	if unreachable != nil {
		err = errors.Join(err, fmt.Errorf("the units of project %s are removed, and what they have made in Podman may not be: podup uninstall %s does it when there is one: %w",
			project, project, unreachable))
	}
	if err != nil {
		return err
	}
	text := fmt.Sprintf("project %s: uninstalled", project)
	if left.Disk.Empty() && len(kept) == len(left.Objects) {
		text = fmt.Sprintf("project %s: nothing to remove", project)
	}
	if len(kept) > 0 {
		text += fmt.Sprintf("; the data of %s stays (--volumes removes it)", strings.Join(kept, ", "))
	}
	v.Note(text)
	return held.remove()
}

func notInstalled(project string, host systemd.Host) string {
	text := fmt.Sprintf("project %s: nothing to remove: it is not installed", project)
	if others := host.Installed(); len(others) > 0 {
		text += " (installed: " + strings.Join(others, ", ") + ")"
	}
	return text
}

// dismissAll ends a project with a service of its own, and the units that it may have beside that.
func (o *uninstallOptions) dismissAll(ctx context.Context, in *systemd.Installer, units bool) error {
	if !units {
		return o.dismiss(ctx, in, o.volumes)
	}
	if err := o.dismiss(ctx, in, false); err != nil { // the units use the data
		return err
	}
	if err := runUninstall(ctx, o); err != nil || !o.volumes {
		return err
	}
	return runDown(ctx, &downOptions{app: o.app, volumes: true})
}

// dismiss ends a project that its own service leads. Its pods are podup's, and go as those of `podup up`. The
// unit goes last: as long as it is there, another uninstall can go on.
func (o *uninstallOptions) dismiss(ctx context.Context, in *systemd.Installer, volumes bool) error {
	if err := in.StopService(ctx); err != nil {
		return err
	}
	down := &downOptions{app: o.app, volumes: volumes}
	if err := runDown(ctx, down); err != nil {
		return err
	}
	return in.RemoveService(ctx)
}
