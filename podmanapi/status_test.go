package podmanapi

import (
	"reflect"
	"testing"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

func TestStatusOfTheEnginesStates(t *testing.T) {
	const never = -62135596800 // Go's zero time
	const pid, gone = 100, 200
	cases := []struct {
		name string
		in   listed
		want plan.Status
		code int
	}{
		{"made and never started", listed{State: "created", ExitedAt: never}, plan.Created, 0},
		{"configured, as 5.4 and 5.8 call it inside", listed{State: "configured", ExitedAt: never}, plan.Created, 0},
		{"set up, as a holder is", listed{State: "initialized", Pid: pid, ExitedAt: never}, plan.Created, 0},
		{"running", listed{State: "running", Pid: pid, ExitedAt: never}, plan.Running, 0},
		{"running again after an exit code", listed{State: "running", Pid: pid, ExitCode: 3, ExitedAt: 100}, plan.Running, 0},
		{"running in the engine's mind only", listed{State: "running", Pid: gone, ExitedAt: never}, plan.Lost, 137},
		{"running without a process", listed{State: "running", ExitedAt: never}, plan.Lost, 137},
		{"in its grace period", listed{State: "stopping", Pid: pid, ExitedAt: never}, plan.Running, 0},
		{"paused", listed{State: "paused", Pid: pid, ExitedAt: never}, plan.Paused, 0},
		{"paused and killed", listed{State: "paused", Pid: gone, ExitedAt: never}, plan.Lost, 137},
		{"ended well", listed{State: "exited", ExitedAt: 100}, plan.Exited, 0},
		{"failed", listed{State: "exited", ExitCode: 3, ExitedAt: 100}, plan.Exited, 3},
		{"ended a moment ago", listed{State: "stopped", ExitCode: 1, ExitedAt: 100}, plan.Exited, 1},
		{"ended with its machine", listed{State: "exited", ExitedAt: never}, plan.Lost, 137},
		{"left by a removal that was cut short", listed{State: "removing", ExitedAt: 100}, plan.Lost, 137},
		{"a state podup does not know", listed{State: "unknown", ExitedAt: 100}, plan.Lost, 137},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			status, code := statusOf(c.in, func(p int) bool { return p == pid })
			if status != c.want || code != c.code {
				t.Errorf("got %s with code %d, want %s with %d", status, code, c.want, c.code)
			}
		})
	}
}

func TestAnEngineWhoseProcessesCannotBeSeenIsBelieved(t *testing.T) {
	for _, c := range []struct {
		name   string
		client *Client
		want   bool
	}{
		{"of another machine", &Client{}, true},
		{"outside podup's PID namespace", &Client{local: true, peer: peer{uid: 1000}}, true},
		{"of this machine", &Client{local: true, peer: peer{uid: 1000, visible: true}}, false},
	} {
		if got := c.client.alive(0); got != c.want {
			t.Errorf("an engine %s: alive is %v, want %v", c.name, got, c.want)
		}
	}
}

func TestRangesOfPortsAreTakenApart(t *testing.T) {
	got := ports([]portMapping{
		{HostIP: "127.0.0.1", HostPort: 8080, ContainerPort: 80, Protocol: "tcp"},
		{HostPort: 9000, ContainerPort: 90, Range: 2, Protocol: "udp"},
	})
	want := []translate.Port{
		{HostIP: "127.0.0.1", HostPort: 8080, ContainerPort: 80, Protocol: "tcp"},
		{HostPort: 9000, ContainerPort: 90, Protocol: "udp"},
		{HostPort: 9001, ContainerPort: 91, Protocol: "udp"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
