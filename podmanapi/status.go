package podmanapi

import (
	"strconv"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// listed is a container as GET /containers/json gives it. StartedAt and ExitedAt are whole seconds
// since 1970; Go's zero time, far below 0, is never.
type listed struct {
	ID        string
	Names     []string
	Pod       string
	PodName   string
	IsInfra   bool
	Labels    map[string]string
	Image     string
	ImageID   string
	State     string
	Pid       int
	ExitCode  int
	Created   time.Time
	StartedAt int64
	ExitedAt  int64
	Restarts  int
	Ports     []portMapping
}

func (l listed) name() string {
	if len(l.Names) == 0 {
		return ""
	}
	return l.Names[0]
}

func (l listed) running() bool {
	return l.State == "running" || l.State == "stopping" || l.State == "paused"
}

// state reduces a listed container to what decisions need.
func (c *Client) state(l listed) plan.ContainerState {
	status, code := statusOf(l, c.alive)
	order, _ := strconv.Atoi(l.Labels[translate.LabelOrder]) // one that is no number is none
	return plan.ContainerState{
		Name:      l.name(),
		ID:        l.ID,
		Pod:       l.Labels[translate.LabelPod],
		Container: l.Labels[translate.LabelContainer],
		Role:      l.Labels[translate.LabelRole],
		Order:     order,
		Hash:      l.Labels[translate.LabelHash],
		Image:     l.Image,
		ImageID:   l.ImageID,
		Status:    status,
		ExitCode:  code,
		StartedAt: moment(l.StartedAt),
		ExitedAt:  moment(l.ExitedAt),
		CreatedAt: l.Created,
		Restarts:  l.Restarts,
		Ports:     ports(l.Ports),
	}
}

// lostCode is the exit code of a run nobody saw the end of, as a kubelet gives it.
const lostCode = 137

// statusOf maps the states of libpod (define.ContainerStatus). alive says whether a process exists.
//
// "running" needs proof: when conmon is killed nobody ever updates the state again. And a container
// that has exited without a time of its end was ended with its whole machine or user session: Podman
// then shows exit code 0 (5.8, 5.4), which is not what happened.
func statusOf(l listed, alive func(pid int) bool) (status plan.Status, exitCode int) {
	switch l.State {
	case "running", "stopping":
		if !alive(l.Pid) {
			return plan.Lost, lostCode
		}
		return plan.Running, 0
	case "paused":
		if !alive(l.Pid) {
			return plan.Lost, lostCode
		}
		return plan.Paused, 0
	case "created", "configured", "initialized":
		return plan.Created, 0
	case "exited", "stopped": // "stopped" right after the end, until conmon's cleanup has run
		if moment(l.ExitedAt).IsZero() {
			return plan.Lost, lostCode
		}
		return plan.Exited, l.ExitCode
	default: // "removing" of a removal that was cut short, "unknown"
		return plan.Lost, lostCode
	}
}

// alive says whether a process of the engine exists. Where podup cannot see the engine's processes
// the engine is believed.
func (c *Client) alive(pid int) bool {
	if !c.local || !c.peer.visible {
		return true
	}
	if pid <= 0 {
		return false
	}
	return processExists(pid)
}

func moment(seconds int64) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// portMapping is one published port, or a range of them, in requests and replies.
type portMapping struct {
	HostIP        string `json:"host_ip,omitempty"`
	ContainerPort uint16 `json:"container_port"`
	HostPort      uint16 `json:"host_port"`
	Range         uint16 `json:"range,omitempty"`
	Protocol      string `json:"protocol"`
}

func ports(mappings []portMapping) []translate.Port {
	var all []translate.Port
	for _, m := range mappings {
		for i := range max(m.Range, 1) {
			all = append(all, translate.Port{
				HostIP: m.HostIP, HostPort: m.HostPort + i, ContainerPort: m.ContainerPort + i, Protocol: m.Protocol,
			})
		}
	}
	return all
}
