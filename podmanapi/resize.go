package podmanapi

import (
	"context"
	"fmt"
	"net/url"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/podup/podup/translate"
)

// unlimited takes a limit back. Podman keeps what a request leaves out (5.8, 5.4).
const unlimited = -1

// ResizeContainer gives a container its cgroup values; one that runs keeps running, and whichever does
// not is started with them. A limit below what a running container has in memory is refused, as by a
// kubelet (kuberuntime_manager.go, validateMemoryResizeAction): the kernel would kill it for that.
func (c *Client) ResizeContainer(ctx context.Context, con translate.Container, name string) (warnings []string, err error) {
	spec := resizeOf(con.Resources)
	left, warnings, err := c.enforceable(ctx, &spec.resources)
	if err != nil || left == nil {
		return warnings, err
	}
	spec.resources = *left
	err = c.on(ctx, container, name, "resize", func(id, doing string) error {
		if err := c.fits(ctx, id, con.Resources.MemoryLimit); err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
		return c.call(ctx, post(doing, "/containers/"+id+"/update", nil, spec), nil)
	})
	return warnings, err
}

// resizeSpec is the body of POST /containers/X/update (handlers.UpdateEntities). Without NoHealthCheck
// Podman judges the health check that the container does not have: "healthcheck-timeout must be at
// least 1 second" (5.8).
type resizeSpec struct {
	resources
	NoHealthCheck bool `json:"no_healthcheck"`
}

// resizeOf names every value but the shares, which cannot be taken back.
func resizeOf(r translate.Resources) resizeSpec {
	limits := resizeSpec{NoHealthCheck: true, resources: resources{
		Memory: &memoryLimit{Limit: unlimited, Swap: unlimited}, CPU: &cpuLimit{Shares: r.CPUShares, Quota: unlimited},
	}}
	if r.MemoryLimit > 0 {
		limits.Memory = &memoryLimit{Limit: r.MemoryLimit, Swap: r.MemoryLimit}
	}
	if r.CPUQuota > 0 {
		limits.CPU.Quota, limits.CPU.Period = r.CPUQuota, r.CPUPeriod
	}
	return limits
}

// fits says whether what a container has in memory is below a limit, 0 being none.
func (c *Client) fits(ctx context.Context, id string, limit int64) error {
	if limit == 0 {
		return nil
	}
	var found struct {
		State      struct{ Running bool }
		HostConfig struct{ Memory int64 }
	}
	doing := "look at the container"
	if err := c.call(ctx, get(doing, "/containers/"+id+"/json", nil), &found); err != nil {
		return err
	}
	if !found.State.Running || found.HostConfig.Memory > 0 && found.HostConfig.Memory <= limit {
		return nil
	}
	var stats struct {
		Stats []struct{ MemUsage int64 }
	}
	query := url.Values{"containers": {id}, "stream": {"false"}}
	if err := c.call(ctx, get(doing, "/containers/stats", query), &stats); err != nil {
		return err
	}
	if len(stats.Stats) == 1 && stats.Stats[0].MemUsage > limit {
		return fmt.Errorf("it uses %s of memory, more than the new limit of %s: raise the limit, or let resizePolicy or up --force-recreate restart it",
			resource.NewQuantity(stats.Stats[0].MemUsage, resource.BinarySI), resource.NewQuantity(limit, resource.BinarySI))
	}
	return nil
}
