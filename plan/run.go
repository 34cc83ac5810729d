package plan

import "time"

// Run is the current or last run of a container as an inspection tells it: exact where the list of an
// engine knows whole seconds and less.
type Run struct {
	Container  string // engine name
	ID         string // of the container
	Pid        int    // 0: it does not run
	StartedAt  time.Time
	FinishedAt time.Time // zero while it runs, and before it ever ran
	ExitCode   int
	OOMKilled  bool
	Lost       bool   // it ended and nobody saw how
	Error      string // why the engine could not start it, in its words
	Message    string // what the run left at terminationMessagePath, at most 4096 bytes of it
	ImageID    string
	// ImageDigest is that of the image's manifest, "sha256:…"; empty where nobody has asked for it.
	ImageDigest string
}

// Running says whether the process of the run exists.
func (r Run) Running() bool { return r.Pid > 0 }

// Sandbox is a pod's network as its infra container holds it. Another Pid or StartedAt is another network.
type Sandbox struct {
	Pid       int // 0: the infra container does not run
	StartedAt time.Time
	IPs       []string // the first is status.podIP
	HostIPs   []string // the first is status.hostIP
}
