package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// children are the child processes, one for each user namespace that is in use.
type children struct {
	mu     sync.Mutex
	closed bool
	byName map[string]*child // by namespace key
}

// errClosed is for a Handler that was closed.
var errClosed = errors.New("the handler is closed")

// do has the child in the namespace of the process do something.
func (c *children) do(ctx context.Context, line []string, pid int, what action) (result, error) {
	for try := 1; ; try++ {
		child, err := c.get(line, pid)
		if err != nil {
			return result{}, fmt.Errorf("start the process that probes: %w", err)
		}
		done, err := child.do(ctx, what)
		// Nothing of it was done: the child had ended before it was asked.
		if errors.Is(err, errNotAsked) && try == 1 {
			continue
		}
		return done, err
	}
}

// get gives the child of a process's namespace, started if need be.
func (c *children) get(line []string, pid int) (*child, error) {
	in, err := engineNamespace(pid)
	if err != nil {
		return nil, err
	}
	defer in.close()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errClosed
	}
	if found := c.byName[in.key]; found != nil {
		if !found.over() {
			return found, nil
		}
		delete(c.byName, in.key)
	}
	// A namespace in which nothing is asked for any more may be gone but for its child.
	for key, other := range c.byName {
		if other.idle() {
			other.close()
			delete(c.byName, key)
		}
	}
	started, err := startChild(line, in)
	if err != nil {
		return nil, err
	}
	if c.byName == nil {
		c.byName = map[string]*child{}
	}
	c.byName[in.key] = started
	return started, nil
}

func (c *children) close() error {
	c.mu.Lock()
	c.closed = true
	all := c.byName
	c.byName = nil
	c.mu.Unlock()
	for _, one := range all {
		one.close()
	}
	for _, one := range all {
		<-one.ended
	}
	return nil
}

// child is one process that Serve runs in.
type child struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stderr *complaint
	ended  chan struct{} // closed when the process has been waited for

	writing sync.Mutex // of stdin

	mu      sync.Mutex
	last    uint64
	waiting map[uint64]chan result
	err     error // why it ended
}

// cancelPatience is how long a child may take to end what was cancelled.
const cancelPatience = 5 * time.Second

var errNotAsked = errors.New("the process that probes could not be asked")

func startChild(line []string, in namespace) (*child, error) {
	cmd, done, err := childCommand(line, in)
	if err != nil {
		return nil, err
	}
	defer done()
	c := &child{cmd: cmd, stderr: &complaint{}, ended: make(chan struct{}), waiting: map[uint64]chan result{}}
	cmd.Stderr = c.stderr
	if c.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go c.read(stdout)
	return c, nil
}

// read hands out the replies until the child ends, and then an error to all who still wait.
func (c *child) read(stdout io.Reader) {
	replies := json.NewDecoder(stdout)
	var err error
	for {
		var one reply
		if err = replies.Decode(&one); err != nil {
			break
		}
		c.mu.Lock()
		waiter := c.waiting[one.ID]
		delete(c.waiting, one.ID)
		c.mu.Unlock()
		if waiter != nil {
			waiter <- one.Result
		}
	}
	if !errors.Is(err, io.EOF) { // it says what no child says
		_ = c.cmd.Process.Kill()
	}
	_ = c.cmd.Wait() // how it ended is in its state
	c.mu.Lock()
	c.err = fmt.Errorf("the process that probes ended (%s): %s", c.cmd.ProcessState, c.stderr)
	for _, waiter := range c.waiting {
		close(waiter)
	}
	c.waiting = nil
	c.mu.Unlock()
	c.stdin.Close()
	close(c.ended)
}

func (c *child) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err != nil
}

func (c *child) idle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting) == 0
}

// close tells the child to end; it gives up what it does.
func (c *child) close() { c.stdin.Close() }

func (c *child) do(ctx context.Context, what action) (result, error) {
	if ctx.Err() != nil {
		return result{}, context.Cause(ctx)
	}
	waiter := make(chan result, 1)
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return result{}, fmt.Errorf("%w: %w", errNotAsked, c.err)
	}
	c.last++
	id := c.last
	c.waiting[id] = waiter
	c.mu.Unlock()
	if err := c.write(request{ID: id, Action: &what}); err != nil {
		c.mu.Lock()
		delete(c.waiting, id)
		c.mu.Unlock()
		// Until its end is noticed here the child would be given out again.
		c.close()
		<-c.ended
		// How it ended says more than the pipe that broke over it.
		return result{}, fmt.Errorf("%w (%w): %w", errNotAsked, err, c.err)
	}
	select {
	case done, ok := <-waiter:
		if !ok {
			return result{}, c.err
		}
		return done, nil
	case <-ctx.Done():
	}
	// What was begun is ended before the caller goes on: an exec must not outlive who asked for it.
	if c.write(request{ID: id, Cancel: true}) == nil {
		patience := time.NewTimer(cancelPatience)
		defer patience.Stop()
		select {
		case <-waiter:
		case <-patience.C:
		}
	}
	return result{}, context.Cause(ctx)
}

func (c *child) write(r request) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	_, err = c.stdin.Write(append(line, '\n'))
	return err
}

// complaint keeps the beginning of what a child says of its own failure.
type complaint struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *complaint) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if room := 1024 - t.text.Len(); room > 0 {
		t.text.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (t *complaint) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(strings.Fields(t.text.String()), " ")
}
