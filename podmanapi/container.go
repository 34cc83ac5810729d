package podmanapi

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// CreateContainer makes a container, whose tokens are resolved, in its pod under name. Warnings are
// what the engine says it will not honour.
func (c *Client) CreateContainer(ctx context.Context, con translate.Container, name string) (warnings []string, err error) {
	doing := "create container/" + name
	body, err := c.containerSpec(ctx, con, name, doing)
	if err != nil {
		return nil, err
	}
	if body.Resources, warnings, err = c.enforceable(ctx, body.Resources); err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	var made struct {
		ID       string
		Warnings []string
	}
	found, fresh, err := c.create(ctx, container, name, con.Labels(), post(doing, "/containers/create", nil, body), &made)
	if err != nil {
		return nil, explainCreate(con, err)
	}
	if fresh {
		c.messages.made(made.ID, body.Mounts)
	} else {
		made.ID = found.ID
	}
	c.known.add(container, name, made.ID)
	return append(warnings, made.Warnings...), nil
}

// StartContainer starts a container; one that runs is started.
func (c *Client) StartContainer(ctx context.Context, name string) error {
	return c.on(ctx, container, name, "start", func(id, doing string) error {
		if err := c.freshMessage(ctx, id, doing); err != nil {
			return err
		}
		return c.begin(ctx, id, doing)
	})
}

// StopContainer stops a container; one that does not run, or is gone, is stopped.
func (c *Client) StopContainer(ctx context.Context, op plan.StopContainer) error {
	err := c.on(ctx, container, op.Name, "stop", func(id, doing string) error {
		return c.stop(ctx, id, doing, op.Grace)
	})
	if missing(err) {
		return nil
	}
	return err
}

// RenameContainer gives a container another name. It keeps running.
func (c *Client) RenameContainer(ctx context.Context, from, to string) error {
	var id string
	err := c.on(ctx, container, from, "rename", func(known, doing string) error {
		id = known
		return c.call(ctx, post(doing, "/containers/"+id+"/rename", url.Values{"name": {to}}, nil), nil)
	})
	if err == nil {
		c.known.rename(container, from, to)
		return nil
	}
	if ctx.Err() != nil {
		return err
	}
	// It may have been renamed before, by a call whose reply was lost.
	there, lookErr := c.owned(ctx, container, to, "rename container/"+from)
	switch {
	case lookErr != nil:
		var other *foreign
		if errors.As(lookErr, &other) {
			return fmt.Errorf("rename container/%s: the name %s is taken by a container that is %s", from, to, other.owner)
		}
		return err
	case missing(err), there == id:
		c.known.forget(container, from)
		return nil
	}
	return err
}

// RemoveContainer removes a container with its anonymous volumes, killing it if it runs.
func (c *Client) RemoveContainer(ctx context.Context, name string) error {
	id, _ := c.known.id(container, name)
	err := c.remove(ctx, container, name, url.Values{"force": {"true"}, "timeout": {"0"}, "v": {"true"}})
	if err == nil {
		c.messages.drop(id)
	}
	return err
}

// explainCreate says what a refusal to make a container means.
func explainCreate(con translate.Container, err error) error {
	if missing(err) {
		return &explained{fmt.Sprintf("image %s is not in the engine's store", con.Image), err}
	}
	return err
}
