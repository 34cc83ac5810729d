package cmd

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/translate"
)

// still is an engine that can only be looked at; what it is not asked for by these tests panics.
type still struct {
	Engine
	actual   plan.Actual
	projects []podmanapi.Project
	logs     func(ctx context.Context, container string, opts podmanapi.LogOptions, each func(podmanapi.LogLine)) error
	exec     func(container string, opts podmanapi.ExecOptions) (int, error)
	closed   bool
}

func (e *still) Observe(_ context.Context, want translate.Project) (plan.Actual, error) {
	if want.Name != e.actual.Project {
		return plan.Actual{Project: want.Name}, nil
	}
	return e.actual, nil
}
func (e *still) Inventory(context.Context) ([]podmanapi.Project, error) { return e.projects, nil }
func (e *still) Version(context.Context) (podmanapi.Version, error) {
	return podmanapi.Version{Engine: "5.8.6", API: "5.8.6", URL: "unix:///run/user/1000/podman/podman.sock", Rootless: true, Local: true}, nil
}
func (e *still) Logs(ctx context.Context, container string, opts podmanapi.LogOptions, each func(podmanapi.LogLine)) error {
	return e.logs(ctx, container, opts, each)
}
func (e *still) Exec(_ context.Context, container string, opts podmanapi.ExecOptions) (int, error) {
	return e.exec(container, opts)
}
func (e *still) Close() error {
	e.closed = true
	return nil
}

// podup runs a command line on an engine; a nil engine cannot be reached.
func podup(t *testing.T, engine *still, args ...string) (code int, out, err string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := Env{
		In: &bytes.Buffer{}, Out: &stdout, Err: &stderr,
		Getenv: environment(map[string]string{"PODUP_PROJECT": "shop"}),
		Connect: func(context.Context, podmanapi.Options) (Engine, error) {
			if engine == nil {
				return nil, errors.New("connect: no such file or directory")
			}
			return engine, nil
		},
	}
	code = Main(t.Context(), env, args)
	return code, stdout.String(), stderr.String()
}

// shop is a project with a container in each state; times are before now.
func shop(now time.Time) plan.Actual {
	container := func(pod, name, role string, status plan.Status, age time.Duration) plan.ContainerState {
		return plan.ContainerState{
			Name: translate.ContainerName(pod, name), ID: "id-" + pod + "-" + name, Pod: pod, Container: name, Role: role,
			Image: "docker.io/library/" + name + ":1", ImageID: "sha256:5d",
			Status: status, CreatedAt: now.Add(-age - time.Second), StartedAt: now.Add(-age),
		}
	}
	pod := func(name string, ports []translate.Port, containers ...plan.ContainerState) plan.PodState {
		p := plan.PodState{Name: name, ID: "id-" + name, Containers: map[string]plan.ContainerState{}}
		p.Infra = container(name, "infra", translate.RolePod, plan.Running, 3*time.Minute)
		p.Infra.Ports = ports
		for _, c := range containers {
			p.Containers[c.Name] = c
		}
		return p
	}
	migrate := container("web", "migrate", translate.RoleInit, plan.Exited, 4*time.Minute)
	migrate.ExitedAt = now.Add(-3 * time.Minute)
	app := container("web", "app", translate.RoleApp, plan.Running, 3*time.Minute)
	app.Image = "registry.example.com/a-rather-long-organisation/a-rather-long-name:2026.08.21"
	app.Restarts = 2
	sidecar := container("web", "sidecar", translate.RoleApp, plan.Running, 2*time.Minute)
	sidecar.Image = "docker.io/library/nginx@sha256:1f2e3d4c5b6a79881f2e3d4c5b6a79881f2e3d4c5b6a79881f2e3d4c5b6a7988"
	hold := container("web", "hold", translate.RoleHolder, plan.Created, 3*time.Minute)
	hold.Name = translate.HolderName("web")
	db := container("db", "postgres", translate.RoleApp, plan.Exited, 2*time.Hour)
	db.ExitCode = 137
	db.ExitedAt = now.Add(-61 * time.Minute)
	old := container("db", "postgres", translate.RoleApp, plan.Created, time.Second)
	old.Name, old.ID = translate.SuccessorName(old.Name), "id-db-postgres-new"
	lost := container("zz", "batch", translate.RoleApp, plan.Lost, 26*time.Hour)
	paused := container("zz", "pause", translate.RoleApp, plan.Paused, 25*time.Hour)
	return plan.Actual{Project: "shop", Pods: map[string]plan.PodState{
		"web": pod("web", []translate.Port{
			{HostPort: 8443, ContainerPort: 443, Protocol: "tcp"},
			{HostIP: "127.0.0.1", HostPort: 8080, ContainerPort: 80, Protocol: "tcp"},
			{HostIP: "::1", HostPort: 5353, ContainerPort: 53, Protocol: "udp"},
			{HostIP: "fd00::7", HostPort: 9000, ContainerPort: 9000, Protocol: "tcp"},
		}, migrate, app, sidecar, hold),
		"db": pod("db", nil, db, old),
		"zz": pod("zz", nil, lost, paused),
		"yy": pod("yy", nil),
	}}
}

// logBook is an engine's logs, by container, as the API gives them. Safe for concurrent use.
type logBook struct {
	mu     sync.Mutex
	pieces map[string][]podmanapi.LogLine
	asked  []podmanapi.LogOptions
	more   map[string]chan podmanapi.LogLine // what a follow goes on with, until closed
	// failure ends every reading.
	failure error
}

func (b *logBook) read(ctx context.Context, id string, opts podmanapi.LogOptions, each func(podmanapi.LogLine)) error {
	b.mu.Lock()
	b.asked = append(b.asked, opts)
	var pieces []podmanapi.LogLine
	for _, piece := range b.pieces[id] {
		if !piece.Time.Before(opts.Since) && (opts.Until.IsZero() || !piece.Time.After(opts.Until)) {
			pieces = append(pieces, piece)
		}
	}
	more := b.more[id]
	b.mu.Unlock()
	if opts.Tail >= 0 && opts.Tail < len(pieces) {
		pieces = pieces[len(pieces)-opts.Tail:]
	}
	for _, piece := range pieces {
		each(piece)
	}
	if b.failure != nil {
		return b.failure
	}
	for opts.Follow && more != nil {
		select {
		case piece, ok := <-more:
			if !ok {
				return nil
			}
			b.write(id, piece)
			each(piece)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (b *logBook) write(id string, piece podmanapi.LogLine) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pieces[id] = append(b.pieces[id], piece)
}
