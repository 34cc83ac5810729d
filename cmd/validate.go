package cmd

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
)

type validateOptions struct {
	app     *app
	strict  bool
	network string
	output  enum
}

func newValidateCommand(a *app, run func(context.Context, *validateOptions) error) *cobra.Command {
	opts := &validateOptions{app: a, output: outputFlag()}
	command := &cobra.Command{
		Use:   "validate [-f FILE]...",
		Short: "Check manifests without an engine",
		Long: `Check manifests and report every problem at once, each with its place, the
field, the rule and the way out. No engine is asked.

Fields podup does not honour are errors. Fields that mean nothing on one machine
are warnings.

Exit codes: 0 the manifests are valid, 3 they are not.`,
		Example: `  podup validate -f pod.yaml
  podup validate -f manifests/ -f secrets.yaml --strict
  podup validate -f - -o json <pod.yaml`,
		Args: noArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if run == nil {
				run = runValidate
			}
			return run(command.Context(), opts)
		},
	}
	flags := command.Flags()
	a.filesFlag(flags, "f")
	flags.BoolVar(&opts.strict, "strict", false, "take warnings for errors")
	flags.StringVar(&opts.network, "network", "", "check as for up with this --network")
	flags.VarP(&opts.output, "output", "o", "output format: text or json")
	return command
}

func runValidate(_ context.Context, opts *validateOptions) error {
	found, err := opts.app.load(opts.strict, opts.network)
	if err != nil {
		return err
	}
	v := opts.app.view(opts.output.value)
	if opts.output.value == outputJSON || len(found.problems) > 0 {
		v.Problems(found.problems)
	}
	if opts.output.value != outputJSON {
		text := summary(found.set, found.problems)
		if !found.problems.HasErrors() {
			text = strings.Join(found.names, ", ") + ": " + text
		}
		v.Note(text)
	}
	if found.problems.HasErrors() {
		return exit(exitManifest, nil)
	}
	return nil
}
