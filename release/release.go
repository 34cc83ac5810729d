// Package release keeps the applied definitions of a project, the last five, in a volume of the
// engine, as Helm keeps its own. There is no other state: without the volume everything still works
// by labels, only the reasons are coarser.
package release

import (
	"context"
	"time"

	"github.com/podup/podup/manifest"
)

// Kept is how many releases of a project are kept.
const Kept = 5

// Status of a release.
type Status string

// The states of a release. Failed is one whose apply did not end: by an error, or killed. Partial is
// one that was carried out for some of its pods only.
const (
	Deployed   Status = "deployed"
	Superseded Status = "superseded"
	Failed     Status = "failed"
	Partial    Status = "partial"
)

// Release is one applied definition. Number counts from 1 and is never reused within a project.
type Release struct {
	Number  int
	Created time.Time
	Status  Status
	Set     manifest.Set // with the values of its Secrets, as far as they are still there
	Options Options
}

// Options are the choices of the command that shaped the project and must hold for a rollback.
type Options struct {
	Network string   // --network, "" by default
	Sources []string // the manifests, as absolute paths; "-" is standard input
	Pods    []string // only these were to be changed; empty is all

	MaxBackoff time.Duration // --max-backoff; 0 is a kubelet's

	Rollback int // the release this one brought back; 0 is none
}

// Source is what reading releases takes. Names have no directory part but "secrets/".
type Source interface {
	// Read gives a file's content, or fs.ErrNotExist where file or volume is missing.
	Read(ctx context.Context, name string) ([]byte, error)
	// List gives all names, sorted; none where the volume is missing.
	List(ctx context.Context) ([]string, error)
}

// Files are the files of a project's release volume.
type Files interface {
	Source
	// Write makes the volume if need be and swaps the file in by rename, mode 0600.
	Write(ctx context.Context, name string, data []byte) error
	Rename(ctx context.Context, from, to string) error
	Remove(ctx context.Context, name string) error
}
