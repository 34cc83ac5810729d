package podmanapi

import (
	"context"
	"slices"
	"time"

	"github.com/podup/podup/plan"
)

// unsettledLooks are the looks again at a container before a state that may be a passing one is
// believed; the first comes after unsettledWait, each further one after twice the time before.
const (
	unsettledLooks = 4
	unsettledWait  = 20 * time.Millisecond
)

// settle looks again at containers that are between two states. Between the death of a process and the
// moment its conmon has written the exit code, the engine shows it running or without a time of its
// end, and between two runs as created (5.8, 5.4): what crashes at its start is seen so for some
// milliseconds. One that was really lost costs 300 ms.
func (c *Client) settle(ctx context.Context, doing string, all []listed) error {
	wait := unsettledWait
	for range unsettledLooks {
		var ids []string
		for _, l := range all {
			if c.unsettled(l) {
				ids = append(ids, l.ID)
			}
		}
		if len(ids) == 0 || !pause(ctx, wait) {
			return ctx.Err()
		}
		wait *= 2
		again, err := c.list(ctx, doing, map[string][]string{"id": ids})
		if err != nil {
			return err
		}
		for _, l := range again {
			if i := slices.IndexFunc(all, func(old listed) bool { return old.ID == l.ID }); i >= 0 {
				all[i] = l
			}
		}
	}
	return nil
}

func (c *Client) unsettled(l listed) bool {
	switch status, _ := statusOf(l, c.alive); status {
	case plan.Lost:
		return true
	case plan.Created:
		return l.Restarts > 0 || !moment(l.StartedAt).IsZero()
	default:
		return false
	}
}
