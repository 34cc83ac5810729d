package cmd

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"

	"github.com/podup/podup/podmanapi"
)

type lsOptions struct {
	noHeaders, quiet bool
	output           enum
}

func newLsCommand(a *app) *cobra.Command {
	opts := lsOptions{output: outputFlag()}
	command := &cobra.Command{
		Use:   "ls",
		Short: "List the projects on the engine",
		Long: `List the projects that podup has made on the engine, with the number of their pods, of
their containers, and of those that run.`,
		Example: `  podup ls
  podup ls -o json`,
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(command *cobra.Command, _ []string) error {
			return a.ls(command.Context(), opts)
		},
	}
	flags := command.Flags()
	flags.BoolVar(&opts.noHeaders, "no-headers", false, "leave the column headers out")
	flags.BoolVarP(&opts.quiet, "quiet", "q", false, "print only the names")
	flags.VarP(&opts.output, "output", "o", "output format: text or json")
	return command
}

func (a *app) ls(ctx context.Context, opts lsOptions) error {
	engine, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	projects, err := engine.Inventory(ctx)
	if err != nil {
		return fmt.Errorf("list projects: %w", err)
	}
	slices.SortFunc(projects, func(a, b podmanapi.Project) int { return strings.Compare(a.Name, b.Name) })

	switch {
	case opts.output.value == outputJSON:
		return writeJSON(a.env.Out, inventoryDocument(projects))
	case opts.quiet:
		for _, p := range projects {
			if _, err := fmt.Fprintln(a.env.Out, clean(p.Name)); err != nil {
				return err
			}
		}
		return nil
	case len(projects) == 0:
		fmt.Fprintln(a.env.Err, "no projects on this engine")
		return nil
	}
	color := newPalette(a.env.Out, a.env.Getenv, a.color.value)
	rows := inventoryRows(projects, time.Now(), !opts.noHeaders)
	return writeTable(a.env.Out, rows, 0, 0, func(row, _ int, text string) string {
		if row == 0 && !opts.noHeaders {
			return color.bold(text)
		}
		return text
	})
}

func inventoryRows(projects []podmanapi.Project, now time.Time, headers bool) [][]string {
	var rows [][]string
	if headers {
		rows = append(rows, []string{"PROJECT", "PODS", "CONTAINERS", "RUNNING", "CREATED"})
	}
	for _, p := range projects {
		created := "-"
		if timeOrNil(p.Created) != nil {
			created = strings.ToLower(units.HumanDuration(max(now.Sub(p.Created), time.Second))) + " ago"
		}
		rows = append(rows, []string{
			clean(p.Name), strconv.Itoa(p.Pods), strconv.Itoa(p.Containers), strconv.Itoa(p.Running), created,
		})
	}
	return rows
}

type projectSummary struct {
	Name       string     `json:"name"`
	Pods       int        `json:"pods"`
	Containers int        `json:"containers"`
	Running    int        `json:"running"`
	CreatedAt  *time.Time `json:"createdAt,omitempty"`
}

func inventoryDocument(projects []podmanapi.Project) any {
	list := make([]projectSummary, 0, len(projects))
	for _, p := range projects {
		list = append(list, projectSummary{p.Name, p.Pods, p.Containers, p.Running, timeOrNil(p.Created)})
	}
	return struct {
		FormatVersion string           `json:"formatVersion"`
		Projects      []projectSummary `json:"projects"`
	}{formatVersion, list}
}
