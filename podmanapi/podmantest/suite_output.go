package podmantest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

func outputCases() []scenario {
	return []scenario{
		{"logs have streams, times and whole lines", func(c *trial) {
			app := c.app("app", "print", "out", "then", "warn", "err", "then", "part", "unfinished")
			c.create(c.pod(app))
			began := time.Now().Add(-2 * time.Second)
			c.output(app.EngineName())
			lines := c.log(app.EngineName(), LogOptions{Tail: -1})
			got := map[string]string{}
			for _, line := range lines {
				if line.Time.Before(began) || line.Time.After(time.Now().Add(2*time.Second)) {
					c.Errorf("line %q is of %s", line.Text, line.Time)
				}
				got[line.Text] = line.Stream
			}
			if len(lines) != 3 || got["out"] != "stdout" || got["err"] != "stderr" || got["unfinished"] != "stdout" {
				c.Errorf("lines %+v", lines)
			}
		}},
		{"the last lines are those of tail, none for zero, all for a negative one", func(c *trial) {
			app := c.app("app", "lines", "30")
			c.create(c.pod(app))
			c.output(app.EngineName())
			for _, tail := range []int{-1, 0, 1, 3, 100} {
				got := texts(c.log(app.EngineName(), LogOptions{Tail: tail}))
				want := []string{}
				first := 30 - tail
				if tail < 0 || first < 0 {
					first = 0
				}
				for i := first; i < 30; i++ {
					want = append(want, fmt.Sprintf("line %d", i+1))
				}
				if !slices.Equal(got, want) {
					c.Errorf("tail %d gives %v", tail, got)
				}
			}
			if lines, err := c.Tail(c.ctx, app.EngineName(), 2); err != nil || !slices.Equal(lines, []string{"line 29", "line 30"}) {
				c.Errorf("Tail gives %v, %v", lines, err)
			}
		}},
		{"since and until cut the log", func(c *trial) {
			app := c.app("app", "print", "early", "then", "sleep", "2500ms", "then", "print", "late")
			c.create(c.pod(app))
			c.output(app.EngineName())
			all := c.log(app.EngineName(), LogOptions{Tail: -1})
			if len(all) != 2 {
				c.Fatalf("lines %+v", all)
			}
			middle := all[1].Time.Add(-time.Second) // an old engine keeps whole seconds
			if got := texts(c.log(app.EngineName(), LogOptions{Tail: -1, Since: middle})); !slices.Equal(got, []string{"late"}) {
				c.Errorf("since gives %v", got)
			}
			if got := texts(c.log(app.EngineName(), LogOptions{Tail: -1, Until: middle})); !slices.Equal(got, []string{"early"}) {
				c.Errorf("until gives %v", got)
			}
		}},
		{"following gives lines as they come and ends with the container", func(c *trial) {
			app := c.app("app", "print", "first", "then", "await", "/go", "then", "print", "second")
			c.up(c.pod(app))
			var mu sync.Mutex
			var seen []string
			done := make(chan error, 1)
			go func() {
				done <- c.Logs(c.ctx, app.EngineName(), LogOptions{Follow: true, Tail: -1}, func(line LogLine) {
					mu.Lock()
					defer mu.Unlock()
					seen = append(seen, line.Text)
				})
			}()
			c.eventually("the first line", func() bool { mu.Lock(); defer mu.Unlock(); return len(seen) == 1 })
			if out, code := c.exec(app.EngineName(), "write", "/go", "now"); code != 0 && code != 137 {
				c.Fatalf("exec: %d %s", code, out)
			}
			select {
			case err := <-done:
				c.must("follow", err)
			case <-c.ctx.Done():
				c.Fatal("following does not end")
			}
			if !slices.Equal(seen, []string{"first", "second"}) {
				c.Errorf("lines %v", seen)
			}
		}},
		{"following ends when its context does", func(c *trial) {
			app := c.app("app", "print", "first", "then", "sleep", "forever")
			c.up(c.pod(app))
			ctx, cancel := context.WithCancel(c.ctx)
			err := c.Logs(ctx, app.EngineName(), LogOptions{Follow: true, Tail: -1}, func(LogLine) { cancel() })
			if !errors.Is(err, context.Canceled) {
				c.Errorf("error %v", err)
			}
		}},
		{"the log goes on over a restart of the container", func(c *trial) {
			app := c.app("app", "print", "run")
			c.create(c.pod(app))
			c.output(app.EngineName())
			c.output(app.EngineName())
			if got := texts(c.log(app.EngineName(), LogOptions{Tail: -1})); !slices.Equal(got, []string{"run", "run"}) {
				c.Errorf("lines %v", got)
			}
		}},
		{"a long line arrives whole or in marked parts", func(c *trial) {
			long := strings.Repeat("0123456789", 5000)
			app := c.app("app", "print", long, "then", "print", "end")
			c.create(c.pod(app))
			c.output(app.EngineName())
			var text strings.Builder
			for _, line := range c.log(app.EngineName(), LogOptions{Tail: -1}) {
				text.WriteString(line.Text)
				if !line.Partial {
					text.WriteString("\n")
				}
			}
			if text.String() != long+"\nend\n" {
				c.Errorf("%d bytes, want %d", text.Len(), len(long)+5)
			}
		}},
	}
}

func (c *trial) log(name string, o LogOptions) []LogLine {
	c.Helper()
	var lines []LogLine
	c.must("logs of "+name, c.Logs(c.ctx, name, o, func(line LogLine) { lines = append(lines, line) }))
	return lines
}

func texts(lines []LogLine) []string {
	list := []string{}
	for _, line := range lines {
		list = append(list, line.Text)
	}
	return list
}

// hostDir makes a directory with one file that every user can read.
func (c *trial) hostDir(name, content string) string {
	c.Helper()
	dir := c.TempDir()
	c.must("chmod", os.Chmod(dir, 0o755))
	c.must("write", os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644))
	return dir
}
