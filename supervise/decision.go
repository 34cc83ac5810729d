package supervise

import (
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

// Input is all that Next decides on.
type Input struct {
	Pod     translate.Pod
	Actual  plan.PodState
	Sandbox plan.Sandbox        // zero: nobody has looked
	Runs    map[string]plan.Run // by engine name: what an inspection has told since Memory was written
	Memory  status.Memory
	Busy    map[string]Work // by name in the manifest: what is being done for a container
	Ending  bool            // a KillPod is being carried out
	Now     time.Time
	// MaxBackoff is Config.MaxBackoff.
	MaxBackoff time.Duration
}

// Work is what is being done for a container.
type Work string

// The kinds of Work.
const (
	Starting Work = "starting" // until its postStart has ended
	Stopping Work = "stopping"
)

// Decision is what to do now. Memory is to be kept before anything is done: it says what has begun.
type Decision struct {
	Memory  status.Memory
	Actions []Action
	Wake    time.Time // when to look again if nothing happens; zero: never
	Events  []Event
}

// Action is something to do for a pod: Start, Kill, KillPod or NewSandbox.
type Action interface{ action() }

// The actions. Of a decision's, at most one is a Start; KillPod and NewSandbox are alone.
type (
	// Start starts a container and runs its postStart, which the next Start waits for.
	Start struct{ Container string }
	// Kill ends a container while its pod goes on: preStop, then stop, within one grace.
	Kill struct {
		Container string
		Grace     time.Duration
		PreStop   bool // it is to be run
		Message   string
	}
	// KillPod ends all running containers in the kubelet's order.
	KillPod struct {
		Grace time.Duration
		// PreStop names the containers whose preStop is to be run.
		PreStop []string
	}
	// NewSandbox makes the pod's sandbox anew.
	NewSandbox struct{}
)

func (Start) action()      {}
func (Kill) action()       {}
func (KillPod) action()    {}
func (NewSandbox) action() {}
