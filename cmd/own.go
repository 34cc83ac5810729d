package cmd

import (
	"github.com/spf13/cobra"

	"github.com/podup/podup/podmanapi"
)

// newOwnCommand is what podup calls itself by where it has to be root of the engine's user namespace.
func newOwnCommand() *cobra.Command {
	return &cobra.Command{
		Use:    podmanapi.OwnCommand + " DIRECTORY SUB GROUP READONLY ONMISMATCH",
		Hidden: true,
		Args:   cobra.ExactArgs(5),
		RunE: func(_ *cobra.Command, args []string) error {
			ownership, err := podmanapi.ReadOwnership(args)
			if err != nil {
				return err
			}
			return ownership.Apply()
		},
	}
}
