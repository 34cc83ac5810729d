package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// patience is how long a condition may take to come true. Nothing waits that long unless it fails.
const patience = 60 * time.Second

// commands are what scripts can do beyond testscript's own; SCENARIO.md lists them for readers.
func commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"code":           code,
		"cut-everywhere": cutEverywhere,
		"eventually":     eventually,
		"expand":         expand,
		"fake-engine":    fakeEngine,
		"gone":           gone,
		"http":           get,
		"keep":           keep,
		"kill9":          kill9,
		"many":           many,
		"many-pods":      manyPods,
		"nothing-left":   nothingLeft,
		"order":          order,
		"podman":         podmanCommand,
		"proxy":          proxyCommand,
		"random":         random,
		"signal":         signalCommand,
		"supervisor":     supervisor,
		"take-port":      takePort,
		"unused-port":    unusedPort,
	}
}

func notNegated(ts *testscript.TestScript, neg bool) {
	if neg {
		ts.Fatalf("! has no meaning here")
	}
}

// podmanCommand runs Podman itself: podman ARGS….
func podmanCommand(ts *testscript.TestScript, neg bool, args []string) {
	if err := ts.Exec("podman", args...); (err != nil) != neg {
		ts.Fatalf("podman %s: %v", strings.Join(args, " "), err)
	}
}

// code runs a program that must end with exactly this exit code: code N PROGRAM ARGS….
func code(ts *testscript.TestScript, neg bool, args []string) {
	notNegated(ts, neg)
	if len(args) < 2 {
		ts.Fatalf("usage: code N PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// cutEverywhere brings the project from one manifest to another over and over, and cuts podup off from
// the engine at its first write, then at its second, and so on. Each time running up again must finish
// the work, so that nothing is left to do: cut-everywhere FROM TO. FROM may be -, which is nothing.
func cutEverywhere(ts *testscript.TestScript, neg bool, args []string) {
	notNegated(ts, neg)
	if len(args) != 2 {
		ts.Fatalf("usage: cut-everywhere FROM TO")
	}
	podup := func(args ...string) {
		if err := ts.Exec("podup", args...); err != nil {
			ts.Fatalf("podup %s: %v", strings.Join(args, " "), err)
		}
	}
	for nth := 1; ; nth++ {
		if args[0] == "-" {
			podup("down")
		} else {
			podup("up", "-d", "-f", args[0])
		}
		writes := 0
		stop := startProxy(ts, io.Discard, func(line string) bool {
			if !strings.HasPrefix(line, "GET ") && !strings.HasPrefix(line, "HEAD ") {
				writes++
			}
			return writes >= nth
		})
		ts.Logf("cut off at write %d", nth)
		err := ts.Exec("podup", "up", "-d", "-f", args[1])
		stop()
		ts.Setenv("CONTAINER_HOST", "")
		if writes < nth {
			if err != nil {
				ts.Fatalf("up failed although it was not cut off: %v", err)
			}
			if nth < 3 {
				ts.Fatalf("up made %d writes; this tests nothing", writes)
			}
			podup("diff", "-f", args[1])
			return
		}
		podup("up", "-d", "-f", args[1])
		podup("diff", "-f", args[1])
	}
}

// eventually repeats a program until it succeeds and its output matches:
// eventually [-stdout RE] [-no-stdout RE] PROGRAM ARGS….
func eventually(ts *testscript.TestScript, neg bool, args []string) {
	notNegated(ts, neg)
	var match, unwanted *regexp.Regexp
	for len(args) > 2 && strings.HasPrefix(args[0], "-") {
		re, err := regexp.Compile("(?m)" + args[1])
		ts.Check(err)
		switch args[0] {
		case "-stdout":
			match = re
		case "-no-stdout":
			unwanted = re
		default:
			ts.Fatalf("unknown flag %s", args[0])
		}
		args = args[2:]
	}
	within(ts, patience, strings.Join(args, " "), func() error {
		if err := ts.Exec(args[0], args[1:]...); err != nil {
			return err
		}
		out := ts.ReadFile("stdout")
		switch {
		case match != nil && !match.MatchString(out):
			return fmt.Errorf("no match for %q in: %s", match, out)
		case unwanted != nil && unwanted.MatchString(out):
			return fmt.Errorf("match for %q in: %s", unwanted, out)
		}
		return nil
	})
}

// get asks until the answer matches: http URL [RE]. "! http URL" passes when nobody listens.
func get(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 && (len(args) != 2 || neg) {
		ts.Fatalf("usage: http URL [RE], ! http URL")
	}
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	if neg {
		within(ts, patience, "nobody answers "+args[0], func() error {
			response, err := client.Get(args[0])
			if err == nil {
				response.Body.Close()
				return errors.New(response.Status)
			}
			return nil
		})
		return
	}
	match := regexp.MustCompile("")
	if len(args) == 2 {
		var err error
		match, err = regexp.Compile("(?m)" + args[1])
		ts.Check(err)
	}
	within(ts, patience, "GET "+args[0], func() error {
		response, err := client.Get(args[0])
		if err != nil {
			return err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return err
		}
		if response.StatusCode != http.StatusOK || !match.Match(body) {
			return fmt.Errorf("%s: %s", response.Status, body)
		}
		return nil
	})
}

// keep puts the last stdout, trimmed, into a variable: keep VAR.
func keep(ts *testscript.TestScript, neg bool, args []string) {
	notNegated(ts, neg)
	if len(args) != 1 {
		ts.Fatalf("usage: keep VAR")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

// expand replaces ${VAR} in files by variables of the script; an unknown one is a mistake:
// expand FILE….
func expand(ts *testscript.TestScript, neg bool, args []string) {
	notNegated(ts, neg)
	variable := regexp.MustCompile(`\$\{(\w+)\}`)
	for _, name := range args {
		text := variable.ReplaceAllStringFunc(ts.ReadFile(name), func(match string) string {
			value := ts.Getenv(match[2 : len(match)-1])
			if value == "" {
				ts.Fatalf("%s: %s is not set", name, match)
			}
			return value
		})
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o644))
	}
}

// nextPort counts through a range that the kernel gives to no outgoing connection, so that neither
// another script nor a connection takes a port between here and podup.
var nextPort atomic.Int32

// freePort finds a port no one listens on.
func freePort() (int, error) {
	for range 10000 {
		port := 20000 + int(nextPort.Add(1)+int32(os.Getpid()%5000))%10000
		listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err == nil {
			return port, listener.Close()
		}
	}
	return 0, errors.New("no port of 20000-29999 is free")
}

// unusedPort sets variables to ports of this machine that nobody uses: unused-port VAR….
func unusedPort(ts *testscript.TestScript, neg bool, args []string) {
	notNegated(ts, neg)
	for _, name := range args {
		port, err := freePort()
		ts.Check(err)
		ts.Setenv(name, strconv.Itoa(port))
	}
}

// takePort sets a variable to a port this process listens on until the script ends: take-port VAR.
func takePort(ts *testscript.TestScript, neg bool, args []string) {
	notNegated(ts, neg)
	port, err := freePort()
	ts.Check(err)
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	ts.Check(err)
	ts.Defer(func() { listener.Close() })
	ts.Setenv(args[0], strconv.Itoa(port))
}

// nothingLeft passes when nothing carries the project's label but the named claims, and podup has no
// file about it and no process or unit for it: nothing-left [-project NAME] [-down] [CLAIM…]
//
// With -down, podup down is run until it is so: the engine may still be doing what a killed podup had
// asked of it.
func nothingLeft(ts *testscript.TestScript, neg bool, args []string) {
	notNegated(ts, neg)
	project, down := ts.Getenv("PROJECT"), false
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		switch {
		case args[0] == "-down":
			down, args = true, args[1:]
		case args[0] == "-project" && len(args) > 1:
			project, args = args[1], args[2:]
		default:
			ts.Fatalf("usage: nothing-left [-project NAME] [-down] [CLAIM...]")
		}
	}
	if !down {
		ts.Check(left(ts, project, args))
		within(ts, endPatience, "all of the supervision has ended", func() error {
			return leftRunning(runtimeDir(ts.Getenv, project), project)
		})
		return
	}
	within(ts, patience, "podup down leaves nothing", func() error {
		if err := ts.Exec("podup", "--project", project, "down"); err != nil {
			return err
		}
		if err := left(ts, project, args); err != nil {
			return err
		}
		return leftRunning(runtimeDir(ts.Getenv, project), project)
	})
}

// left is an error that names what the engine and the machine have of a project beyond its claims.
func left(ts *testscript.TestScript, project string, wantClaims []string) error {
	var left, claims []string
	for _, kind := range objectKinds() {
		objects, err := kind.list()
		if err != nil {
			return err
		}
		for _, object := range objects {
			switch {
			case object.project != project:
			case kind.name == "volume" && slices.Contains(wantClaims, object.name):
				claims = append(claims, object.name)
			default:
				left = append(left, kind.name+" "+object.name)
			}
		}
	}
	// By name as well: what lost its label is left all the same.
	for _, kind := range []string{"volume", "network", "secret"} {
		out, err := exec.Command("podman", kind, "ls", "--format", "{{.Name}}").Output()
		if err != nil {
			return fmt.Errorf("podman %s ls: %s", kind, reason(err))
		}
		for _, name := range strings.Fields(string(out)) {
			if name == "podup."+project || strings.HasPrefix(name, "podup."+project+".") {
				left = append(left, kind+" "+name)
			}
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("left of project %s: %s", project, strings.Join(left, ", "))
	}
	if err := unitsLeft(ts.Getenv, project); err != nil {
		return err
	}
	slices.Sort(claims)
	if want := slices.Sorted(slices.Values(wantClaims)); !slices.Equal(claims, want) {
		return fmt.Errorf("claims of project %s: %q, want %q", project, claims, want)
	}
	return nil
}

// many writes a manifest of one pod with N containers: many N FILE NAME.
func many(ts *testscript.TestScript, neg bool, args []string) {
	notNegated(ts, neg)
	if len(args) != 3 {
		ts.Fatalf("usage: many N FILE NAME")
	}
	count, err := strconv.Atoi(args[0])
	ts.Check(err)
	var text strings.Builder
	fmt.Fprintf(&text, "apiVersion: v1\nkind: Pod\nmetadata:\n  name: %s\nspec:\n  containers:\n", args[2])
	for i := range count {
		fmt.Fprintf(&text, "  - name: c%d\n    image: localhost/podup-test:1\n    args: [sleep, forever]\n", i)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text.String()), 0o644))
}

// manyPods writes a manifest of N pods with M containers each: many-pods N M FILE NAME.
func manyPods(ts *testscript.TestScript, neg bool, args []string) {
	notNegated(ts, neg)
	if len(args) != 4 {
		ts.Fatalf("usage: many-pods N M FILE NAME")
	}
	pods, err := strconv.Atoi(args[0])
	ts.Check(err)
	containers, err := strconv.Atoi(args[1])
	ts.Check(err)
	var text strings.Builder
	for i := range pods {
		fmt.Fprintf(&text, "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: %s-%d\nspec:\n  terminationGracePeriodSeconds: 5\n  containers:\n", args[3], i)
		for j := range containers {
			fmt.Fprintf(&text, "  - name: c%d\n    image: localhost/podup-test:1\n    args: [sleep, forever]\n", j)
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(text.String()), 0o644))
}

// random writes N bytes that are no text, the same each time: random N FILE.
func random(ts *testscript.TestScript, neg bool, args []string) {
	notNegated(ts, neg)
	if len(args) != 2 {
		ts.Fatalf("usage: random N FILE")
	}
	count, err := strconv.Atoi(args[0])
	ts.Check(err)
	data := make([]byte, count)
	_, err = rand.NewChaCha8([32]byte{}).Read(data)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o644))
}

// kill9 starts a program and kills it with SIGKILL as soon as a line of its output matches. Ending
// before is a failure: kill9 RE PROGRAM ARGS….
func kill9(ts *testscript.TestScript, neg bool, args []string) {
	notNegated(ts, neg)
	signalAt(ts, []syscall.Signal{syscall.SIGKILL}, args)
}

// signalCommand sends signals when a line of output matches, the second at the next match, and
// checks the exit code: signal CODE INT[,INT…] RE PROGRAM ARGS….
func signalCommand(ts *testscript.TestScript, neg bool, args []string) {
	notNegated(ts, neg)
	if len(args) < 4 {
		ts.Fatalf("usage: signal CODE SIGNAL[,SIGNAL] RE PROGRAM ARGS...")
	}
	var signals []syscall.Signal
	for name := range strings.SplitSeq(args[1], ",") {
		signal, ok := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM}[name]
		if !ok {
			ts.Fatalf("unknown signal %s", name)
		}
		signals = append(signals, signal)
	}
	state := signalAt(ts, signals, args[2:])
	if want := args[0]; strconv.Itoa(state.ExitCode()) != want {
		ts.Fatalf("%v, want exit code %s", state, want)
	}
}

// signalAt writes the program's output, both streams, to the file "output".
func signalAt(ts *testscript.TestScript, signals []syscall.Signal, args []string) *os.ProcessState {
	if len(args) < 2 {
		ts.Fatalf("usage: RE PROGRAM ARGS...")
	}
	match, err := regexp.Compile(args[0])
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	command := exec.CommandContext(ctx, lookPath(ts, args[1]), args[2:]...)
	command.Dir = ts.MkAbs(".")
	command.Env = environment(ts)
	reader, writer, err := os.Pipe()
	ts.Check(err)
	defer reader.Close()
	command.Stdout, command.Stderr = writer, writer
	ts.Check(command.Start())
	writer.Close()

	output, err := os.Create(ts.MkAbs("output"))
	ts.Check(err)
	defer output.Close()
	lines := bufio.NewScanner(reader)
	sent := 0
	for lines.Scan() {
		fmt.Fprintln(output, lines.Text())
		if len(signals) > 0 && match.MatchString(lines.Text()) {
			ts.Check(command.Process.Signal(signals[0]))
			if sent++; len(signals) == 1 && sent > 1 {
				go insist(ctx, command.Process, signals[0])
			}
			signals = signals[1:]
		}
	}
	_ = command.Wait()
	text, err := os.ReadFile(output.Name())
	ts.Check(err)
	ts.Logf("[output]\n%s", text)
	if len(signals) > 0 {
		ts.Fatalf("ended (%v) before a line matched %q", command.ProcessState, match)
	}
	return command.ProcessState
}

// insist sends a signal again and again, as somebody does who presses Ctrl-C until it helps: podup takes
// what comes at once after the first for its echo.
func insist(ctx context.Context, process *os.Process, signal os.Signal) {
	again := time.NewTicker(300 * time.Millisecond)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
			if process.Signal(signal) != nil { // it has ended
				return
			}
		}
	}
}

func lookPath(ts *testscript.TestScript, program string) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		file := filepath.Join(dir, program)
		if info, err := os.Stat(file); err == nil && info.Mode()&0o111 != 0 {
			return file
		}
	}
	ts.Fatalf("no %s in the PATH", program)
	return ""
}

// environment is that of a program the script runs.
func environment(ts *testscript.TestScript) []string {
	var list []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "USER", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "PODMAN_IGNORE_CGROUPSV1_WARNING", "PODUP_PROJECT", "CONTAINER_HOST", "NO_COLOR", "GORACE"} {
		if value := ts.Getenv(name); value != "" {
			list = append(list, name+"="+value)
		}
	}
	return list
}
