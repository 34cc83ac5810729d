// Package e2e runs the whole of podup against real Podman: the scripts of testdata, one invariant
// each (see SCENARIO.md), and the conformance suite. It uses this machine's Podman where there is
// one, else it boots workstations (see the script of that name) and runs itself inside them.
package e2e

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/podup/podup/cmd"
)

func TestMain(m *testing.M) {
	testscript.Main(suite{m}, map[string]func(){"podup": podup})
}

// suite is the tests of this package and what has to be put away after them.
type suite struct{ *testing.M }

func (s suite) Run() int {
	defer stopWorkstations()
	return s.M.Run()
}

// podup is the command the scripts run: this test binary under that name, so that it is built once,
// and with the race detector where the tests have it. It does what cmd/podup does.
func podup() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	program, err := os.Executable() // of this name too: what it starts in the background is podup
	if err != nil {
		panic(err)
	}
	env := cmd.Env{Program: program, In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv, Connect: cmd.Podman}
	os.Exit(cmd.Main(ctx, env, os.Args[1:]))
}

// The scripts of testdata run beside each other, those of testdata/alone one after another: they
// stop the engine's service, take all of it, or make the service manager reload.
func TestScripts(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, e *engine) {
		testscript.Run(t, params(e, e.scripts(t, "testdata")))
	})
}

func TestScriptsAlone(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, e *engine) {
		p := params(e, e.scripts(t, "testdata/alone"))
		if deadline, ok := t.Deadline(); ok { // testscript.Run does so by itself
			p.Deadline = deadline.Add(-time.Minute)
		}
		testscript.RunT(alone{t}, p)
	})
}

// alone runs each script when the one before has ended.
type alone struct{ *testing.T }

func (alone) Parallel() {}
func (a alone) Run(name string, f func(testscript.T)) {
	a.T.Run(name, func(t *testing.T) { f(alone{t}) })
}
func (alone) Verbose() bool { return testing.Verbose() }

// mainStory are the scripts that run on every engine, also on those that need not show more.
func mainStory() []string {
	return []string{
		"up-serves", "up-unchanged", "replace-image", "replace-pod-port", "mend-killed", "config-file-updates",
		"diff-writes-nothing", "down-leaves-nothing", "init-in-order", "several-pods-by-name", "volumes-emptydir", "cold", "install-serves", "install-stops",
	}
}

// podupAlone are scripts whose promise podup keeps by itself, whatever engine it talks to, or whose
// engine is a stand-in. A run on several engines makes them on the first.
func podupAlone() []string {
	return []string{
		"crash-loop", "deadline", "diff-writes-nothing", "down-interrupts-up", "engine-dies", "engine-unreachable", "env-every-kind", "fifty-pods",
		"foreground-twice", "help", "history-rollback", "hook-fails", "init-fails", "input-forms", "no-service-manager", "orphan-prune",
		"pods-shown", "pods-wait", "probe-startup", "progress", "release-lost", "replace-env", "restart-policy", "restart-rules", "supervisor-fails", "supervisor-one",
		"too-many-containers", "two-ups", "up-wait", "validate-all-problems", "validate-one-message", "wait-for",
	}
}

// sameForRoot are scripts in which the engine's version may have a part, but not who runs it.
func sameForRoot() []string {
	return []string{
		"debug", "down-one-pod", "exec", "install-changes", "install-grace", "install-leaves-claim", "install-listed", "install-onfailure",
		"install-refuses", "install-restarts", "install-several", "install-takes-claim", "install-takes-over", "interrupt-up", "kill9-down", "kill9-first-up", "kill9-replace", "logs", "mend-killed", "moved-tag", "pod-undone",
		"refuse-foreign-name", "refuse-missing-image", "refuse-missing-path", "replace-undone", "same-volume-name", "service-backends", "service-changes",
	}
}

// sameForVersions are scripts of a pod's life, which podup leads by calls that all versions answer alike, or of
// the service manager, which is the same in all workstations.
func sameForVersions() []string {
	return []string{
		"background-survives", "foreground", "foreground-ends", "foreground-terminates", "grace-shared", "hook-once", "hooks-start",
		"install-changes", "install-grace", "install-leaves-claim", "install-listed", "install-onfailure", "install-refuses", "install-several",
		"install-takes-claim", "install-takes-over",
		"job-sidecars", "reload", "stop-start", "supervisor-terminates", "systemd-supervised-ready", "systemd-supervised-reload", "systemd-supervised-stops", "termination-message", "unsupervised",
	}
}

// leavesOut says why a script is not made on this engine, "" if it is.
func (e *engine) leavesOut(script string) string {
	switch first := workstations()[0]; {
	case slices.Contains(mainStory(), script):
		return ""
	case e.storyOnly:
		return "not of the main story, which is enough for " + e.name
	case !e.again:
		return ""
	case slices.Contains(podupAlone(), script):
		return "made on " + first + "; the engine has no part in it"
	case strings.HasSuffix(e.name, " rootful") && slices.Contains(sameForRoot(), script):
		return "made on " + first + "; that root runs it changes nothing"
	case !strings.HasPrefix(e.name, strings.Fields(first)[0]) && slices.Contains(sameForVersions(), script):
		return "made on " + first + "; the version changes nothing"
	}
	return ""
}

// scripts are the files of a directory of scripts that this engine runs.
func (e *engine) scripts(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(all) == 0 {
		t.Fatalf("no scripts in %s: %v", dir, err)
	}
	var ours []string
	for _, file := range all {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		if reason := e.leavesOut(name); reason != "" {
			t.Run(name, func(t *testing.T) { t.Skip(reason) })
			continue
		}
		ours = append(ours, file)
	}
	return ours
}

func params(e *engine, files []string) testscript.Params {
	return testscript.Params{
		Files:              files,
		RequireUniqueNames: true,
		Cmds:               commands(),
		Condition: func(condition string) (bool, error) {
			switch condition {
			case "rootful":
				return os.Getuid() == 0, nil
			case "cgroupv2":
				return e.cgroups == "v2", nil
			case "systemd": // takes units from this user
				socket := "/run/systemd/private"
				if os.Getuid() != 0 {
					socket = filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "systemd", "private")
				}
				_, err := os.Stat(socket)
				return err == nil, nil
			case "podman-5.4":
				return strings.HasPrefix(e.version, "5.4."), nil
			}
			return false, fmt.Errorf("no such condition: %q", condition)
		},
		Setup: func(env *testscript.Env) error {
			script := strings.TrimPrefix(filepath.Base(env.WorkDir), "script-")
			for _, name := range []string{"HOME", "USER", "LOGNAME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "PODMAN_IGNORE_CGROUPSV1_WARNING"} {
				if value, ok := os.LookupEnv(name); ok {
					env.Setenv(name, value)
				}
			}
			// Else each process of a binary with the race detector sleeps a second before it ends.
			env.Setenv("GORACE", "atexit_sleep_ms=0")
			env.Setenv("PROJECT", projectPrefix+script)
			units, _ := unitDirs(env.Getenv)
			env.Setenv("UNITS", units)
			env.Setenv("MANAGER", manager())
			env.Setenv("VERSION", strings.Join(strings.SplitN(e.version, ".", 3)[:2], "."))
			env.Setenv("PODUP_PROJECT", projectPrefix+script)
			env.Setenv("ENGINE_SOCKET", e.socket)
			env.Setenv("EXAMPLES", e.examples)
			env.Defer(func() {
				endSupervisors(env.Getenv, projectPrefix+script)
				removeProjects(func(project string) bool { return project == projectPrefix+script })
			})
			return nil
		},
	}
}

// The rules of SCENARIO.md that can be checked are checked: scripts share an engine.
func TestScriptsObeyTheRules(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	serial, err := filepath.Glob("testdata/alone/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, file := range append(files, serial...) {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		if names[name] {
			t.Errorf("%s: two scripts of this name would share a project", file)
		}
		names[name] = true
		checkRules(t, file, name)
	}
	for _, name := range slices.Concat(mainStory(), podupAlone(), sameForRoot(), sameForVersions()) {
		if !names[name] {
			t.Errorf("a list of scripts names %s, which is none", name)
		}
	}
}
