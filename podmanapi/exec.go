package podmanapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"
)

// TerminalSize is in characters.
type TerminalSize struct{ Width, Height uint16 }

// ExecOptions are a command to run in a container. With TTY everything the command writes comes to
// Out. In may be nil; a reader that never ends is left reading when the command ends. What would go to
// a nil Out or Err is dropped.
type ExecOptions struct {
	Command  []string
	Env      []string // NAME=value
	TTY      bool
	In       io.Reader
	Out, Err io.Writer
	Resize   <-chan TerminalSize // sizes of the terminal, the first at once; may be nil
}

// Exec runs a command in a running container and gives its exit code; 126 and 127 are the engine's
// for one that cannot be run. When ctx ends, so does the command.
func (c *Client) Exec(ctx context.Context, name string, opts ExecOptions) (exitCode int, err error) {
	var session string
	opts.Out, opts.Err = orDiscard(opts.Out), orDiscard(opts.Err)
	err = c.on(ctx, container, name, "exec in", func(id, doing string) error {
		var made struct{ ID string }
		err := c.call(ctx, post(doing, "/containers/"+id+"/exec", nil, execSpec{
			AttachStdin: opts.In != nil, AttachStdout: true, AttachStderr: true,
			Cmd: opts.Command, Env: opts.Env, Tty: opts.TTY,
		}), &made)
		session = made.ID
		return err
	})
	if err != nil {
		return 0, explainExec(err)
	}
	doing := "exec in container/" + name
	defer c.removeSession(ctx, session)
	if err := c.attach(ctx, session, doing, opts); err != nil {
		return 0, err
	}
	var ended struct {
		Running  bool
		ExitCode int
	}
	for { // the streams can end a moment before the engine knows
		if err := c.call(ctx, get(doing, "/exec/"+session+"/json", nil), &ended); err != nil {
			return 0, err
		}
		if !ended.Running {
			return ended.ExitCode, nil
		}
		if !pause(ctx, 10*time.Millisecond) {
			return 0, fmt.Errorf("%s: %w", doing, context.Cause(ctx))
		}
	}
}

func orDiscard(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return w
}

// attachNoise is what the engine adds, as if the command had written it, to its word that the command
// cannot be run (5.8).
var attachNoise = regexp.MustCompile(`^Error: read unixpacket @->/proc/self/fd/\d+/attach: read: connection reset by peer\n$`)

// execSpec is the body of POST /containers/X/exec.
type execSpec struct {
	AttachStdin, AttachStdout, AttachStderr, Tty bool
	Cmd                                          []string
	Env                                          []string `json:",omitempty"`
}

// attach starts the session and copies its streams until the command has closed them.
func (c *Client) attach(ctx context.Context, session, doing string, opts ExecOptions) error {
	start := struct {
		Detach bool
		Tty    bool
		H      uint16 `json:"h,omitempty"`
		W      uint16 `json:"w,omitempty"`
	}{Tty: opts.TTY}
	if opts.TTY && opts.Resize != nil {
		select {
		case size, ok := <-opts.Resize:
			if ok {
				start.H, start.W = size.Height, size.Width
			}
		case <-ctx.Done():
		}
	}
	return c.converse(ctx, post(doing, "/exec/"+session+"/start", nil, start), "/exec/"+session, opts, nil)
}

// converse turns a request's connection into the streams of a process and copies these until the process
// has closed them. Resource is what has the terminal; connected, which may be nil, is done before anything
// is copied.
func (c *Client) converse(ctx context.Context, r request, resource string, opts ExecOptions, connected func() error) error {
	doing := r.doing
	r.header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"tcp"}}
	reply, err := c.send(ctx, r)
	if err != nil {
		return err
	}
	conn, ok := reply.Body.(io.ReadWriteCloser) // net/http's for 101 Switching Protocols
	if !ok {
		reply.Body.Close()
		return fmt.Errorf("%s: the engine answers %s to a request for a stream", doing, reply.Status)
	}
	// net/http watches ctx no longer once the protocol is switched.
	stopped := context.AfterFunc(ctx, func() { conn.Close() })
	defer stopped()
	defer conn.Close()
	if connected != nil {
		if err := connected(); err != nil {
			return err
		}
	}

	ended, cancel := context.WithCancel(ctx)
	defer cancel()
	if opts.TTY && opts.Resize != nil {
		go c.followSize(ended, resource, opts.Resize)
	}
	if opts.In != nil {
		go sendInput(conn, opts.In)
	}
	if opts.TTY {
		_, err = io.Copy(opts.Out, conn)
	} else {
		err = readFrames(conn, func(stream byte, content []byte) error {
			to := opts.Out
			if stream == streamStderr {
				if attachNoise.Match(content) {
					return nil
				}
				to = opts.Err
			}
			_, err := to.Write(content)
			return err
		})
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", doing, context.Cause(ctx))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// sendInput copies the input and then closes that half of the connection, which the command sees as
// the end of its input. An error means that the command has ended or does not read.
func sendInput(conn io.Writer, in io.Reader) {
	_, _ = io.Copy(conn, in)
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

// followSize tells an exec session or a container each new size of the terminal; one it misses is no
// failure.
func (c *Client) followSize(ctx context.Context, resource string, sizes <-chan TerminalSize) {
	for {
		select {
		case <-ctx.Done():
			return
		case size, ok := <-sizes:
			if !ok {
				return
			}
			query := url.Values{"h": {strconv.Itoa(int(size.Height))}, "w": {strconv.Itoa(int(size.Width))}}
			_ = c.call(ctx, post("resize the terminal", resource+"/resize", query, nil), nil)
		}
	}
}

// removeSession removes an exec session, which otherwise stays in the container for five minutes;
// the call wants a body. Closing the connection alone leaves the command running: Force kills it.
func (c *Client) removeSession(ctx context.Context, session string) {
	interrupted := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectTimeout)
	defer cancel()
	body := struct{ Force bool }{interrupted}
	err := c.call(ctx, post("end exec session "+session, "/exec/"+session+"/remove", nil, body), nil)
	if err != nil && interrupted {
		c.warn(fmt.Sprintf("the command may still run in the container: %v", err))
	}
}

// explainExec says what a refusal means.
func explainExec(err error) error {
	var answer *Error
	if errors.As(err, &answer) && answer.Status == http.StatusConflict {
		return &explained{"the container does not run", err}
	}
	return err
}
