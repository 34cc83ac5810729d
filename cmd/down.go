package cmd

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

type downOptions struct {
	app     *app
	pods    []string
	volumes bool
	timeout grace
}

func newDownCommand(a *app, run func(context.Context, *downOptions) error) *cobra.Command {
	opts := &downOptions{app: a}
	command := &cobra.Command{
		Use:   "down [-f FILE]... [POD]...",
		Short: "Stop the pods of a project and remove what it made",
		Long: `Stop the pods of a project and remove what podup made for it: pods, containers,
volumes, secrets, its network and its history. The data of claims stays, unless
--volumes is given.

The manifests are not read. -f only says which project is meant.`,
		Example: `  podup down
  podup down -f pod.yaml --timeout 5
  podup down --project shop --volumes
  podup down web`,
		Args:              fileArgs,
		ValidArgsFunction: a.completePods,
		RunE: func(command *cobra.Command, args []string) error {
			opts.pods = args
			if run == nil {
				run = runDown
			}
			return run(command.Context(), opts)
		},
	}
	flags := command.Flags()
	a.filesFlag(flags, "f")
	flags.BoolVarP(&opts.volumes, "volumes", "v", false, "remove the data of claims, too")
	flags.Var(&opts.timeout, "timeout", "seconds a container may take to stop before it is killed (default: its terminationGracePeriodSeconds)")
	return command
}

func runDown(ctx context.Context, opts *downOptions) error {
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
	held, err := acquireFromUp(ctx, a.env.Getenv, project, "podup down", v.Note)
	if err != nil {
		return err
	}
	defer held.release()
	defer a.endOnSecond(ctx, "podup down")()
	actual, err := engine.Observe(ctx, translate.Project{Name: project})
	if err != nil {
		return err
	}
	if opts.volumes {
		if err := a.notOfUnits(ctx, engine, actual); err != nil {
			return err
		}
	}
	known := slices.Sorted(maps.Keys(actual.Pods))
	if err := a.notHere(actual, opts.pods...); err != nil {
		return err
	}
	if err := knownPods(opts.pods, known); err != nil {
		return err
	}
	// Naming every pod is naming the project.
	pods := opts.pods
	if !slices.ContainsFunc(known, func(pod string) bool { return !slices.Contains(pods, pod) }) {
		pods = nil
	}
	if actual.Release { // it knows how long each container may take to stop
		past := history{reader: engine.History(project), project: project, key: randomKey(), warn: func(string) {}}
		past.apply(ctx, &actual, false)
	}
	p := plan.Down(actual, plan.DownOptions{Pods: pods, Volumes: opts.volumes, Grace: opts.timeout.value()})
	if !p.Empty() {
		l, err := a.lead(ctx, engine, translate.Project{Name: project}, actual, p)
		if err != nil {
			return err
		}
		defer l.close()
		if result := a.run(ctx, l, v, p); result.Err != nil {
			return result.Err
		}
		l.close()
	}
	runtime, err := openRuntime(a.env.Getenv, project)
	if err != nil {
		return err
	}
	if len(pods) > 0 {
		runtime.tell()
	} else {
		more, err := a.removeRest(ctx, engine, v, project, actual, opts)
		if err != nil {
			return err
		}
		p.Changes = append(p.Changes, more...)
		if err := runtime.remove(ctx, a.env.Getenv); err != nil {
			return err
		}
		if err := held.remove(); err != nil {
			return err
		}
	}
	v.Note(removed(project, p, actual, pods, opts.volumes))
	if text := a.installedText(project); text != "" && len(actual.Pods) == 0 {
		v.Note(text)
	}
	return nil
}

// removeRest removes what a project leaves on the engine beside what podup sees of it.
func (a *app) removeRest(ctx context.Context, engine Engine, v view, project string, actual plan.Actual, opts *downOptions) ([]plan.Change, error) {
	empty, err := a.removeEmpty(ctx, engine, v, project)
	if err != nil {
		return nil, err
	}
	if err := a.removeLate(ctx, engine, v, actual, opts); err != nil {
		return nil, err
	}
	if actual.Release {
		if err := engine.RemoveReleases(ctx, project); err != nil {
			return nil, err
		}
	}
	return empty.Changes, nil
}

// removeEmpty removes the pods that were never given an infra container.
func (a *app) removeEmpty(ctx context.Context, engine Engine, v view, project string) (plan.Plan, error) {
	p := plan.Plan{Project: project}
	names, err := engine.EmptyPods(ctx, project)
	if err != nil {
		return p, err
	}
	for _, name := range names {
		p.Steps = append(p.Steps, plan.Step{Op: plan.RemovePod{Pod: name}, Change: len(p.Changes)})
		p.Changes = append(p.Changes, plan.Change{
			Action: plan.ActionRemove, Object: "pod/" + name, Reasons: []string{"it was left without a container by an interrupted run"},
		})
	}
	if p.Empty() {
		return p, nil
	}
	return p, a.run(ctx, launchless{engine}, v, p).Err
}

// lateTime is how long an engine may go on with a request whose podup was killed.
const lateTime = 2 * time.Second

// removeLate removes what still appears after down has removed what it saw: Podman (seen on 5.8) carries
// a create to its end although the podup that asked for it was killed. Only after an `up` that did not
// end, and only where a pod it wanted was not there, is there anything to wait for.
func (a *app) removeLate(ctx context.Context, engine Engine, v view, before plan.Actual, opts *downOptions) error {
	if before.Unfinished == 0 || len(before.Applied) == 0 {
		return nil
	}
	if !slices.ContainsFunc(before.Applied[0].Pods, func(pod translate.Pod) bool {
		_, there := before.Pods[pod.Name]
		return !there
	}) {
		return nil
	}
	for end := time.Now().Add(lateTime); time.Now().Before(end); {
		late, err := engine.Observe(ctx, translate.Project{Name: before.Project})
		if err != nil {
			return err
		}
		p := plan.Down(late, plan.DownOptions{Volumes: opts.volumes, Grace: opts.timeout.value()})
		if !p.Empty() {
			if result := a.run(ctx, launchless{engine}, v, p); result.Err != nil {
				return result.Err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil
}

// removed says what down took away and what it left.
func removed(project string, p plan.Plan, before plan.Actual, pods []string, volumes bool) string {
	counts := map[string]int{}
	for _, change := range p.Changes {
		kind, _, _ := strings.Cut(change.Object, "/")
		if change.Action == plan.ActionRemove {
			counts[kind]++
		}
	}
	var parts []string
	for _, kind := range []string{"pod", "container", "volume", "secret", "network"} {
		if counts[kind] > 0 {
			parts = append(parts, count(counts[kind], kind))
		}
	}
	text := fmt.Sprintf("project %s: nothing to remove", project)
	switch {
	case len(parts) > 0:
		text = fmt.Sprintf("project %s: removed %s", project, strings.Join(parts, ", "))
	case before.Release && len(pods) == 0:
		text = fmt.Sprintf("project %s: removed its history", project)
	}
	var claims []string
	for _, name := range slices.Sorted(maps.Keys(before.Volumes)) {
		if before.Volumes[name].Role == translate.RoleClaim {
			claims = append(claims, name)
		}
	}
	if len(claims) > 0 && !volumes && len(pods) == 0 {
		text += fmt.Sprintf("; the data of %s stays (--volumes removes it)", strings.Join(claims, ", "))
	}
	return text
}
