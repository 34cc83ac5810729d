package cmd

import "github.com/spf13/cobra"

func newGenerateCommand(children ...*cobra.Command) *cobra.Command {
	command := &cobra.Command{
		Use:   "generate",
		Short: "Write systemd units for the pods of manifests",
		Args:  cobra.NoArgs,
	}
	command.AddCommand(children...)
	return command
}
