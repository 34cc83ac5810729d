package podmantest

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// Engine is what the suite asks of a client: all that podup does to an engine.
type Engine interface {
	apply.Operations
	life
	units
	// Observe takes a snapshot of the project want names, and of what want needs beside it.
	Observe(ctx context.Context, want translate.Project) (plan.Actual, error)
	// EmptyPods are the project's pods without any container.
	EmptyPods(ctx context.Context, project string) ([]string, error)
	// Inventory are all projects of the engine.
	Inventory(ctx context.Context) ([]Project, error)
	// Releases are the files of a project's release volume, which RemoveReleases removes.
	Releases(project string) Releases
	RemoveReleases(ctx context.Context, project string) error
	// Logs gives the lines of a container's log to each, one at a time.
	Logs(ctx context.Context, container string, o LogOptions, each func(LogLine)) error
	// Exec runs a command in a running container and gives its exit code.
	Exec(ctx context.Context, container string, o ExecOptions) (int, error)
	// Attach starts a container that has never run, passes its streams on and gives its exit code.
	Attach(ctx context.Context, container string, o ExecOptions) (int, error)
}

// life is what a supervisor and its probes ask of an engine.
type life interface {
	Pod(ctx context.Context, pod string) (state plan.PodState, ok bool, err error)
	Sandbox(ctx context.Context, pod string) (plan.Sandbox, error)
	Inspect(ctx context.Context, container string) (plan.Run, error)
	Ended(ctx context.Context, run plan.Run) error
	Runtime(ctx context.Context, container string) (path, root string, err error)
	Command(ctx context.Context, container string, command []string, out io.Writer) (exitCode int, err error)
}

// units is what an install asks of an engine.
type units interface {
	UnitObjects(ctx context.Context, project string) ([]string, error)
	UnitTaken(ctx context.Context, project string, objects []string) (owners map[string]string, err error)
	RemoveUnitObject(ctx context.Context, project, object string) error
	UnitSecret(ctx context.Context, project, name string, want translate.Value) (found, same bool, err error)
	SetUnitSecret(ctx context.Context, project, name string, value translate.Value) error
}

// Project is one of an inventory. Units says that units have made pods of it.
type Project struct {
	Name                      string
	Pods, Containers, Running int
	Created                   time.Time
	Units                     bool
}

// Releases is release.Files.
type Releases interface {
	Read(ctx context.Context, name string) ([]byte, error)
	List(ctx context.Context) ([]string, error)
	Write(ctx context.Context, name string, data []byte) error
	Rename(ctx context.Context, from, to string) error
	Remove(ctx context.Context, name string) error
}

// LogOptions choose the lines of a log. A negative Tail is all of them.
type LogOptions struct {
	Follow       bool
	Tail         int
	Since, Until time.Time
}

// LogLine is a line without its newline; Partial says that it had none.
type LogLine struct {
	Stream  string // "stdout" or "stderr"
	Time    time.Time
	Text    string
	Partial bool
}

// ExecOptions describe an exec; a nil In is not attached, and what would go to a nil Out or Err is dropped.
type ExecOptions struct {
	Command []string
	Env     []string
	TTY     bool
	In      io.Reader
	Out     io.Writer
	Err     io.Writer
	Resize  <-chan TerminalSize
}

// TerminalSize is in characters.
type TerminalSize struct{ Width, Height uint16 }

// Fixture is what Run needs: an engine at a unix socket on this machine, the name of an image there
// that holds the test program (ImportImage makes one), and a way to connect the client to it. The
// cases keep out of each other's way; Parallel runs them at the same time.
type Fixture struct {
	URL      string
	Image    string
	Connect  func(t *testing.T) Engine
	Parallel bool
}
