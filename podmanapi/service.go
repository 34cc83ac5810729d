package podmanapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// startTimeout is how long a service may take to listen: 100-160 ms here, but the first rootless
// start on a machine sets up storage.
const startTimeout = 20 * time.Second

// serviceIdle is how long, in seconds, a service podup started outlives its last connection.
const serviceIdle = "60"

// start starts Podman's service, as the user manager's socket where there is one, else as a process
// of its own, and returns the socket.
func start(ctx context.Context, uid int, getenv func(string) string) (string, error) {
	podman, err := exec.LookPath("podman")
	if err != nil {
		return "", &unreachable{"Podman is not installed: " + installHint(osRelease()), err}
	}
	own := sockets(uid, getenv)
	if len(own) == 0 {
		return "", &unreachable{"no Podman machine is set up: podman machine init && podman machine start", nil}
	}
	if activate(ctx, uid, getenv) && listens(ctx, own[0]) {
		return own[0], nil
	}
	socket := privateSocket(uid, getenv)
	return socket, spawn(ctx, podman, socket)
}

// activate has systemd listen on Podman's socket. Such a service lives in the user manager's cgroup:
// on rootless cgroup v1, containers live and die with the cgroup of whatever runs the service.
func activate(ctx context.Context, uid int, getenv func(string) string) bool {
	args := []string{"start", "podman.socket"}
	manager := "/run/systemd/private"
	if uid != 0 {
		args = append([]string{"--user"}, args...)
		manager = filepath.Join(runtimeDir(uid, getenv), "systemd", "private")
	}
	if !exists(manager) {
		return false
	}
	limited, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	return exec.CommandContext(limited, "systemctl", args...).Run() == nil
}

// spawn runs `podman system service` in a session of its own, so that neither podup's end nor its
// terminal's takes it along.
func spawn(ctx context.Context, podman, socket string) error {
	dir := filepath.Dir(socket)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return &unreachable{fmt.Sprintf("start Podman's service: %v", err), err}
	}
	if err := private(dir); err != nil {
		return &unreachable{fmt.Sprintf("start Podman's service: %v", err), err}
	}
	// Two services on one socket: the second takes the first one's file away.
	unlock, err := lock(ctx, filepath.Join(dir, "podman.lock"))
	if err != nil {
		return &unreachable{fmt.Sprintf("start Podman's service: %v", err), err}
	}
	defer unlock()
	if listens(ctx, socket) {
		return nil
	}
	said, err := os.OpenFile(filepath.Join(dir, "podman.log"), os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return &unreachable{fmt.Sprintf("start Podman's service: %v", err), err}
	}
	defer said.Close()
	service := exec.CommandContext(context.WithoutCancel(ctx), podman, "system", "service", "--time", serviceIdle, "unix://"+socket)
	service.Stdout, service.Stderr = said, said
	service.SysProcAttr = detached()
	if err := service.Start(); err != nil {
		return &unreachable{fmt.Sprintf("start Podman's service: %v", err), err}
	}
	ended := make(chan error, 1)
	go func() { ended <- service.Wait() }()
	deadline := time.Now().Add(startTimeout)
	for time.Now().Before(deadline) {
		if listens(ctx, socket) {
			return nil
		}
		select {
		case err := <-ended:
			return &unreachable{fmt.Sprintf("podman system service ended at once (%v): %s", err, lastLine(said.Name())), err}
		case <-ctx.Done():
			return fmt.Errorf("start Podman's service: %w", context.Cause(ctx))
		case <-time.After(5 * time.Millisecond):
		}
	}
	return &unreachable{fmt.Sprintf("podman system service does not listen on %s after %s: %s", socket, startTimeout, lastLine(said.Name())), nil}
}

func listens(ctx context.Context, socket string) bool {
	conn, err := (&net.Dialer{Timeout: connectTimeout}).DialContext(ctx, "unix", socket)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// private refuses a directory in which somebody else could put a socket.
func private(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() || info.Mode().Perm()&0o077 != 0 || !ownedByUs(info) {
		return fmt.Errorf("%s must be a directory of yours that nobody else may enter", dir)
	}
	return nil
}

func lastLine(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return last
	}
	return "it said nothing"
}

var errBusy = errors.New("another podup is starting it and does not finish")
