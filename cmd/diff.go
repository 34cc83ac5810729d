package cmd

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/podup/podup/podmanapi"
)

type diffOptions struct {
	upOptions
	output enum
}

func newDiffCommand(a *app, run func(context.Context, *diffOptions) error) *cobra.Command {
	opts := &diffOptions{upOptions: upOptions{app: a, pull: pullFlag()}, output: outputFlag()}
	command := &cobra.Command{
		Use:   "diff [-f FILE]... [POD]...",
		Short: "Say what up would change, and why, and change nothing",
		Long: `Say what podup up would change, with a reason for each change, and change nothing.

Exit codes: 0 nothing would change, 1 something would, 2 usage, 3 the manifests
are invalid, 4 the engine cannot be reached, 5 any other failure.`,
		Example: `  podup diff -f pod.yaml
  podup diff -f pod.yaml -o json
  podup diff --prune -f manifests/`,
		Args: fileArgs,
		RunE: func(command *cobra.Command, args []string) error {
			opts.pods = args
			if run == nil {
				run = runDiff
			}
			return diffError(run(command.Context(), opts))
		},
	}
	flags := command.Flags()
	a.filesFlag(flags, "f")
	flags.BoolVar(&opts.prune, "prune", false, "as for up")
	flags.BoolVar(&opts.forceRecreate, "force-recreate", false, "as for up")
	flags.BoolVar(&opts.renewVolumes, "renew-volumes", false, "as for up")
	flags.BoolVar(&opts.strict, "strict", false, "as for up")
	flags.StringVar(&opts.network, "network", "", "as for up")
	flags.Var(&opts.pull, "pull", "as for up: always, missing or never")
	flags.VarP(&opts.output, "output", "o", "output format: text or json")
	return command
}

// diffError keeps exit code 1 for differences.
func diffError(err error) error {
	var chosen *exitError
	if err == nil || errors.As(err, &chosen) || podmanapi.Unreachable(err) {
		return err
	}
	return exit(exitDiffFailed, err)
}

func runDiff(ctx context.Context, opts *diffOptions) error {
	v := opts.app.view(opts.output.value)
	// Standard output holds the one document of the plan: problems go to standard error as for up.
	t, err := opts.target(opts.app.view(""))
	if err != nil {
		return err
	}
	engine, err := opts.app.connect(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	differs, err := opts.app.preview(ctx, engine, t, v)
	if err != nil {
		return err
	}
	if differs {
		return exit(exitFailed, nil)
	}
	return nil
}
