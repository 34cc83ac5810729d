package systemd

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/podup/podup/quadlet"
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
		"its service reloads":               {is("reloading", "reload"), up, "reloading", nil},
		"its service is being refreshed":    {is("refreshing", "refresh"), ended, "refreshing", nil},
		"one reloads, one is being started": {is("reloading", "reload"), is("activating", "start"), "activating", nil},
		"the pod is being stopped":          {is("deactivating", "stop"), ended, "deactivating", nil},
		"a container has failed":            {up, is("failed", "failed"), "failed", []string{"web-app.service"}},
		"a container waits for another try": {up, is("activating", "auto-restart"), "activating", []string{"web-app.service"}},
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

func TestInstallationsAreWhatPodupHasMade(t *testing.T) {
	w := newWorld(t)
	unit := func(project string) string {
		return quadlet.Head(project, nil) + "\n[Container]\nServiceName=web-app\n"
	}
	service := func(project string) string { return quadlet.Head(project, nil) + "\n[Service]\n" }
	w.put(map[string]string{
		"shop/web-app.container":                      unit("shop"),
		"both/web-app.container":                      unit("both"),
		"theirs/web.container":                        "[Container]\n",
		"empty/files/page":                            "hello",
		"half/.podup":                                 quadlet.Head("half", nil),
		"web.container":                               "[Container]\n",
		"../../systemd/user/podup-both.service":       service("both"),
		"../../systemd/user/podup-blog.service":       service("blog"),
		"../../systemd/user/podup-copy.service":       service("blog"),
		"../../systemd/user/podup-mine.service":       "[Service]\n",
		"../../systemd/user/backup.service":           service("backup"),
		"../../systemd/user/podup-blog.service.d/a":   "[Service]\n",
		"../../systemd/user/podup-link.service":       "->/nowhere",
		"../../systemd/user/default.target.wants/one": "[Service]\n",
	})
	got, err := w.host.Installations()
	var texts []string
	for _, i := range got {
		texts = append(texts, fmt.Sprintf("%s %t %s", i.Project, i.Supervised, i.Services))
	}
	want := []string{
		"blog true [podup-blog.service]", "both false [web-app.service]", "both true [podup-both.service]", "half false []", "shop false [web-app.service]",
	}
	if err != nil || !slices.Equal(texts, want) {
		t.Errorf("%q, %v, want %q", texts, err, want)
	}
	if names := w.host.Installed(); !slices.Equal(names, []string{"blog", "both", "half", "shop"}) {
		t.Errorf("names: %q", names)
	}
}

func TestInstallationsSayWhatCannotBeRead(t *testing.T) {
	unit := quadlet.Head("shop", nil) + "\n[Container]\nServiceName=web-app\n"
	for name, c := range map[string]struct {
		put  map[string]string
		want string
	}{
		"the directory of units":      {map[string]string{"../systemd": "no directory"}, "look for installed units: "},
		"the directory of services":   {map[string]string{"../../systemd/user": "no directory", "shop/web-app.container": unit}, "look for installed services: "},
		"nothing, for there are none": {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.put(c.put)
			found, err := w.host.Installations()
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if _, there := c.put["shop/web-app.container"]; there != (len(found) == 1) {
				t.Errorf("beside it: %v", found)
			}
		})
	}
}
