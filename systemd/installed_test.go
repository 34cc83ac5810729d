package systemd

import (
	"context"
	"slices"
	"testing"
)

// states is a service manager that only says how services are.
type states struct {
	Manager
	of map[string]State
}

func (s states) State(_ context.Context, unit string) (State, error) { return s.of[unit], nil }

func TestAnInstallationIsAsItsServicesAre(t *testing.T) {
	is := func(active, sub string) State { return State{Active: active, Sub: sub} }
	up, ended := is("active", "running"), is("inactive", "dead")
	for name, test := range map[string]struct {
		pod, app State
		want     string
		failed   []string
	}{
		"all of it runs":                    {up, up, "active", nil},
		"a container has ended well":        {up, ended, "active", nil},
		"nothing runs":                      {ended, ended, "inactive", nil},
		"a container is being started":      {up, is("activating", "start"), "activating", nil},
		"the pod is being stopped":          {is("deactivating", "stop"), ended, "deactivating", nil},
		"a container has failed":            {up, is("failed", "failed"), "failed", []string{"web-app.service"}},
		"a container waits for another try": {up, is("activating", "auto-restart"), "failed", []string{"web-app.service"}},
	} {
		t.Run(name, func(t *testing.T) {
			i := Installation{Project: "shop", Services: []string{"web-app.service", "web-pod.service"}}
			got, failed, err := i.Standing(t.Context(), states{of: map[string]State{"web-app.service": test.app, "web-pod.service": test.pod}})
			if err != nil || got != test.want || !slices.Equal(failed, test.failed) {
				t.Errorf("got %s %q, %v, want %s %q", got, failed, err, test.want, test.failed)
			}
		})
	}
}
