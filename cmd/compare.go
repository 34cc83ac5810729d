package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/podup/podup/manifest"
	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/release"
	"github.com/podup/podup/translate"
)

// target is what a command wants a project to be: what manifests say, or what a release said.
type target struct {
	project string
	set     manifest.Set
	options release.Options
	pull    string // --pull: "" is what each container says
	choices plan.Options

	overcommit bool // pods may ask for more than is free
	foreground bool // the command itself supervises the pods
}

// comparison is a target beside what the engine has, and the way from one to the other.
type comparison struct {
	want    translate.Project
	actual  plan.Actual
	plan    plan.Plan
	sources []string // of the newest release
}

// compare looks at the engine and decides what to do. It writes nothing. Pulled are the images a
// registry has just been asked for; key is the project's.
func compare(ctx context.Context, engine Observer, t target, key []byte, pulled map[string]bool, warn func(string)) (comparison, error) {
	want, err := t.want(key)
	if err != nil {
		return comparison{}, err
	}
	if err := knownPods(t.choices.Pods, wantedPods(want)); err != nil {
		return comparison{}, err
	}
	actual, err := engine.Observe(ctx, want)
	if err != nil {
		return comparison{}, err
	}
	actual.Pulled = pulled
	var sources []string
	if len(actual.Pods)+len(actual.Volumes) > 0 {
		past := history{reader: engine.History(t.project), project: t.project, key: key, warn: warn, sources: &sources}
		past.apply(ctx, &actual, false)
		if p := plan.Diff(want, actual, t.choices); p.Empty() {
			return comparison{want: want, actual: actual, plan: p, sources: sources}, nil
		}
		// Something differs: the older definitions may know a hash and so the reason.
		past.apply(ctx, &actual, true)
	}
	return comparison{want: want, actual: actual, plan: plan.Diff(want, actual, t.choices), sources: sources}, nil
}

// want translates the target. Load has shown that this gives no problem for manifests; a release
// made by another version of podup may still give some.
func (t target) want(key []byte) (translate.Project, error) {
	node, err := os.Hostname()
	if err != nil {
		return translate.Project{}, fmt.Errorf("find the name of this machine: %w", err)
	}
	want, problems := translate.Want(t.set, translate.Options{
		Project: t.project, Network: t.options.Network, SecretKey: key, Node: node,
	})
	if problems.HasErrors() {
		return translate.Project{}, exit(exitManifest, problems)
	}
	return withPull(want, t.pull), nil
}

// pullFlag is --pull in the words of docker and podman.
func pullFlag() enum { return enum{allowed: []string{"always", "missing", "never"}} }

// withPull overrides every pull policy of a project.
func withPull(p translate.Project, flag string) translate.Project {
	policies := map[string]translate.PullPolicy{
		"always": translate.PullAlways, "missing": translate.PullIfNotPresent, "never": translate.PullNever,
	}
	policy, ok := policies[flag]
	if !ok {
		return p
	}
	override := func(containers []translate.Container) []translate.Container {
		containers = slices.Clone(containers)
		for i := range containers {
			containers[i].Pull = policy
			containers[i].Mounts = slices.Clone(containers[i].Mounts)
			for j := range containers[i].Mounts {
				if containers[i].Mounts[j].Image != "" {
					containers[i].Mounts[j].ImagePull = policy
				}
			}
		}
		return containers
	}
	p.Pods = slices.Clone(p.Pods)
	for i := range p.Pods {
		p.Pods[i].Init = override(p.Pods[i].Init)
		p.Pods[i].Apps = override(p.Pods[i].Apps)
	}
	return p
}

// knownPods refuses names that are not among the known ones.
func knownPods(names, known []string) error {
	var errs []error
	for _, name := range names {
		if !slices.Contains(known, name) {
			errs = append(errs, unknownName("pod", name, known))
		}
	}
	return errors.Join(errs...)
}

func wantedPods(want translate.Project) []string {
	var names []string
	for _, pod := range want.Pods {
		names = append(names, pod.Name)
	}
	return names
}

// possible is the error of a plan of which nothing may be done: names that somebody else holds, images
// that are nowhere to be had.
func possible(p plan.Plan) error {
	errs := conflictErrors(p.Conflicts)
	for _, image := range p.Missing {
		errs = append(errs, fmt.Errorf("image %s is not in the engine's store and may not be pulled: pull or build it, or allow the pull with --pull missing", image))
	}
	return errors.Join(errs...)
}

// projectKey gives the project's key. One that cannot be read is no reason to stop: it only makes
// what holds secret values look changed.
func projectKey(ctx context.Context, reader release.Reader, warn func(string)) ([]byte, error) {
	key, _, err := reader.Key(ctx)
	if podmanapi.Foreign(err) { // there can be no releases
		return nil, fmt.Errorf("%w: podup keeps its releases in a volume of that name; remove or rename what has it, or choose another project name with --project", err)
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		warn(err.Error())
		if key == nil {
			key = randomKey()
		}
	}
	return key, nil
}

// history translates past releases.
type history struct {
	reader  release.Reader
	project string
	key     []byte
	warn    func(string)
	sources *[]string // becomes those of the newest release; may be nil
}

// apply tells a snapshot what was applied, newest first: all that is kept, or what there is down to
// the newest release that was carried out to its end. What cannot be read is left out with a
// warning: then reasons are coarser, and contents are written again.
func (h history) apply(ctx context.Context, actual *plan.Actual, all bool) {
	actual.Applied, actual.Unfinished, actual.Partial = nil, 0, nil
	deployed, gap, last := false, false, 0
	for r, err := range h.reader.Past(ctx) {
		var definition translate.Project
		if err == nil {
			// A number that is missing is an attempt that is no longer kept.
			gap = gap || !deployed && last > 0 && r.Number != last-1
			if last == 0 && h.sources != nil {
				*h.sources = r.Options.Sources
			}
			last = r.Number
			definition, err = h.translate(r)
		}
		if err != nil {
			if ctx.Err() == nil {
				h.warn(err.Error())
			}
			gap = gap || !deployed
			continue
		}
		if len(r.Options.Pods) > 0 && !gap {
			if actual.Partial == nil {
				actual.Partial = map[int]plan.Partial{}
			}
			actual.Partial[len(actual.Applied)] = plan.Partial{Pods: r.Options.Pods, Done: r.Status == release.Partial}
		}
		actual.Applied = append(actual.Applied, definition)
		if deployed = deployed || r.Status == release.Deployed; !deployed {
			actual.Unfinished++
		} else if !all {
			break
		}
	}
	if gap { // an attempt nobody can read may have written anything
		actual.Unfinished = len(actual.Applied)
	}
}

func (h history) translate(r release.Release) (translate.Project, error) {
	node, err := os.Hostname()
	if err != nil {
		return translate.Project{}, err
	}
	past, problems := translate.Want(r.Set, translate.Options{
		Project: h.project, Network: r.Options.Network, SecretKey: h.key, Node: node,
	})
	if problems.HasErrors() {
		return translate.Project{}, fmt.Errorf("read release %d: %w", r.Number, problems)
	}
	return past, nil
}
