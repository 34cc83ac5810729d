package podmanapi

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// killed is the query of a removal that ends what still runs.
func killed() url.Values { return url.Values{"force": {"true"}, "timeout": {"0"}} }

// StopPod stops the pod's app and init containers at once, each within its grace, and then the infra
// container. The holder of Memory volumes stays: their content lives as long as the pod.
func (c *Client) StopPod(ctx context.Context, op plan.StopPod) error {
	doing := "stop pod/" + op.Pod
	members, err := c.members(ctx, op.Pod, doing)
	if err != nil {
		return err
	}
	if err := c.stopMembers(ctx, members, doing, op.Grace); err != nil {
		return err
	}
	for _, l := range members {
		if l.IsInfra && l.running() {
			return c.stop(ctx, l.ID, doing, 0)
		}
	}
	return nil
}

// RemovePod stops a pod as StopPod does and removes it with its containers and its holder.
func (c *Client) RemovePod(ctx context.Context, op plan.RemovePod) error {
	doing := "remove pod/" + op.Pod
	members, err := c.members(ctx, op.Pod, doing)
	if err != nil {
		return err
	}
	switch {
	case op.Grace == 0:
		err = c.killStopping(ctx, members, doing)
	case slices.ContainsFunc(members, func(l listed) bool { return l.State == "paused" }):
		err = c.stopMembers(ctx, members, doing, op.Grace) // the removal would kill a paused one
	}
	if err != nil {
		return err
	}
	// One call for the whole pod: it stops all containers at the same time, each within its grace, the
	// infra container last, and removes them. Ten containers take an eighth less time than with one stop
	// for each before it, and a fifth less than with one removal for each (5.8, two cores).
	query := timeout(op.Grace)
	if query == nil {
		query = url.Values{}
	}
	query.Set("force", "true")
	removing, removed := context.WithCancel(ctx)
	var late sync.WaitGroup
	late.Go(func() { c.stopLate(removing, op.Pod, doing, op.Grace) })
	err = c.remove(ctx, pod, op.Pod, query)
	removed()
	late.Wait()
	if err != nil {
		return err
	}
	for _, l := range members {
		c.known.forget(container, l.name())
	}
	return c.RemoveContainer(ctx, translate.HolderName(op.Pod))
}

// overdue is when every container of a pod that is being removed should have had its stop signal.
const overdue = time.Second

// stopLate stops the containers that a removal has not come to: the engine ends about three a CPU at a
// time, each with a grace of its own, where a kubelet has one for all (5.8, 5.4). What goes wrong is the
// removal's to say.
func (c *Client) stopLate(ctx context.Context, pod, doing string, grace time.Duration) {
	if grace == 0 || !pause(ctx, overdue) {
		return
	}
	members, err := c.members(ctx, pod, doing)
	if err != nil {
		return
	}
	if grace > 0 {
		grace = max(grace-overdue, time.Nanosecond)
	}
	var wg sync.WaitGroup
	for _, l := range members {
		if l.IsInfra || l.State != "running" {
			continue
		}
		wg.Go(func() {
			doing := doing + ": container/" + l.name()
			if _, over, err := c.terminate(ctx, l.ID, doing, grace); err == nil && !over {
				_ = c.kill(ctx, l.ID, doing) // a stop would wait for the pod's lock
			}
		})
	}
	wg.Wait()
}

// stopMembers stops all but the infra container.
func (c *Client) stopMembers(ctx context.Context, members []listed, doing string, grace time.Duration) error {
	if grace == 0 {
		if err := c.killStopping(ctx, members, doing); err != nil {
			return err
		}
	}
	var wg sync.WaitGroup
	errs := make([]error, len(members))
	for i, l := range members {
		if !l.IsInfra && l.running() {
			wg.Go(func() { errs[i] = c.stop(ctx, l.ID, doing+": container/"+l.name(), grace) })
		}
	}
	wg.Wait()
	return errors.Join(errs...)
}

// killStopping ends the containers that another call is stopping with a longer grace. That call waits
// without the container's lock, so that a kill gets through where a stop would not (5.8, 5.4).
func (c *Client) killStopping(ctx context.Context, members []listed, doing string) error {
	var errs []error
	for _, l := range members {
		if l.State != "stopping" {
			continue
		}
		err := c.kill(ctx, l.ID, doing+": container/"+l.name())
		if !isConflict(err) && !missing(err) && !vanished(err) { // else it has ended meanwhile
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (c *Client) kill(ctx context.Context, id, doing string) error {
	return c.call(ctx, post(doing, "/containers/"+id+"/kill", url.Values{"signal": {"KILL"}}, nil), nil)
}

// pausedRefusal is "container X is running or paused, refusing to clean up: container state improper".
func pausedRefusal(err error) bool { return refusal(err, "running or paused") }

// notPaused is "X is not paused, can't unpause: container state improper": somebody else was faster.
func notPaused(err error) bool { return refusal(err, "is not paused") }

func refusal(err error, text string) bool {
	var e *Error
	return errors.As(err, &e) && strings.Contains(e.Message, text)
}
