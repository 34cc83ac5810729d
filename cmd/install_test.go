package cmd

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/podup/podup/systemd"
)

// installed is a story whose machine has a service manager that starts everything and makes nothing.
type installed struct {
	*story
	units   systemd.Host
	manager *obedient
}

// obedient is a service manager for which every unit file is a service that starts at once.
type obedient struct {
	host    systemd.Host
	running map[string]int
	starts  int
	loaded  map[string]string
	fails   string
}

func newInstalled(t *testing.T) installed {
	t.Helper()
	s := newStory(t)
	home := s.environment["HOME"]
	i := installed{story: s, manager: &obedient{running: map[string]int{}, loaded: map[string]string{}}}
	i.units = systemd.Host{Quadlet: filepath.Join(home, "quadlet"), Service: filepath.Join(home, "user"), Root: os.Getuid() == 0}
	i.units.Search = []systemd.Directory{{Path: i.units.Quadlet, User: -1}}
	i.units.Services = []string{i.units.Service}
	i.units.Open = func(context.Context) (systemd.Manager, error) { return i.manager, nil }
	i.manager.host = i.units
	return i
}

// podup runs a command line on that machine and wants an exit code.
func (i installed) podup(code int, args ...string) outcome {
	i.t.Helper()
	var out, err bytes.Buffer
	env := Env{
		In: strings.NewReader(""), Out: &out, Err: &err, Getenv: environment(i.environment), Connect: Podman,
		Program: "/usr/bin/podup", Units: &i.units,
	}
	if got := Main(i.t.Context(), env, args); got != code {
		i.t.Fatalf("podup %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, &out, &err)
	}
	return outcome{code, out.String(), err.String()}
}

// files are those below the directory of units.
func (i installed) files() []string {
	i.t.Helper()
	var all []string
	err := filepath.WalkDir(i.units.Quadlet, func(at string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(i.units.Quadlet, at)
		all = append(all, filepath.ToSlash(name))
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		i.t.Fatal(err)
	}
	return all
}

var serviceName = regexp.MustCompile(`(?m)^ServiceName=(.+)$`)

func (m *obedient) Reload(context.Context) error {
	clear(m.loaded)
	return filepath.WalkDir(m.host.Quadlet, func(at string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(at)
		if name := serviceName.FindSubmatch(text); name != nil {
			m.loaded[string(name[1])+".service"] = at
		}
		return err
	})
}

func (m *obedient) State(_ context.Context, unit string) (systemd.State, error) {
	s := systemd.State{Load: "not-found", Active: "inactive"}
	if at, ok := m.loaded[unit]; ok {
		s.Load, s.Source = "loaded", at
	}
	if number, up := m.running[unit]; up {
		s.Active, s.Invocation = "active", strings.Repeat("i", number)
		if m.fails == unit {
			s.Active, s.Result, s.Exit = "failed", "exit-code", 3
		}
	}
	return s, nil
}

func (m *obedient) Start(_ context.Context, unit string) (<-chan string, error) {
	m.starts++
	m.running[unit] = m.starts
	done := make(chan string, 1)
	done <- map[bool]string{false: "done", true: "failed"}[m.fails == unit]
	return done, nil
}

func (m *obedient) Stop(_ context.Context, unit string) (<-chan string, error) {
	delete(m.running, unit)
	done := make(chan string, 1)
	done <- "done"
	return done, nil
}

func (m *obedient) Update(ctx context.Context, unit string) (<-chan string, error) {
	return m.Start(ctx, unit)
}
func (m *obedient) Reset(context.Context, string) error         { return nil }
func (m *obedient) Enable(context.Context, string) error        { return nil }
func (m *obedient) Disable(context.Context, string) error       { return nil }
func (m *obedient) Lines(context.Context, string, int) []string { return []string{"no such command"} }
func (m *obedient) Close() error                                { return nil }

func TestInstallWritesStartsAndUninstallLeavesNothing(t *testing.T) {
	i := newInstalled(t)
	i.contains(i.podup(0, "uninstall", "shop").err, "project shop: nothing to remove: it is not installed\n")
	i.write("pod.yaml", claimManifest)

	dry := i.podup(0, "install", "--dry-run")
	i.contains(dry.out, "write db-app.container\n", "write db.pod\n", "start db-app.service\n", "set secret/db-app.PASSWORD\n")
	i.noWrites("install --dry-run")
	if files := i.files(); len(files) > 0 {
		t.Errorf("install --dry-run wrote %q", files)
	}

	first := i.podup(0, "install")
	i.contains(first.err, "wrote db.pod\n", "wrote db-app.container\n", "set secret/db-app.PASSWORD\n", "started db-app.service\n", "started db-pod.service\n",
		"project shop: installed in "+filepath.Join(i.units.Quadlet, "shop"))
	if strings.Contains(first.out+first.err, "swordfish") {
		t.Error("install shows the value of a Secret")
	}
	files := i.files()
	for _, want := range []string{"shop/db.pod", "shop/db-app.container", "shop/orders.volume", "shop/api.pod"} {
		if !slices.Contains(files, want) {
			t.Errorf("%s is not among %q", want, files)
		}
	}

	starts := i.manager.starts
	if again := i.podup(0, "install"); again.err != "project shop: unchanged\n" || i.manager.starts != starts {
		t.Errorf("the second install says\n%s", again.err)
	}
	i.write("pod.yaml", strings.Replace(claimManifest, "swordfish", "octopus", 1))
	changed := i.podup(0, "install").err
	i.contains(changed, "set secret/db-app.PASSWORD\n", "db-app.service\n")
	if strings.Contains(changed, "wrote") || strings.Contains(changed, "api") {
		t.Errorf("another value of a secret: %s", changed)
	}

	i.contains(i.podup(0, "uninstall", "shpo").err, "project shpo: nothing to remove: it is not installed (installed: shop)")
	i.contains(i.podup(0, "uninstall", "shop").err, "stopped db-app.service\n", "removed db.pod\n", "removed secret/db-app.PASSWORD\n", "project shop: uninstalled\n")
	if files := i.files(); len(files)+len(i.manager.running) > 0 {
		t.Errorf("left: %q, %v", files, i.manager.running)
	}
	objects, err := i.connected().UnitObjects(t.Context(), "shop")
	if err != nil || len(objects) > 0 {
		t.Errorf("left: %q, %v", objects, err)
	}
	i.nothingLeft()
}

func TestInstallRefusesWhatCannotBe(t *testing.T) {
	i := newInstalled(t)
	i.write("pod.yaml", "kind: Pod\n")
	i.contains(i.podup(3, "install").err, "pod.yaml")
	i.write("pod.yaml", webManifest)
	i.podup(2, "install", "--podman-version", "4.9")
	i.podup(2, "install", "pod.yaml")
	i.podup(2, "uninstall")
	i.podup(2, "uninstall", "../etc")
	i.podup(2, "install", "--supervised", "--podman-version", "5.8")

	i.story.podup(0, "up", "-d")
	i.contains(i.podup(1, "install").err, "podup up has made", "of project shop: podup down --project shop first")
	if files := i.files(); len(files) > 0 {
		t.Errorf("wrote %q", files)
	}
	i.story.podup(0, "down")
	i.podup(0, "install")
	i.contains(i.podup(1, "install", "--supervised").err, "project shop is installed without --supervised: podup uninstall shop first")
	i.podup(0, "uninstall", "shop")
	i.podup(0, "install", "--supervised")
	i.contains(i.podup(1, "install").err, "project shop is installed with --supervised: podup uninstall shop first")
	i.contains(i.podup(0, "uninstall", "shop").err, "stopped podup-shop.service\n", "removed "+filepath.Join(i.units.Service, "podup-shop.service"))
	i.nothingLeft()
}

func TestInstallSaysWhatFailsAndWhereItsWordsAre(t *testing.T) {
	i := newInstalled(t)
	i.write("pod.yaml", webManifest)
	i.manager.fails = "web-app.service"
	journal := "journalctl --user -u web-app.service"
	if i.units.Root {
		journal = "journalctl -u web-app.service"
	}
	i.contains(i.podup(1, "install").err, "web-app.service has failed with exit code 3\n", "no such command", "see "+journal)
}

func TestInstallWithoutAServiceManager(t *testing.T) {
	i := newInstalled(t)
	i.write("pod.yaml", webManifest)
	manager := i.units.Open
	i.units.Open = func(context.Context) (systemd.Manager, error) { return nil, systemd.ErrNoManager }
	i.contains(i.podup(1, "install").err, "no service manager: --no-start writes the units all the same")
	i.contains(i.podup(0, "install", "--no-start").err, "nothing is reloaded, started or stopped", "wrote web.pod\n")
	i.units.Open = manager
	i.contains(i.podup(0, "install").err, "started web-app.service\n")
}

func TestUninstallWithoutPodmanRemovesTheUnitsAndSaysWhatIsLeft(t *testing.T) {
	i := newInstalled(t)
	i.write("pod.yaml", claimManifest)
	i.podup(0, "install")
	i.service.Disappear()
	i.contains(i.podup(4, "uninstall", "shop").err, "the units of project shop are removed", "podup uninstall shop does it when there is one")
	if files := i.files(); len(files) > 0 {
		t.Errorf("left: %q", files)
	}
	i.service.Return()
	i.contains(i.podup(0, "uninstall", "shop").err, "removed secret/db-app.PASSWORD\n", "project shop: uninstalled")
}
