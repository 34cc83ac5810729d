package podmanapi

import (
	"context"
	"net/url"
	"time"

	"github.com/podup/podup/plan"
)

// stop stops one container by ID. One that never ran or is gone is stopped. A paused one is unpaused
// first: the engine refuses to stop it, and a kill can leave it stopped with exit code -1 (5.8 rootful).
//
// The engine is not asked to wait for the grace: it would hold the pod's lock meanwhile, so that no other
// container of the pod can be stopped or started (5.8; libpod/container_api.go StopWithArgs).
func (c *Client) stop(ctx context.Context, id, doing string, grace time.Duration) error {
	if grace != 0 {
		left, over, err := c.terminate(ctx, id, doing, grace)
		if err != nil || over {
			return err
		}
		grace = left
	}
	r := post(doing, "/containers/"+id+"/stop", timeout(grace), nil)
	err := c.call(ctx, r, nil)
	if pausedRefusal(err) {
		if err := c.unpause(ctx, id, doing); err != nil {
			return err
		}
		err = c.call(ctx, r, nil)
	}
	if missing(err) || vanished(err) {
		return nil
	}
	return err
}

func (c *Client) unpause(ctx context.Context, id, doing string) error {
	err := c.call(ctx, post(doing, "/containers/"+id+"/unpause", nil, nil), nil)
	if notPaused(err) {
		return nil
	}
	return err
}

// terminate sends a container its stop signal and waits for its end for as long as the grace; a negative
// grace is the container's own. Over is a container that does not run; of any other the engine has to see
// to the rest, within what is left of the grace.
func (c *Client) terminate(ctx context.Context, id, doing string, grace time.Duration) (left time.Duration, over bool, err error) {
	began := time.Now()
	var found struct {
		inspected
		Config struct {
			StopSignal  string
			StopTimeout uint
		}
	}
	look := func() (plan.Run, error) {
		found.inspected = inspected{}
		err := c.call(ctx, get(doing, "/containers/"+id+"/json", nil), &found)
		run, _ := runOf(id, found.inspected, c.alive)
		return run, err
	}
	run, err := look()
	switch {
	case missing(err), vanished(err):
		return 0, true, nil
	case err != nil:
		return 0, false, err
	}
	switch found.State.Status {
	case "created", "configured", "exited", "stopped":
		return 0, true, nil
	case "paused":
		if err := c.unpause(ctx, id, doing); err != nil {
			return 0, false, err
		}
	}
	if !run.Running() { // initialised; or it runs in the engine's books alone
		return grace, false, nil
	}
	if grace < 0 {
		grace = time.Duration(found.Config.StopTimeout) * time.Second
	}
	signal := url.Values{"signal": {found.Config.StopSignal}}
	if err := c.call(ctx, post(doing, "/containers/"+id+"/kill", signal, nil), nil); err != nil {
		if ctx.Err() != nil {
			return 0, false, err
		}
		return grace, false, nil
	}
	waiting, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	err = c.gone(waiting, run, look, func() error { _, err := c.wait(waiting, id, doing); return err })
	switch {
	case ctx.Err() != nil:
		return 0, false, err
	case err == nil, waiting.Err() != nil:
		return 0, false, nil // the engine takes note of the end, or makes it
	}
	return max(grace-time.Since(began), time.Nanosecond), false, nil
}
