package podmanapi

import (
	"context"
	"fmt"
	"net/url"
	"time"
)

// Wait returns the exit code of the container's current run when it ends, or of its last run where it
// does not run.
func (c *Client) Wait(ctx context.Context, name string) (exitCode int, err error) {
	err = c.on(ctx, container, name, "wait for", func(id, doing string) error {
		exitCode, err = c.wait(ctx, id, doing)
		return err
	})
	return exitCode, err
}

func (c *Client) wait(ctx context.Context, id, doing string) (exitCode int, err error) {
	query := url.Values{"condition": {"exited", "stopped"}}
	for try := 1; ; try++ {
		// The reply is the code as a JSON number; it comes 56-62 ms after the death (5.8, 5.4).
		err := c.once(ctx, post(doing, "/containers/"+id+"/wait", query, nil), &exitCode)
		// A service that is killed leaves its containers running: ask the next one.
		if err == nil || !Unreachable(err) || try == readTries {
			return exitCode, err
		}
		if !pause(ctx, time.Duration(try)*100*time.Millisecond) {
			return 0, fmt.Errorf("%s: %w", doing, context.Cause(ctx))
		}
	}
}
