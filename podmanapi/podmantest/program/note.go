package program

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// journal is where note writes: a file that the containers of a pod, their hooks and their probes
// share, so that it tells in which order things happened.
const journal = "/events/log"

func note(_ context.Context, r *run, args []string) (int, bool) {
	if err := r.note(text(args)); err != nil {
		return r.fail("note: %v", cause(err))
	}
	return 0, false
}

func (r *run) note(event string) error {
	now := time.Now()
	return r.Files.Append(journal, fmt.Appendf(nil, "%d.%03d %s\n", now.Unix(), now.Nanosecond()/1e6, event))
}

func beat(ctx context.Context, r *run, args []string) (int, bool) {
	every, err := duration(args, 0, time.Second)
	if err != nil || len(args) < 2 {
		return r.fail("beat: a duration and an event: %v", err)
	}
	for i := 1; ; i++ {
		if code, over := r.pause(ctx, every); over {
			return code, true
		}
		if err := r.note(fmt.Sprintf("%s %d", text(args[1:]), i)); err != nil {
			return r.fail("beat: %v", cause(err))
		}
	}
}

func term(ctx context.Context, r *run, _ []string) (int, bool) {
	select {
	case <-ctx.Done():
		return Killed, true
	case <-r.Term:
		return 0, false
	}
}

func fail(_ context.Context, r *run, args []string) (int, bool) {
	if len(args) != 3 {
		return r.fail("fail: a path, a count and an exit code")
	}
	times, err := number(args, 1)
	if err != nil {
		return r.fail("fail: %v", err)
	}
	code, err := number(args, 2)
	if err != nil {
		return r.fail("fail: %v", err)
	}
	done := 0
	if data, err := r.Files.ReadFile(args[0]); err == nil {
		done = len(data)
	}
	if done >= times {
		return 0, false
	}
	if err := r.Files.Append(args[0], []byte("x")); err != nil {
		return r.fail("fail %s: %v", args[0], cause(err))
	}
	return code, true
}

func hog(ctx context.Context, r *run, args []string) (int, bool) {
	megabytes, err := number(args, 0)
	if err != nil {
		return r.fail("hog: %v", err)
	}
	var held [][]byte
	for range megabytes {
		block := make([]byte, 1<<20)
		for i := 0; i < len(block); i += 4096 {
			block[i] = 1 // a page that was never written costs nothing
		}
		held = append(held, block)
	}
	code, over := r.pause(ctx, -1)
	r.Out.Write(held[len(held)-1][:0])
	return code, over
}

func terminate(_ context.Context, r *run, args []string) (int, bool) {
	if len(args) != 1 || r.Terminate == nil {
		return r.fail("terminate: one word, and processes that can be seen")
	}
	entries, err := r.Files.ReadDir("/proc")
	if err != nil {
		return r.fail("terminate: %v", cause(err))
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry)
		if err != nil {
			continue
		}
		line, err := r.Files.ReadFile("/proc/" + entry + "/cmdline")
		if err != nil || !slices.Contains(strings.Split(string(line), "\x00"), args[0]) || slices.Contains(strings.Split(string(line), "\x00"), "terminate") {
			continue
		}
		if err := r.Terminate(pid); err != nil {
			return r.fail("terminate %d: %v", pid, err)
		}
		return 0, false
	}
	return r.fail("terminate: no process was started with %s", args[0])
}

// orphan starts a process and ends before it.
func orphan(_ context.Context, r *run, _ []string) (int, bool) {
	if err := r.Start(false, "sleep", "50ms"); err != nil {
		return r.fail("orphan: %v", err)
	}
	return 0, false
}

func orphans(_ context.Context, r *run, args []string) (int, bool) {
	count, err := number(args, 0)
	if err != nil || r.Start == nil {
		return r.fail("orphans: a number, and processes that can be started: %v", err)
	}
	for range count {
		if err := r.Start(true, "orphan"); err != nil {
			return r.fail("orphans: %v", err)
		}
	}
	return 0, false
}

func zombies(_ context.Context, r *run, _ []string) (int, bool) {
	entries, err := r.Files.ReadDir("/proc")
	if err != nil {
		return r.fail("zombies: %v", cause(err))
	}
	count := 0
	for _, entry := range entries {
		if _, err := strconv.Atoi(entry); err != nil {
			continue
		}
		status, err := r.Files.ReadFile("/proc/" + entry + "/status")
		if err == nil && strings.Contains(string(status), "State:\tZ") {
			count++
		}
	}
	fmt.Fprintln(r.Out, count)
	return 0, false
}
