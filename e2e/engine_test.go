package e2e

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// projectPrefix begins the name of every project the scripts make: whatever carries it was left by
// an earlier run and may be removed.
const projectPrefix = "e2e-"

// The environment of a run inside a workstation.
const (
	insideVar  = "PODUP_E2E_INSIDE"  // the engine's name; set by the run outside
	enginesVar = "PODUP_E2E_ENGINES" // comma-separated; "host" is this machine's Podman
)

// engine is a Podman the scripts run on.
type engine struct {
	name      string
	version   string
	cgroups   string // "v1", "v2"
	socket    string // of the running service
	examples  string // directory of the examples
	storyOnly bool
	again     bool // another engine of this run has shown what no engine has a part in
}

// workstations are the engines of a run for which nobody has chosen any.
func workstations() []string {
	return []string{"5.8 rootless", "5.4 rootless", "5.8 rootful", "cgroupv2 rootless"}
}

// onEveryEngine runs test once for each engine, as a subtest of its name. Where the engine lives in
// a workstation, the subtest is this same test of this same binary inside, with its output.
func onEveryEngine(t *testing.T, test func(*testing.T, *engine)) {
	t.Helper()
	onEngines(t, workstations(), test)
}

// onEngines is onEveryEngine with other workstations, for where nobody has chosen and this machine has
// no Podman.
func onEngines(t *testing.T, workstations []string, test func(*testing.T, *engine)) {
	t.Helper()
	if name := os.Getenv(insideVar); name != "" {
		t.Run(name, func(t *testing.T) { test(t, local(t, name)) })
		return
	}
	hostErr := usable()
	engines := strings.FieldsFunc(os.Getenv(enginesVar), func(r rune) bool { return r == ',' })
	if len(engines) == 0 && hostErr == nil {
		engines = []string{"host"}
	}
	if len(engines) == 0 {
		engines = workstations
	}
	for _, name := range engines {
		name = strings.TrimSpace(name)
		t.Run(name, func(t *testing.T) {
			if name == "host" {
				if hostErr != nil {
					t.Fatal(hostErr)
				}
				test(t, local(t, name))
				return
			}
			if reason := noWorkstation(); reason != "" {
				t.Fatalf("%v, and no workstation can be booted: %s.\n"+
					"Install Podman 5.0 or newer (Debian, Ubuntu: apt install podman; Fedora: dnf install podman), or run the tests as root on Debian", hostErr, reason)
			}
			runInside(t, name)
		})
	}
}

// usable says why this machine's Podman cannot be used, nil if it can.
var usable = sync.OnceValue(func() error {
	out, err := exec.Command("podman", "info", "--format", "{{.Version.Version}}").Output()
	if err != nil {
		return fmt.Errorf("no usable Podman on this machine (podman info: %s)", reason(err))
	}
	version := strings.TrimSpace(string(out))
	major, _, _ := strings.Cut(version, ".")
	if number, err := strconv.Atoi(major); err != nil || number < 5 {
		return fmt.Errorf("no usable Podman on this machine (%s, podup needs 5.0 or newer)", version)
	}
	return nil
})

// reason is an error with what the command wrote.
func reason(err error) string {
	if exit, ok := err.(*exec.ExitError); ok && len(exit.Stderr) > 0 { //nolint:errorlint // of Output, never wrapped
		return strings.TrimSpace(string(exit.Stderr))
	}
	return err.Error()
}

var locals = struct {
	sync.Mutex
	ready map[string]*engine
}{ready: map[string]*engine{}}

// local makes the Podman this process can call ready: its service answers, the test images are
// there, and nothing of an earlier run is.
func local(t *testing.T, name string) *engine {
	t.Helper()
	locals.Lock()
	defer locals.Unlock()
	if e := locals.ready[name]; e != nil {
		return e
	}
	if err := usable(); err != nil {
		t.Fatal(err)
	}
	e := &engine{name: name, storyOnly: strings.HasPrefix(name, "cgroupv2 ")}
	e.again = os.Getenv(insideVar) != "" && os.Getenv(enginesVar) == "" && name != workstations()[0]
	e.version = podman(t, "info", "--format", "{{.Version.Version}}")
	e.cgroups = podman(t, "info", "--format", "{{.Host.CgroupsVersion}}")
	e.socket = startService(t)
	var err error
	if e.examples, err = filepath.Abs(filepath.Join(fixtures(), "examples")); err != nil {
		t.Fatal(err)
	}
	uninstallLeft()
	removeProjects(func(project string) bool { return strings.HasPrefix(project, projectPrefix) })
	importImages(t)
	locals.ready[name] = e
	return e
}

// fixtures is the directory that holds examples, and inside a workstation the test program.
func fixtures() string {
	if os.Getenv(insideVar) != "" {
		return "."
	}
	return ".."
}

// podman runs the command line tool, which is not what is tested here.
func podman(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("podman", args...).Output()
	if err != nil {
		t.Fatalf("podman %s: %s", strings.Join(args, " "), reason(err))
	}
	return strings.TrimSpace(string(out))
}

// importImages makes localhost/podup-test:1 and :2, alike but for the variable VERSION and the file
// /version, from the static test program.
func importImages(t *testing.T) {
	t.Helper()
	program, err := os.ReadFile(testProgram(t))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(program)
	mark := hex.EncodeToString(sum[:8])
	for _, version := range []string{"1", "2"} {
		image := "localhost/podup-test:" + version
		have, err := exec.Command("podman", "image", "inspect", "--format", "{{.Labels.program}}", image).Output()
		if err == nil && strings.TrimSpace(string(have)) == mark {
			continue
		}
		file := filepath.Join(t.TempDir(), "image.tar")
		if err := os.WriteFile(file, imageTar(t, program, version), 0o644); err != nil {
			t.Fatal(err)
		}
		podman(t, "import", "--change", `ENTRYPOINT ["/testprogram"]`, "--change", "ENV VERSION="+version, "--change", "LABEL program="+mark, file, image)
	}
}

// imageTar is the root file system of a test image. The passwd file has a user of a name; /data is
// not empty, so that a volume mounted over it shows what came of the image's own content.
func imageTar(t *testing.T, program []byte, version string) []byte {
	t.Helper()
	var buffer bytes.Buffer
	archive := tar.NewWriter(&buffer)
	write := func(name string, mode int64, data string) {
		header := &tar.Header{Name: name, Mode: mode, Size: int64(len(data)), Typeflag: tar.TypeReg}
		if strings.HasSuffix(name, "/") {
			header.Typeflag, header.Size = tar.TypeDir, 0
		}
		if err := archive.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	write("testprogram", 0o755, string(program))
	write("version", 0o644, version+"\n")
	write("etc/", 0o755, "")
	write("etc/passwd", 0o644, "root:x:0:0:root:/:/\nsmith:x:1234:1234:smith:/:/\n")
	write("etc/group", 0o644, "root:x:0:\nsmith:x:1234:\n")
	write("data/", 0o755, "")
	write("data/from-image", 0o644, "image\n")
	write("tmp/", 0o1777, "")
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

// testProgram is the path of the static program of the test images.
func testProgram(t *testing.T) string {
	t.Helper()
	return program(t, "testprogram", buildTestProgram)
}

// helloProgram is the page of examples/hello.
func helloProgram(t *testing.T) string {
	t.Helper()
	return program(t, "helloprogram", buildHello)
}

func program(t *testing.T, name string, build func() (string, error)) string {
	t.Helper()
	if os.Getenv(insideVar) != "" {
		return name
	}
	file, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

var (
	buildTestProgram = sync.OnceValues(func() (string, error) { return buildStatic("../podmanapi/podmantest/testprogram") })
	buildHello       = sync.OnceValues(func() (string, error) { return buildStatic("../examples/hello") })
)

func buildStatic(source string) (string, error) {
	dir, err := os.MkdirTemp("", "podup-e2e-")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, filepath.Base(source))
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", file, source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build %s: %w\n%s", source, err, out)
	}
	return file, nil
}

// removeProjects removes what is left of projects, with Podman's own means. It is no part of a test:
// what it cannot remove it leaves.
func removeProjects(matches func(project string) bool) {
	run := func(args ...string) { _ = exec.Command("podman", args...).Run() }
	for _, kind := range objectKinds() {
		objects, _ := kind.list()
		for _, object := range objects {
			if matches(object.project) {
				run(append(slices.Clone(kind.remove), object.name)...)
			}
		}
	}
}

// object is something in the engine that carries podup's project label, or that of its units.
type object struct{ name, project string }

// objectKind lists one kind of them.
type objectKind struct {
	name   string
	list   func() ([]object, error)
	remove []string
}

// objectKinds are all kinds of objects podup makes, in an order in which they can be removed.
func objectKinds() []objectKind {
	list := func(args ...string) func() ([]object, error) {
		return func() ([]object, error) {
			out, err := exec.Command("podman", args...).Output()
			if err != nil {
				return nil, fmt.Errorf("podman %s: %s", strings.Join(args, " "), reason(err))
			}
			var all []object
			for line := range strings.Lines(string(out)) {
				name, project, _ := strings.Cut(strings.TrimSpace(line), " ")
				if project != "" && project != "<no value>" {
					all = append(all, object{name, project})
				}
			}
			return all, nil
		}
	}
	const label = `{{index .Labels "io.podup.project"}}{{index .Labels "io.podup.unit"}}` // nothing has both
	return []objectKind{
		{"pod", list("pod", "ps", "--format", "{{.Name}} "+label), []string{"pod", "rm", "--force", "--time", "0"}},
		{"container", list("ps", "--all", "--format", "{{.Names}} "+label), []string{"rm", "--force", "--time", "0", "--volumes"}},
		{"volume", list("volume", "ls", "--format", "{{.Name}} "+label), []string{"volume", "rm", "--force"}},
		{"network", networks, []string{"network", "rm", "--force"}},
		{"secret", secrets, []string{"secret", "rm"}}, // Podman cannot filter secrets by label
	}
}

// networks: the template of `podman network ls` knows no label by its name.
func networks() ([]object, error) {
	out, err := exec.Command("podman", "network", "ls", "--format", "json").Output()
	if err != nil {
		return nil, fmt.Errorf("podman network ls: %s", reason(err))
	}
	var list []struct {
		Name   string
		Labels map[string]string
	}
	if err := json.Unmarshal(out, &list); err != nil {
		return nil, fmt.Errorf("podman network ls: %w", err)
	}
	var all []object
	for _, network := range list {
		all = append(all, object{network.Name, network.Labels["io.podup.project"] + network.Labels["io.podup.unit"]})
	}
	return all, nil
}

func secrets() ([]object, error) {
	out, err := exec.Command("podman", "secret", "ls", "--quiet").Output()
	if err != nil {
		return nil, fmt.Errorf("podman secret ls: %s", reason(err))
	}
	var all []object
	for _, id := range strings.Fields(string(out)) {
		// One at a time: another script may remove its own in between.
		out, err := exec.Command("podman", "secret", "inspect", "--format", `{{.Spec.Name}} {{index .Spec.Labels "io.podup.project"}}{{index .Spec.Labels "io.podup.unit"}}`, id).Output()
		if err != nil {
			continue
		}
		if name, project, _ := strings.Cut(strings.TrimSpace(string(out)), " "); project != "" && project != "<no value>" {
			all = append(all, object{name, project})
		}
	}
	return all, nil
}
