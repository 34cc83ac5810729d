package podmantest

import (
	"strconv"
	"strings"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

func startCases() []scenario {
	return []scenario{
		{"starting what runs and stopping what is stopped are no errors", func(c *trial) {
			app := c.app("app", "sleep", "forever")
			p := c.pod(app)
			c.up(p)
			c.must("start the pod again", c.StartPod(c.ctx, p.Name))
			c.must("start again", c.StartContainer(c.ctx, app.EngineName()))
			stop := plan.StopContainer{Name: app.EngineName(), Grace: -1}
			c.must("stop", c.StopContainer(c.ctx, stop))
			c.must("stop again", c.StopContainer(c.ctx, stop))
			if got := c.container(app.EngineName()); got.Status != plan.Exited || got.ExitCode != 143 || got.ExitedAt.IsZero() {
				c.Errorf("container %+v", got)
			}
			c.must("start once more", c.StartContainer(c.ctx, app.EngineName()))
			if got := c.container(app.EngineName()); got.Status != plan.Running || got.StartedAt.IsZero() {
				c.Errorf("container %+v", got)
			}
		}},
		{"a paused container is stopped, alone and with its pod", func(c *trial) {
			app := c.app("app", "sleep", "forever")
			p := c.pod(app)
			c.up(p)
			c.pause(app.EngineName())
			c.must("stop", c.StopContainer(c.ctx, plan.StopContainer{Name: app.EngineName(), Grace: time.Second}))
			if got := c.container(app.EngineName()); got.Status != plan.Exited {
				c.Errorf("container %+v", got)
			}
			for _, grace := range []time.Duration{0, time.Second} {
				c.must("start again", c.StartContainer(c.ctx, app.EngineName()))
				c.pause(app.EngineName())
				c.must("stop the pod", c.StopPod(c.ctx, plan.StopPod{Pod: p.Name, Grace: grace}))
				if got := c.container(app.EngineName()); got.Status != plan.Exited {
					c.Errorf("with grace %s: container %+v", grace, got)
				}
			}
			c.must("start once more", c.StartContainer(c.ctx, app.EngineName()))
			c.pause(app.EngineName())
			c.down(p)
		}},
		{"wait gives the exit code, of a run that is on and of one that is over", func(c *trial) {
			for _, code := range []int{0, 1, 42} {
				app := c.app("app", "sleep", "100ms", "then", "exit", strconv.Itoa(code))
				p := c.pod(app)
				c.up(p)
				c.ends(app.EngineName(), code)
				c.ends(app.EngineName(), code)
				c.eventually("the end is observed", func() bool {
					got := c.container(app.EngineName())
					return got.Status == plan.Exited && got.ExitCode == code
				})
				c.down(p)
			}
		}},
		{"an init container runs to its end, again if it must, and its last lines tell why", func(c *trial) {
			data := c.volume(translate.EmptyDir, "data")
			c.must("volume", c.CreateVolume(c.ctx, data))
			setup := c.app("setup", "warn", "no database", "then", "cat", "/data/flag")
			setup.Init = true
			setup.Mounts = []translate.Mount{mounts(data, "/data")}
			app := c.app("app", "write", "/data/flag", "yes")
			app.Mounts = setup.Mounts
			c.create(c.pod(setup, app))
			c.must("start the init container", c.StartContainer(c.ctx, setup.EngineName()))
			c.ends(setup.EngineName(), 1)
			if got := c.tail(setup.EngineName()); !strings.Contains(got, "no database") {
				c.Errorf("last lines %q", got)
			}
			c.output(app.EngineName())
			if got := c.output(setup.EngineName()); !strings.Contains(got, "yes") {
				c.Errorf("output of the second run %q", got)
			}
		}},
		{"a container is replaced by rename while its neighbour and the pod go on", func(c *trial) {
			app, side := c.app("app", "sleep", "forever"), c.app("side", "sleep", "forever")
			p := c.pod(app, side)
			c.up(p)
			before := c.now().Pods[p.Name]
			name := app.EngineName()
			successor, predecessor := translate.SuccessorName(name), translate.PredecessorName(name)

			next := c.app("app", "print", "next", "then", "sleep", "forever")
			_, err := c.CreateContainer(c.ctx, next, successor)
			c.must("create the successor", err)
			c.must("stop the old", c.StopContainer(c.ctx, plan.StopContainer{Name: name, Grace: -1}))
			c.must("rename the old", c.RenameContainer(c.ctx, name, predecessor))
			c.must("rename the new", c.RenameContainer(c.ctx, successor, name))
			c.must("start the new", c.StartContainer(c.ctx, name))
			c.must("remove the old", c.RemoveContainer(c.ctx, predecessor))

			after := c.now().Pods[p.Name]
			if after.ID != before.ID || after.Infra.ID != before.Infra.ID || !after.Infra.StartedAt.Equal(before.Infra.StartedAt) {
				c.Errorf("the pod changed: %+v, then %+v", before, after)
			}
			was, is := before.Containers[side.EngineName()], after.Containers[side.EngineName()]
			if was.ID != is.ID || !was.StartedAt.Equal(is.StartedAt) {
				c.Errorf("the neighbour changed: %+v, then %+v", was, is)
			}
			if got := after.Containers[name]; len(after.Containers) != 2 || got.Hash != next.Hash() || got.Status != plan.Running || got.ID == before.Containers[name].ID {
				c.Errorf("containers %+v", after.Containers)
			}
			c.eventually("the new one runs", func() bool { return c.tail(name) == "next" })
		}},
		{"renaming to a used name is an error, and a rename that was done is none", func(c *trial) {
			app, side := c.app("app", "sleep", "forever"), c.app("side", "sleep", "forever")
			c.create(c.pod(app, side))
			if err := c.RenameContainer(c.ctx, app.EngineName(), side.EngineName()); err == nil {
				c.Error("two containers have one name")
			}
			other := translate.PredecessorName(app.EngineName())
			c.must("rename", c.RenameContainer(c.ctx, app.EngineName(), other))
			c.must("rename again", c.RenameContainer(c.ctx, app.EngineName(), other))
			if got := c.container(other); got.Container != "app" {
				c.Errorf("container %+v", got)
			}
		}},
		{"a stop gives the container its grace and then kills it", func(c *trial) {
			app := c.app("app", "ignore", "then", "print", "ready", "then", "sleep", "forever")
			app.Grace = 30 * time.Second
			c.up(c.pod(app))
			c.eventually("the program is ready", func() bool { return c.tail(app.EngineName()) == "ready" })
			began := time.Now()
			c.must("stop", c.StopContainer(c.ctx, plan.StopContainer{Name: app.EngineName(), Grace: time.Second}))
			if took := time.Since(began); took < time.Second || took > 20*time.Second {
				c.Errorf("stopped after %s", took)
			}
			if got := c.container(app.EngineName()); got.Status != plan.Exited || got.ExitCode != 137 {
				c.Errorf("container %+v", got)
			}
		}},
		{"a stop without a grace of its own takes the container's", func(c *trial) {
			app := c.app("app", "ignore", "then", "print", "ready", "then", "sleep", "forever")
			app.Grace = time.Second
			c.up(c.pod(app))
			c.eventually("the program is ready", func() bool { return c.tail(app.EngineName()) == "ready" })
			began := time.Now()
			c.must("stop", c.StopContainer(c.ctx, plan.StopContainer{Name: app.EngineName(), Grace: -1}))
			if took := time.Since(began); took < time.Second || took > 8*time.Second {
				c.Errorf("stopped after %s", took)
			}
		}},
		{"a pod stops although one of its containers is through, and its containers can be started again", func(c *trial) {
			done, app := c.app("done", "exit", "0"), c.app("app", "obey", "3", "then", "print", "ready", "then", "sleep", "forever")
			p := c.pod(done, app)
			c.up(p)
			c.ends(done.EngineName(), 0)
			c.eventually("the program is ready", func() bool { return c.tail(app.EngineName()) == "ready" })
			c.must("stop the pod", c.StopPod(c.ctx, plan.StopPod{Pod: p.Name, Grace: -1}))
			got := c.now().Pods[p.Name]
			if got.Infra.Status != plan.Exited {
				c.Errorf("the infra container is %s", got.Infra.Status)
			}
			if one := got.Containers[app.EngineName()]; one.Status != plan.Exited || one.ExitCode != 3 {
				c.Errorf("container %+v", one)
			}
			c.must("stop the pod again", c.StopPod(c.ctx, plan.StopPod{Pod: p.Name, Grace: -1}))
			c.must("start the pod", c.StartPod(c.ctx, p.Name))
			c.must("start", c.StartContainer(c.ctx, app.EngineName()))
			if got := c.container(app.EngineName()); got.Status != plan.Running {
				c.Errorf("container %+v", got)
			}
		}},
		{"the engine starts no container again by itself", func(c *trial) {
			app := c.app("app", "print", "run", "then", "exit", "1")
			c.up(c.pod(app))
			c.ends(app.EngineName(), 1)
			if policy := c.raw.container(app.EngineName()).HostConfig.RestartPolicy.Name; policy != "no" && policy != "" {
				c.Errorf("the restart policy is %q", policy)
			}
			if got := c.container(app.EngineName()); got.Restarts != 0 {
				c.Errorf("container %+v", got)
			}
		}},
		{"the stop signal of a container is the one it was made with", func(c *trial) {
			app := c.app("app", "obey", "3", "then", "print", "ready", "then", "sleep", "forever")
			app.StopSignal, app.Grace = "SIGKILL", time.Minute
			c.up(c.pod(app))
			c.eventually("the program is ready", func() bool { return c.tail(app.EngineName()) == "ready" })
			c.must("stop", c.StopContainer(c.ctx, plan.StopContainer{Name: app.EngineName(), Grace: -1}))
			c.ends(app.EngineName(), 137)
		}},
		{"a container that takes its time to stop holds up no other one of its pod", func(c *trial) {
			slow := c.app("slow", "term", "then", "print", "told", "then", "await", "/go")
			ready := []string{"print", "ready", "then", "sleep", "forever"}
			quick, other := c.app("quick", ready...), c.app("other", ready...)
			c.up(c.pod(slow, quick, other))
			for _, app := range []translate.Container{quick, other} { // until then the kernel keeps a signal from PID 1
				c.eventually("the program is ready", func() bool { return c.tail(app.EngineName()) == "ready" })
			}
			c.must("stop the one that is started again", c.StopContainer(c.ctx, plan.StopContainer{Name: other.EngineName(), Grace: time.Minute}))
			stopped := make(chan error, 1)
			go func() {
				stopped <- c.StopContainer(c.ctx, plan.StopContainer{Name: slow.EngineName(), Grace: time.Minute})
			}()
			c.eventually("it has been told to end", func() bool { return c.tail(slow.EngineName()) == "told" })
			c.must("stop the other", c.StopContainer(c.ctx, plan.StopContainer{Name: quick.EngineName(), Grace: time.Minute}))
			c.must("start a third", c.StartContainer(c.ctx, other.EngineName()))
			select {
			case err := <-stopped:
				c.Errorf("it has not taken its time: %v", err)
			default:
			}
			c.goOn(slow.EngineName())
			c.must("stop what takes its time", <-stopped)
			c.ends(slow.EngineName(), 0)
		}},
		{"a command that is not there fails at the start and says so", func(c *trial) {
			app := c.app("app")
			app.Entrypoint = []string{"/nosuch"}
			c.create(c.pod(app))
			if err := c.StartContainer(c.ctx, app.EngineName()); err == nil || !strings.Contains(err.Error(), "/nosuch") {
				c.Errorf("error %v", err)
			}
		}},
	}
}

// pause pauses a container as podman pause does. A rootless engine on cgroup v1 cannot; then there is
// nothing to unpause, and what follows must hold all the same.
func (c *trial) pause(name string) {
	c.Helper()
	status, message := c.raw.status("POST", "/containers/"+name+"/pause", nil)
	if status != 204 && !strings.Contains(message, "cgroup V1") {
		c.Fatalf("pause %s: %d %s", name, status, message)
	}
}
