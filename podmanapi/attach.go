package podmanapi

import (
	"context"
	"net/url"
	"strconv"
)

// Attach starts a container that has never run, passes its streams on until it closes them, and gives its
// exit code. Nothing that it writes is lost: the connection stands before it is started. Of opts, Command
// and Env are the container's own. When ctx ends, Attach returns; the container runs on.
func (c *Client) Attach(ctx context.Context, name string, opts ExecOptions) (exitCode int, err error) {
	opts.Out, opts.Err = orDiscard(opts.Out), orDiscard(opts.Err)
	err = c.on(ctx, container, name, "attach to", func(id, doing string) error {
		query := url.Values{
			"stdin": {strconv.FormatBool(opts.In != nil)}, "stdout": {"true"}, "stderr": {"true"}, "stream": {"true"},
			// Empty is none: a shell's own Ctrl-P would be taken for the engine's.
			"detachKeys": {""},
		}
		start := func() error { return c.StartContainer(ctx, name) }
		return c.converse(ctx, post(doing, "/containers/"+id+"/attach", query, nil), "/containers/"+id, opts, start)
	})
	if err != nil {
		return 0, err
	}
	return c.Wait(ctx, name)
}
