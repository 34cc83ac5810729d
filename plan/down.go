package plan

import "time"

// DownOptions say what Down removes and how patiently.
type DownOptions struct {
	Pods    []string      // only these; empty is all
	Volumes bool          // claims too
	Grace   time.Duration // of each container between its stop signal and SIGKILL; negative: as declared
}

// Down gives the steps that remove a project.
func Down(actual Actual, opts DownOptions) Plan {
	return Plan{Project: actual.Project}
}
