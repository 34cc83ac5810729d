package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"

	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/systemd"
)

type lsOptions struct {
	noHeaders, quiet bool
	output           enum
}

func newLsCommand(a *app) *cobra.Command {
	opts := lsOptions{output: outputFlag()}
	command := &cobra.Command{
		Use:   "ls",
		Short: "List the projects on the engine, and those that are installed",
		Long: `List the projects that podup has made on the engine, with the number of their pods, of
their containers, and of those that run; and the projects that podup install has
installed for this user, with what systemd says of them: units where each container is
a service of its own, supervised where podup leads the pods, and whether their services
are active or have failed.`,
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
	rows := a.withInstalled(ctx, engine, projects)
	switch {
	case opts.output.value == outputJSON:
		return writeJSON(a.env.Out, inventoryDocument(rows))
	case opts.quiet:
		for _, p := range rows {
			if _, err := fmt.Fprintln(a.env.Out, clean(p.Name)); err != nil {
				return err
			}
		}
		return nil
	case len(rows) == 0:
		fmt.Fprintln(a.env.Err, "no projects on this engine")
		return nil
	}
	color := newPalette(a.env.Out, a.env.Getenv, a.color.value)
	return writeTable(a.env.Out, inventoryRows(rows, time.Now(), !opts.noHeaders), 0, 0, func(row, _ int, text string) string {
		if row == 0 && !opts.noHeaders {
			return color.bold(text)
		}
		return text
	})
}

// listedProject is a project with what is installed of it.
type listedProject struct {
	podmanapi.Project

	installed *installation
}

// installation is how a project is installed. State is empty where no service manager says.
type installation struct {
	As     string   `json:"as"` // "units", "supervised", "units and supervised"
	State  string   `json:"state,omitempty"`
	Failed []string `json:"failed,omitempty"` // services
}

func (i *installation) String() string {
	switch {
	case i == nil:
		return "-"
	case i.State == "":
		return i.As
	}
	return i.As + ", " + i.State
}

// withInstalled adds what is installed, sorted by project. What is on this machine says nothing of an engine on
// another one.
func (a *app) withInstalled(ctx context.Context, engine Engine, projects []podmanapi.Project) []listedProject {
	var rows []listedProject
	for _, p := range projects {
		row := listedProject{Project: p}
		if p.Units {
			row.installed = &installation{As: installedUnits}
		}
		rows = append(rows, row)
	}
	host := a.units()
	switch err := usable(ctx, engine, host); {
	case err == nil:
		rows = a.addInstalled(ctx, host, rows)
	case !errors.Is(err, errElsewhere):
		a.warn("what is installed is not listed: " + err.Error())
	}
	slices.SortFunc(rows, func(a, b listedProject) int { return strings.Compare(a.Name, b.Name) })
	return rows
}

// How a project is installed.
const (
	installedUnits      = "units"
	installedSupervised = "supervised"
	installedTwice      = installedUnits + " and " + installedSupervised
)

// addInstalled puts what is installed on this machine to the projects. Without a service manager nobody says how it is.
func (a *app) addInstalled(ctx context.Context, host systemd.Host, rows []listedProject) []listedProject {
	found, err := host.Installations()
	if err != nil {
		for _, err := range flatten(err) {
			a.warn(err.Error())
		}
	}
	if len(found) == 0 {
		return rows
	}
	manager, err := host.Open(ctx)
	switch {
	case err == nil:
		defer manager.Close()
	case !errors.Is(err, systemd.ErrNoManager):
		a.warn("how what is installed stands is not known: " + err.Error())
	}
	for len(found) > 0 {
		f := found[0]
		is := &installation{As: installedUnits}
		if f.Supervised {
			is.As = installedSupervised
		}
		if found = found[1:]; len(found) > 0 && found[0].Project == f.Project {
			a.warn(fmt.Sprintf("project %s is installed twice, and one of the two is in the way of the other: podup uninstall %s removes both", f.Project, f.Project))
			is.As = installedTwice
			f.Services = slices.Concat(f.Services, found[0].Services)
			found = found[1:]
		}
		if manager != nil {
			if is.State, is.Failed, err = f.Standing(ctx, manager); err != nil {
				a.warn(err.Error())
			}
		}
		i := slices.IndexFunc(rows, func(row listedProject) bool { return row.Name == f.Project })
		if i < 0 {
			i, rows = len(rows), append(rows, listedProject{Project: podmanapi.Project{Name: f.Project}})
		}
		rows[i].installed = is
	}
	return rows
}

func inventoryRows(projects []listedProject, now time.Time, headers bool) [][]string {
	var rows [][]string
	if headers {
		rows = append(rows, []string{"PROJECT", "PODS", "CONTAINERS", "RUNNING", "CREATED", "INSTALLED"})
	}
	for _, p := range projects {
		created := "-"
		if timeOrNil(p.Created) != nil {
			created = strings.ToLower(units.HumanDuration(max(now.Sub(p.Created), time.Second))) + " ago"
		}
		rows = append(rows, []string{
			clean(p.Name), strconv.Itoa(p.Pods), strconv.Itoa(p.Containers), strconv.Itoa(p.Running), created, p.installed.String(),
		})
	}
	return rows
}

type projectSummary struct {
	Name       string        `json:"name"`
	Pods       int           `json:"pods"`
	Containers int           `json:"containers"`
	Running    int           `json:"running"`
	CreatedAt  *time.Time    `json:"createdAt,omitempty"`
	Installed  *installation `json:"installed,omitempty"`
}

func inventoryDocument(projects []listedProject) any {
	list := make([]projectSummary, 0, len(projects))
	for _, p := range projects {
		list = append(list, projectSummary{p.Name, p.Pods, p.Containers, p.Running, timeOrNil(p.Created), p.installed})
	}
	return struct {
		FormatVersion string           `json:"formatVersion"`
		Projects      []projectSummary `json:"projects"`
	}{formatVersion, list}
}
