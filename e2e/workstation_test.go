package e2e

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// keepVar keeps the workstations up after the tests, for a look inside.
const keepVar = "PODUP_E2E_KEEP"

// mirrorVar names Debian's archive, for workstations and for images of the examples.
const mirrorVar = "PODUP_WORKSTATION_MIRROR"

// forgetAll removes what tests that were killed have left in an engine: all but its images, and those as
// well where the engine cannot do it any more.
const forgetAll = `{
	podman pod rm --all --force --time 0 && podman rm --all --force --time 0 --volumes && podman volume rm --all --force &&
	podman network prune --force && { podman secret ls --quiet | xargs --no-run-if-empty podman secret rm; }
} >/dev/null || podman system reset --force`

// insideDir is where a workstation has the test binary and its files.
const insideDir = "/opt/podup-e2e"

// insidePatience is for one test on one engine: what hangs is shown with its goroutines, and the other
// engines still have their turn.
const insidePatience = 15 * time.Minute

// noWorkstation says why none can be booted here, "" if one can.
func noWorkstation() string {
	switch {
	case runtime.GOOS != "linux":
		return "they need Linux"
	case os.Getuid() != 0:
		return "they need root"
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return "they are built from Debian packages, which need apt-get"
	}
	return ""
}

// booted are the workstations this process brought up, by flavour.
var booted = struct {
	sync.Mutex
	up map[string]bool
}{up: map[string]bool{}}

func stopWorkstations() {
	for _, service := range services.running {
		_ = service.Process.Kill()
	}
	booted.Lock()
	defer booted.Unlock()
	for flavour := range booted.up {
		if os.Getenv(keepVar) == "" {
			_ = exec.Command("./workstation", "-e", flavour, "down").Run()
		}
		delete(booted.up, flavour)
	}
}

// workstation boots a flavour and puts this binary and its files inside.
func workstation(t *testing.T, flavour string) {
	t.Helper()
	booted.Lock()
	defer booted.Unlock()
	if booted.up[flavour] {
		return
	}
	run := func(args ...string) {
		t.Helper()
		command := exec.Command("./workstation", append([]string{"-e", flavour}, args...)...)
		// With pipes of this process, Run would wait for what stays up to close them.
		log, err := os.CreateTemp(t.TempDir(), "log")
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		command.Stdout, command.Stderr = log, log
		err = command.Run()
		text, _ := os.ReadFile(log.Name())
		if err != nil {
			t.Fatalf("workstation %s: %v\n%s", strings.Join(args, " "), err, text)
		}
		if args[0] == "up" {
			t.Logf("%s", bytes.TrimSpace(text))
		}
	}
	run("up")
	booted.up[flavour] = true
	if os.Getenv(keepVar) == "" {
		run("run", "sh", "-c", forgetAll+"; systemctl --user restart podman.socket")
		run("root", "sh", "-c", forgetAll)
	}

	dir := filepath.Join(t.TempDir(), filepath.Base(insideDir))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	copyFile(t, self, filepath.Join(dir, "e2e.test"))
	copyFile(t, testProgram(t), filepath.Join(dir, "testprogram"))
	copyFile(t, helloProgram(t), filepath.Join(dir, "helloprogram"))
	copyFile(t, clientBinary(t), filepath.Join(dir, "podmanapi.test"))
	for from, to := range map[string]string{"testdata": "testdata", "../examples": "examples", "../docs": "docs"} {
		if err := os.CopyFS(filepath.Join(dir, to), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	run("root", "rm", "-rf", insideDir) // also what an earlier version of the tests had there
	run("push", dir, filepath.Dir(insideDir))
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// runInside runs the test t is a subtest of, on the engine "FLAVOUR USER", in this same binary inside
// the flavour's workstation. Its subtests have the names they would have here and are printed as they
// come, so that nobody sees the difference.
func runInside(t *testing.T, name string) {
	t.Helper()
	flavour, user, _ := strings.Cut(name, " ")
	verb := map[string]string{"rootless": "run", "rootful": "root"}[user]
	if verb == "" {
		t.Fatalf("%s: %q: an engine is host, or FLAVOUR rootless, or FLAVOUR rootful", enginesVar, name)
	}
	workstation(t, flavour)

	top, _, _ := strings.Cut(t.Name(), "/")
	pattern := inside(testFlag("run"), top, "^"+top+"$/^"+strings.ReplaceAll(name, " ", "_")+"$")
	args := []string{
		"-e", flavour, verb, "env", "-C", insideDir, insideVar + "=" + name, enginesVar + "=" + os.Getenv(enginesVar), mirrorVar + "=" + os.Getenv(mirrorVar),
		"./e2e.test", "-test.v", "-test.run=" + pattern, "-test.parallel=4", "-test.count=" + testFlag("count"), "-test.failfast=" + testFlag("failfast"),
	}
	limit := insidePatience
	if deadline, ok := t.Deadline(); ok {
		limit = min(limit, time.Until(deadline)-10*time.Second)
	}
	if limit <= time.Second { // and 0 is no limit
		t.Fatal("no time is left for this engine")
	}
	args = append(args, "-test.timeout="+limit.Round(time.Second).String())
	command := exec.Command("./workstation", args...)
	out, in := io.Pipe()
	command.Stdout, command.Stderr = in, in
	command.WaitDelay = time.Second // what a test has left behind may hold its output open
	relayed := make(chan int, 1)
	go func() { relayed <- relay(os.Stdout, out, t.Name(), testing.Verbose()) }()
	err := command.Run()
	in.Close()
	ran := <-relayed
	if ran == 0 {
		t.Fatalf("inside the workstation no test matched %s: %v (a binary that does not start there at all was linked against a newer C library: build the tests with CGO_ENABLED=0)", pattern, err)
	}
	if err != nil {
		t.Fatalf("inside the workstation: %v", err)
	}
}

// inside makes a -run pattern of the one this process was given, for a test at two known levels: base
// with what the alternatives about this test say of the levels below.
func inside(pattern, top, base string) string {
	var narrowed []string
	for _, alternative := range split(pattern, '|') {
		levels := split(alternative, '/')
		if about, err := regexp.MatchString(levels[0], top); err != nil || !about {
			continue
		}
		if len(levels) < 3 {
			return base
		}
		narrowed = append(narrowed, base+"/"+strings.Join(levels[2:], "/"))
	}
	if len(narrowed) == 0 {
		return base
	}
	return strings.Join(narrowed, "|")
}

// split cuts a pattern at a separator outside of brackets, as -run does (testing: match.go).
func split(pattern string, separator rune) []string {
	parts, depth := []string{""}, 0
	for _, r := range pattern {
		switch {
		case r == '(' || r == '[':
			depth++
		case r == ')' || r == ']':
			depth--
		case r == separator && depth == 0:
			parts = append(parts, "")
			continue
		}
		parts[len(parts)-1] += string(r)
	}
	return parts
}

func testFlag(name string) string { return flag.Lookup("test." + name).Value.String() }

// relay copies the output of the test called name and returns how many subtests it had. The lines
// about the test itself and its parents are left out: this process prints those. What passed is
// printed only when verbose.
func relay(to io.Writer, from io.Reader, name string, verbose bool) (ran int) {
	top, _, _ := strings.Cut(name, "/")
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	var failed bool
	var block []string // of the subtest whose lines come now; printed in whole when not verbose
	for lines.Scan() {
		line := lines.Text()
		words := strings.Fields(line)
		if len(words) >= 3 && (words[0] == "===" || words[0] == "---") {
			subject := words[2]
			if words[0] == "---" && strings.HasPrefix(subject, name+"/") {
				ran++
				failed = failed || words[1] == "FAIL:"
			}
			if subject == name || subject == top {
				if words[1] != "NAME" {
					continue
				}
			}
		} else if line == "PASS" || line == "FAIL" {
			continue
		}
		if verbose {
			fmt.Fprintln(to, line)
			continue
		}
		block = append(block, line)
	}
	if failed || ran == 0 {
		fmt.Fprintln(to, strings.Join(block, "\n"))
	}
	return ran
}

// startService gives the socket of a running service: the user's own, else one that lives as long as
// this process.
func startService(t *testing.T) string {
	t.Helper()
	socket := "/run/podman/podman.sock"
	if os.Getuid() != 0 {
		socket = filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "podman/podman.sock")
	}
	if conn, err := net.Dial("unix", socket); err == nil {
		conn.Close()
		return socket
	}
	dir, err := os.MkdirTemp("", "podup-e2e-")
	if err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(dir, "podman.sock")
	service := exec.Command("podman", "system", "service", "--time", "0", "unix://"+socket)
	if err := service.Start(); err != nil {
		t.Fatal(err)
	}
	services.Lock()
	services.running = append(services.running, service)
	services.Unlock()
	within(t, 30*time.Second, "the Podman service answers", func() error {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			conn.Close()
		}
		return err
	})
	return socket
}

var services struct {
	sync.Mutex
	running []*exec.Cmd
}

// within tries until the condition holds or the time is over.
func within(t interface{ Fatalf(string, ...any) }, limit time.Duration, what string, try func() error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("not within %v: %s: %v", limit, what, err)
			return
		case <-tick.C:
		}
	}
}
