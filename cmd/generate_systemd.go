package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/podup/podup/quadlet"
	"github.com/podup/podup/supervise"
	"github.com/podup/podup/systemd"
	"github.com/podup/podup/translate"
)

type generateSystemdOptions struct {
	upOptions
	dir  string
	root bool
	// passed are the flags of up that were given, as its command line has them.
	passed []string
}

func newGenerateSystemdCommand(a *app, run func(context.Context, *generateSystemdOptions) error) *cobra.Command {
	opts := &generateSystemdOptions{upOptions: upOptions{app: a, pull: pullFlag()}}
	command := &cobra.Command{
		Use:   "systemd [-f FILE]...",
		Short: "Write a systemd service by which podup leads the pods",
		Long: `Write a systemd service in which podup itself leads the pods, with everything that
their manifests say: probes, hooks, back-off, restart rules. The service is up when
the pods are ready, systemctl reload applies a changed manifest by difference, and
stopping it gives the pods their preStop hooks and their grace.

The unit is for the user's service manager, as root for the system's. It is written to
standard output, or with -o as podup-PROJECT.service into a directory. The flags of up
are those that the service calls podup up with.

podup generate quadlet writes units that need no podup, and do less.`,
		Example: `  podup generate systemd -f pod.yaml
  podup generate systemd -f pod.yaml -o ~/.config/systemd/user
  podup generate systemd -f manifests/ --prune --project shop -o /etc/systemd/system`,
		Args: noArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			command.Flags().Visit(func(flag *pflag.Flag) {
				if slices.Contains(passedToUp(), flag.Name) {
					opts.passed = append(opts.passed, "--"+flag.Name+"="+flag.Value.String())
				}
			})
			if !command.Flags().Changed("root") {
				opts.root = os.Getuid() == 0
			}
			if run == nil {
				run = runGenerateSystemd
			}
			return run(command.Context(), opts)
		},
	}
	flags := command.Flags()
	a.filesFlag(flags, "f")
	flags.StringVarP(&opts.dir, "output", "o", "", "directory to write the unit into (default: standard output)")
	flags.BoolVar(&opts.root, "root", false, "for the system's service manager (default: as who runs podup)")
	flags.BoolVar(&opts.strict, "strict", false, "as for up")
	flags.BoolVar(&opts.prune, "prune", false, "as for up")
	flags.BoolVar(&opts.overcommit, "overcommit", false, "as for up")
	flags.StringVar(&opts.network, "network", "", "as for up")
	flags.Var(&opts.pull, "pull", "as for up: always, missing or never")
	flags.Var(&opts.maxBackoff, "max-backoff", "as for up")
	return command
}

func passedToUp() []string {
	return []string{"strict", "prune", "overcommit", "network", "pull", "max-backoff"}
}

// passedFlags are the flags of up that commands have which only may write its service.
func passedFlags(strict bool, network string) []string {
	var flags []string
	if strict {
		flags = append(flags, "--strict=true")
	}
	if network != "" {
		flags = append(flags, "--network="+network)
	}
	return flags
}

func runGenerateSystemd(_ context.Context, opts *generateSystemdOptions) error {
	a := opts.app
	service, err := opts.service()
	if err != nil {
		return err
	}
	text, err := service.Text()
	if err != nil {
		return exit(exitUsage, err)
	}
	if opts.dir == "" {
		_, err = a.env.Out.Write(text)
		return err
	}
	if err := systemd.WriteService(opts.dir, service.Project, text); err != nil {
		return err
	}
	a.view("").Note("wrote " + filepath.Join(opts.dir, quadlet.ServiceName(service.Project)))
	return nil
}

// service is the unit that the command line asks for.
func (o *generateSystemdOptions) service() (systemd.Service, error) {
	a := o.app
	if slices.Contains(a.files, "-") {
		return systemd.Service{}, usagef("generate systemd: the service reads its manifests when it starts and is reloaded, and standard input is gone by then: give a file with -f")
	}
	program, err := a.program()
	if err != nil {
		return systemd.Service{}, err
	}
	t, err := o.target(a.view(""))
	if err != nil {
		return systemd.Service{}, err
	}
	want, err := t.want(randomKey())
	if err != nil {
		return systemd.Service{}, err
	}
	service := systemd.Service{
		Project: t.project, Program: program, Flags: o.passed, Sources: t.options.Sources,
		Root: o.root, Stop: longest(want.Pods), Hopeless: []int{exitManifest, exitPods},
	}
	if a.url != "" {
		service.Global = []string{"--url", a.url}
	}
	return service, nil
}

// program is the path of podup as units name it.
func (a *app) program() (string, error) {
	if a.env.Program == "" {
		return "", errors.New("find podup's own path, which the unit is to call: it cannot be told on this machine")
	}
	program, err := filepath.Abs(a.env.Program)
	if err != nil {
		return "", fmt.Errorf("find podup's own path: %w", err)
	}
	return program, nil
}

// longest is how long pods that are stopped at the same time may take.
func longest(pods []translate.Pod) time.Duration {
	most := time.Duration(0)
	for _, pod := range pods {
		most = max(most, supervise.Longest(pod))
	}
	return most
}
