package cmd

import (
	"context"
	"io"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/handler"
	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/release"
	"github.com/podup/podup/supervise"
	"github.com/podup/podup/systemd"
	"github.com/podup/podup/translate"
)

// Observer is an engine one can only look at. `podup diff` and `podup up --dry-run` hold nothing
// else, so the compiler proves that they change nothing.
type Observer interface {
	// Observe takes the snapshot of a project. With only the name of want set, images and taken
	// names are left out.
	Observe(ctx context.Context, want translate.Project) (plan.Actual, error)
	// History reads the releases of a project.
	History(project string) release.Reader
}

// Engine is what the commands ask of Podman.
type Engine interface {
	Observer
	apply.Operations
	supervise.Engine
	handler.Engine
	systemd.Engine

	Releases(project string) release.Files
	RemoveReleases(ctx context.Context, project string) error
	Inventory(ctx context.Context) ([]podmanapi.Project, error)
	EmptyPods(ctx context.Context, project string) ([]string, error)
	Logs(ctx context.Context, container string, opts podmanapi.LogOptions, each func(podmanapi.LogLine)) error
	Exec(ctx context.Context, container string, opts podmanapi.ExecOptions) (exitCode int, err error)
	Attach(ctx context.Context, container string, opts podmanapi.ExecOptions) (exitCode int, err error)
	Version(ctx context.Context) (podmanapi.Version, error)
	Limits(ctx context.Context) (podmanapi.Limits, error)
	HasNetwork(ctx context.Context, name string) (bool, error)
	UseCredentials(credentials []translate.Credential)
	Demands(ctx context.Context) ([]podmanapi.Demand, error)
	Capacity(ctx context.Context) (translate.Request, error)
	io.Closer
}

// Podman is the Connect of the real program.
func Podman(ctx context.Context, opts podmanapi.Options) (Engine, error) {
	client, err := podmanapi.Connect(ctx, opts)
	if err != nil {
		return nil, err
	}
	return podman{client}, nil
}

// podman gives podmanapi.Client the interface of release, a package it does not know.
type podman struct{ *podmanapi.Client }

func (p podman) Releases(project string) release.Files { return p.Client.Releases(project) }

func (p podman) History(project string) release.Reader {
	return release.Reader{Files: p.Client.Releases(project)}
}

// connect opens the engine the flags and the environment name.
func (a *app) connect(ctx context.Context) (Engine, error) {
	return a.env.Connect(ctx, podmanapi.Options{
		URL:    a.url,
		Getenv: a.env.Getenv,
		Warn:   func(text string) { a.warn(text) },
	})
}
