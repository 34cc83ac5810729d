package systemd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/podup/podup/quadlet"
	"github.com/podup/podup/translate"
)

// world is a machine with a model of a service manager and of an engine: what the units of one project would
// do in both.
type world struct {
	t       *testing.T
	host    Host
	loaded  map[string]loadedUnit // by service, as of the last reload
	running map[string]instance   // by service
	fails   map[string]string     // results of starts, by service
	starts  int
	updates int
	objects map[string]string // the project that each is labelled with
	secrets map[string]string
	broken  error // what the engine says to everything
	enabled map[string]bool
	version string
	said    []string
}

type loadedUnit struct {
	path string
	text []byte
}

// instance is a service that has been started: with what.
type instance struct {
	number  int
	rules   string
	secrets string
	failed  bool
	ended   bool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{
		t: t, loaded: map[string]loadedUnit{}, running: map[string]instance{}, fails: map[string]string{},
		objects: map[string]string{}, secrets: map[string]string{}, enabled: map[string]bool{},
	}
	w.host = Host{
		Quadlet: filepath.Join(dir, "containers", "systemd"), Service: filepath.Join(dir, "systemd", "user"),
		Open: func(context.Context) (Manager, error) { return w, nil },
	}
	w.host.Search = []Directory{{Path: filepath.Join(dir, "run"), User: -1}, {Path: w.host.Quadlet, User: -1}, {Path: filepath.Join(dir, "etc"), User: 1000}}
	w.host.Services = []string{w.host.Service, filepath.Join(dir, "lib")}
	return w
}

// errKilled is what ends a run in the middle.
var errKilled = errors.New("killed")

// installer is one that is killed before its change number kill, counted from 0; -1 is never.
func (w *world) installer(kill int) (in *Installer, changes *int) {
	changes = new(int)
	return &Installer{
		Host: w.host, Project: "shop", Manager: w, Engine: w,
		Report: func(verb, what string) { w.said = append(w.said, verb+" "+what) },
		Warn:   func(text string) { w.said = append(w.said, "warning: "+text) },
		before: func(string) error {
			if *changes == kill {
				return fmt.Errorf("%w: %w", errEnded, errKilled)
			}
			*changes++
			return nil
		},
	}, changes
}

func (w *world) install(kill int, set quadlet.Set) (changes int, err error) {
	in, n := w.installer(kill)
	d, err := in.Survey(context.Background(), set)
	if err != nil {
		return *n, err
	}
	troubles, err := in.Install(context.Background(), set, d, true)
	for _, t := range troubles {
		w.said = append(w.said, t.Service+" "+t.Text)
	}
	return *n, err
}

func (w *world) uninstall(kill int, volumes bool) (changes int, kept []string, err error) {
	in, n := w.installer(kill)
	left, err := in.Find(context.Background())
	if err != nil {
		return *n, nil, err
	}
	kept, err = in.Uninstall(context.Background(), left, volumes)
	return *n, kept, err
}

// must installs without an interruption.
func (w *world) must(set quadlet.Set) {
	w.t.Helper()
	if _, err := w.install(-1, set); err != nil {
		w.t.Fatal(err)
	}
	w.holds(set)
}

// holds wants exactly the set: on disk, running, and in the engine.
func (w *world) holds(set quadlet.Set) {
	w.t.Helper()
	want := map[string]string{}
	for _, u := range set.Units {
		want[u.Name] = string(u.Text)
	}
	for _, f := range set.Files {
		want[f.Name] = string(f.Data)
	}
	if got := w.tree(); !maps.Equal(got, want) {
		w.t.Errorf("on disk: %v, want %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
	secrets := map[string]string{}
	for _, s := range set.Secrets {
		secrets[s.Name] = s.Value.Reveal()
	}
	if !maps.Equal(w.secrets, secrets) {
		w.t.Errorf("secrets: %v, want %v", w.secrets, secrets)
	}
	for _, u := range set.Units {
		run, up := w.running[u.Service]
		switch {
		case !up:
			w.t.Errorf("%s does not run", u.Service)
		case run.rules != string(rules(u.Text)):
			w.t.Errorf("%s runs with\n%s\nwant\n%s", u.Service, run.rules, rules(u.Text))
		case run.secrets != w.used(u.Text):
			w.t.Errorf("%s runs with secrets %s, want %s", u.Service, run.secrets, w.used(u.Text))
		}
	}
	for service := range w.running {
		if !slices.ContainsFunc(set.Units, func(u quadlet.Unit) bool { return u.Service == service }) {
			w.t.Errorf("%s still runs", service)
		}
	}
}

// gone wants nothing to be left but these objects.
func (w *world) gone(kept ...string) {
	w.t.Helper()
	if tree := w.tree(); len(tree) > 0 {
		w.t.Errorf("on disk: %v", slices.Sorted(maps.Keys(tree)))
	}
	if _, err := os.Lstat(filepath.Join(w.host.Quadlet, "shop")); !errors.Is(err, fs.ErrNotExist) {
		w.t.Errorf("the project's directory: %v", err)
	}
	if len(w.running) > 0 || len(w.secrets) > 0 || len(w.loaded) > 0 {
		w.t.Errorf("left: %v %v %v", w.running, w.secrets, slices.Sorted(maps.Keys(w.loaded)))
	}
	if objects := slices.Sorted(maps.Keys(w.objects)); !slices.Equal(objects, kept) {
		w.t.Errorf("in the engine: %v, want %v", objects, kept)
	}
}

// tree are the files of the project's directory.
func (w *world) tree() map[string]string {
	w.t.Helper()
	all := map[string]string{}
	dir := filepath.Join(w.host.Quadlet, "shop")
	err := filepath.WalkDir(dir, func(at string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, at)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(at)
		all[filepath.ToSlash(name)] = string(text)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.t.Fatal(err)
	}
	return all
}

// values are all of a key.
func values(text []byte, key string) []string {
	var all []string
	for line := range strings.Lines(string(text)) {
		if found, ok := strings.CutPrefix(strings.TrimSpace(line), key+"="); ok {
			all = append(all, found)
		}
	}
	return all
}

// used are the values of the secrets that a unit names.
func (w *world) used(text []byte) string {
	var all []string
	for _, secret := range values(text, "Secret") {
		name, _, _ := strings.Cut(secret, ",")
		all = append(all, w.secrets[name])
	}
	return strings.Join(all, " ")
}

// needs are the services that one is started after, and dependents those that are stopped with it.
func (w *world) needs(u loadedUnit) []string {
	var names []string
	names = append(names, values(u.text, "Pod")...)
	names = append(names, values(u.text, "Requires")...)
	names = append(names, values(u.text, "Network")...)
	for _, volume := range values(u.text, "Volume") {
		name, _, _ := strings.Cut(volume, ":")
		names = append(names, name)
	}
	var services []string
	for service, other := range w.loaded {
		if slices.Contains(names, filepath.Base(other.path)) || slices.Contains(names, service) {
			services = append(services, service)
		}
	}
	slices.Sort(services)
	return services
}

func (w *world) dependents(service string) []string {
	var all []string
	for other, u := range w.loaded {
		if slices.Contains(w.needs(u), service) || slices.Contains(values(u.text, "PartOf"), service) {
			all = append(all, other)
		}
	}
	slices.Sort(all)
	return all
}

func (w *world) Reload(context.Context) error {
	w.loaded = map[string]loadedUnit{}
	entries, _ := os.ReadDir(filepath.Join(w.host.Quadlet, "shop"))
	for _, entry := range entries {
		at := filepath.Join(w.host.Quadlet, "shop", entry.Name())
		if text, err := os.ReadFile(at); err == nil && isUnit(entry.Name()) && !strings.Contains(string(text), "Unreadable=") {
			w.loaded[serviceOf(entry.Name(), text)] = loadedUnit{at, text}
		}
	}
	own := quadlet.ServiceName("shop")
	if text, err := os.ReadFile(filepath.Join(w.host.Service, own)); err == nil {
		w.loaded[own] = loadedUnit{filepath.Join(w.host.Service, own), text}
	}
	return nil
}

func (w *world) State(_ context.Context, service string) (State, error) {
	u, loaded := w.loaded[service]
	run, up := w.running[service]
	state := State{Load: "not-found", Active: "inactive", Sub: "dead", Result: "success"}
	if loaded {
		state.Load, state.Source, state.Path = "loaded", u.path, u.path
	}
	if up {
		state.Active, state.Sub, state.Invocation = "active", "running", fmt.Sprint(run.number)
		state.Entered, state.Ran = uint64(run.number), uint64(run.number)
		switch {
		case run.failed:
			state.Active, state.Sub, state.Result, state.Exit = "activating", "auto-restart", "exit-code", 7
		case run.ended:
			state.Active, state.Sub = "inactive", "dead"
		}
	}
	return state, nil
}

func (w *world) Start(_ context.Context, service string) (<-chan string, error) {
	done := make(chan string, 1)
	done <- w.start(service)
	return done, nil
}

func (w *world) start(service string) string {
	u, loaded := w.loaded[service]
	if !loaded {
		w.t.Errorf("start of %s, which is not loaded", service)
		return "failed"
	}
	if run, up := w.running[service]; up && !run.ended {
		if run.failed {
			return "failed"
		}
		return "done"
	}
	for _, need := range w.needs(u) {
		if result := w.start(need); result != "done" {
			return "dependency"
		}
	}
	w.starts++
	run := instance{number: w.starts, rules: string(rules(u.text)), secrets: w.used(u.text), failed: w.fails[service] != ""}
	w.running[service] = run
	if run.failed {
		return w.fails[service]
	}
	object := objectOf(path.Base(u.path), u.text)
	if object == "" { // podup makes its own
		return "done"
	}
	if owner, there := w.objects[object]; !there {
		w.objects[object] = "shop"
	} else if owner != "shop" {
		w.t.Errorf("%s uses %s of somebody else", service, object)
	}
	return "done"
}

func (w *world) Stop(_ context.Context, service string) (<-chan string, error) {
	w.stop(service)
	done := make(chan string, 1)
	done <- "done"
	return done, nil
}

func (w *world) stop(service string) {
	for _, other := range w.dependents(service) {
		w.stop(other)
	}
	u := w.loaded[service]
	if _, up := w.running[service]; up && !keeps(path.Base(u.path), u.text) && path.Ext(u.path) != ".network" {
		delete(w.objects, objectOf(path.Base(u.path), u.text))
	}
	delete(w.running, service)
}

func (w *world) Update(ctx context.Context, service string) (<-chan string, error) {
	w.updates++
	return w.Start(ctx, service)
}
func (w *world) Version(context.Context) (string, error) { return w.version, w.broken }
func (w *world) Reset(context.Context, string) error     { return nil }
func (w *world) Enable(_ context.Context, path string) error {
	w.enabled[filepath.Base(path)] = true
	return nil
}
func (w *world) Disable(_ context.Context, unit string) error {
	delete(w.enabled, unit)
	return nil
}
func (w *world) Lines(context.Context, string, int) []string { return []string{"its last words"} }
func (w *world) Close() error                                { return nil }

func (w *world) UnitObjects(_ context.Context, project string) ([]string, error) {
	var all []string
	for object, owner := range w.objects {
		if owner == project {
			all = append(all, object)
		}
	}
	for name := range w.secrets {
		all = append(all, "secret/"+name)
	}
	slices.Sort(all)
	return all, w.broken
}

func (w *world) UnitTaken(_ context.Context, project string, objects []string) (map[string]string, error) {
	taken := map[string]string{}
	for _, object := range objects {
		if owner, there := w.objects[object]; there && owner != project {
			taken[object] = owner
		}
	}
	return taken, w.broken
}

func (w *world) RemoveUnitObject(_ context.Context, _, object string) error {
	delete(w.objects, object)
	delete(w.secrets, strings.TrimPrefix(object, "secret/"))
	return w.broken
}

func (w *world) UnitSecret(_ context.Context, _, name string, want translate.Value) (found, same bool, err error) {
	value, found := w.secrets[name]
	return found, value == want.Reveal(), w.broken
}

func (w *world) SetUnitSecret(_ context.Context, _, name string, value translate.Value) error {
	w.secrets[name] = value.Reveal()
	return w.broken
}
