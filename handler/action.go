package handler

import (
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
)

// action is what a child is asked to do: exactly one of Exec, HTTP, TCP, GRPC and HookHTTP, in a
// container or in a pod's network.
type action struct {
	Exec     *corev1.ExecAction      `json:",omitempty"`
	HTTP     *corev1.HTTPGetAction   `json:",omitempty"`
	TCP      *corev1.TCPSocketAction `json:",omitempty"`
	GRPC     *corev1.GRPCAction      `json:",omitempty"`
	HookHTTP *corev1.HTTPGetAction   `json:",omitempty"`
	PodIP    string                  `json:",omitempty"` // the host where the action names none
	Timeout  time.Duration           `json:",omitempty"` // 0 is none

	// Network is for all but Exec.
	Network network `json:",omitzero"`
	// Container is for Exec.
	Container container `json:",omitzero"`
}

// network names the network namespace of a process. Another Started is another process, though it may
// have the same number.
type network struct {
	Pid     int
	Started time.Time
}

// container is one that the OCI runtime at Runtime has in its state directory Root. Dir is for files
// that hold the process number of an exec while it runs.
type container struct{ ID, Runtime, Root, Dir string }

// result of an action: Err is one that could not be made. Unrun says that of an exec nothing was run, for the
// runtime refused, and that the engine might run it.
type result struct {
	Success bool   `json:",omitempty"`
	Output  string `json:",omitempty"`
	Err     string `json:",omitempty"`
	Unrun   bool   `json:",omitempty"`
}

func failed(err error) result { return result{Err: err.Error()} }

// request is one line to a child, reply one line from it. Cancel gives up the action of that ID.
type request struct {
	ID     uint64
	Cancel bool    `json:",omitempty"`
	Action *action `json:",omitempty"`
}

type reply struct {
	ID     uint64
	Result result
}

func probeAction(probe *corev1.Probe, sandbox plan.Sandbox) (action, error) {
	a := action{Exec: probe.Exec, HTTP: probe.HTTPGet, TCP: probe.TCPSocket, GRPC: probe.GRPC, PodIP: podIP(sandbox)}
	if a.Exec == nil && a.HTTP == nil && a.TCP == nil && a.GRPC == nil {
		return action{}, errors.New("missing probe handler")
	}
	return a, nil
}

func podIP(sandbox plan.Sandbox) string {
	if len(sandbox.IPs) == 0 {
		return ""
	}
	return sandbox.IPs[0]
}
