package podmanapi

import (
	"context"
	"net"
	"sync"
)

// unixSocket is where an engine of this machine listens. A service that podup has started, or systemd for
// somebody else, ends when nobody has asked anything for a while, and a supervisor may have nothing to ask
// for days: where start is given, it is asked for a service when nobody listens any more. Nothing of a
// request has been sent by then, so that one that changes something is not made twice.
type unixSocket struct {
	mu    sync.Mutex
	path  string
	start func(context.Context) (path string, err error)
}

func (s *unixSocket) dial(ctx context.Context) (net.Conn, error) {
	var dialer net.Dialer
	s.mu.Lock()
	path, start := s.path, s.start
	s.mu.Unlock()
	conn, err := dialer.DialContext(ctx, "unix", path)
	if err == nil || start == nil || !nobodyThere(err) {
		return conn, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if conn, err := dialer.DialContext(ctx, "unix", s.path); err == nil { // another request has seen to it
		return conn, nil
	}
	if path, startErr := start(ctx); startErr == nil {
		s.path = path
		return dialer.DialContext(ctx, "unix", path)
	}
	return nil, err
}

// revive has the client ask for a service when nobody listens any more.
func (c *Client) revive(start func(context.Context) (path string, err error)) {
	if c.socket == nil {
		return
	}
	c.socket.mu.Lock()
	defer c.socket.mu.Unlock()
	c.socket.start = start
}
