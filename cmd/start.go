package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/podup/podup/plan"
)

func newStartCommand(a *app, run func(context.Context, *steerOptions) error) *cobra.Command {
	opts := &steerOptions{app: a}
	command := &cobra.Command{
		Use:   "start [POD...]",
		Short: "Start pods that were stopped, or that have ended",
		Long: `Start pods that were stopped with podup stop, or that have ended: their init
containers run again, then the others start in order. What runs is left alone.

podup up makes pods from manifests.`,
		Example: `  podup start
  podup start web`,
		Args:              podsOnly,
		ValidArgsFunction: a.completePods,
		RunE: func(command *cobra.Command, args []string) error {
			opts.names = args
			if run == nil {
				run = runStart
			}
			return run(command.Context(), opts)
		},
	}
	a.filesFlag(command.Flags(), "f")
	return command
}

func runStart(ctx context.Context, opts *steerOptions) error {
	s, err := opts.app.steer(ctx, "podup start")
	if err != nil {
		return err
	}
	defer s.close()
	pods, err := s.pods(ctx, opts.names)
	if err != nil || len(pods) == 0 {
		return err
	}
	var down, running []life
	for _, l := range pods {
		if l.state.Infra.Status == plan.Running && l.running() && !l.memory.Stopped {
			running = append(running, l)
		} else {
			down = append(down, l)
		}
	}
	if len(running) > 0 {
		s.view.Note(lifeNames(running) + ": running already")
	}
	if len(down) == 0 {
		return nil
	}
	p, err := startPods(s.overview.actual.Project, down, false, opts.timeout.value())
	if err != nil {
		return err
	}
	return s.lead(ctx, down, p, anew)
}
