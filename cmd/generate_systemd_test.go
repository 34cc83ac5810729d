package cmd

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func generate(t *testing.T, args ...string) outcome {
	t.Helper()
	var out, err bytes.Buffer
	code := Main(t.Context(), Env{
		In: strings.NewReader(webManifest), Out: &out, Err: &err, Program: "/usr/bin/podup", Getenv: environment(nil), Connect: noEngine(t),
	}, append([]string{"generate", "systemd"}, args...))
	return outcome{code, out.String(), err.String()}
}

func TestTheServiceCallsUpAsItsCommandLineSays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	if err := os.WriteFile("pod.yaml", []byte(webManifest), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args  []string
		wants []string
	}{
		"the files are absolute, and the project is named": {nil, []string{
			"ExecStart=/usr/bin/podup --project shop up -f " + dir + "/pod.yaml\n",
			"ExecReload=/usr/bin/podup --project shop up -d -f " + dir + "/pod.yaml\n",
			"TimeoutStopSec=36\n", // 3 s of grace, 3 and 30 beside them
		}},
		"flags of up are passed on": {[]string{"--prune", "--pull", "never", "--max-backoff", "10s", "--project", "other", "--url", "unix:///run/a b"}, []string{
			`ExecStart=/usr/bin/podup --url "unix:///run/a b" --project other up --max-backoff=10s --prune=true --pull=never -f ` + dir + "/pod.yaml\n",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := generate(t, append([]string{"-f", "pod.yaml"}, test.args...)...)
			for _, want := range test.wants {
				if got.code != 0 || !strings.Contains(got.out, want) {
					t.Errorf("exit code %d, %q is not in\n%s%s", got.code, want, got.out, got.err)
				}
			}
		})
	}
}

func TestAUnitIsWrittenOverOnesOwnOnly(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("pod.yaml", []byte(webManifest), 0o600); err != nil {
		t.Fatal(err)
	}
	wrote := func(code int, project, says string) {
		t.Helper()
		got := generate(t, "-f", "pod.yaml", "-o", ".", "--project", project)
		if got.code != code || !strings.Contains(got.err, says) {
			t.Errorf("exit code %d, %q is not in %s", got.code, says, got.err)
		}
	}
	wrote(0, "shop", "wrote podup-shop.service")
	first, err := os.ReadFile("podup-shop.service")
	if err != nil {
		t.Fatal(err)
	}
	wrote(0, "shop", "wrote podup-shop.service")
	again, err := os.ReadFile("podup-shop.service")
	if err != nil || !bytes.Equal(first, again) {
		t.Errorf("%v\n%s\n%s", err, first, again)
	}
	for name, text := range map[string]string{"podup-mine.service": "[Service]\nExecStart=/bin/true\n", "podup-other.service": string(first)} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		wrote(1, strings.TrimSuffix(strings.TrimPrefix(name, "podup-"), ".service"), "was not made by podup for project")
		if kept, err := os.ReadFile(name); err != nil || string(kept) != text {
			t.Errorf("%s is now %s, %v", name, kept, err)
		}
	}
	entries, err := os.ReadDir(".")
	if err != nil || len(entries) != 4 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

func TestAServiceCannotReadStandardInput(t *testing.T) {
	got := generate(t, "-f", "-", "--project", "shop")
	if got.code != exitUsage || got.out != "" || !strings.Contains(got.err, "standard input is gone by then: give a file with -f") {
		t.Errorf("%+v", got)
	}
}
