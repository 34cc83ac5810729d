package podmantest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

func execCases() []scenario {
	return []scenario{
		{"exec gives the exit code, both streams and the environment", func(c *trial) {
			app := c.app("app", "sleep", "forever")
			c.up(c.pod(app))
			var out, err bytes.Buffer
			code, failed := c.Exec(c.ctx, app.EngineName(), ExecOptions{
				Command: []string{TestProgram, "print", "to out", "then", "warn", "to err", "then", "env", "EXTRA", "then", "exit", "7"},
				Env:     []string{"EXTRA=a=b"}, Out: &out, Err: &err,
			})
			c.must("exec", failed)
			if code != 7 || out.String() != "to out\na=b\n" || err.String() != "to err\n" {
				c.Errorf("%d %q %q", code, out.String(), err.String())
			}
		}},
		{"attach shows all that a container writes, and gives its exit code", func(c *trial) {
			app := c.app("app", "print", "to out", "then", "warn", "to err", "then", "exit", "7")
			c.create(c.pod(app))
			var out, err bytes.Buffer
			code, failed := c.Attach(c.ctx, app.EngineName(), ExecOptions{Out: &out, Err: &err})
			c.must("attach", failed)
			if code != 7 || out.String() != "to out\n" || err.String() != "to err\n" {
				c.Errorf("%d %q %q", code, out.String(), err.String())
			}
		}},
		{"attach feeds stdin to its end", func(c *trial) {
			app := c.app("app", "cat", "-")
			app.Stdin = true
			c.create(c.pod(app))
			text := strings.Repeat("all of it\n", 20_000)
			var out bytes.Buffer
			code, err := c.Attach(c.ctx, app.EngineName(), ExecOptions{In: strings.NewReader(text), Out: &out})
			c.must("attach", err)
			if code != 0 || out.String() != text {
				c.Errorf("%d, %d bytes of %d", code, out.Len(), len(text))
			}
		}},
		{"an ephemeral container is told from the pod's own and sees the processes of its target", func(c *trial) {
			app := c.app("app", "sleep", "forever")
			c.up(c.pod(app))
			debug := c.app("look", "sleep", "forever")
			debug.Ephemeral, debug.Target = true, "app"
			_, err := c.CreateContainer(c.ctx, debug, debug.EngineName())
			c.must("create", err)
			c.must("start", c.StartContainer(c.ctx, debug.EngineName()))
			if got := c.container(debug.EngineName()); got.Role != translate.RoleDebug || got.Status != plan.Running {
				c.Errorf("%+v", got)
			}
			p := c.pod(app)
			p.Project = c.project
			if changes := plan.Diff(translate.Project{Name: c.project, Pods: []translate.Pod{p}}, c.observe(translate.Project{Name: c.project, Pods: []translate.Pod{p}}), plan.Options{}); !changes.Empty() {
				c.Errorf("an up would do something:\n%s", changes)
			}
			c.must("remove", c.RemovePod(c.ctx, plan.RemovePod{Pod: p.Name}))
		}},
		{"exec feeds stdin to its end", func(c *trial) {
			app := c.app("app", "sleep", "forever")
			c.up(c.pod(app))
			text := strings.Repeat("all of it\n", 20_000)
			var out bytes.Buffer
			code, err := c.Exec(c.ctx, app.EngineName(), ExecOptions{Command: []string{TestProgram, "cat", "-"}, In: strings.NewReader(text), Out: &out})
			c.must("exec", err)
			if code != 0 || out.String() != text {
				c.Errorf("%d, %d bytes of %d", code, out.Len(), len(text))
			}
		}},
		{"exec without anywhere to write to gives the exit code", func(c *trial) {
			app := c.app("app", "sleep", "forever")
			c.up(c.pod(app))
			code, err := c.Exec(c.ctx, app.EngineName(), ExecOptions{Command: []string{TestProgram, "print", "a", "then", "warn", "b", "then", "exit", "3"}})
			c.must("exec", err)
			if code != 3 {
				c.Errorf("exit code %d", code)
			}
		}},
		{"exec returns although stdin stays open", func(c *trial) {
			app := c.app("app", "sleep", "forever")
			c.up(c.pod(app))
			in, feed := io.Pipe()
			defer feed.Close()
			code, err := c.Exec(c.ctx, app.EngineName(), ExecOptions{Command: []string{TestProgram, "exit", "3"}, In: in, Out: io.Discard})
			c.must("exec", err)
			if code != 3 {
				c.Errorf("exit code %d", code)
			}
		}},
		{"exec on a terminal knows its size and its changes", func(c *trial) {
			app := c.app("app", "sleep", "forever")
			c.up(c.pod(app))
			ctx, cancel := context.WithCancel(c.ctx)
			defer cancel()
			out := &screen{}
			sizes := make(chan TerminalSize, 2)
			sizes <- TerminalSize{Width: 101, Height: 31}
			done := make(chan error, 1)
			in, feed := io.Pipe()
			defer feed.Close()
			go func() {
				_, err := c.Exec(ctx, app.EngineName(), ExecOptions{Command: []string{TestProgram, "tty", "then", "size"}, TTY: true, In: in, Out: out, Resize: sizes})
				done <- err
			}()
			c.eventually("the first size", func() bool { return strings.Contains(out.text(), "101x31\r\n") })
			sizes <- TerminalSize{Width: 77, Height: 22}
			c.eventually("the second size", func() bool { return strings.Contains(out.text(), "77x22\r\n") })
			if !strings.HasPrefix(out.text(), "tty\r\n") {
				c.Errorf("output %q", out.text())
			}
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				c.Errorf("error %v", err)
			}
		}},
		{"a command that is not there is 127", func(c *trial) {
			app := c.app("app", "sleep", "forever")
			c.up(c.pod(app))
			var err bytes.Buffer
			code, failed := c.Exec(c.ctx, app.EngineName(), ExecOptions{Command: []string{"/nosuch"}, Out: io.Discard, Err: &err})
			if failed != nil || code != 127 || !strings.Contains(err.String(), "/nosuch") || strings.Count(err.String(), "\n") != 1 {
				c.Errorf("%d %v %q", code, failed, err.String())
			}
		}},
		{"exec in what does not run is an error", func(c *trial) {
			app := c.app("app", "sleep", "forever")
			c.create(c.pod(app))
			if _, err := c.Exec(c.ctx, app.EngineName(), ExecOptions{Command: []string{TestProgram, "id"}, Out: io.Discard}); err == nil {
				c.Error("no error")
			}
		}},
		{"an exec ends with its container", func(c *trial) {
			app := c.app("app", "sleep", "forever")
			c.up(c.pod(app))
			out := &screen{}
			type end struct {
				code int
				err  error
			}
			done := make(chan end, 1)
			go func() {
				code, err := c.Exec(c.ctx, app.EngineName(), ExecOptions{Command: []string{TestProgram, "ignore", "then", "print", "in", "then", "sleep", "forever"}, Out: out})
				done <- end{code, err}
			}()
			c.eventually("the exec runs", func() bool { return out.text() == "in\n" })
			c.must("stop", c.StopContainer(c.ctx, plan.StopContainer{Name: app.EngineName(), Grace: 0}))
			select {
			case got := <-done:
				if got.err == nil && got.code != 137 {
					c.Errorf("exit code %d", got.code)
				}
			case <-c.ctx.Done():
				c.Error("the exec does not end")
			}
		}},
		{"execs leave no sessions behind", func(c *trial) {
			app := c.app("app", "sleep", "forever")
			c.up(c.pod(app))
			for range 3 {
				if _, code := c.exec(app.EngineName(), "id"); code != 0 {
					c.Errorf("exit code %d", code)
				}
			}
			var found struct{ ExecIDs []string }
			c.eventually("the sessions are gone", func() bool {
				c.raw.must("GET", "/containers/"+app.EngineName()+"/json", nil, &found)
				return len(found.ExecIDs) == 0
			})
		}},
	}
}

// exec runs a command line of the test program in a container.
func (c *trial) exec(name string, command ...string) (output string, code int) {
	c.Helper()
	var out bytes.Buffer
	code, err := c.Exec(c.ctx, name, ExecOptions{Command: append([]string{TestProgram}, command...), Out: &out, Err: &out})
	c.must(fmt.Sprintf("exec %v in %s", command, name), err)
	return out.String(), code
}

// screen collects output that is looked at while it comes.
type screen struct {
	mu   sync.Mutex
	data []byte
}

func (s *screen) Write(data []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = append(s.data, data...)
	return len(data), nil
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.data)
}
