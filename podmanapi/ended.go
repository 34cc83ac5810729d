package podmanapi

import (
	"context"
	"fmt"
	"os"

	"github.com/podup/podup/plan"
)

// Ended returns when the process of a run is gone, at once where it is, or with ctx's error.
//
// The engine's own events come 290-370 ms after a death and its wait call 56-62 ms (5.8, 5.4); the
// kernel says it at once and pins no service. Where the engine's processes are not podup's to see, the
// wait call is all there is.
func (c *Client) Ended(ctx context.Context, run plan.Run) error {
	if run.Pid <= 0 {
		return nil
	}
	err := c.gone(ctx, run,
		func() (plan.Run, error) { return c.Inspect(ctx, run.Container) },
		func() error { _, err := c.Wait(ctx, run.Container); return err },
	)
	if missing(err) {
		return nil
	}
	return err
}

// gone waits for the end of a run: look tells which run its container is in, wait is the engine's.
func (c *Client) gone(ctx context.Context, run plan.Run, look func() (plan.Run, error), wait func() error) error {
	var process process
	opened := false
	// A process of podup's own number is no container: the engine counts in another PID namespace.
	if c.local && c.peer.visible && run.Pid != os.Getpid() {
		var err error
		process, err = openProcess(run.Pid)
		opened = err == nil // it fails on a kernel before 5.3
		if err != nil && !processExists(run.Pid) {
			return nil
		}
	}
	if opened {
		defer process.Close()
	}
	// The number may belong to another process by now. The engine answers with the process it started, and
	// the one that is open here is it if the engine still has the same run.
	now, err := look()
	if err == nil && (now.ID != run.ID || now.Pid != run.Pid || !now.StartedAt.Equal(run.StartedAt)) {
		return nil
	}
	if err != nil {
		return err
	}
	if !opened {
		return wait()
	}
	if err := process.wait(ctx); err != nil {
		return fmt.Errorf("wait for the end of container/%s: %w", run.Container, err)
	}
	return nil
}
