package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/podup/podup/manifest"
	"github.com/podup/podup/plan"
	"github.com/podup/podup/release"
	"github.com/podup/podup/validate"
)

// errNoRelease is a project without a past.
var errNoRelease = errors.New("it has no releases: podup up makes one")

type rollbackOptions struct {
	app                  *app
	number               int // 0 is the one before the current
	dryRun, prune, renew bool
	pull                 enum
	timeout              grace
}

func newRollbackCommand(a *app, run func(context.Context, *rollbackOptions) error) *cobra.Command {
	opts := &rollbackOptions{app: a, pull: pullFlag()}
	command := &cobra.Command{
		Use:   "rollback [RELEASE]",
		Short: "Bring an earlier definition back, changing only what differs",
		Long: `Bring an earlier definition of a project back, as podup up would with its
manifests: only what differs is changed. It becomes a new release.

Without a number it is the last one that came up before the newest.`,
		Example: `  podup rollback
  podup rollback 3
  podup rollback --dry-run 3`,
		Args: fileArgs,
		RunE: func(command *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("rollback: one release can be brought back at a time")
			}
			if len(args) == 1 {
				number, err := strconv.Atoi(args[0])
				if err != nil || number < 1 {
					return usagef("rollback: %q is no release number: podup history lists them", args[0])
				}
				opts.number = number
			}
			if run == nil {
				run = runRollback
			}
			return run(command.Context(), opts)
		},
	}
	flags := command.Flags()
	a.filesFlag(flags, "f")
	flags.BoolVar(&opts.dryRun, "dry-run", false, "only say what would be done")
	flags.BoolVar(&opts.prune, "prune", false, "remove the pods the earlier definition does not name")
	flags.BoolVar(&opts.renew, "renew-volumes", false, "start a replaced pod with new volumes; claims stay")
	flags.Var(&opts.pull, "pull", "when to pull images, whatever the definition says: always, missing or never")
	flags.Var(&opts.timeout, "timeout", "seconds a container may take to stop before it is killed (default: its terminationGracePeriodSeconds)")
	return command
}

func runRollback(ctx context.Context, opts *rollbackOptions) error {
	a := opts.app
	project, err := a.existingProject()
	if err != nil {
		return err
	}
	v := a.view("")
	engine, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	past, err := pastRelease(ctx, engine.History(project), opts.number)
	if err != nil {
		return fmt.Errorf("roll project %s back: %w", project, err)
	}
	// Warnings were said when it was applied; errors would mean another podup wrote it.
	if problems := validate.Check(past.Set, validate.Options{}); problems.HasErrors() {
		v.Problems(onlyErrors(problems))
		return exit(exitManifest, nil)
	}
	past.Options.Pods, past.Options.Rollback = nil, past.Number
	t := target{
		project: project, set: past.Set, options: past.Options, pull: opts.pull.value,
		choices: plan.Options{Prune: opts.prune, RenewVolumes: opts.renew},
	}
	if opts.dryRun {
		_, err := a.preview(ctx, engine, t, v)
		return err
	}
	v.Note(fmt.Sprintf("project %s: going back to release %d of %s", project, past.Number, past.Created.Local().Format("2006-01-02 15:04:05")))
	actual, err := a.converge(ctx, engine, t, v, opts.timeout)
	if err != nil && !asTrouble(err) {
		return err
	}
	a.showProject(ctx, engine, a.env.Out, actual)
	return err
}

// pastRelease finds the release to bring back.
func pastRelease(ctx context.Context, reader release.Reader, number int) (release.Release, error) {
	releases, damaged := reader.List(ctx)
	if number == 0 {
		if len(releases) == 0 {
			return release.Release{}, errors.Join(damaged, errNoRelease)
		}
		for _, r := range releases[1:] {
			if r.Status == release.Deployed || r.Status == release.Superseded {
				return reader.Load(ctx, r.Number)
			}
		}
		return release.Release{}, errors.Join(damaged, errors.New("there is no earlier release that came up"))
	}
	found, err := reader.Load(ctx, number)
	if !errors.Is(err, fs.ErrNotExist) {
		return found, err
	}
	var known []string
	for _, r := range releases {
		known = append(known, strconv.Itoa(r.Number))
	}
	if len(known) == 0 {
		return release.Release{}, errors.Join(damaged, errNoRelease)
	}
	return release.Release{}, errors.Join(damaged, fmt.Errorf("there is no release %d; those kept are %s", number, strings.Join(known, ", ")))
}

func onlyErrors(problems manifest.Problems) manifest.Problems {
	var errs manifest.Problems
	for _, p := range problems {
		if p.Severity == manifest.SeverityError {
			errs = append(errs, p)
		}
	}
	return errs
}
