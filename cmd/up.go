package cmd

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/systemd"
	"github.com/podup/podup/translate"
)

type upOptions struct {
	app                                *app
	pods                               []string
	detach, dryRun, strict             bool
	wait                               bool // implies detach
	waitTimeout                        patience
	maxBackoff                         patience
	prune, forceRecreate, renewVolumes bool
	overcommit                         bool
	byHand                             bool // no service manager has started it
	network                            string
	pull                               enum
	timeout                            grace
}

func newUpCommand(a *app, run func(context.Context, *upOptions) error) *cobra.Command {
	opts := &upOptions{app: a, pull: pullFlag(), waitTimeout: patience(waitTime)}
	command := &cobra.Command{
		Use:   "up [-f FILE]... [POD]...",
		Short: "Make the pods of manifests run, changing only what differs",
		Long: `Make the pods of manifests run.

podup compares the manifests with what the engine has and changes only the
difference; it says what it changes and why. Everything that can fail is tried
before anything that runs is touched.

The requests of all pods are held against the machine's memory and CPUs, together
with what the pods of podup that run have asked for: either all of the pods fit, or
none is started. $PODUP_CAPACITY states another size: memory=2.5Gi,cpu=4.

Without -d, the logs of all containers follow, and Ctrl-C stops the pods. A second
Ctrl-C kills them.

With --wait, podup returns when every pod is ready: what its readiness probes say, or
without any, that it runs. A pod whose restartPolicy is not Always and that has no
readiness probe is to run to its end: it must have succeeded. When a pod has failed for
good, or --wait-timeout is over, podup says why, with the last lines of the containers
that are the cause, and ends with exit code 1. The pods stay.`,
		Example: `  podup up -f pod.yaml
  podup up -d -f manifests/ -f secrets.yaml
  podup up --wait --wait-timeout 2m -f pod.yaml
  podup up --dry-run -f pod.yaml
  podup up -d --pull always -f pod.yaml
  podup up -d --prune -f pod.yaml`,
		Args: fileArgs,
		RunE: func(command *cobra.Command, args []string) error {
			opts.pods = args
			opts.detach = opts.detach || opts.wait
			if run == nil {
				run = runUp
			}
			return run(command.Context(), opts)
		},
	}
	flags := command.Flags()
	a.filesFlag(flags, "f")
	flags.BoolVarP(&opts.detach, "detach", "d", false, "return when the pods run, instead of following their logs")
	flags.BoolVar(&opts.wait, "wait", false, "return when the pods are ready or have succeeded; implies -d")
	flags.Var(&opts.waitTimeout, "wait-timeout", "how long --wait may take, such as 90s; 0 is no limit")
	flags.Var(&opts.maxBackoff, "max-backoff", "the longest a container that keeps failing waits for its next start, such as 10s (default: 5m, as in a cluster)")
	flags.BoolVar(&opts.dryRun, "dry-run", false, "only say what would be done, as podup diff does")
	flags.BoolVar(&opts.prune, "prune", false, "remove the pods of the project that the manifests no longer name")
	flags.BoolVar(&opts.forceRecreate, "force-recreate", false, "replace containers that have not changed, too")
	flags.BoolVar(&opts.renewVolumes, "renew-volumes", false, "start a replaced pod with new volumes; claims stay")
	flags.BoolVar(&opts.strict, "strict", false, "take warnings about the manifests for errors")
	flags.BoolVar(&opts.overcommit, "overcommit", false, "start pods also where they ask for more memory or CPU than is free")
	flags.StringVar(&opts.network, "network", "", "network of the pods: an engine network, or a mode such as bridge, pasta or host (default: a network for the project if it has several pods)")
	flags.Var(&opts.pull, "pull", "when to pull images, whatever the manifests say: always, missing or never")
	flags.Var(&opts.timeout, "timeout", "seconds a container may take to stop before it is killed (default: its terminationGracePeriodSeconds)")
	return command
}

func runUp(ctx context.Context, opts *upOptions) error {
	if opts.dryRun {
		return opts.app.bringUp(ctx, opts, opts.app.view(""))
	}
	notifier, err := systemd.TakeNotifier(opts.app.env.Getenv)
	switch {
	case err != nil:
		return err
	case notifier == nil:
		opts.byHand = true
		return opts.app.bringUp(ctx, opts, opts.app.view(""))
	case !opts.detach:
		return opts.app.serve(ctx, opts, notifier)
	}
	defer func() { _ = notifier.Close() }()
	if !notifier.Control {
		return opts.app.bringUp(ctx, opts, opts.app.view(""))
	}
	// The reload of a service: a process of its own, so that the service manager sees how it ends. What it says
	// when it has told the service would stand beside what that says.
	v := statusView{view: opts.app.view(""), tell: notifier.Status, said: &sometimes{}}
	if err = opts.app.bringUp(ctx, opts, v); err != nil {
		notifier.Status("reload failed: " + v.because(err))
	}
	return err
}

func (a *app) bringUp(ctx context.Context, opts *upOptions, v view) error {
	began := time.Now()
	t, err := opts.target(v)
	if err != nil {
		return err
	}
	engine, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	if opts.dryRun {
		if err := a.notByUnits(ctx, engine, t.project, t.options.Sources); err != nil {
			return err
		}
		_, err := a.preview(ctx, engine, t, v)
		return err
	}
	t.foreground = !opts.detach
	actual, err := a.converge(ctx, engine, t, v, opts.timeout)
	trouble := err
	if err != nil && !asTrouble(err) {
		return err
	}
	if opts.byHand {
		if err := a.besideService(ctx, engine, t.project); err != nil {
			return err
		}
	}
	if opts.wait {
		if actual, err = a.awaitUp(ctx, engine, t, v, time.Duration(opts.waitTimeout)); err != nil {
			return err
		}
	}
	if opts.detach {
		a.showProject(ctx, engine, a.env.Out, actual)
		for _, text := range troubles(actual, t.choices.Pods) {
			a.warn(text)
		}
		if opts.wait {
			return nil
		}
		return trouble
	}
	if trouble != nil {
		a.warn(trouble.Error())
	}
	return a.attend(ctx, engine, v, attendance{
		project: t.project, pods: t.choices.Pods, actual: actual, since: began, timeout: opts.timeout,
	})
}

// target is what the manifests of the command line want.
func (o *upOptions) target(v view) (target, error) {
	project, err := o.app.projectName()
	if err != nil {
		return target{}, err
	}
	found, err := o.app.load(o.strict, o.network)
	if err != nil {
		return target{}, err
	}
	if len(found.problems) > 0 {
		v.Problems(found.problems)
	}
	if found.problems.HasErrors() {
		return target{}, exit(exitManifest, nil)
	}
	t := target{
		project:    project,
		set:        found.set,
		options:    found.releaseOptions(o.network),
		pull:       o.pull.value,
		overcommit: o.overcommit,
		choices:    plan.Options{Prune: o.prune, Recreate: o.forceRecreate, RenewVolumes: o.renewVolumes, Pods: o.pods},
	}
	t.options.Pods = o.pods
	t.options.MaxBackoff = time.Duration(o.maxBackoff)
	return t, nil
}

// troubles are the containers of an up that do not stay up, said once more than in the table: the up
// itself has gone well.
func troubles(actual plan.Actual, pods []string) []string {
	var texts []string
	for _, c := range projectContainers(actual) {
		var what []string
		switch {
		case c.Status == plan.Exited && c.ExitCode != 0:
			what = append(what, fmt.Sprintf("ended with exit code %d", c.ExitCode))
		case c.Status == plan.Lost:
			what = append(what, "ended")
		}
		if c.Restarts > 0 {
			what = append(what, "been restarted "+times(c.Restarts))
		}
		if c.Role != translate.RoleApp || len(pods) > 0 && !slices.Contains(pods, c.Pod) || len(what) == 0 {
			continue
		}
		path := containerPath(c)
		texts = append(texts, fmt.Sprintf("container %s has %s: see podup logs %s", path, strings.Join(what, " and "), path))
	}
	return texts
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// grace is a flag for how long a container may take to stop: seconds, or a duration such as 1m30s.
type grace struct {
	text     string
	duration time.Duration
}

func (g *grace) String() string { return g.text }
func (g *grace) Type() string   { return "seconds" }

func (g *grace) Set(text string) error {
	duration, err := time.ParseDuration(text)
	if seconds, numeric := strconv.Atoi(text); numeric == nil {
		duration, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil || duration < 0 {
		return usagef("it is a number of seconds, or a duration such as 1m30s")
	}
	g.text, g.duration = text, duration
	return nil
}

// value is negative where the containers decide.
func (g grace) value() time.Duration {
	if g.text == "" {
		return -1
	}
	return g.duration
}
