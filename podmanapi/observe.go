package podmanapi

import (
	"context"
	"net/url"
	"slices"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// Observe takes a snapshot of the project named by want, and of what want needs to know of the rest
// of the engine: the images it names, and who holds names it wants. Applied and Pulled are left to
// the caller. A want with only its name set asks for neither images nor names.
func (c *Client) Observe(ctx context.Context, want translate.Project) (plan.Actual, error) {
	c.known.join(want.Name)
	doing := "observe project/" + want.Name
	var (
		containers []listed
		volumes    []object
		claims     []object
		networks   []object
		secrets    []object
		images     map[string]string
	)
	err := together(
		func() (err error) {
			if containers, err = c.list(ctx, doing, projectLabel(want.Name)); err == nil {
				err = c.settle(ctx, doing, containers)
			}
			return
		},
		func() (err error) { volumes, err = c.volumes(ctx, doing, projectLabel(want.Name)); return },
		func() (err error) { claims, err = c.volumes(ctx, doing, claimLabels(want.Name)); return },
		func() error { return c.call(ctx, get(doing, "/networks/json", nil), &networks) },
		// There is no filter for labels of secrets: `invalid filter "label"` (5.8, 5.4).
		func() error { return c.call(ctx, get(doing, "/secrets/json", nil), &secrets) },
		func() (err error) { images, err = c.imageIDs(ctx, wantedImages(want)); return },
	)
	if err != nil {
		return plan.Actual{}, err
	}
	actual := plan.Actual{
		Project: want.Name,
		Pods:    c.pods(containers),
		Volumes: map[string]plan.VolumeState{},
		Images:  images,
	}
	c.addVolumes(&actual, volumes)
	c.addVolumes(&actual, slices.DeleteFunc(claims, func(v object) bool { return projectOf(volume, v.Labels) != want.Name }))
	for _, n := range networks {
		if n.labels()[translate.LabelProject] == want.Name {
			actual.Networks = append(actual.Networks, n.Name)
			c.known.add(network, n.Name, n.ID)
		}
	}
	for _, s := range secrets {
		if s.labels()[translate.LabelProject] == want.Name {
			actual.Secrets = append(actual.Secrets, s.name())
			if source := s.labels()[translate.LabelSource]; source != "" {
				if actual.Sources == nil {
					actual.Sources = map[string]string{}
				}
				actual.Sources[s.name()] = source
			}
			c.known.add(secret, s.name(), s.ID)
		}
	}
	slices.Sort(actual.Networks)
	slices.Sort(actual.Secrets)
	actual.Taken, err = c.taken(ctx, want, actual, networks, secrets)
	return actual, err
}

// list lists containers, the infra containers among them.
func (c *Client) list(ctx context.Context, doing string, filter map[string][]string) ([]listed, error) {
	var all []listed
	query := url.Values{"all": {"true"}, "filters": {filters(filter)}}
	return all, c.call(ctx, get(doing, "/containers/json", query), &all)
}

func (c *Client) volumes(ctx context.Context, doing string, filter map[string][]string) ([]object, error) {
	var all []object
	return all, c.call(ctx, get(doing, "/volumes/json", url.Values{"filters": {filters(filter)}}), &all)
}

// pods puts containers together by pod. A holder is no member of its pod but has its label; it can
// be all that is left of one, and then stands in a pod without ID.
func (c *Client) pods(containers []listed) map[string]plan.PodState {
	pods := map[string]plan.PodState{}
	for _, l := range containers {
		name := l.Labels[translate.LabelPod]
		state, ok := pods[name]
		if !ok {
			state = plan.PodState{Name: name, Containers: map[string]plan.ContainerState{}}
		}
		c.known.add(container, l.name(), l.ID)
		if l.IsInfra {
			state.ID, state.Hash, state.Infra = l.Pod, l.Labels[translate.LabelHash], c.state(l)
			c.known.add(pod, name, l.Pod)
		} else {
			state.Containers[l.name()] = c.state(l)
		}
		pods[name] = state
	}
	return pods
}

func (c *Client) addVolumes(actual *plan.Actual, volumes []object) {
	for _, v := range volumes {
		c.known.add(volume, v.Name, v.Name)
		c.known.mount(v.Name, v.Mountpoint)
		if v.Labels[translate.LabelRole] == translate.RoleRelease {
			actual.Release = true
			continue
		}
		actual.Volumes[v.Name] = plan.VolumeState{
			Name: v.Name,
			Pod:  v.Labels[translate.LabelPod],
			Role: v.Labels[translate.LabelRole],
			Kind: translate.VolumeKind(v.Labels[translate.LabelKind]),
		}
	}
}

// together runs questions at the same time and gives the first error in their order.
func together(questions ...func() error) error {
	errs := make([]error, len(questions))
	done := make(chan struct{})
	for i, ask := range questions {
		go func() {
			errs[i] = ask()
			done <- struct{}{}
		}()
	}
	for range questions {
		<-done
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
