package podmantest

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/podup/podup/podmanapi/podmantest/program"
)

// Process is what a program sees of the world: arguments, environment, streams, files, signals.
type Process = program.Process

// Program is what runs in a container; it gives the exit code. It must return soon after ctx ends,
// which is what SIGKILL is to it.
type Program func(ctx context.Context, p *Process) int

// process is one run of a container.
type process struct {
	end  context.CancelFunc
	term chan struct{}
}

// terminate delivers SIGTERM.
func (p *process) terminate() {
	select {
	case p.term <- struct{}{}:
	default: // a signal that is pending already
	}
}

// checkLaunch finds what keeps a container from starting. The caller holds mu.
func (s *Service) checkLaunch(one *container) error {
	for _, name := range one.spec.SecretEnv {
		if s.secretIndex(name) < 0 {
			return internal("no such secret", "no secret with name or id %q", name)
		}
	}
	for _, file := range one.spec.Secrets {
		if s.secretIndex(file.Source) < 0 {
			return internal("no such secret", "no secret with name or id %q", file.Source)
		}
	}
	if err := s.files(one).check(); err != nil {
		return err
	}
	command := one.command()
	// With an init of the engine's own, whether the command is there shows only when that runs it.
	if one.infra || one.spec.Init || len(command) == 0 || !one.image.isTest {
		return nil
	}
	if command[0] != TestProgram {
		return internal("OCI runtime attempted to invoke a command that was not found",
			"crun: executable file `%s` not found: No such file or directory", command[0])
	}
	return nil
}

// launch begins a run. The caller holds mu.
func (s *Service) launch(one *container) error {
	if err := s.checkLaunch(one); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(s.lifetime)
	run := &process{end: cancel, term: make(chan struct{}, 1)}
	one.run, one.state = run, stateRunning
	one.started, one.finished = time.Now(), time.Time{}
	one.exitCode, one.byUser, one.oomKilled, one.lost, one.lastError = 0, false, false, false, ""

	main := Program(infraProgram)
	var args []string
	if !one.infra {
		main = one.image.Program
		if command := one.command(); len(command) > 0 {
			args = command[1:]
		}
	}
	p := s.process(one, args)
	p.Out = &logWriter{s: s, c: one, run: run, stream: "stdout"}
	p.Err = &logWriter{s: s, c: one, run: run, stream: "stderr"}
	p.In = strings.NewReader("")
	for _, a := range one.attached {
		if a.in != nil {
			p.In = a.in
		}
	}
	p.Term = run.term
	p.TTY = one.spec.Terminal
	s.work.Go(func() {
		code := main(ctx, p)
		cancel()
		s.mu.Lock()
		defer s.mu.Unlock()
		if one.run == run && !one.lost {
			s.ended(one, code)
		}
	})
	return nil
}

// infraProgram is catatonit: it waits for SIGTERM and ends well.
func infraProgram(ctx context.Context, p *Process) int {
	select {
	case <-ctx.Done():
		return program.Killed
	case <-p.Term:
		return 0
	}
}

// process is the surroundings of a program in a container, its streams aside. The caller holds mu.
func (s *Service) process(one *container, args []string) *Process {
	files := s.files(one)
	uid, gid := one.user()
	files.uid = uid
	return &Process{
		Args:     args,
		Env:      s.secretEnvironment(one),
		UID:      uid,
		GID:      gid,
		Dir:      one.dir(),
		Hostname: one.hostname(),
		In:       strings.NewReader(""),
		Out:      io.Discard,
		Err:      io.Discard,
		Files:    files,
		Listen:   func(port int) (net.Listener, error) { return s.listen(one, port) },
		Dial:     func(address string) (net.Conn, error) { return s.dial(one, address) },
		Lookup:   func(name string) ([]string, error) { return s.lookup(one, name) },
		Size:     func() (uint16, uint16, bool) { return 0, 0, false },
	}
}

// secretEnvironment is what a process gets: inspect's, the names Podman adds, and the values of
// secrets as they are now.
func (s *Service) secretEnvironment(one *container) []string {
	set := map[string]string{}
	for _, pair := range one.environment() {
		name, value, _ := strings.Cut(pair, "=")
		set[name] = value
	}
	for name, value := range map[string]string{"HOSTNAME": one.hostname(), "HOME": "/"} {
		if _, ok := set[name]; !ok && !slices.Contains(one.spec.UnsetEnv, name) {
			set[name] = value
		}
	}
	for name, secret := range one.spec.SecretEnv {
		if i := s.secretIndex(secret); i >= 0 {
			set[name] = string(s.secrets[i].data)
		}
	}
	if one.spec.Terminal && set["TERM"] == "" {
		set["TERM"] = "xterm"
	}
	env := []string{}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		env = append(env, name+"="+set[name])
	}
	return env
}

// user is the numeric user and group; a name counts as root.
func (c *container) user() (uid, gid int) {
	user := c.spec.User
	if user == "" && c.image != nil {
		user = c.image.User
	}
	name, group, _ := strings.Cut(user, ":")
	uid, _ = strconv.Atoi(name)
	gid, _ = strconv.Atoi(group)
	return uid, gid
}

// Interpret is a Program that interprets its arguments, see package program.
func Interpret(ctx context.Context, p *Process) int { return program.Main(ctx, p) }

// Exits is a Program that prints lines and ends with code.
func Exits(code int, lines ...string) Program {
	return func(_ context.Context, p *Process) int {
		printLines(p, lines)
		return code
	}
}

// Runs is a Program that prints lines and runs until it is stopped.
func Runs(lines ...string) Program {
	return func(ctx context.Context, p *Process) int {
		printLines(p, lines)
		return program.Main(ctx, withArgs(p, "sleep", "forever"))
	}
}

// Ignores is a Program that prints lines and runs until it is killed.
func Ignores(lines ...string) Program {
	return func(ctx context.Context, p *Process) int {
		printLines(p, lines)
		return program.Main(ctx, withArgs(p, "ignore", "then", "sleep", "forever"))
	}
}

func withArgs(p *Process, args ...string) *Process {
	changed := *p
	changed.Args = args
	return &changed
}

func printLines(p *Process, lines []string) {
	var text bytes.Buffer
	for _, line := range lines {
		text.WriteString(line + "\n")
	}
	p.Out.Write(text.Bytes())
}

// TestProgram is the path of the test program in its image.
const TestProgram = "/testprogram"

// TestImage is an image with the program that Fixture.Image holds on a real engine.
func TestImage() Image {
	exec := func(ctx context.Context, p *Process) int {
		return program.Main(ctx, withArgs(p, p.Args[1:]...))
	}
	return Image{
		Program: Interpret, Exec: exec, Entrypoint: []string{TestProgram}, Command: []string{"sleep", "forever"},
		isTest: true,
	}
}
