package cmd

import (
	"context"

	"github.com/spf13/cobra"
)

func newStatusCommand(a *app, run func(context.Context, *getOptions) error) *cobra.Command {
	opts := &getOptions{app: a, output: enum{value: "text", allowed: []string{"text", outputJSON, outputYAML}}}
	command := &cobra.Command{
		Use:   "status [POD...]",
		Short: "Show how the pods are, one line each",
		Long: `Show how the pods of a project are, one line each, in the words of kubectl get pods.

podup describe says why a pod is not running; podup ps lists its containers.`,
		Example: `  podup status
  podup status web db
  podup status --project shop -o json`,
		Args:              fileArgs,
		ValidArgsFunction: a.completePods,
		RunE: func(command *cobra.Command, args []string) error {
			opts.pods = args
			if run == nil {
				run = runGet
			}
			return run(command.Context(), opts)
		},
	}
	getFlags(a, command, opts)
	return command
}
