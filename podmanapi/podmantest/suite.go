package podmantest

import (
	"context"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// Run holds a client against an engine: every operation podup has, seen from inside the containers
// and from the engine's side. Each case has a project of its own, of which nothing is left.
func Run(t *testing.T, f Fixture) {
	for _, one := range slices.Concat(createCases(), startCases(), lifeCases(), resizeCases(), volumeCases(), removeCases(), outputCases(), execCases(), releaseCases(), unitCases()) {
		t.Run(one.name, func(t *testing.T) {
			if f.Parallel {
				t.Parallel()
			}
			c := newCase(t, f)
			one.run(c)
			c.noLeftovers()
		})
	}
}

type scenario struct {
	name string
	run  func(c *trial)
}

// trial is one case under way: a project of its own in the engine, the client under test, and raw
// access beside it.
type trial struct {
	*testing.T
	Engine
	raw     raw
	ctx     context.Context
	image   string
	project string
	foreign []string // "containers/name": what the case made behind the client's back
}

func newCase(t *testing.T, f Fixture) *trial {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	c := &trial{T: t, Engine: f.Connect(t), raw: newRaw(t, f.URL), ctx: ctx, image: f.Image, project: uniqueName()}
	t.Cleanup(c.clear)
	// A client touches only projects it has observed.
	actual := c.observe(translate.Project{Name: c.project})
	if len(actual.Pods)+len(actual.Volumes)+len(actual.Networks)+len(actual.Secrets) > 0 || actual.Release {
		t.Fatalf("a project that does not exist has %+v", actual)
	}
	return c
}

// must fails the case on an error.
func (c *trial) must(what string, err error) {
	c.Helper()
	if err != nil {
		c.Fatalf("%s: %v", what, err)
	}
}

func (c *trial) observe(want translate.Project) plan.Actual {
	c.Helper()
	actual, err := c.Observe(c.ctx, want)
	c.must("observe", err)
	return actual
}

// now is the project as it is, observed by name only.
func (c *trial) now() plan.Actual { c.Helper(); return c.observe(translate.Project{Name: c.project}) }

func (c *trial) podName(suffix string) string { return c.project + suffix }

// pod is a wanted pod with the given containers.
func (c *trial) pod(containers ...translate.Container) translate.Pod {
	name := c.podName("-p")
	p := translate.Pod{Project: c.project, Name: name, UID: translate.UID(c.project, name), Hostname: "web", Grace: 5 * time.Second}
	for _, one := range containers {
		if one.Init {
			p.Init = append(p.Init, one)
		} else {
			p.Apps = append(p.Apps, one)
		}
	}
	return p
}

// app is a wanted container of that pod that runs a command line of the test program.
func (c *trial) app(name string, command ...string) translate.Container {
	return translate.Container{
		Project: c.project, Pod: c.podName("-p"), Name: name, Image: c.image, Pull: translate.PullNever,
		Command: command, Grace: 5 * time.Second,
	}
}

func (c *trial) volume(kind translate.VolumeKind, name string, files ...translate.File) translate.Volume {
	v := translate.Volume{Project: c.project, Name: translate.VolumeName(c.podName("-p"), name), Pod: c.podName("-p"), Kind: kind, Files: files}
	if kind == translate.Claim {
		v.Name, v.Pod = c.podName("-"+name), ""
	}
	return v
}

func mounts(v translate.Volume, path string) translate.Mount {
	return translate.Mount{Path: path, Volume: v.Name, ReadOnly: v.Kind == translate.Files}
}

// create makes a pod with its containers and starts the pod, but none of the containers.
func (c *trial) create(p translate.Pod) {
	c.Helper()
	c.must("create the pod", c.CreatePod(c.ctx, p))
	c.must("start the pod", c.StartPod(c.ctx, p.Name))
	if len(p.Held) > 0 {
		c.must("hold the volumes", c.HoldVolumes(c.ctx, p))
	}
	for _, one := range p.Containers() {
		_, err := c.CreateContainer(c.ctx, one, one.EngineName())
		c.must("create "+one.Name, err)
	}
}

// up makes a pod and starts its app containers.
func (c *trial) up(p translate.Pod) {
	c.Helper()
	c.create(p)
	for _, one := range p.Apps {
		c.must("start "+one.Name, c.StartContainer(c.ctx, one.EngineName()))
	}
}

// container is what the client sees of a container, by its engine name.
func (c *trial) container(name string) plan.ContainerState {
	c.Helper()
	for _, p := range c.now().Pods {
		if found, ok := p.Containers[name]; ok {
			return found
		}
	}
	c.Fatalf("the client sees no container %s", name)
	return plan.ContainerState{}
}

func (c *trial) eventually(what string, condition func() bool) {
	c.Helper()
	eventually(c.T, what, condition)
}

// waits for a container's end and expects an exit code.
func (c *trial) ends(name string, code int) {
	c.Helper()
	got, err := c.Wait(c.ctx, name)
	c.must("wait for "+name, err)
	if got != code {
		c.Errorf("%s ends with %d, want %d; its output: %q", name, got, code, c.tail(name))
	}
}

func (c *trial) tail(name string) string {
	c.Helper()
	lines, err := c.Tail(c.ctx, name, 20)
	c.must("tail of "+name, err)
	return strings.Join(lines, "\n")
}

// runs starts a container, waits for a good end and gives its output.
func (c *trial) output(name string) string {
	c.Helper()
	c.must("start "+name, c.StartContainer(c.ctx, name))
	c.ends(name, 0)
	return c.tail(name)
}

// refused checks that an operation on somebody else's object failed and says whose it is.
func (c *trial) refused(what string, err error) {
	c.Helper()
	if err == nil {
		c.Errorf("%s: no error", what)
	} else if !strings.Contains(err.Error(), "not made by podup") {
		c.Errorf("%s: %v", what, err)
	}
}

// down removes the pod and its volumes as a plan would.
func (c *trial) down(p translate.Pod, volumes ...translate.Volume) {
	c.Helper()
	c.must("remove the pod", c.RemovePod(c.ctx, plan.RemovePod{Pod: p.Name, Grace: 0}))
	for _, v := range volumes {
		c.must("remove the volume", c.RemoveVolume(c.ctx, v.Name))
	}
}

// clear removes, past the client, whatever is left after a failure.
func (c *trial) clear() {
	label := translate.LabelProject + "=" + c.project
	for _, kind := range []string{"pods", "containers", "volumes", "networks", "secrets"} {
		for _, name := range c.raw.labelled(kind, label) {
			c.raw.must("DELETE", "/"+kind+"/"+name+"?force=true&timeout=0", nil, nil)
		}
	}
	for _, path := range c.foreign {
		if code, message := c.raw.status("DELETE", "/"+path+"?force=true&timeout=0", nil); code >= 300 && code != 404 {
			c.Errorf("clean up %s: %d %s", path, code, message)
		}
	}
}

// noLeftovers removes the pod of the case, through the client, and finds nothing of the project.
func (c *trial) noLeftovers() {
	c.Helper()
	if c.Failed() {
		return
	}
	actual := c.now()
	for name := range actual.Pods {
		c.must("remove pod "+name, c.RemovePod(c.ctx, plan.RemovePod{Pod: name, Grace: 0}))
	}
	for name := range actual.Volumes {
		c.must("remove volume "+name, c.RemoveVolume(c.ctx, name))
	}
	for _, name := range actual.Secrets {
		c.must("remove secret "+name, c.RemoveSecret(c.ctx, name))
	}
	for _, name := range actual.Networks {
		c.must("remove network "+name, c.RemoveNetwork(c.ctx, name))
	}
	if actual.Release {
		c.must("remove the releases", c.RemoveReleases(c.ctx, c.project))
	}
	label := translate.LabelProject + "=" + c.project
	for _, kind := range []string{"pods", "containers", "volumes", "networks", "secrets"} {
		if left := c.raw.labelled(kind, label); len(left) > 0 {
			c.Errorf("%s left behind: %v", kind, left)
		}
	}
}

func file(path, data string, mode fs.FileMode) translate.File {
	return translate.File{Path: path, Mode: mode, Data: translate.Plain(data)}
}
