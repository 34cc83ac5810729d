// Package status says what a pod's v1 status is: from what is wanted, what the engine has, and what a
// supervisor remembers. It is pure.
package status

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
)

// Memory is what a supervisor knows of one pod and no engine keeps. It is written to the runtime
// directory as JSON; losing it costs restart counts, probe results and back-off, and nothing else.
type Memory struct {
	Pod     string
	UID     string          // of the pod this is about
	PodID   string          // of the engine's pod; another one is another life
	Since   time.Time       // status.startTime: when the pod was accepted
	Phase   corev1.PodPhase // Succeeded and Failed never revert
	Reason  string          // DeadlineExceeded, …
	Message string
	// Initialized has once been true: app containers have been started, and init containers are not
	// run again because one of these ends.
	Initialized bool
	Stopped     bool // the user has stopped the pod: nothing of it is started until asked for
	// Restarting is the AllContainersRestarting condition: an exit code has asked for
	// RestartAllContainers and not everything is down yet.
	Restarting bool
	// Asleep is how much the wall clock has moved more than time went by: suspended, or set. Deadlines
	// are that much later.
	Asleep     time.Duration
	Sandbox    plan.Sandbox
	Remade     Backoff              // of making the sandbox anew
	Containers map[string]Container // by name in the manifest
	Conditions []corev1.PodCondition
}

// Container is what is remembered of one container.
type Container struct {
	Run      plan.Run  // the current or the last one; zero: it never ran, or what was begun has not been seen
	Previous *plan.Run // the one before
	// PreviousReason is what Reason was for the one before.
	PreviousReason string
	// Begun is when the start of the current run was asked for. It is written before the engine is
	// asked, so that whoever supervises next neither starts nor hooks the run a second time. Zero for a
	// run somebody else has started.
	Begun time.Time
	// Stale says that the run belongs to an earlier sandbox or came before RestartAllContainers: for
	// the order of starts it has not been.
	Stale    bool
	Kill     Kill // why a supervisor ended the current run
	Restarts int32
	// Removed says that the engine has had the container and has it no more: another program has removed it.
	Removed bool
	Hook    HookState // postStart of the current run
	PreStop HookState // preStop of the current run: one that has begun is not begun again
	Started bool      // running, postStart done and startup probe passed
	Ready   bool
	Waiting Waiting // why it does not run, if it is to
	// Reason and Message override what the run itself says of its end: PostStartHookError,
	// RestartingAllContainers, …
	Reason, Message string
	Backoff         Backoff
	Startup         Tally
	Readiness       Tally
	Liveness        Tally
}

// HookState is how far a postStart hook of a run has come. One that has begun is not begun again,
// whoever supervises next.
type HookState string

// The states of a hook. The zero value is: there is none, or it has not begun.
const (
	HookRunning HookState = "running"
	HookDone    HookState = "done"
	HookFailed  HookState = "failed"
)

// Kill is why a container was ended while its pod goes on. It is restarted unless its policy is Never,
// whatever its exit code (kubelet: computePodActions).
type Kill string

// The kinds of Kill. The zero value is: it ended by itself, or with its pod.
const (
	KillLiveness  Kill = "LivenessProbe"
	KillStartup   Kill = "StartupProbe"
	KillPostStart Kill = "FailedPostStartHook"
)

// Waiting is a container's state.waiting.
type Waiting struct{ Reason, Message string }

// Backoff is CrashLoopBackOff as client-go's flowcontrol.Backoff keeps it.
type Backoff struct {
	Key     string
	Delay   time.Duration
	Updated time.Time
	Until   time.Time // when the wait that is going on ends; zero: none is
}

// Tally counts the equal results of a probe in a row.
type Tally struct {
	Result string // "success", "failure", "" unknown: what thresholds have made of the results
	Last   string // of the last attempt
	Count  int32
	Output string // of the last attempt that failed, cut
	At     time.Time
	Since  time.Time // of the first attempt in a row whose result was Last
}

// File is the runtime file of a pod.
type File struct {
	FormatVersion string
	Memory        Memory
}
