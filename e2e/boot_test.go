package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// bootPatience is for one command of TestBoot.
const bootPatience = 2 * time.Minute

// TestBoot cuts the power of a workstation and boots it: what podup installed serves its page again, without a
// login. It needs a machine that it may switch off.
func TestBoot(t *testing.T) {
	if os.Getenv(insideVar) != "" {
		t.Fatal("a workstation does not switch itself off")
	}
	for _, name := range []string{"5.8 rootless", "5.4 rootless", "5.8 rootful"} {
		t.Run(name, func(t *testing.T) {
			if chosen := os.Getenv(enginesVar); chosen != "" && !strings.Contains(chosen, name) {
				t.Skipf("%s=%s", enginesVar, chosen)
			}
			if reason := noWorkstation(); reason != "" {
				if usable() == nil {
					t.Skipf("this machine's own Podman is tested here, and no workstation can be booted: %s", reason)
				}
				t.Fatal(reason)
			}
			for _, form := range []string{"units", "supervised"} {
				t.Run(form, func(t *testing.T) { boot(t, name, form) })
			}
		})
	}
}

func boot(t *testing.T, name, form string) {
	flavour, user, _ := strings.Cut(name, " ")
	workstation(t, flavour)
	as := map[string]string{"rootless": "run", "rootful": "root"}[user]
	inside := func(args ...string) (string, error) {
		ctx, cancel := context.WithTimeout(context.Background(), bootPatience)
		defer cancel()
		command := exec.CommandContext(ctx, "./workstation", append([]string{"-e", flavour}, args...)...)
		command.WaitDelay = time.Second // for what it started and left behind
		out, err := command.CombinedOutput()
		if ctx.Err() != nil {
			err = fmt.Errorf("it does not end within %v", bootPatience)
		}
		return strings.TrimSpace(string(out)), err
	}
	must := func(args ...string) string {
		t.Helper()
		out, err := inside(args...)
		if err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return out
	}
	podup := []string{as, "env", "-C", insideDir, "GORACE=atexit_sleep_ms=0", "PODUP_PROJECT=e2e-boot", "./podup"}
	dir := filepath.Join(t.TempDir(), "boot")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	port := map[string]string{"units": "18498", "supervised": "18499"}[form]
	page := "http://127.0.0.1:" + port
	manifest := strings.NewReplacer("NAME", "e2e-boot", "PORT", port).Replace(bootManifest)
	if err := os.WriteFile(filepath.Join(dir, "pod.yaml"), []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(testProgram(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "image.tar"), imageTar(t, program, "1"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"pod.yaml", "image.tar"} {
		must("push", filepath.Join(dir, file), insideDir+"/boot")
	}
	must("run", "ln", "-f", insideDir+"/e2e.test", insideDir+"/podup") // by that name it is podup
	must(as, "podman", "import", "--change", `ENTRYPOINT ["/testprogram"]`, insideDir+"/boot/image.tar", "localhost/podup-boot:1")
	install := append(podup, "install", "-f", insideDir+"/boot/pod.yaml")
	if form == "supervised" {
		install = append(install, "--supervised")
	}
	uninstall := append(podup, "uninstall", "e2e-boot", "--volumes")
	must(uninstall...) // what a run that was killed has left
	t.Cleanup(func() { must(uninstall...) })
	must(install...)
	served := func(when string) {
		t.Helper()
		var out string
		var err error
		for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
			if out, err = inside(as, "curl", "--silent", "--fail", "--max-time", "5", page); err == nil && strings.HasPrefix(out, "booted") {
				return
			}
		}
		state, _ := inside(as, "podman", "ps", "--all")
		t.Fatalf("no page %s: %v %s\n%s", when, err, out, state)
	}
	served("after install")
	must("down") // to a workstation that is on a power failure
	must("up")
	served("after the machine has booted")
}

const bootManifest = `apiVersion: v1
kind: Pod
metadata: {name: NAME}
spec:
  terminationGracePeriodSeconds: 2
  initContainers:
  - name: first
    image: localhost/podup-boot:1
    args: [write, /data/ready, "yes"]
    volumeMounts: [{name: data, mountPath: /data}]
  containers:
  - name: web
    image: localhost/podup-boot:1
    args: [cat, /data/ready, then, serve, "8080", booted]
    ports: [{containerPort: 8080, hostPort: PORT}]
    volumeMounts: [{name: data, mountPath: /data}]
  volumes:
  - {name: data, emptyDir: {}}
`
