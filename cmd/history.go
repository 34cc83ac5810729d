package cmd

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/podup/podup/release"
)

type historyOptions struct {
	app    *app
	output enum
}

func newHistoryCommand(a *app, run func(context.Context, *historyOptions) error) *cobra.Command {
	opts := &historyOptions{app: a, output: outputFlag()}
	command := &cobra.Command{
		Use:   "history",
		Short: "List the last definitions that were applied",
		Long: fmt.Sprintf(`List the last definitions of a project that were applied, newest first. podup
keeps %d of them; rollback brings one back.`, release.Kept),
		Example: `  podup history
  podup history --project shop -o json`,
		Args: noArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if run == nil {
				run = runHistory
			}
			return run(command.Context(), opts)
		},
	}
	flags := command.Flags()
	a.filesFlag(flags, "f")
	flags.VarP(&opts.output, "output", "o", "output format: text or json")
	return command
}

// releaseJSON is one release in history -o json.
type releaseJSON struct {
	Number  int       `json:"number"`
	Created time.Time `json:"created"`
	Status  string    `json:"status"`
	Sources []string  `json:"sources"`
	Pods    []string  `json:"pods,omitempty"`
	// Rollback is the release this one brought back.
	Rollback int `json:"rollback,omitempty"`
}

func runHistory(ctx context.Context, opts *historyOptions) error {
	a := opts.app
	project, engine, err := a.openProject(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	// What can be read is listed beside an error about what cannot.
	releases, damaged := engine.History(project).List(ctx)
	if opts.output.value == outputJSON {
		list := make([]releaseJSON, 0, len(releases))
		for _, r := range releases {
			list = append(list, releaseJSON{r.Number, r.Created, string(r.Status), orEmpty(r.Options.Sources), r.Options.Pods, r.Options.Rollback})
		}
		if err := writeJSON(a.env.Out, struct {
			FormatVersion string        `json:"formatVersion"`
			Project       string        `json:"project"`
			Releases      []releaseJSON `json:"releases"`
		}{formatVersion, project, list}); err != nil {
			return err
		}
		return damaged
	}
	if len(releases) == 0 {
		if damaged == nil {
			a.view("").Note(fmt.Sprintf("project %s has no releases", project))
		}
		return damaged
	}
	rows := [][]string{{"RELEASE", "CREATED", "STATUS", "MANIFESTS"}}
	for _, r := range releases {
		manifests := clean(strings.Join(r.Options.Sources, ", "))
		if r.Options.Rollback > 0 {
			manifests = fmt.Sprintf("release %d again: %s", r.Options.Rollback, manifests)
		}
		rows = append(rows, []string{
			strconv.Itoa(r.Number), r.Created.Local().Format(time.DateTime), string(r.Status), manifests,
		})
	}
	width := 0
	if columns, _, ok := terminalSize(a.env.Out); ok {
		width = columns
	}
	plain := func(_, _ int, text string) string { return text }
	if err := writeTable(a.env.Out, rows, width, len(rows[0])-1, plain); err != nil {
		return err
	}
	return damaged
}
