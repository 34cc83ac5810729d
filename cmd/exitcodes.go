package cmd

import "github.com/spf13/cobra"

// newExitCodesTopic is `podup help exit-codes`: a command that only has a text.
func newExitCodesTopic(*app) *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What the exit codes of podup mean",
		Long: `podup ends with one of these codes:

  0    done; of diff: there are no differences
  1    failed; of diff: there are differences
  2    the command line is wrong
  3    a manifest is invalid
  4    the engine cannot be reached or is too old
  5    of diff: failed for a reason other than 2, 3, 4 and 130
  6    of up as a service: every pod has failed for good
  130  interrupted

podup exec, and podup debug where it stays with its container, end with the exit code of what they
run, or with

  125  podup or the engine failed, and the command was not run
  126  the command cannot be run
  127  the command was not found`,
	}
}
