package podmantest

import (
	"strings"

	"github.com/podup/podup/translate"
)

// resizeCases are about limits that change in place.
func resizeCases() []scenario {
	return []scenario{
		{"limits change under a container that runs, and one that does not is started with them", func(c *trial) {
			app, later := c.app("app", "sleep", "forever"), c.app("later", "sleep", "forever")
			app.Resources = translate.Resources{MemoryLimit: 64 << 20, CPUShares: 512, CPUQuota: 50_000, CPUPeriod: 100_000}
			c.create(c.pod(app, later))
			name := app.EngineName()
			c.must("start", c.StartContainer(c.ctx, name))
			run := c.inspect(name)
			app.Resources = translate.Resources{MemoryLimit: 128 << 20, CPUShares: 256}
			later.Resources = app.Resources
			for _, one := range []translate.Container{app, later} {
				warnings, err := c.ResizeContainer(c.ctx, one, one.EngineName())
				c.must("resize", err)
				if enforced := c.memoryOf(one) == 128<<20; enforced == (len(warnings) > 0) {
					c.Errorf("%s: limited: %t, warnings %q", one.Name, enforced, warnings)
				}
			}
			if now := c.inspect(name); now.ID != run.ID || !now.StartedAt.Equal(run.StartedAt) || now.Pid != run.Pid {
				c.Errorf("another run: %+v after %+v", now, run)
			}
			c.must("start", c.StartContainer(c.ctx, later.EngineName()))
		}},
		{"a limit below what a container uses is refused, and one that is gone is taken back", func(c *trial) {
			app := c.app("app", "sleep", "forever")
			app.Resources.MemoryLimit = 64 << 20
			c.up(c.pod(app))
			app.Resources.MemoryLimit = 64 << 10
			warnings, err := c.ResizeContainer(c.ctx, app, app.EngineName())
			if len(warnings) > 0 {
				return // the engine limits nothing, which the case before has seen
			}
			if err == nil || !strings.Contains(err.Error(), "more than the new limit of 64Ki") || c.memoryOf(app) != 64<<20 {
				c.Errorf("%v, and the limit is %d", err, c.memoryOf(app))
			}
			app.Resources.MemoryLimit = 0
			_, err = c.ResizeContainer(c.ctx, app, app.EngineName())
			c.must("resize", err)
			if limit := c.memoryOf(app); limit > 0 {
				c.Errorf("the limit is %d", limit)
			}
		}},
	}
}

// memoryOf is the memory limit the engine keeps for a container.
func (c *trial) memoryOf(one translate.Container) int64 {
	c.Helper()
	var found struct{ HostConfig struct{ Memory int64 } }
	c.raw.must("GET", "/containers/"+one.EngineName()+"/json", nil, &found)
	return found.HostConfig.Memory
}
