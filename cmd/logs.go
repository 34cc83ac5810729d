package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// logsOptions say which lines are shown and how.
type logsOptions struct {
	Project    string   // polled for containers that come later; empty is never
	Names      []string // as in the command line; what comes later must match
	Tail       int      // lines of each container; negative is all
	Since      time.Time
	Until      time.Time
	Timestamps bool
	NoPrefix   bool
	Color      string // as --color

	// Expect says, when nothing runs, that more will; nil is never.
	Expect func() bool
	// Look says when to look for what comes later; nil is every second.
	Look    <-chan struct{}
	Windows map[string]logWindow // by engine name; instead of Since and Until
}

type logsFlags struct {
	follow, previous, timestamps, noPrefix bool
	tail                                   lineCount
	since, until                           string
}

func newLogsCommand(a *app) *cobra.Command {
	flags := logsFlags{tail: -1}
	command := &cobra.Command{
		Use:   "logs [CONTAINER...]",
		Short: "Show the output of containers",
		Long: `Show the output of the project's containers, merged by time, each line with the name of
its container.

A container is named web/app, web-app or app; a pod's name stands for all its containers.
With --follow, containers that are restarted or come later are followed too, until none is left.
With --previous it is the output of the run before the current one, of containers that have been restarted.`,
		Example: `  podup logs
  podup logs -f web/app
  podup logs --since 10m --timestamps app
  podup logs --tail 20 --no-prefix web
  podup logs --previous web/app`,
		Args:              fileArgs,
		ValidArgsFunction: a.completeContainers,
		RunE: func(command *cobra.Command, args []string) error {
			return a.logs(command.Context(), flags, args)
		},
	}
	f := command.Flags()
	a.filesFlag(f, "")
	f.BoolVarP(&flags.follow, "follow", "f", false, "go on with what the containers write from now on")
	f.BoolVar(&flags.previous, "previous", false, "show the output of the run before the current one")
	f.VarP(&flags.tail, "tail", "n", "show only the last lines of each container: a number, or all")
	f.StringVar(&flags.since, "since", "", "show lines from this time on: a duration before now (10m) or a time (2006-01-02T15:04:05Z)")
	f.StringVar(&flags.until, "until", "", "show lines up to this time, given as with --since")
	f.BoolVarP(&flags.timestamps, "timestamps", "t", false, "begin each line with its time")
	f.BoolVar(&flags.noPrefix, "no-prefix", false, "leave the names of the containers out")
	return command
}

// lineCount is a flag for a number of lines; negative is all.
type lineCount int

func (n *lineCount) Type() string { return "lines" }

func (n *lineCount) String() string {
	if *n < 0 {
		return "all"
	}
	return strconv.Itoa(int(*n))
}

func (n *lineCount) Set(text string) error {
	number, err := strconv.Atoi(text)
	if text == "all" {
		number, err = -1, nil
	}
	if err != nil {
		return errors.New("it is a number of lines, or all")
	}
	*n = lineCount(number)
	return nil
}

func (a *app) logs(ctx context.Context, flags logsFlags, names []string) error {
	opts := logsOptions{
		Names: names, Tail: int(flags.tail), Timestamps: flags.timestamps, NoPrefix: flags.noPrefix, Color: a.color.value,
	}
	if flags.previous && (flags.follow || flags.since != "" || flags.until != "") {
		return usagef("logs: --previous is a run that has ended, from its start to its end: without --follow, --since and --until")
	}
	now := time.Now()
	var err error
	if opts.Since, err = parseTime("--since", flags.since, now); err != nil {
		return err
	}
	if opts.Until, err = parseTime("--until", flags.until, now); err != nil {
		return err
	}
	if opts.Project, err = a.existingProject(); err != nil {
		return err
	}
	engine, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	actual, err := engine.Observe(ctx, translate.Project{Name: opts.Project})
	if err != nil {
		return err
	}
	if err := a.notHere(actual, names...); err != nil {
		return err
	}
	containers, err := selectContainers(actual, names)
	if err != nil {
		return err
	}
	if len(containers) == 0 {
		if text := a.installedText(opts.Project); text != "" {
			fmt.Fprintln(a.env.Err, text)
			return nil
		}
		fmt.Fprintf(a.env.Err, "project %s has no containers (podup ls lists the projects)\n", opts.Project)
		return nil
	}
	if flags.previous {
		o, err := a.overview(ctx, engine, opts.Project)
		if err != nil {
			return err
		}
		if opts.Windows, containers, err = previousWindows(ctx, o, containers); err != nil {
			return err
		}
	}
	show := showLogs
	if flags.follow {
		show = followLogs
	}
	if err := show(ctx, a.env, engine, containers, opts); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return exit(exitInterrupted, nil)
	}
	return nil
}

// parseTime reads a point in time: a duration before now, or RFC 3339 with or without a time zone.
func parseTime(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil {
		return now.Add(-d.Abs()), nil
	}
	for _, format := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(format, text, now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usagef("%s: %q is neither a duration (10m, 1h30m) nor a time (2006-01-02T15:04:05Z)", flag, text)
}

// showLogs prints what the containers have written, merged by time.
func showLogs(ctx context.Context, env Env, engine Engine, containers []plan.ContainerState, opts logsOptions) error {
	session := newLogSession(env, engine, opts)
	return quietly(ctx, session.show(ctx, containers))
}

// followLogs prints what the containers have written and goes on with what they write, over
// restarts, and with containers of the project that come later. It ends without an error when ctx
// does, when nobody reads standard output any more, or when none of the containers runs any more.
func followLogs(ctx context.Context, env Env, engine Engine, containers []plan.ContainerState, opts logsOptions) error {
	session := newLogSession(env, engine, opts)
	if !opts.Until.IsZero() {
		return quietly(ctx, session.show(ctx, containers))
	}
	return quietly(ctx, session.follow(ctx, containers))
}

// quietly drops the failures that are no news: the user has ended it, or the reader of standard
// output has gone (head).
func quietly(ctx context.Context, err error) error {
	gone := errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe)
	if ctx.Err() == nil && !gone {
		return err
	}
	return nil
}
