package cmd

import (
	"bytes"
	"context"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/podup/podup/systemd"
	"github.com/podup/podup/translate"
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
	version string
	asked   func(what string) // of what needs or must not have the project's lock
}

func newInstalled(t *testing.T) installed {
	t.Helper()
	s := newStory(t)
	home := s.environment["HOME"]
	i := installed{story: s, manager: &obedient{version: "257.13-1~deb13u1", running: map[string]int{}, loaded: map[string]string{}}}
	i.units = systemd.Host{Quadlet: filepath.Join(home, "quadlet"), Service: filepath.Join(home, "user"), Root: os.Getuid() == 0}
	i.units.Search = []systemd.Directory{{Path: i.units.Quadlet, User: -1}}
	i.units.Services = []string{i.units.Service}
	i.units.Open = func(context.Context) (systemd.Manager, error) { return i.manager, nil }
	if err := os.Mkdir(i.units.Quadlet, 0o755); err != nil {
		t.Fatal(err)
	}
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

func (m *obedient) Version(context.Context) (string, error) { return m.version, nil }

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
	m.tell("start")
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

func (m *obedient) tell(what string) {
	if m.asked != nil {
		m.asked(what)
	}
}

func (m *obedient) Enable(context.Context, string) error {
	m.tell("enable")
	return nil
}

func (m *obedient) Update(ctx context.Context, unit string) (<-chan string, error) {
	return m.Start(ctx, unit)
}
func (m *obedient) Reset(context.Context, string) error         { return nil }
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
	i.contains(i.podup(1, "install").err, "project shop is up: podup down --project shop first, or podup install --supervised")
	i.podup(1, "install", "--dry-run")
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

func TestAServiceIsInstalledOverAnUpAndStartedWithoutTheLock(t *testing.T) {
	i := newInstalled(t)
	i.write("pod.yaml", webManifest)
	i.story.podup(0, "up", "-d")
	path, err := projectLock(environment(i.environment), "shop")
	if err != nil {
		t.Fatal(err)
	}
	held := map[string]bool{}
	i.manager.asked = func(what string) { held[what] = isHeld(path) }
	i.service.Forget()
	i.podup(0, "install", "--supervised")
	i.noWrites("install --supervised")
	if want := map[string]bool{"enable": true, "start": false}; !maps.Equal(held, want) {
		t.Errorf("the lock is held: %v, want %v", held, want)
	}
	i.podup(0, "uninstall", "shop")
	i.nothingLeft()
}

func TestUpUsesTheClaimsThatAnUninstallHasLeft(t *testing.T) {
	i := newInstalled(t)
	i.write("pod.yaml", claimManifest)
	claim := map[string]string{translate.LabelUnit: "shop", translate.LabelRole: translate.RoleClaim}
	i.service.LeaveVolume("orders", claim)
	i.contains(i.podup(0, "uninstall", "shop").err, "nothing to remove; the data of orders stays (--volumes removes it)")
	if made := i.podup(0, "up", "-d").err; strings.Contains(made, "volume/orders") {
		t.Errorf("up makes the claim anew\n%s", made)
	}
	i.podup(0, "diff")
	i.contains(i.podup(1, "--project", "blog", "up", "-d").err, "volume/orders exists and is not this project's (units of shop): podup uninstall shop --volumes removes it, with its data; or give the claim another name")
	i.contains(i.podup(0, "down").err, "the data of orders stays (--volumes removes it)")
	i.nothingLeft("orders")
	i.contains(i.podup(0, "down", "--volumes").err, "removed 1 volume")
	i.nothingLeft()
}

func TestLsListsWhatIsInstalled(t *testing.T) {
	i := newInstalled(t)
	ls := func(wants ...string) {
		t.Helper()
		i.contains(i.podup(0, "ls").out, wants...)
	}
	i.write("pod.yaml", webManifest)
	i.podup(0, "install")
	i.podup(0, "--project", "blog", "install", "--supervised")
	i.story.podup(0, "--project", "news", "up", "-d", "--network", "none", "-f", "pod.yaml")
	i.service.LeaveVolume("orders", map[string]string{translate.LabelUnit: "left", translate.LabelRole: translate.RoleClaim})
	ls("blog 0 0 0 - supervised, active\n", "left 0 0 0 ", "news 1 2 2 ", "shop 0 0 0 - units, active\n")
	i.manager.fails = "web-app.service"
	ls("shop 0 0 0 - units, failed\n")
	i.contains(i.podup(0, "ls", "-o", "json").out, `"as": "units",
        "state": "failed",
        "failed": [
          "web-app.service"
        ]`)
	i.units.Open = func(context.Context) (systemd.Manager, error) { return nil, systemd.ErrNoManager }
	if got := i.podup(0, "ls"); got.err != "" {
		t.Errorf("without a service manager ls says %s", got.err)
	}
	ls("blog 0 0 0 - supervised\n", "shop 0 0 0 - units\n")
	i.contains(i.podup(0, "ls", "-q").out, "blog\nleft\nnews\nshop\n")
	// Of an engine that units do not use, what is on this machine is no project.
	i.units.Root = !i.units.Root
	if got := i.podup(0, "ls", "-q").out; got != "left\nnews\n" {
		t.Errorf("of another engine: %q", got)
	}
}

func TestInstallSaysWhatAnOlderSystemdIgnores(t *testing.T) {
	i := newInstalled(t)
	i.write("pod.yaml", webManifest)
	const pause = "web-app.container, web-side.container: systemd knows RestartSteps= and RestartMaxDelaySec= from version 254 on, and this is 252: "
	i.manager.version = "252.39-1~deb12u1"
	for _, args := range [][]string{{"install"}, {"install", "--supervised"}} {
		want := pause
		if len(args) > 1 {
			want = "podup-shop.service: systemd knows"
		}
		i.contains(i.podup(0, append(args, "--dry-run")...).err, "warning: "+want)
		refused := i.podup(3, append(args, "--strict")...)
		i.contains(refused.err, "podup: "+want)
		if strings.Contains(refused.err, "wrote") || len(i.files()) > 0 {
			t.Errorf("%v --strict wrote\n%s", args, refused.err)
		}
	}
	i.contains(i.podup(0, "install").err, "warning: "+pause, "wrote web-app.container")
	i.manager.version = "254"
	if got := i.podup(0, "install"); strings.Contains(got.err, "systemd knows") {
		t.Errorf("254: %s", got.err)
	}
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
