package systemd

import (
	"context"
	"slices"
	"testing"
	"time"
)

// unfolding is a service manager of one service, which is in one state after the other each time it is asked; in
// the last it stays.
type unfolding struct {
	Manager
	states []State
}

func (u *unfolding) State(context.Context, string) (State, error) {
	is := u.states[0]
	if len(u.states) > 1 {
		u.states = u.states[1:]
	}
	return is, nil
}

func (*unfolding) Lines(context.Context, string, int) []string { return []string{"cannot open"} }

func TestAStartIsASuccessWhenTheServiceHasRunForAWhile(t *testing.T) {
	t.Parallel()
	up := State{Active: "active", Sub: "running", Invocation: "a"}
	retried := State{Active: "activating", Sub: "auto-restart", Invocation: "a", Result: "exit-code", Exit: 3}
	for name, test := range map[string]struct {
		states []State
		long   bool // it is watched to the end
		want   string
	}{
		"it goes on":                                  {[]State{up}, true, ""},
		"it ends well":                                {[]State{up, {Active: "inactive", Sub: "dead"}}, false, ""},
		"it fails and is not tried again":             {[]State{up, up, {Active: "failed", Result: "exit-code", Exit: 3}}, false, "has failed with exit code 3"},
		"it fails and waits to be tried again":        {[]State{up, up, retried}, false, "has failed with exit code 3 and is tried again"},
		"it has failed and runs again, between looks": {[]State{up, {Active: "active", Invocation: "b", Restarts: 1}}, false, "has failed and is tried again"},
		"somebody has restarted it":                   {[]State{up, {Active: "active", Invocation: "b"}}, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settle := time.Hour
			if test.long {
				settle = 3 * pollTime
			}
			in := &Installer{Host: Host{Settle: settle}, Manager: &unfolding{states: test.states}}
			got, err := in.settle(t.Context(), []string{"web-app.service"})
			if err != nil || len(got) > 1 || (test.want == "") != (len(got) == 0) {
				t.Fatalf("%v, %v", got, err)
			}
			if len(got) == 1 && (got[0].Text != test.want || !slices.Equal(got[0].Lines, []string{"cannot open"})) {
				t.Errorf("got %+v", got[0])
			}
		})
	}
}

func TestASettlingThatIsInterruptedSaysWhatItWaitedFor(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	in := &Installer{Host: Host{Settle: time.Hour}, Manager: &unfolding{states: []State{{Active: "active"}}}}
	if _, err := in.settle(ctx, []string{"web-app.service"}); err == nil || err.Error() != "wait for web-app.service: context canceled" {
		t.Errorf("%v", err)
	}
}
