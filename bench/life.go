package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// probed is how long probes are watched; probing is how many containers have one, each every second.
const (
	probed  = 20 * time.Second
	probing = 10
)

// probes measures what 1,000 liveness probes cost the machine, beside the same as Podman's health checks: what
// all processes take while a pod is probed, less what they take while the same pod is not.
func (b *bench) probes(ctx context.Context) error {
	for _, kind := range []struct {
		name, probe string
		target      float64
	}{
		{"exec", `exec: {command: [/testprogram, exit, "0"]}`, 0.15},
		{"http", `httpGet: {path: /200, port: %d}`, 0.02},
	} {
		quiet, asked := filepath.Join(b.dir, "quiet.yaml"), filepath.Join(b.dir, kind.name+".yaml")
		if err := errors.Join(
			os.WriteFile(quiet, []byte(served("bench-probed", probing, "")), 0o600),
			os.WriteFile(asked, []byte(served("bench-probed", probing, kind.probe)), 0o600),
		); err != nil {
			return err
		}
		var costs [2]time.Duration
		for i, way := range []struct {
			up   func(file string) func(context.Context) error
			down func(context.Context) error
		}{
			{func(file string) func(context.Context) error { return b.run("up", "-d", "-f", file) }, b.run("down")},
			{func(file string) func(context.Context) error { return b.podman("kube", "play", file) }, b.podman("kube", "down", asked)},
		} {
			var busy [2]time.Duration
			for j, file := range []string{quiet, asked} {
				if err := way.up(file)(ctx); err != nil {
					return err
				}
				var err error
				if busy[j], err = busyWhile(ctx, probed); err != nil {
					return err
				}
				if err := way.down(ctx); err != nil {
					return err
				}
			}
			costs[i] = max(busy[1]-busy[0], 0) * 1000 / (probing * (probed / time.Second))
		}
		b.table.add(row{name: "CPU for 1,000 " + kind.name + " probes", podup: max(costs[0], time.Millisecond), other: costs[1], target: kind.target})
		fmt.Fprintf(os.Stderr, "%-40s %v %v\n", "CPU for 1,000 "+kind.name+" probes", round(costs[0]), round(costs[1]))
	}
	return nil
}

// supervisor measures what supervising takes while nothing happens: memory with ten pods of three probed
// containers, and CPU with a pod that has no probes.
func (b *bench) supervisor(ctx context.Context) error {
	var text strings.Builder
	for i := range 10 {
		text.WriteString("---\n" + served(fmt.Sprintf("bench-probed-%d", i), 3, `exec: {command: [/testprogram, exit, "0"]}`))
	}
	file := filepath.Join(b.dir, "supervised.yaml")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		return err
	}
	if err := b.run("up", "-d", "-f", file)(ctx); err != nil {
		return err
	}
	if err := pause(ctx, probed); err != nil {
		return err
	}
	of, err := supervisor(ctx)
	if err != nil {
		return err
	}
	memory := 0
	for _, process := range of {
		memory += resident(process)
	}
	b.table.note("supervisor of 10 pods of 3 probed containers: %d processes, %d MB resident (target: 60)", len(of), memory/1024)
	if err := b.run("down")(ctx); err != nil {
		return err
	}

	if err := b.run("up", "-d", "-f", b.file(3))(ctx); err != nil {
		return err
	}
	if err := pause(ctx, 2*time.Second); err != nil { // it may still be adopting the pod
		return err
	}
	if of, err = supervisor(ctx); err != nil {
		return err
	}
	before := spent(of)
	if err := pause(ctx, probed); err != nil {
		return err
	}
	b.table.note("supervisor of a pod without probes: %v of CPU in %v (target: none; the clock ticks every 10 ms)", spent(of)-before, probed)
	return b.run("down")(ctx)
}

// restarts measures from the death of a container to its first restart.
func (b *bench) restarts(ctx context.Context) error {
	if err := b.run("up", "-d", "-f", b.file(10))(ctx); err != nil {
		return err
	}
	if err := pause(ctx, 2*time.Second); err != nil {
		return err
	}
	var times []time.Duration
	for i := range 10 { // each for the first time: the second waits for the back-off
		name := fmt.Sprintf("%s-c%d", podName(10), i)
		killed := time.Now()
		if err := b.floor.call(ctx, http.MethodPost, "/containers/"+name+"/kill?signal=KILL", nil); err != nil {
			return err
		}
		for {
			started, err := b.floor.started(ctx, name)
			if err != nil {
				return err
			}
			if started.After(killed) {
				times = append(times, started.Sub(killed))
				break
			}
			if time.Since(killed) > 30*time.Second {
				return fmt.Errorf("container %s is not restarted", name)
			}
			if err := pause(ctx, 5*time.Millisecond); err != nil {
				return err
			}
		}
	}
	b.table.add(row{name: "death of a container to its restart", podup: median(times), limit: 150 * time.Millisecond})
	return b.run("down")(ctx)
}

// ready measures from the last readiness success, which the container notes, to the end of up --wait.
func (b *bench) ready(ctx context.Context) error {
	events := filepath.Join(b.dir, "events")
	if err := os.Mkdir(events, 0o700); err != nil {
		return err
	}
	file := filepath.Join(b.dir, "ready.yaml")
	text := "apiVersion: v1\nkind: Pod\nmetadata: {name: bench-ready}\nspec:\n  terminationGracePeriodSeconds: 5\n" +
		"  volumes: [{name: events, hostPath: {path: " + events + "}}]\n  containers:\n" +
		"  - name: web\n    image: " + image + ":1\n    args: [web, \"8080\", then, sleep, forever]\n" +
		"    volumeMounts: [{name: events, mountPath: /events}]\n" +
		"    readinessProbe: {periodSeconds: 1, httpGet: {port: 8080, path: \"/200?note=ready\"}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	var times []time.Duration
	for range b.rounds {
		if err := b.run("up", "--wait", "-f", file)(ctx); err != nil {
			return err
		}
		returned := time.Now()
		log, err := os.ReadFile(filepath.Join(events, "log"))
		if err != nil {
			return err
		}
		lines := strings.Fields(string(log)) // SECONDS EVENT
		if len(lines) < 2 {
			return errors.New("no readiness probe was noted")
		}
		seconds, err := strconv.ParseFloat(lines[len(lines)-2], 64)
		if err != nil {
			return err
		}
		times = append(times, returned.Sub(time.UnixMilli(int64(seconds*1000))))
		if err := errors.Join(b.run("down")(ctx), os.Remove(filepath.Join(events, "log"))); err != nil {
			return err
		}
	}
	b.table.add(row{name: "readiness to the end of up --wait", podup: median(times), limit: 50 * time.Millisecond})
	return nil
}

// served is a pod of containers that answer HTTP, each with a liveness probe; %d in it is the port.
func served(name string, containers int, probe string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec:\n  terminationGracePeriodSeconds: 5\n  containers:\n", name)
	for i := range containers {
		fmt.Fprintf(&text, "  - name: c%d\n    image: %s:1\n    args: [web, %q, then, sleep, forever]\n", i, image, strconv.Itoa(8080+i))
		if probe != "" {
			// kube play asks for HTTP with a curl of the image, which has none: that its check fails must not
			// end the container.
			fmt.Fprintf(&text, "    livenessProbe: {periodSeconds: 1, failureThreshold: 10000, %s}\n", strings.ReplaceAll(probe, "%d", strconv.Itoa(8080+i)))
		}
	}
	return text.String()
}

func pause(ctx context.Context, wait time.Duration) error {
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ---- what Linux tells of processes ----

const jiffy = 10 * time.Millisecond // USER_HZ is 100 everywhere

// busyWhile is the CPU time of the whole machine while some time passes, after a second to settle.
func busyWhile(ctx context.Context, wait time.Duration) (time.Duration, error) {
	if err := pause(ctx, time.Second); err != nil {
		return 0, err
	}
	before, err := busy()
	if err != nil {
		return 0, err
	}
	if err := pause(ctx, wait); err != nil {
		return 0, err
	}
	after, err := busy()
	return after - before, err
}

// busy is the CPU time of the machine since it runs, waiting aside (proc_stat(5)).
func busy() (time.Duration, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	var sum time.Duration
	for i, field := range strings.Fields(line) {
		if i == 0 || i == 4 || i == 5 || i > 7 { // "cpu", idle, iowait, and what is counted twice
			continue
		}
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(ticks) * jiffy
	}
	return sum, nil
}

// supervisor are the processes that supervise the project of the bench.
func supervisor(ctx context.Context) ([]int, error) {
	out, err := exec.CommandContext(ctx, "pgrep", "-f", "podup.* supervise --project bench").Output()
	if err != nil {
		return nil, fmt.Errorf("find the supervisor: %w", err)
	}
	var processes []int
	for _, field := range strings.Fields(string(out)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			return nil, err
		}
		processes = append(processes, family(pid)...)
	}
	return processes, nil
}

// family is a process and its children.
func family(pid int) []int {
	processes := []int{pid}
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		children, _ := os.ReadFile(task)
		for _, child := range strings.Fields(string(children)) {
			if pid, err := strconv.Atoi(child); err == nil {
				processes = append(processes, pid)
			}
		}
	}
	return processes
}

// resident is the memory of a process in KiB.
func resident(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")))
			return kib
		}
	}
	return 0
}

// spent is the CPU time that processes have taken.
func spent(processes []int) time.Duration {
	var sum time.Duration
	for _, pid := range processes {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		for _, field := range strings.Fields(rest)[11:13] { // utime, stime (proc_pid_stat(5))
			ticks, _ := strconv.ParseInt(field, 10, 64)
			sum += time.Duration(ticks) * jiffy
		}
	}
	return sum
}

// started is when a container's current run began.
func (c *thinClient) started(ctx context.Context, name string) (time.Time, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://d/v5.0.0/libpod/containers/"+name+"/json", nil)
	if err != nil {
		return time.Time{}, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return time.Time{}, err
	}
	defer response.Body.Close()
	var found struct{ State struct{ StartedAt time.Time } }
	err = json.NewDecoder(response.Body).Decode(&found)
	return found.State.StartedAt, err
}
