package podmanapi

import (
	"context"
	"fmt"
	"net/http"
)

// begin starts a container by its ID; one that runs is started.
//
// A container whose conmon was killed with it, as when its whole cgroup is, runs for ever in the
// engine's books: a start answers 304 and does nothing. A stop makes the engine look; it fails ("conmon
// exited prematurely, exit code could not be retrieved") and leaves the container exited, ready to be
// started (5.8, 5.4).
func (c *Client) begin(ctx context.Context, id, doing string) error {
	running, err := c.tryStart(ctx, id, doing)
	if err != nil || !running {
		return err
	}
	var inspected struct {
		State struct {
			Running bool
			Pid     int
		}
	}
	if err := c.call(ctx, get(doing, "/containers/"+id+"/json", nil), &inspected); err != nil {
		return err
	}
	if !inspected.State.Running || c.alive(inspected.State.Pid) {
		return nil
	}
	stopErr := c.stop(ctx, id, doing, 0)
	if running, err = c.tryStart(ctx, id, doing); err == nil && running {
		return stopErr // nothing has changed
	}
	return err
}

// tryStart starts a container and says whether the engine took it for running already.
func (c *Client) tryStart(ctx context.Context, id, doing string) (running bool, err error) {
	done, err := c.turns.take(ctx, true)
	if err != nil {
		return false, fmt.Errorf("%s: %w", doing, err)
	}
	defer done()
	reply, err := c.send(ctx, post(doing, "/containers/"+id+"/start", nil, nil))
	if err != nil {
		return false, explainKeys(err)
	}
	defer reply.Body.Close()
	return reply.StatusCode == http.StatusNotModified, nil
}
