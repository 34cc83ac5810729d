package cmd

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
)

type steerOptions struct {
	app     *app
	names   []string
	timeout grace
}

func timeoutFlag(command *cobra.Command, opts *steerOptions) {
	command.Flags().Var(&opts.timeout, "timeout", "seconds a container may take to stop before it is killed (default: its terminationGracePeriodSeconds)")
}

func newStopCommand(a *app, run func(context.Context, *steerOptions) error) *cobra.Command {
	opts := &steerOptions{app: a}
	command := &cobra.Command{
		Use:   "stop [POD...]",
		Short: "Stop pods, which stay with their volumes",
		Long: `Stop pods as a kubelet does: preStop hooks, the stop signal, and after the grace
SIGKILL; sidecars after the app containers. The pods stay, with their containers and
volumes, and are not restarted until podup start or podup up.

podup down stops and removes them.`,
		Example: `  podup stop
  podup stop web --timeout 5`,
		Args:              podsOnly,
		ValidArgsFunction: a.completePods,
		RunE: func(command *cobra.Command, args []string) error {
			opts.names = args
			if run == nil {
				run = runStop
			}
			return run(command.Context(), opts)
		},
	}
	a.filesFlag(command.Flags(), "f")
	timeoutFlag(command, opts)
	return command
}

// podsOnly refuses containers where only a whole pod can be acted on.
func podsOnly(command *cobra.Command, args []string) error {
	for _, arg := range args {
		kind, name, found := strings.Cut(arg, "/")
		if found && name != "" && kind != "pod" && kind != "pods" {
			return usagef("%s: %q is a container: its pod is named alone; podup restart %s restarts one container", command.Name(), arg, arg)
		}
	}
	return fileArgs(command, args)
}

func runStop(ctx context.Context, opts *steerOptions) error {
	s, err := opts.app.steer(ctx, "podup stop")
	if err != nil {
		return err
	}
	defer s.close()
	pods, err := s.pods(ctx, opts.names)
	if err != nil || len(pods) == 0 {
		return err
	}
	var running, down []life
	for _, l := range pods {
		if l.memory.Stopped && !l.running() {
			down = append(down, l)
		} else {
			running = append(running, l)
		}
	}
	if len(down) > 0 {
		s.view.Note(lifeNames(down) + ": stopped before")
	}
	if len(running) == 0 {
		return nil
	}
	return s.lead(ctx, running, stopPods(s.overview.actual.Project, running, opts.timeout.value()), stopped)
}
