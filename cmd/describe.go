package cmd

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/podup/podup/supervise"
)

type describeOptions struct {
	app  *app
	pods []string
}

func newDescribeCommand(a *app, run func(context.Context, *describeOptions) error) *cobra.Command {
	opts := &describeOptions{app: a}
	command := &cobra.Command{
		Use:   "describe [POD...]",
		Short: "Say all about a pod, and why it is not running",
		Long: `Say all about pods on a page each: how they are and why, every container with its
state, probes and restarts, who supervises, the last events, and what a container
that failed has written last. Without names it is every pod of the project.`,
		Example: `  podup describe web
  podup describe --project shop`,
		Args:              fileArgs,
		ValidArgsFunction: a.completePods,
		RunE: func(command *cobra.Command, args []string) error {
			opts.pods = args
			if run == nil {
				run = runDescribe
			}
			return run(command.Context(), opts)
		},
	}
	a.filesFlag(command.Flags(), "f")
	return command
}

func runDescribe(ctx context.Context, opts *describeOptions) error {
	a := opts.app
	o, done, err := a.lookAtProject(ctx)
	if err != nil {
		return err
	}
	defer done()
	names := podArgs(o.actual, opts.pods)
	if err := a.notHere(o.actual, names...); err != nil {
		return err
	}
	all, err := o.lives(ctx, names)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		a.noPods(o.actual.Project)
		return nil
	}
	events, err := o.runtime.events()
	if err != nil {
		a.warn(err.Error())
	}
	now := time.Now()
	for i, l := range all {
		d := description{
			life: l, pod: l.object(now), now: now, supervisor: o.supervisor, supervised: o.supervised,
			events: podEvents(events, l.pod.Name), output: map[string][]string{},
		}
		for _, t := range l.troubles(d.pod, now) {
			if lines := l.output(ctx, o.engine, t); len(lines) > 0 {
				d.output[t.container] = lines
			}
		}
		if i > 0 {
			if _, err := io.WriteString(a.env.Out, "\n"); err != nil {
				return err
			}
		}
		p := page{width: pageWidth(a.env.Out), color: newPalette(a.env.Out, a.env.Getenv, a.color.value)}
		d.write(&p)
		if _, err := io.WriteString(a.env.Out, p.text.String()); err != nil {
			return err
		}
	}
	return nil
}

func podEvents(events []supervise.Event, pod string) []supervise.Event {
	var of []supervise.Event
	for _, e := range events {
		if e.Pod == pod {
			of = append(of, e)
		}
	}
	return of
}

// pageWidth is the terminal's, as far as text of that width can be read, else 80.
func pageWidth(out io.Writer) int {
	width, _, ok := terminalSize(out)
	if !ok {
		return defaultWidth
	}
	return min(max(width, 60), 120)
}
