package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/podup/podup/translate"
)

// imageUse is all that the containers of the plan say of one image.
type imageUse struct{ always, ifAbsent, never bool }

// pullImages asks registries for what is missing and for what is always to be asked for. An image of
// a container that stays matters only under Always: its container does not need it any more.
func (d *differ) pullImages() {
	uses := map[string]*imageUse{}
	use := func(image string, policy translate.PullPolicy, made bool) {
		u := uses[image]
		if u == nil {
			u = &imageUse{}
			uses[image] = u
		}
		absent := made && d.actual.Images[image] == "" && !d.actual.Pulled[image]
		switch policy {
		case translate.PullAlways:
			u.always = u.always || !d.actual.Pulled[image]
		case translate.PullNever:
			u.never = u.never || absent
		default:
			u.ifAbsent = u.ifAbsent || absent
		}
	}
	for _, p := range d.pods {
		for i, c := range p.pod.Containers() {
			made := p.course != keepPod || p.fates[i].made()
			use(c.Image, c.Pull, made)
			for _, m := range c.Mounts {
				if m.Image != "" {
					use(m.Image, m.ImagePull, made)
				}
			}
		}
	}
	for _, image := range slices.Sorted(maps.Keys(uses)) {
		u := uses[image]
		switch {
		case u.ifAbsent:
			c := d.change(ActionPull, "image/"+image, "not in the store")
			d.pulls[image] = d.step(c, "", PullImage{image}, nil)
		case u.always:
			c := d.change(ActionPull, "image/"+image, "imagePullPolicy: Always")
			d.pulls[image] = d.step(c, "", PullImage{image}, nil)
		case u.never:
			d.plan.Missing = append(d.plan.Missing, image)
		}
	}
}

// imageMoved says that a container's image reference has come to mean another image: by a pull, or
// by a build on this machine. That holds under every pull policy. Never is no wish to keep an old
// build: it is what people write for the images they build.
func (d *differ) imageMoved(c translate.Container, e ContainerState) []string {
	now, was := imageID(d.actual.Images[c.Image]), imageID(e.ImageID)
	if now == "" || was == "" || now == was {
		return nil
	}
	return []string{"image " + familiarImage(c) + ": now " + now[:min(len(now), 12)]}
}

func imageID(id string) string { return strings.TrimPrefix(id, "sha256:") }

// familiarImage is the image as the user reads it in all other reasons.
func familiarImage(c translate.Container) string {
	for _, field := range c.Identity() {
		if field.Name == "image" {
			return field.Value
		}
	}
	return c.Image
}

// needs are the steps a container cannot be made without.
func (d *differ) needs(c translate.Container) []int {
	var steps []int
	add := func(index map[string]int, name string) {
		if i, ok := index[name]; ok {
			steps = append(steps, i)
		}
	}
	add(d.pulls, c.Image)
	for _, m := range c.Mounts {
		add(d.pulls, m.Image)
		add(d.volumes, m.Volume)
	}
	for _, env := range c.Env {
		add(d.secrets, env.Secret)
	}
	return append(steps, d.frees(c)...)
}

// frees gives the removal of another pod that holds the container's name: pod a-b with container c,
// where pod a now has a container b-c. Only a pod that this plan removes can give the name away.
func (d *differ) frees(c translate.Container) []int {
	for name, state := range d.actual.Pods {
		if name == c.Pod || !state.has(c.EngineName()) {
			continue
		}
		if removal, ok := d.removals[name]; ok {
			return []int{removal}
		}
		d.conflict("container/"+c.EngineName(), "pod "+name+" of this project")
	}
	return nil
}
