package podmanapi

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// Runtime gives the path of the OCI runtime that runs a container and the directory in which that
// runtime keeps its state. The path is empty where podup cannot call it: the engine is elsewhere, or
// the runtime keeps its state in a directory podup does not know.
func (c *Client) Runtime(ctx context.Context, name string) (path, root string, err error) {
	if !c.local || !c.peer.visible {
		return "", "", nil
	}
	var found struct {
		ID         string `json:"Id"`
		OCIRuntime string
	}
	err = c.on(ctx, container, name, "look at", func(id, doing string) error {
		return c.call(ctx, get(doing, "/containers/"+id+"/json", nil), &found)
	})
	if err != nil {
		return "", "", err
	}
	path = found.OCIRuntime
	if !filepath.IsAbs(path) {
		info, err := c.hostInfo(ctx)
		if err != nil {
			return "", "", err
		}
		if info.Host.OCIRuntime.Name != path {
			return "", "", nil
		}
		path = info.Host.OCIRuntime.Path
	}
	kind := filepath.Base(path)
	if kind != "crun" && kind != "runc" {
		return "", "", nil // others have state of other shapes, or virtual machines
	}
	// crun and runc: $XDG_RUNTIME_DIR/NAME for a user, /run/NAME for root; Podman changes neither.
	root = filepath.Join("/run", kind)
	if c.peer.uid != 0 {
		root = filepath.Join(runtimeDir(c.peer.uid, os.Getenv), kind)
	}
	if _, err := os.Stat(filepath.Join(root, found.ID)); err != nil {
		return "", "", nil //nolint:nilerr // its state is elsewhere: the engine is asked instead
	}
	return path, root, nil
}

// Command runs a command in a container through the engine and gives its exit code, 126 or 127 for one
// that cannot be run; out gets stdout and stderr. When ctx ends, so does the command.
func (c *Client) Command(ctx context.Context, name string, command []string, out io.Writer) (exitCode int, err error) {
	both := &synchronized{to: out}
	return c.Exec(ctx, name, ExecOptions{Command: command, Out: both, Err: both})
}

// synchronized lets two streams write to one.
type synchronized struct {
	mu sync.Mutex
	to io.Writer
}

func (s *synchronized) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.to.Write(p)
}
