package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/podup/podup/systemd"
)

// background is a supervisor that is being started beside an `up`.
type background struct {
	runtime runtimeDir
	program string
	there   bool // it ran before
	ended   chan error
}

// superviseInBackground starts a supervisor for a project that has none. It waits for the end of the
// command that holds the project's lock before it looks at anything, so it can be started early.
func (a *app) superviseInBackground(ctx context.Context, runtime runtimeDir) *background {
	b := &background{runtime: runtime, program: a.env.Program, ended: make(chan error, 1)}
	if _, b.there = runtime.supervised(); b.there || b.program == "" {
		b.ended <- nil
		return b
	}
	if !systemd.Lingers(a.env.Getenv) {
		a.warn("lingering is off: when your last session ends, systemd ends your pods with it; loginctl enable-linger keeps them")
	}
	args := []string{a.env.Program, superviseCommand, "--project", runtime.project}
	if a.url != "" {
		args = append(args, "--url", a.url)
	}
	go func() {
		err := runtime.make()
		if err == nil {
			err = startUnit(ctx, a.env.Getenv, runtime.project, args)
		}
		if errors.Is(err, errNoManager) {
			err = startDetached(args)
		}
		b.ended <- err
	}()
	return b
}

// startedTime is how long a supervisor may take to take its place.
const startedTime = 3 * time.Second

// adopt waits until the supervisor has taken its place, or lets one that was there look at what has
// changed, also where the plan was empty: an option of the release may be another. Of nil there is none,
// for the command supervises itself, or nothing was started.
func (b *background) adopt(ctx context.Context) error {
	if b == nil {
		return nil
	}
	if b.there {
		b.runtime.tell()
		return nil
	}
	if err := <-b.ended; err != nil {
		return fmt.Errorf("start a supervisor for project %s: %w", b.runtime.project, err)
	}
	if b.program == "" {
		return nil
	}
	for began := time.Now(); time.Since(began) < startedTime; {
		if _, ok := b.runtime.supervised(); ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Millisecond):
		}
	}
	return fmt.Errorf("the supervisor of project %s does not start; its last words may be in `journalctl --user -u %s`", b.runtime.project, unitName(b.runtime.project))
}

// tell lets the supervisor look at what has changed, where there is one.
func (r runtimeDir) tell() {
	if pid, ok := r.supervised(); ok {
		tellSupervisor(pid)
	}
}

// startDetached starts a process that outlives this one and its terminal.
func startDetached(args []string) error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	command := exec.Command(args[0], args[1:]...) //nolint:noctx // it is to outlive every context
	command.Stdin, command.Stdout, command.Stderr = null, null, null
	command.Dir = "/"
	command.SysProcAttr = detached()
	if err := command.Start(); err != nil {
		return err
	}
	return command.Process.Release()
}

// unitName is the transient unit of a project's supervisor. No project's name holds a dot: it is never the
// service that `podup generate systemd` writes for one (quadlet.ServiceName).
func unitName(project string) string { return "podup." + project + ".service" }

// errNoManager is a machine on which no service manager takes units from this user.
var errNoManager = errors.New("no service manager")

// passedOn says whether a supervisor needs a variable of the environment: what podup and Podman read,
// and not what a shell happens to have.
func passedOn(variable string) bool {
	name, _, _ := strings.Cut(variable, "=")
	for _, prefix := range []string{"CONTAINER", "PODUP_", "XDG_", "PODMAN_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	switch strings.ToUpper(name) {
	case "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "PATH", "HOME", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "REGISTRY_AUTH_FILE":
		return true
	}
	return false
}
