package podmantest

import (
	"slices"
	"strings"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

func removeCases() []scenario {
	return []scenario{
		{"a pod that was never given an infra container is found and removed", func(c *trial) {
			name := c.podName("-p")
			c.raw.must("POST", "/pods/create", object{
				"name": name, "no_infra": true, "labels": object{translate.LabelProject: c.project},
			}, nil)
			if got := c.now(); len(got.Pods) > 0 {
				c.Errorf("observed: %+v", got.Pods)
			}
			found, err := c.EmptyPods(c.ctx, c.project)
			c.must("look for empty pods", err)
			if !slices.Equal(found, []string{name}) {
				c.Errorf("found %q", found)
			}
			c.must("remove it", c.RemovePod(c.ctx, plan.RemovePod{Pod: name}))
			app := c.app("app", "sleep", "forever")
			c.up(c.pod(app))
			if found, err = c.EmptyPods(c.ctx, c.project); err != nil || len(found) > 0 {
				c.Errorf("of a pod with containers: %q, %v", found, err)
			}
		}},
		{"removing what is gone is no error", func(c *trial) {
			c.must("container", c.RemoveContainer(c.ctx, c.podName("-p-gone")))
			c.must("pod", c.RemovePod(c.ctx, plan.RemovePod{Pod: c.podName("-p"), Grace: -1}))
			c.must("stop a pod", c.StopPod(c.ctx, plan.StopPod{Pod: c.podName("-p"), Grace: -1}))
			c.must("stop a container", c.StopContainer(c.ctx, plan.StopContainer{Name: c.podName("-p-gone"), Grace: -1}))
			c.must("volume", c.RemoveVolume(c.ctx, c.podName("-p-gone")))
			c.must("secret", c.RemoveSecret(c.ctx, c.podName(".gone")))
			c.must("network", c.RemoveNetwork(c.ctx, c.podName(".gone")))
			c.must("releases", c.RemoveReleases(c.ctx, c.project))
		}},
		{"a running container is removed at once", func(c *trial) {
			app := c.app("app", "ignore", "then", "sleep", "forever")
			app.Grace = 50 * time.Second
			c.up(c.pod(app))
			began := time.Now()
			c.must("remove", c.RemoveContainer(c.ctx, app.EngineName()))
			if took := time.Since(began); took > 20*time.Second {
				c.Errorf("removed after %s", took)
			}
			if c.raw.exists("containers", app.EngineName()) {
				c.Error("it is still there")
			}
			c.must("remove again", c.RemoveContainer(c.ctx, app.EngineName()))
		}},
		{"a removed pod leaves its volumes and nothing else, and its containers had their grace", func(c *trial) {
			data := c.volume(translate.EmptyDir, "data")
			c.must("volume", c.CreateVolume(c.ctx, data))
			app := c.app("app", "print", "ready", "then", "sleep", "forever")
			stubborn := c.app("stubborn", "ignore", "then", "print", "ready", "then", "sleep", "forever")
			app.Mounts = []translate.Mount{mounts(data, "/data")}
			p := c.pod(app, stubborn)
			c.up(p)
			for _, one := range p.Apps {
				c.eventually(one.Name+" is ready", func() bool { return c.tail(one.EngineName()) == "ready" })
			}
			began := time.Now()
			c.must("remove the pod", c.RemovePod(c.ctx, plan.RemovePod{Pod: p.Name, Grace: time.Second}))
			if took := time.Since(began); took < time.Second || took > 20*time.Second {
				c.Errorf("removed after %s", took)
			}
			actual := c.now()
			if len(actual.Pods) > 0 || len(actual.Volumes) != 1 {
				c.Errorf("left: %+v %+v", actual.Pods, actual.Volumes)
			}
			c.must("remove the pod again", c.RemovePod(c.ctx, plan.RemovePod{Pod: p.Name, Grace: time.Second}))
		}},
		{"what is not podup's is never stopped, renamed, changed or removed", func(c *trial) {
			pod, app := c.podName("-theirs"), c.podName("-theirs-app")
			c.stranger("pods", pod, object{"name": pod, "infra_name": pod + "-infra"})
			c.stranger("volumes", c.podName("-v"), object{"Name": c.podName("-v")})
			c.stranger("networks", c.podName(".n"), object{"name": c.podName(".n"), "driver": "bridge"})
			c.stranger("secrets", c.podName(".s"), "theirs")
			c.stranger("containers", app, object{"name": app, "pod": pod, "image": c.image})
			c.raw.must("POST", "/containers/"+app+"/start", nil, nil)
			id := c.raw.container(app).ID

			c.refused("stop a container", c.StopContainer(c.ctx, plan.StopContainer{Name: app, Grace: 0}))
			c.refused("start a container", c.StartContainer(c.ctx, app))
			c.refused("rename", c.RenameContainer(c.ctx, app, c.podName("-mine")))
			c.refused("remove a container", c.RemoveContainer(c.ctx, app))
			c.refused("start a pod", c.StartPod(c.ctx, pod))
			c.refused("stop a pod", c.StopPod(c.ctx, plan.StopPod{Pod: pod, Grace: 0}))
			c.refused("remove a pod", c.RemovePod(c.ctx, plan.RemovePod{Pod: pod, Grace: 0}))
			c.refused("remove a volume", c.RemoveVolume(c.ctx, c.podName("-v")))
			c.refused("remove a network", c.RemoveNetwork(c.ctx, c.podName(".n")))
			c.refused("remove a secret", c.RemoveSecret(c.ctx, c.podName(".s")))
			c.refused("write a volume", c.WriteVolume(c.ctx, translate.Volume{
				Project: c.project, Name: c.podName("-v"), Pod: c.podName("-p"), Kind: translate.Files, Files: []translate.File{file("a", "x", 0o644)},
			}))

			for _, path := range c.foreign {
				kind, name, _ := strings.Cut(path, "/")
				if !c.raw.exists(kind, name) {
					c.Errorf("%s is gone", path)
				}
			}
			if got := c.raw.container(app); got.ID != id || got.State.Status != "running" {
				c.Errorf("container %+v", got)
			}
		}},
		{"what another project owns is not touched either", func(c *trial) {
			labels := object{translate.LabelProject: c.project + "-other", translate.LabelPod: c.podName("-theirs")}
			name := c.podName("-v")
			c.stranger("volumes", name, object{"Name": name, "Labels": labels})
			if err := c.RemoveVolume(c.ctx, name); err == nil {
				c.Error("another project's volume was removed")
			}
			v := c.volume(translate.Claim, "v")
			if err := c.CreateVolume(c.ctx, v); err == nil {
				c.Error("another project's volume was taken for this project's")
			}
			if !c.raw.exists("volumes", name) {
				c.Error("the volume is gone")
			}
			actual := c.observe(translate.Project{Name: c.project, Volumes: []translate.Volume{v}})
			if owner := actual.Taken["volume/"+name]; owner != "project "+c.project+"-other" {
				c.Errorf("the volume is taken by %q", owner)
			}
		}},
	}
}
