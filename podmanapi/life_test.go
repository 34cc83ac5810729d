package podmanapi

import (
	"strings"
	"testing"
	"time"

	"github.com/podup/podup/plan"
)

func TestARunIsReadOffAnInspection(t *testing.T) {
	start := time.Date(2026, 11, 21, 7, 0, 0, 123456789, time.UTC)
	end := start.Add(1500 * time.Millisecond)
	base := plan.Run{Container: "web-app", ID: "id", ImageID: "image", ImageDigest: "sha256:manifest", StartedAt: start}
	with := func(change func(*plan.Run)) plan.Run { run := base; change(&run); return run }
	lost := with(func(r *plan.Run) { r.Lost, r.ExitCode = true, 137 })
	for _, c := range []struct {
		name    string
		status  string
		pid     int
		alive   bool
		change  func(*inspected)
		want    plan.Run
		certain bool
	}{
		{"running", "running", 7, true, nil, with(func(r *plan.Run) { r.Pid = 7 }), true},
		{"stopping", "stopping", 7, true, nil, with(func(r *plan.Run) { r.Pid = 7 }), true},
		{"paused", "paused", 7, true, nil, with(func(r *plan.Run) { r.Pid = 7 }), true},
		{"an old end does not count while it runs", "running", 7, true, func(i *inspected) { i.State.FinishedAt, i.State.ExitCode = start.Add(-time.Hour), 1 }, with(func(r *plan.Run) { r.Pid = 7 }), true},
		{"said to run, and its process is gone", "running", 7, false, nil, lost, false},
		{"exited", "exited", 0, false, func(i *inspected) { i.State.FinishedAt, i.State.ExitCode = end, 3 },
			with(func(r *plan.Run) { r.FinishedAt, r.ExitCode = end, 3 }), true},
		{"stopped, for its exit is not cleaned up yet", "stopped", 0, false, func(i *inspected) { i.State.FinishedAt, i.State.ExitCode = end, 3 },
			with(func(r *plan.Run) { r.FinishedAt, r.ExitCode = end, 3 }), true},
		{"ended before its start was noted", "exited", 0, false, func(i *inspected) { i.State.FinishedAt = start.Add(-60 * time.Millisecond) },
			with(func(r *plan.Run) { r.FinishedAt = start }), true},
		{"out of memory", "exited", 0, false, func(i *inspected) { i.State.FinishedAt, i.State.ExitCode, i.State.OOMKilled = end, 137, true },
			with(func(r *plan.Run) { r.FinishedAt, r.ExitCode, r.OOMKilled = end, 137, true }), true},
		{"exited with its whole machine", "exited", 0, false, nil, lost, true},
		{"created", "created", 0, false, func(i *inspected) { i.State.StartedAt = time.Time{} }, with(func(r *plan.Run) { r.StartedAt = time.Time{} }), true},
		{"created, and the beginning of 1970 is never", "created", 0, false, func(i *inspected) { i.State.StartedAt = time.Unix(0, 0) },
			with(func(r *plan.Run) { r.StartedAt = time.Time{} }), true},
		{"it could not be started", "created", 0, false, func(i *inspected) { i.State.StartedAt, i.State.Error = time.Time{}, "crun: no\nsuch file\n" },
			with(func(r *plan.Run) { r.StartedAt, r.Error = time.Time{}, "crun: no; such file" }), true},
		{"a removal that was cut short", "removing", 0, false, nil, lost, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := inspected{ID: "id", Image: "sha256:image", ImageDigest: "sha256:manifest"}
			found.State.Status, found.State.Pid, found.State.StartedAt = c.status, c.pid, start
			if c.change != nil {
				c.change(&found)
			}
			got, certain := runOf("web-app", found, func(int) bool { return c.alive })
			if got != c.want || certain != c.certain {
				t.Errorf("got %+v, %t\nwant %+v, %t", got, certain, c.want, c.certain)
			}
		})
	}
}

func TestWhereATerminationMessageIsKept(t *testing.T) {
	mounts := []mounted{
		{"volume", "/volumes/x/podup-termination/web", "/a"},
		{"bind", "/home/me/log", "/dev/termination-log"},
		{"bind", "/store/infra/userdata/podup-termination/app-1", "/dev/termination-log"},
	}
	if got := messageFile(mounts); !strings.HasSuffix(got, "/app-1") {
		t.Errorf("got %q", got)
	}
	if got := messageFile(mounts[:2]); got != "" {
		t.Errorf("got %q", got)
	}
}
