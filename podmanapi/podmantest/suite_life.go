package podmantest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// logPath is Kubernetes' default terminationMessagePath.
const logPath = "/dev/termination-log"

// lifeCases are what a supervisor relies on.
func lifeCases() []scenario {
	return []scenario{
		{"an inspection tells a run exactly", func(c *trial) {
			app := c.app("app", "await", "/go", "then", "exit", "7")
			c.create(c.pod(app))
			name := app.EngineName()
			if run := c.inspect(name); run.Running() || !run.StartedAt.IsZero() || !run.FinishedAt.IsZero() || run.Lost || run.ID == "" {
				c.Errorf("before it ran: %+v", run)
			}
			before := time.Now().Add(-time.Second) // the engine's clock need not be this one to the millisecond
			c.must("start", c.StartContainer(c.ctx, name))
			run := c.inspect(name)
			listed := c.container(name)
			if !run.Running() || run.StartedAt.Before(before) || !run.FinishedAt.IsZero() || run.ExitCode != 0 || run.Lost || run.Container != name ||
				run.ID != listed.ID || run.ImageID != listed.ImageID || !strings.HasPrefix(run.ImageDigest, "sha256:") {
				c.Errorf("running: %+v, listed as %+v", run, listed)
			}
			c.goOn(name)
			c.ends(name, 7)
			ended := c.inspect(name)
			if ended.Running() || ended.ExitCode != 7 || ended.Lost || ended.OOMKilled || ended.FinishedAt.Before(ended.StartedAt) || !ended.StartedAt.Equal(run.StartedAt) {
				c.Errorf("ended: %+v", ended)
			}
			c.must("start again", c.StartContainer(c.ctx, name))
			c.ends(name, 7) // what it waits for is there
			if again := c.inspect(name); !again.StartedAt.After(ended.FinishedAt) || again.FinishedAt.Before(again.StartedAt) || again.ID != run.ID {
				c.Errorf("the second run: %+v after %+v", again, ended)
			}
		}},
		{"the end of a run is told, and then its exit code is known", func(c *trial) {
			app := c.app("app", "await", "/go", "then", "remove", "/go", "then", "exit", "3")
			c.up(c.pod(app))
			name := app.EngineName()
			first := c.inspect(name)
			told := make(chan error, 1)
			go func() { told <- c.Ended(c.ctx, first) }()
			short, cancel := context.WithCancel(c.ctx)
			gaveUp := make(chan error, 1)
			go func() { gaveUp <- c.Ended(short, first) }()
			cancel()
			if err := <-gaveUp; !errors.Is(err, context.Canceled) {
				c.Errorf("waiting that is given up: %v", err)
			}
			select {
			case err := <-told:
				c.Fatalf("told while it runs: %v", err)
			default:
			}
			c.goOn(name)
			c.must("wait for the end", <-told)
			if run := c.inspect(name); run.Running() || run.ExitCode != 3 || run.Lost || run.FinishedAt.IsZero() {
				c.Errorf("right after the end: %+v", run)
			}
			c.must("wait for what has ended", c.Ended(c.ctx, first))
			c.must("start again", c.StartContainer(c.ctx, name))
			c.must("wait for the run before", c.Ended(c.ctx, first))
			second := c.inspect(name)
			if !second.Running() {
				c.Errorf("the second run: %+v", second)
			}
			c.must("stop", c.StopContainer(c.ctx, plan.StopContainer{Name: name, Grace: 0}))
			c.must("wait for the second run", c.Ended(c.ctx, second))
			c.must("remove", c.RemoveContainer(c.ctx, name))
			c.must("wait for what is gone", c.Ended(c.ctx, second))
		}},
		{"a pod's network is that of its infra container", func(c *trial) {
			p := c.pod(c.app("app"))
			c.up(p)
			first, err := c.Sandbox(c.ctx, p.Name)
			c.must("look at the sandbox", err)
			facts, err := c.Facts(c.ctx, p.Name)
			c.must("ask for facts", err)
			if first.Pid <= 0 || first.StartedAt.IsZero() || !slices.Equal(first.IPs, facts.PodIPs) || !slices.Equal(first.HostIPs, facts.HostIPs) {
				c.Errorf("sandbox %+v, facts %+v", first, facts)
			}
			c.must("stop the pod", c.StopPod(c.ctx, plan.StopPod{Pod: p.Name, Grace: 0}))
			if stopped, err := c.Sandbox(c.ctx, p.Name); err != nil || stopped.Pid != 0 {
				c.Errorf("of a stopped pod: %+v, %v", stopped, err)
			}
			c.must("start the pod", c.StartPod(c.ctx, p.Name))
			if again, err := c.Sandbox(c.ctx, p.Name); err != nil || again.Pid == 0 || !again.StartedAt.After(first.StartedAt) {
				c.Errorf("of a pod that was started again: %+v, %v", again, err)
			}
			if _, err := c.Sandbox(c.ctx, c.podName("-none")); err == nil {
				c.Error("a pod that is not there has a sandbox")
			}
		}},
		{"one pod is looked at alone", func(c *trial) {
			app := c.app("app")
			p := c.pod(app)
			if state, ok, err := c.Pod(c.ctx, p.Name); ok || err != nil {
				c.Errorf("before there is one: %+v, %t, %v", state, ok, err)
			}
			c.up(p)
			state, ok, err := c.Pod(c.ctx, p.Name)
			if want := c.now().Pods[p.Name]; err != nil || !ok || state.ID != want.ID || state.Infra.Status != plan.Running || len(state.Containers) != 1 ||
				state.Containers[app.EngineName()].ID != want.Containers[app.EngineName()].ID {
				c.Errorf("it is %+v, %t, %v, observed as %+v", state, ok, err, want)
			}
		}},
		{"a termination message is of one run, and its end is kept", func(c *trial) {
			long := strings.Repeat("x", 5000)
			app := c.app("app", "await", "/go", "then", "remove", "/go", "then", "write", "/dev/termination-log", "begin", long, "then", "exit", "1")
			app.Lifecycle.MessagePath = logPath
			c.up(c.pod(app))
			name := app.EngineName()
			if run := c.inspect(name); run.Message != "" {
				c.Errorf("while it runs: %q", run.Message)
			}
			c.must("start what runs", c.StartContainer(c.ctx, name))
			c.goOn(name)
			c.ends(name, 1)
			want := ("begin " + long + "\n")
			if run := c.inspect(name); run.Message != want[len(want)-4096:] {
				c.Errorf("message of %d bytes, want the last 4096", len(run.Message))
			}
			c.must("start again", c.StartContainer(c.ctx, name))
			c.must("kill", c.StopContainer(c.ctx, plan.StopContainer{Name: name, Grace: 0}))
			if run := c.inspect(name); run.Running() || run.Message != "" {
				c.Errorf("a run that says nothing: %+v", run)
			}
			c.must("start once more", c.StartContainer(c.ctx, name))
			c.goOn(name)
			c.ends(name, 1)
			if run := c.inspect(name); len(run.Message) != 4096 {
				c.Errorf("of the third run: %d bytes", len(run.Message))
			}
		}},
		{"any user may write a termination message, wherever it is to be", func(c *trial) {
			user := int64(1234)
			app := c.app("app", "mode", "/var/message", "then", "write", "/var/message", "why", "then", "exit", "1")
			app.Lifecycle.MessagePath = "/var/message"
			app.Security.RunAsUser = &user
			c.up(c.pod(app))
			c.ends(app.EngineName(), 1)
			if run := c.inspect(app.EngineName()); run.Message != "why\n" {
				c.Errorf("message %q, output %q", run.Message, c.tail(app.EngineName()))
			}
		}},
		{"what the user mounts at the path of the termination message stays", func(c *trial) {
			dir := c.TempDir()
			file := filepath.Join(dir, "log")
			c.must("write", os.WriteFile(file, []byte("mine"), 0o666))
			c.must("chmod", os.Chmod(dir, 0o755))
			app := c.app("app", "cat", logPath)
			app.Lifecycle.MessagePath = logPath
			app.Mounts = []translate.Mount{{Path: logPath, HostPath: file}}
			c.up(c.pod(app))
			c.ends(app.EngineName(), 0)
			if got := c.tail(app.EngineName()); got != "mine" {
				c.Errorf("the container sees %q", got)
			}
			if run := c.inspect(app.EngineName()); run.Message != "" {
				c.Errorf("message %q", run.Message)
			}
		}},
		{"a command is run by the engine, with its output and its exit code", func(c *trial) {
			app := c.app("app")
			c.up(c.pod(app))
			var out bytes.Buffer
			command := []string{TestProgram, "print", "out", "then", "exit", "3"}
			if code, err := c.Command(c.ctx, app.EngineName(), command, &out); err != nil || code != 3 || strings.TrimSpace(out.String()) != "out" {
				c.Errorf("%d, %v, %q", code, err, out.String())
			}
		}},
		{"the runtime of a container has its state where it is said to be", func(c *trial) {
			app := c.app("app")
			c.up(c.pod(app))
			path, root, err := c.Runtime(c.ctx, app.EngineName())
			c.must("ask for the runtime", err)
			if path == "" { // none podup can call
				return
			}
			if _, err := os.Stat(path); err != nil {
				c.Error(err)
			}
			if _, err := os.Stat(filepath.Join(root, c.inspect(app.EngineName()).ID)); err != nil {
				c.Error(err)
			}
		}},
	}
}

func (c *trial) inspect(name string) plan.Run {
	c.Helper()
	run, err := c.Inspect(c.ctx, name)
	c.must("inspect "+name, err)
	return run
}

// goOn lets a container go on that awaits /go.
func (c *trial) goOn(name string) {
	c.Helper()
	// Its end can take the exec along.
	if out, code := c.exec(name, "write", "/go", "now"); code != 0 && code != 137 {
		c.Fatalf("exec in %s: %d %s", name, code, out)
	}
}
