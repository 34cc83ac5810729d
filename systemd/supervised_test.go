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
