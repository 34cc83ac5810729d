package cmd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/release"
	"github.com/podup/podup/translate"
)

// cleanupTime is how long podup goes on after an interrupt to leave nothing half made.
const cleanupTime = 30 * time.Second

// converge brings a project to its target and gives what is there then, also beside a troubled error. Nothing that runs is touched
// before everything that can fail has been tried.
func (a *app) converge(ctx context.Context, engine Engine, t target, v view, timeout grace) (plan.Actual, error) {
	held, err := acquire(ctx, a.env.Getenv, t.project, upCommand, v.Note)
	if err != nil {
		return plan.Actual{}, err
	}
	defer held.release()
	defer a.endOnSecond(ctx, "podup up or podup down")()
	if err := a.notByUnits(ctx, engine, t.project, t.options.Sources); err != nil {
		return plan.Actual{}, errors.Join(err, held.remove())
	}
	store := release.Store{Files: engine.Releases(t.project)}
	// Read behind the lock: a podup that was waited for may have made the key.
	key, err := projectKey(ctx, engine.History(t.project), a.warn)
	if podmanapi.Foreign(err) {
		err = errors.Join(err, held.remove())
	}
	if err != nil {
		return plan.Actual{}, err
	}
	c, err := a.prepare(ctx, engine, t, key, v)
	if err != nil {
		if c.want.Name != "" && nothing(c.actual) {
			err = errors.Join(err, held.remove())
		}
		return plan.Actual{}, err
	}
	if text := stranger(t.project, t.options.Sources, c.sources, c.want, c.actual); text != "" {
		a.warn(text)
	}
	if len(c.plan.Orphans) > 0 {
		v.Note(orphans(c.plan.Orphans, t.project))
	}
	number, err := store.Begin(ctx, release.Release{Created: time.Now(), Set: t.set, Options: t.options}, key)
	if err != nil {
		return plan.Actual{}, a.giveUp(ctx, launchless{engine}, held, c.actual, err)
	}
	l, err := a.lead(ctx, engine, c.want, c.actual, c.plan)
	if err != nil {
		return plan.Actual{}, err
	}
	l.supervisor.SetMaxBackoff(t.options.MaxBackoff)
	defer l.close()
	var supervisor *background
	if !t.foreground {
		supervisor = a.superviseInBackground(ctx, l.runtime)
	}
	if !c.plan.Quiet() {
		if result := a.run(ctx, l, v, withGrace(c.plan, timeout)); result.Err != nil {
			return plan.Actual{}, a.giveUp(ctx, l, held, c.actual, failure(c.plan, result))
		}
	}
	if err := store.Finish(ctx, number); err != nil {
		return plan.Actual{}, err
	}
	l.close()
	if err := supervisor.adopt(ctx); err != nil {
		a.warn(err.Error())
	}
	for _, change := range c.plan.Supervision() {
		v.Note(fmt.Sprintf("updated %s: %s; nothing is restarted", change.Object, joinReasons(change.Reasons)))
	}
	if c.plan.Empty() {
		v.Note(upToDate(t, c.want))
		return c.actual, nil
	}
	actual, err := engine.Observe(ctx, translate.Project{Name: t.project})
	if err != nil {
		return plan.Actual{}, err
	}
	return actual, l.trouble()
}

// prepare compares, tries what can fail, pulls the images and compares again with what they are now.
// The comparison comes with an error too, as far as it was made.
func (a *app) prepare(ctx context.Context, engine Engine, t target, key []byte, v view) (comparison, error) {
	c, err := compare(ctx, engine, t, key, nil, a.warn)
	if err != nil {
		return comparison{}, err
	}
	if err := a.admit(ctx, engine, t, c); err != nil {
		return c, err
	}
	engine.UseCredentials(c.want.Credentials)
	asked, err := a.pull(ctx, engine, v, c)
	if err != nil || len(asked) == 0 {
		return c, err
	}
	pulled := map[string]bool{}
	for image := range asked {
		pulled[image] = true
	}
	if c, err = compare(ctx, engine, t, key, pulled, a.warn); err != nil {
		return c, err
	}
	// What was pulled may have brought a container that is made from what could not be.
	var needed []error
	for _, image := range slices.Sorted(maps.Keys(asked)) {
		if err := asked[image]; err != nil && !refreshOnly(c, image) {
			needed = append(needed, err)
		}
	}
	if len(needed) > 0 {
		return c, errors.Join(needed...)
	}
	return c, a.admit(ctx, engine, t, c)
}

// admit refuses a plan that cannot be carried out, with every reason at once.
func (a *app) admit(ctx context.Context, engine Engine, t target, c comparison) error {
	findings, err := preflight(ctx, engine, c)
	if err != nil {
		return err
	}
	var full error
	if !t.overcommit {
		if full, err = crowded(ctx, engine, a.env.Getenv(capacityVariable), c); err != nil {
			return err
		}
	}
	return errors.Join(possible(c.plan), findings, full)
}

// run carries a plan out in front of the user.
func (a *app) run(ctx context.Context, engine apply.Engine, v view, p plan.Plan) apply.Result {
	v.Begin(p)
	executor := apply.Executor{Engine: engine, Notify: v.Event}
	result := executor.Run(ctx, p)
	if v.End(result) {
		result.Err = markSaid(result)
	}
	return result
}

// failure is the error of a plan that was not carried out, with what was taken back.
func failure(p plan.Plan, result apply.Result) error {
	taken := make([]bool, len(p.Changes))
	for i, state := range result.States {
		if state == apply.Undone && i < len(p.Steps) && p.Steps[i].Change < len(taken) {
			taken[p.Steps[i].Change] = true
		}
	}
	var objects []string
	for i, change := range p.Changes {
		if taken[i] {
			objects = append(objects, change.Object)
		}
	}
	if len(objects) == 0 {
		return result.Err
	}
	return errors.Join(result.Err, fmt.Errorf("taken back: %s%s", strings.Join(objects, ", "), because(result.Err)))
}

// because repeats the first line of the first cause: further up, it may have scrolled away.
func because(err error) string {
	for _, cause := range flatten(err) {
		text, _, _ := strings.Cut(cause.Error(), "\n")
		return ", because of: " + strings.TrimSuffix(text, ":")
	}
	return ""
}

// giveUp leaves no trace of a project that had none before. Claims stay: they are data.
func (a *app) giveUp(ctx context.Context, engine leadEngine, held *lock, before plan.Actual, cause error) error {
	if !blank(before) {
		return cause
	}
	// The interrupt that may have been the cause must not keep this from being done.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	left, err := engine.Observe(ctx, translate.Project{Name: before.Project})
	if err != nil {
		return errors.Join(cause, fmt.Errorf("see what is left of the project: %w", err))
	}
	if len(left.Pods) > 0 {
		return cause // some pods came up
	}
	executor := apply.Executor{Engine: engine}
	if err := executor.Run(ctx, plan.Down(left, plan.DownOptions{Grace: -1})).Err; err != nil {
		return errors.Join(cause, fmt.Errorf("remove what is left of the project: %w", err))
	}
	if err := engine.RemoveReleases(ctx, before.Project); err != nil {
		return errors.Join(cause, err)
	}
	if runtime, err := openRuntime(a.env.Getenv, before.Project); err == nil {
		cause = errors.Join(cause, runtime.remove(ctx, a.env.Getenv))
	}
	return errors.Join(cause, held.remove())
}

// blank is a project of which there is nothing, or only the data of an earlier life.
func blank(actual plan.Actual) bool {
	for _, volume := range actual.Volumes {
		if volume.Role != translate.RoleClaim {
			return false
		}
	}
	return len(actual.Pods)+len(actual.Networks)+len(actual.Secrets) == 0 && !actual.Release
}

// nothing says that the engine has nothing of the project.
func nothing(actual plan.Actual) bool {
	return len(actual.Pods)+len(actual.Volumes)+len(actual.Networks)+len(actual.Secrets) == 0 && !actual.Release
}

// withGrace overrides how long everything a plan stops may take.
func withGrace(p plan.Plan, timeout grace) plan.Plan {
	if timeout.value() < 0 {
		return p
	}
	p.Steps = slices.Clone(p.Steps)
	for i := range p.Steps {
		switch op := p.Steps[i].Op.(type) {
		case plan.StopContainer:
			op.Grace = timeout.value()
			p.Steps[i].Op = op
		case plan.StopPod:
			op.Grace = timeout.value()
			p.Steps[i].Op = op
		case plan.RemovePod:
			op.Grace = timeout.value()
			p.Steps[i].Op = op
		}
	}
	return p
}

func upToDate(t target, want translate.Project) string {
	names := wantedPods(want)
	if len(t.choices.Pods) > 0 {
		names = t.choices.Pods
	}
	if len(names) == 0 {
		return t.project + ": up to date"
	}
	return strings.Join(names, ", ") + ": up to date"
}

func orphans(pods []string, project string) string {
	return fmt.Sprintf("no longer in the manifests of project %s: %s (--prune removes them)", project, strings.Join(pods, ", "))
}

// preview says what converge would do. It holds nothing that could do it.
func (a *app) preview(ctx context.Context, engine Observer, t target, v view) (differs bool, err error) {
	key, err := projectKey(ctx, engine.History(t.project), a.warn)
	if err != nil {
		return false, err
	}
	c, err := compare(ctx, engine, t, key, nil, a.warn)
	if err != nil {
		return false, err
	}
	if text := stranger(t.project, t.options.Sources, c.sources, c.want, c.actual); text != "" {
		a.warn(text)
	}
	v.Plan(c.plan)
	if err := possible(c.plan); err != nil {
		return false, err
	}
	// An image that is only asked for again is no difference between the manifests and the engine.
	return slices.ContainsFunc(c.plan.Changes, func(change plan.Change) bool {
		return change.Action != plan.ActionPull
	}), nil
}
