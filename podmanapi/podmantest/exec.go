package podmantest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/podup/podup/podmanapi/podmantest/program"
)

// session is one exec.
type session struct {
	id        string
	container *container
	spec      execSpec
	state     string // created, running, stopped
	exitCode  int
	kill      context.CancelFunc
	width     uint16
	height    uint16
}

type execSpec struct {
	Cmd                                     []string
	Env                                     []string
	AttachStdin, AttachStdout, AttachStderr bool
	Tty                                     bool
	User, WorkingDir                        string
}

const (
	execCreated = "created"
	execRunning = "running"
	execStopped = "stopped"
)

func createExec(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	var spec execSpec
	if err := c.decode(&spec); err != nil {
		return answer{}, err
	}
	one, err := c.container()
	if err != nil {
		return answer{}, err
	}
	if len(spec.Cmd) == 0 {
		return answer{}, internal("invalid argument", "must provide a non-empty command to start an exec session")
	}
	// Stopping is not running: an exec in a preStop hook must come before the stop.
	if one.state != stateRunning {
		return answer{}, internal("container state improper", "can only create exec sessions on running containers")
	}
	made := &session{id: s.newID(), container: one, spec: spec, state: execCreated, kill: func() {}}
	s.sessions[made.id] = made
	return answer{status: http.StatusCreated, body: map[string]any{"Id": made.id}}, nil
}

func (c *call) session() (*session, error) {
	found := c.s.sessions[c.name]
	if found == nil {
		return nil, notFound("no such exec session", "no exec session with ID %s found", c.name)
	}
	return found, nil
}

func inspectExec(c *call) (answer, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	x, err := c.session()
	if err != nil {
		return answer{}, err
	}
	pid := 0
	if x.state == execRunning {
		pid = x.container.pid()
	}
	return answer{status: http.StatusOK, body: map[string]any{
		"CanRemove": x.state == execStopped, "ContainerID": x.container.id, "DetachKeys": "", "ExitCode": x.exitCode, "ID": x.id,
		"OpenStderr": x.spec.AttachStderr, "OpenStdin": x.spec.AttachStdin, "OpenStdout": x.spec.AttachStdout,
		"Running": x.state == execRunning, "Pid": pid,
		"ProcessConfig": map[string]any{"arguments": x.spec.Cmd[1:], "entrypoint": x.spec.Cmd[0], "privileged": false, "tty": x.spec.Tty, "user": x.spec.User},
	}}, nil
}

func resizeExec(c *call) (answer, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	x, err := c.session()
	if err != nil {
		return answer{}, err
	}
	if x.state != execRunning {
		return answer{}, internal("exec session state improper",
			"cannot resize session: cannot resize container %s exec session %s as it is not running", x.container.id, x.id)
	}
	height, heightErr := strconv.ParseUint(c.query.Get("h"), 10, 16)
	width, widthErr := strconv.ParseUint(c.query.Get("w"), 10, 16)
	if heightErr != nil || widthErr != nil {
		return answer{}, &failure{http.StatusBadRequest, "invalid size", "failed to parse parameters"}
	}
	x.width, x.height = uint16(width), uint16(height)
	return answer{status: http.StatusCreated}, nil
}

// removeExec needs a body, be it {}: without, Podman answers 400.
func removeExec(c *call) (answer, error) {
	s := c.s
	var options struct{ Force bool }
	if err := json.Unmarshal(c.body, &options); err != nil {
		return answer{}, &failure{http.StatusBadRequest, "EOF", "failed to decode parameters for " + c.r.URL.String()}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x, err := c.session()
	if err != nil {
		return answer{}, err
	}
	if x.state == execRunning && !options.Force {
		return answer{}, internal("exec session state improper", "cannot remove container %s exec session %s as it is running", x.container.id, x.id)
	}
	x.kill()
	delete(s.sessions, x.id)
	return answer{status: http.StatusOK}, nil
}

// startExec takes the connection over: output in frames, or as it is from a terminal; whatever the
// client sends is stdin, and its half-close the end of it. The process outlives the connection.
func startExec(c *call) (answer, error) {
	var options struct {
		Detach bool
		Tty    bool
		Height uint16 `json:"h"`
		Width  uint16 `json:"w"`
	}
	if err := json.Unmarshal(c.body, &options); err != nil {
		return answer{}, &failure{http.StatusBadRequest, err.Error(), "failed to decode parameters for " + c.r.URL.String()}
	}
	s := c.s
	s.mu.Lock()
	x, err := c.session()
	switch {
	case err != nil:
	case x.container.state != stateRunning:
		err = &failure{http.StatusConflict, "cannot exec in a container that is not running; container " + x.container.id + " is " + x.container.state, ""}
	case x.state != execCreated:
		err = internal("exec session state improper",
			"can only start created exec sessions, while container %s session %s state is %q", x.container.id, x.id, x.state)
	}
	if err != nil {
		s.mu.Unlock()
		return answer{}, err
	}
	x.width, x.height = options.Width, options.Height
	p, main, ctx := s.execProcess(x)
	s.mu.Unlock()

	if options.Detach {
		s.work.Go(func() { s.runExec(ctx, x, p, main) })
		return answer{status: http.StatusOK}, nil
	}
	conn, err := c.takeOver(x.spec.Tty)
	if err != nil {
		return answer{}, err
	}
	defer s.letGo(conn)
	var writing sync.Mutex
	p.Out = x.output(conn, &writing, 1)
	p.Err = x.output(conn, &writing, 2)
	if x.spec.AttachStdin {
		in, feed := io.Pipe()
		p.In = in
		s.work.Go(func() {
			io.Copy(feed, conn)
			feed.Close()
		})
		defer in.Close()
	}
	s.runExec(ctx, x, p, main)
	return answer{streamed: true}, nil
}

// execProcess makes what an exec runs. The caller holds mu.
func (s *Service) execProcess(x *session) (*Process, Program, context.Context) {
	p := s.process(x.container, x.spec.Cmd)
	p.Env = append(slices.Clone(p.Env), x.spec.Env...)
	if x.spec.WorkingDir != "" {
		p.Dir = x.spec.WorkingDir
	}
	if x.spec.Tty {
		p.TTY = true
		p.Env = append(p.Env, "TERM=xterm")
		p.Size = func() (uint16, uint16, bool) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return x.width, x.height, true
		}
	}
	ctx, cancel := context.WithCancel(s.lifetime)
	x.state, x.kill = execRunning, cancel
	main := x.container.image.Exec
	if main == nil || x.container.image.isTest && x.spec.Cmd[0] != TestProgram {
		main = commandNotFound
	}
	return p, main, ctx
}

func commandNotFound(_ context.Context, p *Process) int {
	fmt.Fprintf(p.Err, "Error: crun: executable file `%s` not found: No such file or directory: OCI runtime attempted to invoke a command that was not found\n", p.Args[0])
	fmt.Fprint(p.Err, "Error: read unixpacket @->/proc/self/fd/13/attach: read: connection reset by peer\n")
	return program.NotFound
}

func (s *Service) runExec(ctx context.Context, x *session, p *Process, main Program) {
	code := main(ctx, p)
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		code = program.Killed
	}
	x.kill()
	x.state, x.exitCode = execStopped, code
}

// takeOver answers 101 where the client asks for an upgrade, 200 otherwise, and gives the connection.
func (c *call) takeOver(tty bool) (net.Conn, error) {
	conn, _, err := c.w.(http.Hijacker).Hijack()
	if err != nil {
		return nil, err
	}
	kind := "application/vnd.docker.multiplexed-stream"
	if tty {
		kind = "application/vnd.docker.raw-stream"
	}
	status := "200 OK\r\nContent-Type: " + kind
	if protocol := c.r.Header.Get("Upgrade"); protocol != "" && strings.EqualFold(c.r.Header.Get("Connection"), "Upgrade") {
		status = "101 UPGRADED\r\nContent-Type: " + kind + "\r\nConnection: Upgrade\r\nUpgrade: " + protocol
	}
	if _, err := fmt.Fprintf(conn, "HTTP/1.1 %s\r\n\r\n", status); err != nil {
		conn.Close()
		return nil, err
	}
	c.s.mu.Lock()
	c.s.hijacked[conn] = true
	c.s.mu.Unlock()
	return conn, nil
}

func (s *Service) letGo(conn net.Conn) {
	conn.Close()
	s.mu.Lock()
	delete(s.hijacked, conn)
	s.mu.Unlock()
}

// output is a stream of the session: frames, or the bytes as a terminal shows them.
func (x *session) output(conn net.Conn, writing *sync.Mutex, stream byte) io.Writer {
	return writerFunc(func(data []byte) (int, error) {
		writing.Lock()
		defer writing.Unlock()
		switch {
		case x.spec.Tty:
			io.WriteString(conn, strings.ReplaceAll(string(data), "\n", "\r\n"))
		case stream == 1 && x.spec.AttachStdout, stream == 2 && x.spec.AttachStderr:
			writeFrame(conn, stream, string(data))
		}
		return len(data), nil // a client that left does not stop the process
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(data []byte) (int, error) { return f(data) }
