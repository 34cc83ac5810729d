package cmd

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/translate"
)

func inventory() []podmanapi.Project {
	at := time.Date(2026, 3, 1, 2, 3, 4, 0, time.UTC)
	return []podmanapi.Project{
		{Name: "shop", Pods: 2, Containers: 5, Running: 4, Created: at},
		{Name: "blog", Pods: 1, Containers: 2},
	}
}

func TestExecFindsItsContainer(t *testing.T) {
	engine := &still{actual: shop(newClock().now())}
	for _, test := range []struct {
		name      string
		args      []string
		container string // "" is none
		code      int
		err       string
	}{
		{"pod and container", []string{"web/sidecar", "--", "true"}, "web-sidecar", 0, ""},
		{"a pod is its first container, which is said", []string{"web", "--", "true"}, "web-app", 0, "Defaulted container web/app of web/app, web/sidecar\n"},
		{"a pod with one container says nothing", []string{"zz/pause", "--", "true"}, "", 125, "not running: it is paused"},
		{"a container alone", []string{"sidecar", "--", "true"}, "web-sidecar", 0, ""},
		{"the engine's name", []string{"web-app", "--", "true"}, "web-app", 0, ""},
		{"without --", []string{"web/app", "true"}, "web-app", 0, ""},
		{"an unknown pod", []string{"wbe", "--", "true"}, "", 125, `no pod or container "wbe": there is db/postgres, `},
		{"an unknown pod before a container", []string{"wbe/app", "--", "true"}, "", 125, `no pod "wbe": there is db, web, yy, zz`},
		{"an unknown container", []string{"web/ap", "--", "true"}, "", 125, `no container "web/ap": there is web/migrate, web/app, web/sidecar`},
		{"a pod without containers", []string{"yy", "--", "true"}, "", 125, "the project has none"},
		{"a container that has ended", []string{"db", "--", "true"}, "", 125, "container db/postgres is not running: it is exited"},
		{"no command", []string{"web/app"}, "", 2, "say which command"},
		{"no command after --", []string{"web/app", "--"}, "", 2, "say which command"},
		{"no pod", []string{"--", "true", "false"}, "", 2, "one POD[/CONTAINER] stands before --"},
		{"two pods", []string{"web", "db", "--", "true"}, "", 2, "one POD[/CONTAINER] stands before --"},
		{"a variable without a name", []string{"-e", "=x", "web/app", "--", "true"}, "", 2, "has no name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			called := ""
			engine.exec = func(container string, _ podmanapi.ExecOptions) (int, error) {
				called = container
				return 0, nil
			}
			code, _, err := podup(t, engine, append([]string{"exec"}, test.args...)...)
			if code != test.code || called != test.container || !strings.Contains(err, test.err) || test.err == "" && err != "" {
				t.Errorf("exit code %d, container %q\n%s", code, called, err)
			}
		})
	}
}

func TestExecNamesAContainerThatIsInSeveralPods(t *testing.T) {
	actual := shop(newClock().now())
	for _, pod := range []string{"db", "zz"} {
		actual.Pods[pod].Containers[pod+"-log"] = plan.ContainerState{Name: pod + "-log", Pod: pod, Container: "log", Role: translate.RoleApp, Status: plan.Running}
	}
	code, _, err := podup(t, &still{actual: actual}, "exec", "log", "--", "true")
	if code != exitUsage || !strings.Contains(err, `"log" is in several pods: say which of db/log, zz/log`) {
		t.Errorf("exit code %d\n%s", code, err)
	}
}

func TestExecPassesOnWhatItWasGiven(t *testing.T) {
	var got podmanapi.ExecOptions
	engine := &still{actual: shop(newClock().now())}
	engine.exec = func(_ string, opts podmanapi.ExecOptions) (int, error) {
		got = opts
		return 42, nil
	}
	code, _, _ := podup(t, engine, "exec", "-e", "A=b=c", "-e", "PODUP_PROJECT", "web/app", "--", "ls", "-l", "--", "-t")
	if code != 42 {
		t.Errorf("exit code %d", code)
	}
	if !slices.Equal(got.Command, []string{"ls", "-l", "--", "-t"}) || !slices.Equal(got.Env, []string{"A=b=c", "PODUP_PROJECT=shop"}) {
		t.Errorf("command %q, env %q", got.Command, got.Env)
	}
	if got.TTY || got.In != nil || got.Resize != nil {
		t.Errorf("a terminal or input nobody asked for: %+v", got)
	}
	if _, _, err := podup(t, engine, "exec", "-it", "web/app", "--", "sh"); !got.TTY || got.In == nil || !strings.Contains(err, "standard input is no terminal") {
		t.Errorf("-it: %+v\n%s", got, err)
	}
}

func TestExecFailuresAreNotTheCommands(t *testing.T) {
	engine := &still{actual: shop(newClock().now())}
	engine.exec = func(string, podmanapi.ExecOptions) (int, error) { return 0, errors.New("connection reset") }
	if code, _, err := podup(t, engine, "exec", "web/app", "--", "true"); code != 125 || err != "podup: connection reset\n" {
		t.Errorf("exit code %d, %q", code, err)
	}
	if code, _, _ := podup(t, nil, "exec", "web/app", "--", "true"); code != 125 {
		t.Errorf("no engine: exit code %d", code)
	}
}

func TestVersionWithAndWithoutAnEngine(t *testing.T) {
	code, out, err := podup(t, &still{}, "version")
	if code != 0 || err != "" || !strings.Contains(out, "Podman:  5.8.6") || !strings.Contains(out, "rootless") || !strings.HasPrefix(out, "podup: ") {
		t.Errorf("%d %q %q", code, out, err)
	}
	code, out, err = podup(t, nil, "version", "-o", "json")
	if code != 0 || !strings.Contains(err, "no engine: connect: no such file") || !strings.Contains(out, `"formatVersion": "1.0"`) || strings.Contains(out, "engine") {
		t.Errorf("%d %q %q", code, out, err)
	}
	if code, out, err = podup(t, nil, "version", "--short"); code != 0 || err != "" || strings.Count(out, "\n") != 1 {
		t.Errorf("%d %q %q", code, out, err)
	}
}

func TestExitCodesTopicNamesEveryCode(t *testing.T) {
	code, out, _ := podup(t, nil, "help", "exit-codes")
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"0    done", "1    failed", "2    ", "3    ", "4    ", "5    ", "130  ", "125  ", "126  ", "127  "} {
		if !strings.Contains(out, "\n  "+want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if code, out, err := podup(t, nil, "completion", shell); code != 0 || len(out) < 1000 || err != "" {
			t.Errorf("%s: %d, %d bytes, %q", shell, code, len(out), err)
		}
	}
	if code, _, _ := podup(t, nil, "completion", "csh"); code != exitUsage {
		t.Errorf("csh: exit code %d", code)
	}
	engine := &still{actual: shop(newClock().now())}
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"pods of ps", []string{"ps", ""}, "db\nweb\nyy\nzz\n"},
		{"not again", []string{"ps", "db", "web", ""}, "yy\nzz\n"},
		{"containers of logs", []string{"logs", "web/"}, "web/migrate\nweb/app\nweb/sidecar\n"},
		{"pods and containers of exec", []string{"exec", "z"}, "zz\nzz/batch\nzz/pause\n"},
		{"nothing after the container", []string{"exec", "web", ""}, ""},
		{"shells", []string{"completion", "z"}, "zsh\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, out, _ := podup(t, engine, append([]string{"__complete"}, test.args...)...)
			if got, _, _ := strings.Cut(out, ":"); got != test.want {
				t.Errorf("got %q", out)
			}
		})
	}
	if _, out, err := podup(t, nil, "__complete", "ps", ""); strings.Contains(out, "no such file") || !strings.HasPrefix(out, ":4") {
		t.Errorf("without an engine: %q %q", out, err)
	}
}
