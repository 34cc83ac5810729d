package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestExamples runs the examples as `make examples` does, each with its check, on the software they name: from
// a registry where one answers, else from Debian's packages. Root's engine runs those with limits, which a
// user's cannot set on cgroup v1.
func TestExamples(t *testing.T) {
	onEngines(t, []string{"5.8 rootless", "5.8 rootful"}, func(t *testing.T, e *engine) {
		dir, err := filepath.Abs(filepath.Join(fixtures(), "bin", "hello"))
		if err != nil {
			t.Fatal(err)
		}
		copyFile(t, helloProgram(t), filepath.Join(dir, "hello"))
		copyFile(t, filepath.Join(fixtures(), "examples", "hello", "Containerfile"), filepath.Join(dir, "Containerfile"))
		names := examples(t)
		if e.again {
			names = []string{"frontend", "rsyslog-group"}
			imagesOfUser(t, "mariadb", "rsyslog", "wordpress")
		} else {
			shown(t, "images/build")
		}
		for _, name := range names {
			t.Run(name, func(t *testing.T) { shown(t, "run", "--no-images", name) })
		}
	})
}

// examples are the directories of examples that can be run.
func examples(t *testing.T) []string {
	t.Helper()
	checks, err := filepath.Glob(filepath.Join(fixtures(), "examples", "*", "check"))
	if err != nil || len(checks) < 10 {
		t.Fatalf("%d examples: %v", len(checks), err)
	}
	for i, check := range checks {
		checks[i] = filepath.Base(filepath.Dir(check))
	}
	return checks
}

// shown runs a script of the examples and shows what it says.
func shown(t *testing.T, script string, args ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), filepath.Join(fixtures(), "examples", script), args...)
	command.Env = append(os.Environ(), "PODUP=podup", "GORACE=atexit_sleep_ms=0") // and no $CONTAINER_HOST: a remote Podman does not unshare
	out, err := command.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatalf("examples/%s %s: %v", script, strings.Join(args, " "), err)
	}
}

// imagesOfUser copies images of the examples from the store of the user whose engine came before.
func imagesOfUser(t *testing.T, names ...string) {
	t.Helper()
	copyImages := `set -euo pipefail
cd "$1"
images=$(for name in $2; do sed -n '1s/^# image: //p' "$name/Containerfile"; done)
setpriv --reuid dev --regid dev --init-groups env HOME=/home/dev XDG_RUNTIME_DIR=/run/user/1000 podman save --quiet --multi-image-archive $images | podman load --quiet`
	command := exec.CommandContext(t.Context(), "bash", "-c", copyImages, "bash", filepath.Join(fixtures(), "examples", "images"), strings.Join(names, " "))
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("copying images from the user's store: %v\n%s", err, out)
	}
}
