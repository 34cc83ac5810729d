package handler_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/handler"
	"github.com/podup/podup/plan"
)

// The test program is its own child, fake OCI runtime's command and server in another network.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "netns":
			if err := handler.Serve(context.Background(), os.Stdin, os.Stdout); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		case "elsewhere":
			elsewhere()
		}
	}
	os.Exit(m.Run())
}

// engine is a container engine of which only the OCI runtime is there.
type engine struct {
	runtime string
	command func(ctx context.Context, command []string, out io.Writer) (int, error)
}

func (e engine) Runtime(context.Context, string) (path, root string, err error) {
	return e.runtime, "/state", nil
}

func (e engine) Command(ctx context.Context, _ string, command []string, out io.Writer) (int, error) {
	return e.command(ctx, command, out)
}

// fakeRuntime runs "--root DIR exec --pid-file FILE ID COMMAND…" as a child, and tells as crun does of a
// command that is not there.
const fakeRuntime = `#!/bin/sh
[ "$1 $2 $3 $4 $6" = "--root /state exec --pid-file theid" ] || { echo "bad arguments: $*"; exit 99; }
file=$5
shift 6
command -v "$1" >/dev/null || { echo "crun: executable file $1 not found" >&2; exit 1; }
"$@" &
echo $! >"$file"
wait $!
`

// notFound is the engine's answer to a command it cannot run.
func notFound(_ context.Context, _ []string, out io.Writer) (int, error) {
	fmt.Fprint(out, "crun: executable file `/nope` not found: No such file or directory: OCI runtime attempted to invoke a command that was not found")
	return 127, nil
}

func newHandler(t *testing.T) *handler.Handler {
	t.Helper()
	h, _ := newHandlerAt(t)
	return h
}

// newHandlerAt gives the directory of the execs under way as well.
func newHandlerAt(t *testing.T) (*handler.Handler, string) {
	t.Helper()
	runtime := filepath.Join(t.TempDir(), "crun")
	if err := os.WriteFile(runtime, []byte(fakeRuntime), 0o755); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "execs")
	// The runtime answers for every command; the engine would take its time.
	unasked := func(_ context.Context, command []string, _ io.Writer) (int, error) {
		t.Errorf("the engine was asked to run %q", command)
		return 0, nil
	}
	h := handler.New(handler.Options{Engine: engine{runtime: runtime, command: unasked}, Child: []string{"/proc/self/exe", "netns"}, Dir: dir, Local: true})
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h, dir
}

func running() plan.Run { return plan.Run{Container: "web-app", ID: "theid", Pid: os.Getpid()} }

// here is the network the test is in.
func here() plan.Sandbox { return plan.Sandbox{Pid: os.Getpid(), IPs: []string{"127.0.0.1"}} }

func execProbe(command ...string) *corev1.Probe {
	return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: command}}, TimeoutSeconds: 10}
}

func TestExecProbes(t *testing.T) {
	h, dir := newHandlerAt(t)
	for _, c := range []struct {
		name    string
		command []string
		success bool
		output  string
		err     string
	}{
		{"exit code 0 is success", []string{"sh", "-c", "echo fine; echo also >&2"}, true, "fine\nalso\n", ""},
		{"any other is failure", []string{"sh", "-c", "echo no; exit 3"}, false, "no\n", ""},
		{"a failure without a word has its exit code", []string{"sh", "-c", "exit 3"}, false, "exit code 3", ""},
		{"a program that is not there is no result", []string{"/nope"}, false, "", "crun: executable file /nope not found"},
		{"a long output is cut", []string{"sh", "-c", "head -c 30000 /dev/zero | tr '\\0' x"}, true, strings.Repeat("x", 10240), ""},
		{"what a program leaves behind is not waited for", []string{"sh", "-c", "sleep 1000 & echo left $! >&2; echo $! >" + dir + ".left"}, true, "left ", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			success, output, err := h.Probe(t.Context(), running(), here(), execProbe(c.command...))
			if success != c.success || !strings.HasPrefix(output, c.output) || len(output) > 10240 {
				t.Errorf("%t, %q", success, output)
			}
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("error %v, want %q", err, c.err)
			}
		})
	}
	killLeft(t, dir+".left")
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left in the directory: %v, %v", left, err)
	}
}

func TestAnExecThatTakesTooLongIsKilledWithItsChildren(t *testing.T) {
	h := newHandler(t)
	pids := filepath.Join(t.TempDir(), "pids")
	command := []string{"sh", "-c", "echo $$ >>" + pids + "; (echo $$; sleep 1000) & sleep 1000 & echo $! >>" + pids + "; wait"}
	probe := execProbe(command...)
	probe.TimeoutSeconds = 1
	success, output, err := h.Probe(t.Context(), running(), here(), probe)
	if success || err != nil || !strings.Contains(output, "timed out after 1s") {
		t.Errorf("%t, %q, %v", success, output, err)
	}
	allGone(t, pids)
}

func TestAnExecEndsWithItsContext(t *testing.T) {
	h := newHandler(t)
	pids := filepath.Join(t.TempDir(), "pids")
	ctx, cancel := context.WithCancelCause(t.Context())
	given := errors.New("the container ends")
	go func() {
		waitFor(t, "the hook runs", func() bool { text, _ := os.ReadFile(pids); return len(text) > 0 })
		cancel(given)
	}()
	hook := &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"sh", "-c", "echo $$ >>" + pids + "; sleep 1000"}}}
	if err := h.Hook(ctx, running(), here(), hook); !errors.Is(err, given) {
		t.Errorf("error %v", err)
	}
	allGone(t, pids)
}

func TestExecByTheEngine(t *testing.T) {
	h := handler.New(handler.Options{Engine: engine{command: func(ctx context.Context, command []string, out io.Writer) (int, error) {
		switch command[0] {
		case "fails":
			fmt.Fprint(out, "sorry")
			return 4, nil
		case "hangs":
			<-ctx.Done()
			return 0, ctx.Err()
		case "gone":
			return 0, errors.New("the engine is gone")
		case "/nope":
			return notFound(ctx, command, out)
		case "sh":
			fmt.Fprint(out, "sh: x: not found")
			return 127, nil
		}
		return 0, nil
	}}, Local: false})
	for _, c := range []struct {
		command string
		success bool
		output  string
		err     bool
	}{
		{"works", true, "", false},
		{"fails", false, "sorry", false},
		{"hangs", false, `command "hangs" timed out after 1s`, false},
		{"gone", false, "", true},
		{"/nope", false, "", true},
		{"sh", false, "sh: x: not found", false},
	} {
		probe := execProbe(c.command)
		probe.TimeoutSeconds = 1
		success, output, err := h.Probe(t.Context(), running(), here(), probe)
		if success != c.success || output != c.output || (err != nil) != c.err {
			t.Errorf("%s: %t, %q, %v", c.command, success, output, err)
		}
	}
	tcp := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{}}}
	if _, _, err := h.Probe(t.Context(), running(), here(), tcp); err == nil || !strings.Contains(err.Error(), "not on this machine") {
		t.Errorf("a network probe: %v", err)
	}
}

func TestWhereTheRuntimeCannotBeCalledTheEngineRunsCommands(t *testing.T) {
	runtime := filepath.Join(t.TempDir(), "crun")
	calls := filepath.Join(t.TempDir(), "calls")
	if err := os.WriteFile(runtime, []byte("#!/bin/sh\necho call >>"+calls+"\necho crun: write to cgroup.procs: Permission denied >&2\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	byEngine := 0
	h := handler.New(handler.Options{Engine: engine{runtime: runtime, command: func(context.Context, []string, io.Writer) (int, error) {
		byEngine++
		return 0, nil
	}}, Child: []string{"/proc/self/exe", "netns"}, Dir: t.TempDir(), Local: true})
	defer h.Close()
	for range 3 {
		if success, output, err := h.Probe(t.Context(), running(), here(), execProbe("true")); !success || err != nil {
			t.Errorf("%t, %q, %v", success, output, err)
		}
	}
	if text, err := os.ReadFile(calls); err != nil || string(text) != "call\n" || byEngine != 3 {
		t.Errorf("the runtime was called %q (%v), the engine %d times", text, err, byEngine)
	}
}

func TestOtherHooks(t *testing.T) {
	h := newHandler(t)
	run := func(ctx context.Context, hook corev1.LifecycleHandler) error {
		return h.Hook(ctx, running(), here(), &hook)
	}
	if err := run(t.Context(), corev1.LifecycleHandler{TCPSocket: &corev1.TCPSocketAction{}}); err == nil || !strings.Contains(err.Error(), "invalid handler") {
		t.Errorf("tcpSocket: %v", err)
	}
	if err := run(t.Context(), corev1.LifecycleHandler{Sleep: &corev1.SleepAction{}}); err != nil {
		t.Errorf("a sleep of nothing: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := run(ctx, corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 1000}}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a sleep that is cut short: %v", err)
	}
	if err := run(t.Context(), corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"true"}}}); err != nil {
		t.Errorf("exec: %v", err)
	}
	for command, want := range map[string]string{"echo broken; exit 2": "broken", "exit 2": "exit code 2"} {
		err := run(t.Context(), corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"sh", "-c", command}}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", command, err)
		}
	}
	if err := run(t.Context(), corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"/nope"}}}); err == nil {
		t.Error("a hook whose program is not there succeeds")
	}
}

func TestNothingIsDoneToAContainerThatDoesNotRun(t *testing.T) {
	h := newHandler(t)
	run := running()
	run.Pid = 0
	if _, _, err := h.Probe(t.Context(), run, here(), execProbe("true")); err == nil {
		t.Error("an exec")
	}
	if _, _, err := h.Probe(t.Context(), running(), plan.Sandbox{}, &corev1.Probe{ProbeHandler: corev1.ProbeHandler{GRPC: &corev1.GRPCAction{}}}); err == nil {
		t.Error("a probe of a pod without a network")
	}
	if _, _, err := h.Probe(t.Context(), running(), here(), &corev1.Probe{}); err == nil {
		t.Error("a probe of nothing")
	}
}
