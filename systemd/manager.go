package systemd

import (
	"context"
	"io"
)

// Manager is a service manager. Of a unit that it does not know, Stop and Reset do nothing.
type Manager interface {
	// Version is the manager's own, as its distribution has it: "257.13-1~deb13u1".
	Version(ctx context.Context) (string, error)
	// Reload runs the generators and reads all units anew.
	Reload(ctx context.Context) error
	// State asks for a unit; one that is unknown has Load "not-found".
	State(ctx context.Context, unit string) (State, error)
	// Start and Stop queue a job. The channel gets the job's result once, "done" or what went wrong
	// in systemd's word: "failed", "dependency", "canceled", "timeout", "skipped".
	Start(ctx context.Context, unit string) (<-chan string, error)
	Stop(ctx context.Context, unit string) (<-chan string, error)
	// Update restarts a unit that runs, by its ExecReload where it has one, and starts one that does not.
	Update(ctx context.Context, unit string) (<-chan string, error)
	// Reset forgets that a unit has failed.
	Reset(ctx context.Context, unit string) error
	// Enable makes the links of a unit file's [Install], and Disable removes them.
	Enable(ctx context.Context, path string) error
	Disable(ctx context.Context, unit string) error
	// Lines are the last ones that a unit has written, as far as they can be read: what its container did, and only
	// where that is nothing, what Podman and systemd say of it.
	Lines(ctx context.Context, unit string, n int) []string
	io.Closer
}

// State is what systemd says of a unit, in its own words.
type State struct {
	Load, Active, Sub string // "loaded", "active", "running"
	Source            string // the file that a generator made it of
	Path              string // the unit file
	Invocation        string // another one for each time it has been started
	Result            string // of a service: "success", "exit-code", …
	Exit              int32  // of its main process
	Restarts          uint32 // by Restart=, since it was started
	Entered           uint64 // when it became active, µs of the monotonic clock
	Ran               uint64 // when its main process was started, likewise
}

// Up says that the unit is active, or on its way there or back.
func (s State) Up() bool {
	switch s.Active {
	case "active", "reloading", "activating", "refreshing":
		return true
	}
	return false
}

// Failing says that a service has failed and waits to be tried again.
func (s State) Failing() bool {
	return s.Active == "failed" || s.Sub == "auto-restart" || s.Sub == "auto-restart-queued"
}
