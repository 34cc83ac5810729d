package systemd

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/podup/podup/quadlet"
)

func ownService(lines ...string) []byte {
	return []byte(quadlet.Head("shop", []string{"/srv/pod.yaml"}) + "\n[Service]\n" + strings.Join(lines, "\n") + "\n")
}

func (w *world) installService(kill int, text []byte) error {
	in, _ := w.installer(kill)
	update, err := in.InstallService(w.t.Context(), text)
	if err != nil {
		return err
	}
	trouble, err := in.UpdateService(w.t.Context(), update)
	if trouble != nil {
		w.said = append(w.said, trouble.Service+" "+trouble.Text)
	}
	return err
}

func TestAnOwnServiceIsReloadedOrRestarted(t *testing.T) {
	w := newWorld(t)
	one, two := ownService("ExecStart=podup up"), ownService("ExecStart=podup up --prune")
	noted := []byte(strings.Replace(string(one), "pod.yaml", "pod.yml", 1))
	for _, step := range []struct {
		text            []byte
		starts, updates int
	}{{one, 1, 0}, {one, 1, 1}, {noted, 1, 2}, {two, 2, 2}} {
		if err := w.installService(-1, step.text); err != nil {
			t.Fatal(err)
		}
		if w.starts != step.starts || w.updates != step.updates || !w.enabled["podup-shop.service"] {
			t.Errorf("%s\n%d starts, %d reloads, want %d and %d", step.text, w.starts, w.updates, step.starts, step.updates)
		}
	}
}

func TestAnOwnServiceThatRunsWithAnotherUnitIsRestarted(t *testing.T) {
	one, two := ownService("ExecStart=podup up"), ownService("ExecStart=podup up --prune")
	noted := []byte(strings.Replace(string(two), "pod.yaml", "pod.yml", 1))
	const name = "podup-shop.service"
	for what, c := range map[string]struct {
		between         func(w *world)
		last            []byte
		starts, updates int
	}{
		"an install that starts nothing between": {func(w *world) { w.writeService(two) }, two, 2, 0},
		"two such":                               {func(w *world) { w.writeService(two); w.writeService(noted) }, two, 2, 0},
		"one without a service manager":          {func(w *world) { w.unmanaged(two) }, two, 2, 0},
		"one that changes comments alone":        {func(w *world) { w.writeService(noted) }, noted, 2, 0},
		"one of the same":                        {func(w *world) { w.writeService(one) }, one, 1, 1},
		"one, and a restart by hand": {func(w *world) {
			w.writeService(two)
			w.stop(name)
			w.start(name)
		}, two, 2, 1},
		"one, and a stop by hand": {func(w *world) { w.writeService(two); w.stop(name) }, two, 2, 0},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			if err := w.installService(-1, one); err != nil {
				t.Fatal(err)
			}
			c.between(w)
			if err := w.installService(-1, c.last); err != nil {
				t.Fatal(err)
			}
			if w.starts != c.starts || w.updates != c.updates || w.running[name].rules != string(rules(c.last)) {
				t.Errorf("%d starts, %d reloads, want %d and %d; it runs with %s", w.starts, w.updates, c.starts, c.updates, w.running[name].rules)
			}
			if err := w.installService(-1, c.last); err != nil || w.starts != c.starts || w.updates != c.updates+1 {
				t.Errorf("the next install: %d starts, %d reloads, %v", w.starts, w.updates, err)
			}
		})
	}
}

// writeService is an install of a project's own service that starts nothing.
func (w *world) writeService(text []byte) {
	w.t.Helper()
	in, _ := w.installer(-1)
	if _, err := in.InstallService(w.t.Context(), text); err != nil {
		w.t.Fatal(err)
	}
}

// unmanaged is one without a service manager, which reads the unit later.
func (w *world) unmanaged(text []byte) {
	w.t.Helper()
	in, _ := w.installer(-1)
	in.Manager = nil
	if _, err := in.InstallService(w.t.Context(), text); err != nil {
		w.t.Fatal(err)
	}
	_ = w.Reload(w.t.Context())
}

func TestAChangedOwnServiceThatIsKilledAnywhereRunsWithItsUnitInTheEnd(t *testing.T) {
	one, two := ownService("ExecStart=podup up"), ownService("ExecStart=podup up --prune")
	for n := 0; ; n++ {
		w := newWorld(t)
		if err := w.installService(-1, one); err != nil {
			t.Fatal(err)
		}
		killed := w.installService(n, two)
		if killed != nil && !errors.Is(killed, errKilled) {
			t.Fatal(killed)
		}
		if err := w.installService(-1, two); err != nil {
			t.Fatal(err)
		}
		if run := w.running["podup-shop.service"]; run.rules != string(rules(two)) {
			t.Errorf("killed before change %d: it runs with %s", n, run.rules)
		}
		entries, err := os.ReadDir(w.host.Service)
		if err != nil || len(entries) != 1 {
			t.Errorf("killed before change %d: left %v, %v", n, entries, err)
		}
		if killed == nil {
			if n < 10 {
				t.Errorf("only %d changes", n)
			}
			return
		}
	}
}

func TestADryRunSaysWhatBecomesOfAnOwnService(t *testing.T) {
	one, two := ownService("ExecStart=podup up"), ownService("ExecStart=podup up --prune")
	noted := []byte(strings.Replace(string(one), "pod.yaml", "pod.yml", 1))
	const name = "podup-shop.service"
	for what, c := range map[string]struct {
		before func(w *world)
		text   []byte
		start  bool
		want   string
	}{
		"what is not there is written and started":         {nil, one, true, "write, start"},
		"and only written with --no-start":                 {nil, one, false, "write"},
		"the same is reloaded":                             {func(w *world) { _ = w.installService(-1, one) }, one, true, "reload"},
		"and left alone with --no-start":                   {func(w *world) { _ = w.installService(-1, one) }, one, false, ""},
		"other comments are written, and it is reloaded":   {func(w *world) { _ = w.installService(-1, one) }, noted, true, "write, reload"},
		"a changed one is restarted":                       {func(w *world) { _ = w.installService(-1, one) }, two, true, "write, restart"},
		"and only written with --no-start, while it runs":  {func(w *world) { _ = w.installService(-1, one) }, two, false, "write"},
		"one that is stopped is started":                   {func(w *world) { w.writeService(one) }, one, true, "start"},
		"one that is stopped and has changed is started":   {func(w *world) { w.writeService(one) }, two, true, "write, start"},
		"one that was not restarted since it is restarted": {func(w *world) { _ = w.installService(-1, one); w.writeService(two) }, two, true, "restart"},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			if c.before != nil {
				c.before(w)
			}
			in, changes := w.installer(-1)
			lines, err := in.ServiceChange(t.Context(), c.text, c.start)
			got := strings.ReplaceAll(strings.Join(lines, ", "), " "+filepath.Join(w.host.Service, name), "")
			if got = strings.ReplaceAll(got, " "+name, ""); err != nil || got != c.want || *changes > 0 {
				t.Errorf("%q after %d changes, %v; want %q", got, *changes, err, c.want)
			}
		})
	}
}

func TestAnOwnServiceThatIsKilledAnywhereIsMendedOrRemoved(t *testing.T) {
	text := ownService("ExecStart=podup up")
	for n := 0; ; n++ {
		w := newWorld(t)
		err := w.installService(n, text)
		if err == nil {
			if n < 5 {
				t.Errorf("only %d changes", n)
			}
			return
		}
		if !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		if err := w.installService(-1, text); err != nil {
			t.Fatal(err)
		}
		if run := w.running["podup-shop.service"]; run.rules != string(rules(text)) || !w.enabled["podup-shop.service"] {
			t.Errorf("killed before change %d: %+v", n, w)
		}
		in, _ := w.installer(-1)
		if err := errors.Join(in.StopService(t.Context()), in.RemoveService(t.Context())); err != nil {
			t.Fatal(err)
		}
		left, err := os.ReadDir(w.host.Service)
		if err != nil || len(left) > 0 || len(w.running)+len(w.loaded) > 0 || w.enabled["podup-shop.service"] {
			t.Errorf("killed before change %d: left %v, %v", n, left, err)
		}
	}
}

func TestAnOwnServiceDoesNotTakeTheNameOfAnother(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"a unit of somebody else":     {"systemd/user/podup-shop.service", "[Service]\n", "is not made by podup for project shop"},
		"a unit of another project":   {"systemd/user/podup-shop.service", quadlet.Head("other", nil), "is not made by podup for project shop"},
		"a link":                      {"systemd/user/podup-shop.service", "->/dev/null", "is a symbolic link"},
		"a unit in another directory": {"lib/podup-shop.service", "[Service]\n", "lib/podup-shop.service is the service podup-shop.service"},
		"a transient unit that runs":  {"", "", "runs from /run/user/1000/systemd/transient/podup-shop.service"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if c.file == "" {
				w.loaded["podup-shop.service"] = loadedUnit{path: "/run/user/1000/systemd/transient/podup-shop.service"}
				w.running["podup-shop.service"] = instance{number: 1}
			} else {
				rel, err := filepath.Rel(w.host.Quadlet, filepath.Join(filepath.Dir(filepath.Dir(w.host.Quadlet)), c.file))
				if err != nil {
					t.Fatal(err)
				}
				w.put(map[string]string{filepath.ToSlash(rel): c.text})
			}
			if err := w.installService(-1, ownService("x=y")); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
