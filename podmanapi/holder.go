package podmanapi

import (
	"context"
	"fmt"

	"github.com/podup/podup/translate"
)

// HoldVolumes keeps the pod's Memory volumes: their tmpfs lives as long as some container mounts it,
// so the end of the only one that does would empty it, where a kubelet keeps it (5.8, 5.4). The
// holder is set up (init) and never started, and no member of the pod.
func (c *Client) HoldVolumes(ctx context.Context, p translate.Pod) error {
	if len(p.Held) == 0 {
		return nil
	}
	name := translate.HolderName(p.Name)
	doing := "create container/" + name
	containers := p.Containers()
	if len(containers) == 0 {
		return fmt.Errorf("%s: the pod has no container whose image it could use", doing)
	}
	image := containers[0].Image
	spec := containerSpec{
		Name:         name,
		Image:        image,
		RawImageName: image,
		Labels:       p.HolderLabels(),
		// The runtime looks for the program when it sets a container up, and no image is sure to have
		// any: Podman's own init is mounted into the container.
		Init:             true,
		Entrypoint:       []string{"hold"},
		RestartPolicy:    neverRestart,
		LogConfiguration: logConfig{"none"},
		Health:           noHealthCheck(),
		NetNS:            &namespace{Mode: "none"},
		User:             "0:0",
		WorkDir:          "/",
	}
	for i, held := range p.Held {
		spec.Volumes = append(spec.Volumes, volumeMount{Name: held, Dest: mountNumber(i), Options: []string{"nocopy", "rw"}})
	}
	var made struct{ ID string }
	found, fresh, err := c.create(ctx, container, name, p.HolderLabels(), post(doing, "/containers/create", nil, spec), &made)
	if err != nil {
		return explainCreate(containers[0], err)
	}
	if !fresh {
		made.ID = found.ID
	}
	c.known.add(container, name, made.ID)
	// 304 when it is set up already.
	return c.call(ctx, post("set up container/"+name, "/containers/"+made.ID+"/init", nil, nil), nil)
}
