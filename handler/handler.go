// Package handler performs probes and hooks as a kubelet does. What needs the pod's network or the
// OCI runtime is done by a child process in the engine's user namespace, which Serve is; what podup's
// own process can do alone is done there.
package handler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
)

// Engine is what a Handler asks of the engine.
type Engine interface {
	// Runtime gives the path of the OCI runtime that runs a container and the directory of its state.
	// The path is empty where podup cannot call it: the engine is on another machine.
	Runtime(ctx context.Context, container string) (path, root string, err error)
	// Command runs a command in a container by the engine's own means and gives its exit code, 126 or 127
	// for one that cannot be run; it ends the command with ctx. Out gets stdout and stderr.
	Command(ctx context.Context, container string, command []string, out io.Writer) (exitCode int, err error)
}

// Options make a Handler.
type Options struct {
	Engine Engine
	// Child is the command line of a process that calls Serve, such as {"/proc/self/exe", "netns"};
	// the first may be that link, which then means this very program. It is started when first needed.
	Child []string
	// Dir is a directory only the user may write to, which holds a file for each exec under way; it
	// is made. Empty is a directory "exec.pids" in podup's runtime directory.
	Dir string
	// Local says that the engine's processes are this machine's. Where they are not, network probes
	// and hooks fail with an error that says so.
	Local bool
}

// Handler performs hooks and probes. Its methods may be called from several goroutines.
type Handler struct {
	opts     Options
	children children

	mu       sync.Mutex
	runtimes map[string]container // by container ID
}

// New gives a Handler that has done nothing yet.
func New(opts Options) *Handler {
	if opts.Dir == "" {
		opts.Dir = execDir(os.Geteuid(), os.Getenv)
	}
	return &Handler{opts: opts}
}

// execDir has a dot, which no project's name has: projects have their directories beside it.
func execDir(uid int, getenv func(string) string) string {
	dir := getenv("XDG_RUNTIME_DIR")
	switch {
	case uid == 0:
		dir = "/run"
	case dir == "":
		dir = "/run/user/" + strconv.Itoa(uid)
	}
	return filepath.Join(dir, "podup", "exec.pids")
}

// Close ends the child processes and whatever they do.
func (h *Handler) Close() error { return h.children.close() }

// errRemote is for engines whose network namespaces are out of reach.
var errRemote = errors.New("podup cannot enter the pod's network: the engine is not on this machine")

// Probe makes one attempt (kubelet: prober/prober.go runProbe), within the probe's timeout. An error is
// an attempt that could not be made, which a kubelet does not count; a failure to connect, a timeout
// and an exit code are results.
func (h *Handler) Probe(ctx context.Context, run plan.Run, sandbox plan.Sandbox, probe *corev1.Probe) (success bool, output string, err error) {
	// Defaulting makes it 1 at least.
	timeout := max(time.Duration(probe.TimeoutSeconds)*time.Second, time.Second)
	action, err := probeAction(probe, sandbox)
	if err != nil {
		return false, "", err
	}
	action.Timeout = timeout
	if action.Exec != nil {
		return h.exec(ctx, run, action)
	}
	return h.network(ctx, sandbox, action)
}

// Hook performs a postStart or preStop action (kubelet: lifecycle/handlers.go Run); it has no timeout
// but ctx.
func (h *Handler) Hook(ctx context.Context, run plan.Run, sandbox plan.Sandbox, hook *corev1.LifecycleHandler) error {
	switch {
	case hook.Exec != nil:
		success, output, err := h.exec(ctx, run, action{Exec: hook.Exec})
		switch {
		case err != nil:
			return fmt.Errorf("exec hook: %w", err)
		case !success:
			return fmt.Errorf("exec hook: %s", output)
		}
		return nil
	case hook.HTTPGet != nil:
		_, _, err := h.network(ctx, sandbox, action{HookHTTP: hook.HTTPGet, PodIP: podIP(sandbox)})
		if err != nil {
			return fmt.Errorf("httpGet hook: %w", err)
		}
		return nil
	case hook.Sleep != nil:
		return sleep(ctx, time.Duration(hook.Sleep.Seconds)*time.Second)
	}
	// tcpSocket among them: validation takes it, and a kubelet has no handler for it.
	return errors.New("invalid handler")
}

// network does something in the pod's network.
func (h *Handler) network(ctx context.Context, sandbox plan.Sandbox, a action) (success bool, output string, err error) {
	if !h.opts.Local {
		return false, "", errRemote
	}
	if sandbox.Pid <= 0 {
		return false, "", errors.New("the pod's network is gone: its infra container does not run")
	}
	a.Network = network{sandbox.Pid, sandbox.StartedAt}
	return told(h.children.do(ctx, h.opts.Child, sandbox.Pid, a))
}

func told(r result, err error) (success bool, output string, _ error) {
	if err == nil && r.Err != "" {
		err = errors.New(r.Err)
	}
	return r.Success, r.Output, err
}

// exec runs a command in a container.
func (h *Handler) exec(ctx context.Context, run plan.Run, a action) (success bool, output string, err error) {
	if !run.Running() {
		return false, "", fmt.Errorf("container/%s does not run", run.Container)
	}
	where, err := h.runtime(ctx, run)
	if err != nil {
		return false, "", err
	}
	if where.Runtime == "" {
		return h.execByEngine(ctx, run, a)
	}
	a.Container = where
	done, err := h.children.do(ctx, h.opts.Child, run.Pid, a)
	if err != nil || !done.Unrun {
		return told(done, err)
	}
	// The command is none that can be run, or the runtime cannot be called from here: on cgroup v2 it may not
	// move a process from a login session's cgroup to the container's. The engine can.
	success, output, err = h.execByEngine(ctx, run, a)
	if err != nil {
		return told(done, nil)
	}
	h.mu.Lock()
	h.runtimes[run.ID] = container{}
	h.mu.Unlock()
	return success, output, nil
}

// runtime asks the engine once for each container.
func (h *Handler) runtime(ctx context.Context, run plan.Run) (container, error) {
	h.mu.Lock()
	found, ok := h.runtimes[run.ID]
	h.mu.Unlock()
	if ok || !h.opts.Local {
		return found, nil
	}
	path, root, err := h.opts.Engine.Runtime(ctx, run.Container)
	if err != nil {
		return container{}, err
	}
	if path != "" {
		found = container{ID: run.ID, Runtime: path, Root: root, Dir: h.opts.Dir}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.runtimes == nil {
		h.runtimes = map[string]container{}
	}
	h.runtimes[run.ID] = found
	return found, nil
}

// execByEngine is for engines whose OCI runtime podup cannot call.
func (h *Handler) execByEngine(ctx context.Context, run plan.Run, a action) (success bool, output string, err error) {
	limit := ctx
	if a.Timeout > 0 {
		var cancel context.CancelFunc
		limit, cancel = context.WithTimeout(ctx, a.Timeout)
		defer cancel()
	}
	text := &limited{max: outputLimit}
	code, err := h.opts.Engine.Command(limit, run.Container, a.Exec.Command, text)
	switch {
	case ctx.Err() != nil:
		return false, "", context.Cause(ctx)
	case limit.Err() != nil:
		return false, fmt.Sprintf("command %q timed out after %s", strings.Join(a.Exec.Command, " "), a.Timeout), nil
	case err != nil:
		return false, "", err
	case code == 0:
		return true, text.String(), nil
	case (code == 126 || code == 127) && strings.Contains(text.String(), "OCI "):
		// Podman's word for a command that could not be run, beside which a shell's own 127 has none.
		return false, "", errors.New(strings.TrimSpace(text.String()))
	}
	return false, firstNonEmpty(text.String(), fmt.Sprintf("exit code %d", code)), nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("sleep hook: %w", context.Cause(ctx))
	}
}
