package podmantest

import (
	"bytes"
	"io"
	"net/http"
	"strings"
)

// attachment is a client at the streams of a container.
type attachment struct {
	out  io.Writer     // what is written before the connection stands is kept
	in   io.Reader     // nil where the client or the container has no input
	done chan struct{} // the run is over
	tty  bool
}

// write passes on what the container has written. The caller holds the service's mu.
func (a *attachment) write(stream string, data []byte) {
	switch {
	case a.tty:
		io.WriteString(a.out, strings.ReplaceAll(string(data), "\n", "\r\n"))
	case stream == "stderr":
		writeFrame(a.out, 2, string(data))
	default:
		writeFrame(a.out, 1, string(data))
	}
}

// attachContainer takes the connection over. A container that was never started is initialised for it, as
// Podman does.
func attachContainer(c *call) (answer, error) {
	s := c.s
	var early bytes.Buffer
	in, feed := io.Pipe()
	a := &attachment{out: &early, done: make(chan struct{})}
	s.mu.Lock()
	one, err := c.container()
	if err == nil && !one.up() {
		if err = s.checkLaunch(one); err == nil {
			one.state = stateInitialized
			s.change()
		}
	}
	if err == nil {
		a.tty = one.spec.Terminal
		if one.spec.Stdin && flag(c.query, "stdin") {
			a.in = in
		}
		one.attached = append(one.attached, a)
	}
	s.mu.Unlock()
	if err != nil {
		return answer{}, err
	}
	conn, err := c.takeOver(a.tty)
	if err != nil {
		return answer{}, err
	}
	defer s.letGo(conn)
	defer in.Close()
	s.work.Go(func() {
		io.Copy(feed, conn)
		feed.Close()
	})
	s.mu.Lock()
	conn.Write(early.Bytes())
	a.out = conn
	s.mu.Unlock()
	select {
	case <-a.done:
	case <-s.lifetime.Done():
	}
	return answer{streamed: true}, nil
}

func resizeContainer(c *call) (answer, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	one, err := c.container()
	if err != nil {
		return answer{}, err
	}
	if !one.up() {
		return answer{}, internal("container state improper", "cannot resize container %s as it is not running", one.id)
	}
	return answer{status: http.StatusOK}, nil
}
