package handler_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/podup/podup/handler"
	"github.com/podup/podup/plan"
)

// soon bounds what must not wait for anything; a busy machine needs some of it.
const soon = 20 * time.Second

func waitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.NewTimer(soon)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Errorf("not within %s: %s", soon, what)
			return
		}
	}
}

func gone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := strings.Cut(string(text), ") ")
	return err != nil || strings.HasPrefix(state, "Z") // nobody has waited for it yet
}

// allGone waits until the processes whose numbers are in the file have ended.
func allGone(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil || len(text) == 0 {
		t.Fatalf("no processes: %v", err)
	}
	for _, field := range strings.Fields(string(text)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		waitFor(t, "the end of process "+field, func() bool { return gone(pid) })
	}
}

func killLeft(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}

// childPid finds the process that works for the handler.
func childPid(t *testing.T) int {
	t.Helper()
	var found []int
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	for _, task := range tasks {
		text, _ := os.ReadFile(task)
		for _, field := range strings.Fields(string(text)) {
			line, _ := os.ReadFile("/proc/" + field + "/cmdline")
			if pid, err := strconv.Atoi(field); err == nil && strings.HasSuffix(string(line), "\x00netns\x00") && !gone(pid) {
				found = append(found, pid)
			}
		}
	}
	if len(found) != 1 {
		t.Fatalf("processes that work for the handler: %v", found)
	}
	return found[0]
}

func mustProbe(t *testing.T, h *handler.Handler) {
	t.Helper()
	if success, output, err := h.Probe(t.Context(), running(), here(), execProbe("true")); !success || err != nil {
		t.Fatalf("%t, %q, %v", success, output, err)
	}
}

func TestAChildThatDiesIsReplaced(t *testing.T) {
	h := newHandler(t)
	mustProbe(t, h)
	first := childPid(t)
	began := filepath.Join(t.TempDir(), "began")
	failed := make(chan error)
	go func() {
		_, _, err := h.Probe(t.Context(), running(), here(), execProbe("sh", "-c", "echo $$ >"+began+"; sleep 1000"))
		failed <- err
	}()
	waitFor(t, "an exec is under way", func() bool { text, _ := os.ReadFile(began); return len(text) > 0 })
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("what was under way: %v", err)
	}
	mustProbe(t, h)
	if second := childPid(t); second == first {
		t.Error("the same child")
	}
	killLeft(t, began)
}

func TestAChildThatCannotStartIsAnError(t *testing.T) {
	h := handler.New(handler.Options{Engine: engine{runtime: "/bin/true"}, Child: []string{"/bin/sh", "-c", "echo out of order >&2; exit 1"}, Dir: t.TempDir(), Local: true})
	defer h.Close()
	if _, _, err := h.Probe(t.Context(), running(), here(), execProbe("true")); err == nil || !strings.Contains(err.Error(), "out of order") {
		t.Errorf("error %v", err)
	}
}

func TestInterruptsDoNotEndTheChild(t *testing.T) {
	h := newHandler(t)
	mustProbe(t, h)
	first := childPid(t)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if err := syscall.Kill(first, signal); err != nil {
			t.Fatal(err)
		}
	}
	mustProbe(t, h)
	// The programs it runs are not immune.
	_, output, err := h.Probe(t.Context(), running(), here(), execProbe("sh", "-c", "grep SigIgn /proc/self/status; exit 1"))
	ignored, hexErr := strconv.ParseUint(strings.TrimSpace(strings.TrimPrefix(output, "SigIgn:")), 16, 64)
	// The shell of the fake runtime has its background programs ignore SIGINT.
	if bits := uint64(1<<(syscall.SIGHUP-1) | 1<<(syscall.SIGTERM-1) | 1<<(syscall.SIGPIPE-1)); err != nil || hexErr != nil || ignored&bits != 0 {
		t.Errorf("%q, %v", output, err)
	}
	if childPid(t) != first {
		t.Error("another child")
	}
}

func TestClosingEndsTheChildAndWhatItDoes(t *testing.T) {
	h := newHandler(t)
	mustProbe(t, h)
	pid := childPid(t)
	pids := filepath.Join(t.TempDir(), "pids")
	failed := make(chan error)
	go func() {
		_, _, err := h.Probe(t.Context(), running(), here(), execProbe("sh", "-c", "echo $$ >"+pids+"; sleep 1000"))
		failed <- err
	}()
	waitFor(t, "an exec is under way", func() bool { text, _ := os.ReadFile(pids); return len(text) > 0 })
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err == nil {
		t.Error("what was under way succeeds")
	}
	allGone(t, pids)
	if !gone(pid) {
		t.Error("the child lives")
	}
	if _, _, err := h.Probe(t.Context(), running(), here(), execProbe("true")); err == nil {
		t.Error("a closed handler works on")
	}
}

// What a parent that is killed leaves is a pipe that ends.
func TestAChildEndsWithItsParent(t *testing.T) {
	in, parent := io.Pipe()
	answers, out := io.Pipe()
	ended := make(chan error)
	go func() { ended <- handler.Serve(t.Context(), in, out) }()
	pids := filepath.Join(t.TempDir(), "pids")
	runtime := filepath.Join(t.TempDir(), "crun")
	if err := os.WriteFile(runtime, []byte(fakeRuntime), 0o755); err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, answers)
	fmt.Fprintf(parent, `{"ID":1,"Action":{"Exec":{"command":["sh","-c","echo $$ >%s; sleep 1000"]},"Container":{"ID":"theid","Runtime":%q,"Root":"/state","Dir":%q}}}`+"\n",
		pids, runtime, t.TempDir())
	waitFor(t, "an exec is under way", func() bool { text, _ := os.ReadFile(pids); return len(text) > 0 })
	parent.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	allGone(t, pids)
}

func TestWhatIsNoRequestEndsTheChild(t *testing.T) {
	if err := handler.Serve(t.Context(), strings.NewReader("hello\n"), io.Discard); err == nil {
		t.Error("it is taken for one")
	}
}

// use is what a process holds.
func use(t *testing.T, pid int) (threads, files, children int) {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		text, _ := os.ReadFile(task)
		children += len(strings.Fields(string(text)))
	}
	return len(tasks), len(entries), children
}

func TestProbesLeaveNothing(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(site))
	defer server.Close()
	h, dir := newHandlerAt(t)
	sandbox := otherNetwork(t)
	at := *sandbox
	probes := []corev1.ProbeHandler{
		{HTTPGet: httpGet(at.port, "/200")},
		{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt(at.port)}},
		{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt(1)}},
		{GRPC: &corev1.GRPCAction{Port: int32(at.port)}},
	}
	round := func(count int) {
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for i := range count {
					probe := &corev1.Probe{ProbeHandler: probes[i%len(probes)], TimeoutSeconds: 10}
					if i%100 == 99 {
						probe = execProbe("true")
					}
					if _, output, err := h.Probe(t.Context(), running(), at.Sandbox, probe); err != nil {
						t.Errorf("%v %s", err, output)
						return
					}
				}
			})
		}
		group.Wait()
	}
	round(20)
	pid := childPid(t)
	threads, files, _ := use(t, pid)
	round(250)
	var nowThreads, nowFiles, nowChildren int
	// Threads that were locked end a moment after their goroutines; the runtime keeps some idle ones.
	waitFor(t, "threads, files and processes are as before", func() bool {
		nowThreads, nowFiles, nowChildren = use(t, pid)
		return nowThreads <= threads+8 && nowFiles <= files+2 && nowChildren == 0
	})
	if t.Failed() {
		t.Errorf("threads %d, then %d; files %d, then %d; processes %d", threads, nowThreads, files, nowFiles, nowChildren)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left in the directory: %v, %v", left, err)
	}
}

// elsewhereNetwork is a pod: a process in a network of its own that answers HTTP there.
type elsewhereNetwork struct {
	plan.Sandbox
	port int
	end  func()
}

// otherNetwork makes one. A user needs a user namespace for that, as rootless containers do.
func otherNetwork(t *testing.T) *elsewhereNetwork {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "elsewhere")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	cmd.Stderr = os.Stderr
	hold, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) {
			t.Skipf("this user may make no network namespace: %v", err)
		}
		t.Fatal(err)
	}
	var once sync.Once
	end := func() { once.Do(func() { hold.Close(); cmd.Wait() }) }
	t.Cleanup(end)
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		t.Fatalf("the process in another network: %v", err)
	}
	port, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	return &elsewhereNetwork{plan.Sandbox{Pid: cmd.Process.Pid, StartedAt: time.Now(), IPs: []string{"127.0.0.1"}}, port, end}
}

// elsewhere serves in its network until stdin ends.
func elsewhere() {
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	fail(raiseLoopback())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	fail(err)
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "elsewhere") }))
	_, port, err := net.SplitHostPort(listener.Addr().String())
	fail(err)
	fmt.Println(port)
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

func TestProbesAreMadeInThePodsNetwork(t *testing.T) {
	pod := otherNetwork(t)
	h := newHandler(t)
	probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: httpGet(pod.port, "/")}, TimeoutSeconds: 2}
	if success, output, err := h.Probe(t.Context(), running(), pod.Sandbox, probe); !success || output != "elsewhere" || err != nil {
		t.Errorf("%t, %q, %v", success, output, err)
	}
	socket := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt(pod.port)}}, TimeoutSeconds: 2}
	if success, output, err := h.Probe(t.Context(), running(), pod.Sandbox, socket); !success || err != nil {
		t.Errorf("%t, %q, %v", success, output, err)
	}
	if err := h.Hook(t.Context(), running(), pod.Sandbox, &corev1.LifecycleHandler{HTTPGet: httpGet(pod.port, "/")}); err != nil {
		t.Error(err)
	}
	if success, _, err := h.Probe(t.Context(), running(), here(), probe); success && err == nil {
		t.Error("the same port answers in the test's own network")
	}
	// Another network with the next infra container.
	pod.end()
	waitFor(t, "an error for a network that is gone", func() bool {
		_, _, err := h.Probe(t.Context(), running(), pod.Sandbox, probe)
		return err != nil
	})
	next := otherNetwork(t)
	probe.HTTPGet.Port = intstr.FromInt(next.port)
	if success, output, err := h.Probe(t.Context(), running(), next.Sandbox, probe); !success || err != nil {
		t.Errorf("%t, %q, %v", success, output, err)
	}
}

func TestAProbeThatIsGivenUpIsNoResult(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(site))
	defer server.Close()
	h := newHandler(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: httpGet(portOf(t, server.URL), "/hangs")}, TimeoutSeconds: 1000}
	if _, _, err := h.Probe(ctx, running(), here(), probe); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}
