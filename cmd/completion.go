package cmd

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/podup/podup/plan"
)

func newCompletionCommand(a *app) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print the script that completes podup's command line in a shell",
		Long: `Print the script that completes podup's command line in a shell.

Names of pods and containers are completed too.`,
		Example: `  # bash, for this session and for good
  source <(podup completion bash)
  podup completion bash > ~/.local/share/bash-completion/completions/podup

  # zsh: into a directory of $fpath
  podup completion zsh > "${fpath[1]}/_podup"

  # fish
  podup completion fish > ~/.config/fish/completions/podup.fish

  # PowerShell
  podup completion powershell | Out-String | Invoke-Expression`,
		ValidArgs: shells,
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		RunE: func(command *cobra.Command, args []string) error {
			root := command.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.env.Out, true)
			case "zsh":
				return root.GenZshCompletion(a.env.Out)
			case "fish":
				return root.GenFishCompletion(a.env.Out, true)
			default:
				return root.GenPowerShellCompletionWithDesc(a.env.Out)
			}
		},
	}
}

// completionTime bounds what a person waits for after the tab key.
const completionTime = 2 * time.Second

// complete offers the names that list finds in the project and that are not on the line yet.
// Failures offer nothing: a message would land in the middle of the command line.
func (a *app) complete(command *cobra.Command, args []string, toComplete string, list func(plan.Actual) []string) ([]string, cobra.ShellCompDirective) {
	ctx := command.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, cancel := context.WithTimeout(ctx, completionTime)
	defer cancel()
	_, actual, err := a.observe(ctx)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var offers []string
	for _, name := range list(actual) {
		if strings.HasPrefix(name, toComplete) && !slices.Contains(args, name) {
			offers = append(offers, name)
		}
	}
	return offers, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completePods(command *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	return a.complete(command, args, toComplete, podNames)
}

func (a *app) completeContainers(command *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	return a.complete(command, args, toComplete, func(actual plan.Actual) []string {
		return containerPaths(projectContainers(actual))
	})
}

// completeExec offers pods and containers for the first argument; what follows is a command in the
// container.
func (a *app) completeExec(command *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.complete(command, args, toComplete, func(actual plan.Actual) []string {
		return append(podNames(actual), containerPaths(projectContainers(actual))...)
	})
}
