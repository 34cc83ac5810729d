package supervise

import (
	"context"
	"time"

	"github.com/podup/podup/status"
)

// Config is what a Supervisor works with. Engine, Handler and Lock are needed; the rest may be nil.
type Config struct {
	Engine  Engine
	Handler Handler
	// MaxBackoff is the longest CrashLoopBackOff; 0 is MaxBackoff, less than the first delay of ten
	// seconds shortens that too (kubelet: crashLoopBackOff.maxContainerRestartPeriod).
	MaxBackoff time.Duration
	// Lock waits until nobody else acts on the pod, or for the end of ctx. An error of it is tried
	// again after a while.
	Lock func(ctx context.Context, pod string) (Held, error)
	// Report is told of what a kubelet records as events, from any goroutine.
	Report func(Event)
	// Changed is called after the memory of a pod has changed: what Status says may be different.
	Changed func(pod string)
	// Restart makes the sandbox of a pod anew, all of whose containers are down. It is called under the
	// pod's lock.
	Restart func(ctx context.Context, pod string) error
}

// Held is the right to act on a pod.
type Held struct {
	Memory status.Memory // as it is on disk when the lock was taken
	Known  bool          // there is a memory
	Save   func(status.Memory) error
	Unlock func()
}

// Event is one line of a pod's history in the kubelet's words.
type Event struct {
	Time      time.Time
	Pod       string
	Container string // empty: the pod
	Type      string // Normal or Warning
	Reason    string // Started, Killing, BackOff, Unhealthy, …
	Message   string
}

// The types of Event.
const (
	Normal  = "Normal"
	Warning = "Warning"
)

// Launched is what came of a launch.
type Launched struct {
	Memory  status.Memory
	Trouble *Trouble // nil: every app container has been started, or the pod has succeeded
}

// Trouble is why a pod could not be led to where all its app containers have been started once.
type Trouble struct {
	Pod       string
	Container string // name in the manifest; empty: the pod
	Init      bool
	Reason    string // Error, OOMKilled, PostStartHookError, CrashLoopBackOff, DeadlineExceeded, …
	Message   string // one line
	ExitCode  int
	Lines     []string  // the last of the container's output
	Retry     time.Time // when a supervisor tries again; zero: never
}
