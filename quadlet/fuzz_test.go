package quadlet_test

import (
	"encoding/json"
	"errors"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/quadlet"
	"github.com/podup/podup/translate"
)

// FuzzEveryTextArrivesAsItIs lets text stand wherever a manifest's text can, in units for the newest and the
// oldest Podman, takes these through Podman's own generator and what it makes through systemd's rules, and
// expects the text, or a refusal, at the other end. The lines of text are the words.
func FuzzEveryTextArrivesAsItIs(f *testing.F) {
	for _, seed := range []string{
		"plain", "", " ", "a b", "'", `"`, `"quoted"`, `\`, `\\`, `end\`, "$", "$$", "$HOME", "${HOME}", "$(HOME)", "%", "%%", "%n", "100%", "%H",
		";", "a;b", "\x01", "\t", "a\tb", "\r", "\v\f\a\b", "\x7f", "é日", "\U0001F600", " ", "\u0085", "\u2028", "\ufeff", "\u0080", "\ufffe", "\ufdd0", "\x80",
		"#", "# no comment", "[Service]", "Key=value", "=", "a=b=c", "-", "--flag", "-x=y", "a,b", "a:b", "{}", `["json"]`, "CMD", "cmd", "NONE", `\x41`, `\n`, `\u0041`, `\101`,
		"a\x00b", "@x", "|x", "+x", "!x", "*", "~", "`id`", "&", "<>", "\\\"", "\"\\", `'"'`, strings.Repeat("long ", 200), quadlet.Node, "x" + quadlet.Node + "y",
	} {
		f.Add(seed, "x")
		f.Add("x", seed)
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, text := range []string{"5.8", "5.8.1"} {
			arrives(t, []string{a, b}, quadlet.Options{Podman: version(t, text)})
		}
	})
}

// pod with the words in every place. Without a command they are words of Exec.
func podWith(words []string, withCommand bool) translate.Project {
	c := translate.Container{
		Project: "shop", Pod: "web", Name: "app", Image: "quay.io/example/app:1", Pull: translate.PullNever, Grace: time.Second,
		Command: words, Env: []translate.EnvVar{{Name: "A", Value: words[0]}, {Name: "B", Value: words[1]}},
		Mounts: []translate.Mount{{Path: inPath("/at/" + words[0]), HostPath: inPath("/on/" + words[1]), ReadOnly: true}},
	}
	hook := &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: words}}
	c.Lifecycle = translate.Lifecycle{
		Restart: corev1.RestartPolicyAlways, PostStart: hook, PreStop: hook,
		Startup:  &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: append([]string{"check"}, words...)}}, PeriodSeconds: 1, TimeoutSeconds: 1, FailureThreshold: 1},
		Liveness: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: append([]string{"check"}, words...)}}, PeriodSeconds: 1, TimeoutSeconds: 1, FailureThreshold: 1},
	}
	if withCommand {
		c.Entrypoint = append([]string{"/app"}, words...)
		c.Command = []string{}
	}
	pod := translate.Pod{Project: "shop", Name: "web", Hostname: "web", Apps: []translate.Container{c}}
	pod.Namespaces.Sysctls = []translate.Sysctl{{Name: "kernel.a", Value: words[0]}}
	return translate.Project{Name: "shop", Pods: []translate.Pod{pod}}
}

// inPath is without what no path of a mount can hold: Podman reads CSV, in which \r\n is \n.
func inPath(text string) string { return path.Clean(strings.ReplaceAll(text, "\r", "")) }

func arrives(t *testing.T, words []string, opts quadlet.Options) {
	t.Helper()
	for _, withCommand := range []bool{true, false} {
		set, err := quadlet.Generate(podWith(words, withCommand), opts)
		var refused quadlet.RefusedError
		switch {
		case errors.As(err, &refused):
			if mayRefuse(words, withCommand) {
				continue
			}
			t.Errorf("%q is refused: %v", words, err)
			continue
		case err != nil:
			t.Fatal(err)
		}
		arrived(t, words, set, withCommand)
	}
}

// mayRefuse says for which words there is no way through.
func mayRefuse(words []string, withCommand bool) bool {
	for _, word := range words {
		if !systemdUTF8(word) || strings.ContainsAny(word, "\x00\u0080") || !withCommand && (word == "" || word == ";") {
			return true
		}
	}
	return false
}

func arrived(t *testing.T, words []string, set quadlet.Set, withCommand bool) {
	t.Helper()
	services, err := convert(set, true)
	if err != nil {
		t.Fatalf("%q: %v", words, err)
	}
	var want []string
	for _, word := range words {
		want = append(want, strings.ReplaceAll(word, quadlet.Node, host))
	}
	service := services["web-app.container"]
	call := parse(t, command(t, service, "ExecStart"), 2)
	args := call.rest[1:]
	if withCommand {
		if err := json.Unmarshal([]byte(call.flags["entrypoint"][0]), &args); err != nil {
			t.Fatalf("%q: %v", words, err)
		}
		args = args[1:]
	}
	check := func(where string, got, want []string) {
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", where, got, want)
		}
	}
	check("arguments", args, want)
	check("variables", call.flags["env"], []string{"A=" + want[0], "B=" + want[1]})
	for _, flag := range []string{"health-cmd", "health-startup-cmd"} {
		var argv []string
		if err := json.Unmarshal([]byte(call.flags[flag][0]), &argv); err != nil {
			t.Fatalf("%q: %v", words, err)
		}
		if argv[0] == "CMD" {
			argv = argv[1:]
		}
		check(flag, argv, append([]string{"check"}, want...))
	}
	hook := append([]string{"/usr/bin/podman", "exec", "web-app"}, want...)
	check("postStart", commands(t, service, "ExecStartPost")[0], hook)
	after := commands(t, service, "ExecStartPost")[1]
	check("startupProbe", after[len(after)-len(words)-1:], append([]string{"check"}, want...))
	stop := commands(t, service, "ExecStop")[0]
	if at := slices.Index(stop, "web-app"); at < 0 {
		t.Errorf("ExecStop is %q", stop)
	} else {
		check("preStop", stop[at+1:], hook)
	}
	pod := parse(t, command(t, services["web.pod"], "ExecStartPre"), 3)
	check("sysctl", pod.flags["sysctl"], []string{"kernel.a=" + want[0]})
	r := roundTrip{T: t, c: podWith(want, withCommand).Pods[0].Apps[0], got: call}
	r.mounts()
}
