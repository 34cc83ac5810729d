package cmd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// pull asks the registries for the images of a plan, and gives those with what went wrong. A pull
// that fails is no failure where the image only was to be refreshed: a kubelet asks for one when it
// makes a container, and an unchanged up must not need a registry.
func (a *app) pull(ctx context.Context, engine Engine, v view, c comparison) (asked map[string]error, err error) {
	pulls := c.plan.Pulls()
	if pulls.Empty() {
		return nil, nil
	}
	v.Begin(pulls)
	executor := apply.Executor{Engine: launchless{engine}, Notify: v.Event}
	result := executor.Run(ctx, pulls)
	asked = map[string]error{}
	forgiven := ctx.Err() == nil
	for i, step := range pulls.Steps {
		op, ok := step.Op.(plan.PullImage)
		if !ok {
			continue
		}
		asked[op.Image] = result.Errs[i]
		forgiven = forgiven && (result.States[i] == apply.Done || result.Errs[i] != nil && refreshOnly(c, op.Image))
	}
	if forgiven {
		result.Err = nil
	}
	if v.End(result) {
		result.Err = markSaid(result)
	}
	if result.Err != nil {
		return nil, errors.Join(result.Err, pullHints(ctx, engine, c, asked))
	}
	for _, image := range slices.Sorted(maps.Keys(asked)) {
		if err := asked[image]; err != nil {
			a.warn(fmt.Sprintf("image %s: not refreshed: %s; what runs is kept", image, err))
		}
	}
	return asked, nil
}

// builtHere begins the names that podman build and podman import give to images.
const builtHere = "localhost/"

// pullHints explain failed pulls of what was meant to be an image of this machine: `podman build -t
// app:1` makes localhost/app:1, and app:1 in a manifest is Docker Hub's.
func pullHints(ctx context.Context, engine Observer, c comparison, asked map[string]error) error {
	var hints []error
	twins := map[string]string{}
	look := translate.Pod{}
	for _, image := range slices.Sorted(maps.Keys(asked)) {
		if asked[image] == nil || c.actual.Images[image] != "" {
			continue
		}
		if strings.HasPrefix(image, builtHere) {
			hints = append(hints, fmt.Errorf("image %s is not in this engine's store, and no registry has images of that name: build it with podman build -t %s", image, image))
		} else if short, ok := strings.CutPrefix(image, "docker.io/library/"); ok {
			twins[image] = builtHere + short
			look.Apps = append(look.Apps, translate.Container{Image: twins[image]})
		}
	}
	if len(twins) == 0 || ctx.Err() != nil {
		return errors.Join(hints...)
	}
	found, err := engine.Observe(ctx, translate.Project{Name: c.want.Name, Pods: []translate.Pod{look}})
	if err != nil {
		return errors.Join(hints...) // it is only for a hint
	}
	for _, image := range slices.Sorted(maps.Keys(twins)) {
		if found.Images[twins[image]] != "" {
			hints = append(hints, fmt.Errorf("image %s is Docker Hub's, and this engine has %s: write that to use it", image, twins[image]))
		}
	}
	return errors.Join(hints...)
}

// refreshOnly says whether a plan can do with the image that is in the store: it makes no container
// from it that always wants what the registry has.
func refreshOnly(c comparison, image string) bool {
	if c.actual.Images[image] == "" {
		return false
	}
	for _, step := range c.plan.Steps {
		if op, ok := step.Op.(plan.CreateContainer); ok && alwaysPulls(op.Container, image) {
			return false
		}
	}
	return true
}

func alwaysPulls(c translate.Container, image string) bool {
	return c.Image == image && c.Pull == translate.PullAlways ||
		slices.ContainsFunc(c.Mounts, func(m translate.Mount) bool { return m.Image == image && m.ImagePull == translate.PullAlways })
}
