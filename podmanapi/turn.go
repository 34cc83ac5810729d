package podmanapi

import (
	"context"
	"runtime"
	"slices"
	"sync"
)

// turns let few calls at a time make the engine work: creates and starts. Those keep its processors
// busy and wait for locks of its store by looking again and again, so that more of them at once take
// longer together: on two cores ten containers come up a tenth slower eight calls at a time than two
// (5.8). A start goes before the creates that wait: the next start of a pod waits for it, and no next
// create does.
//
// Calls that wait for a container rather than the engine (stop, wait, a pod's removal) take no turn.
type turns struct {
	mu      sync.Mutex
	most    int // at a time; 0 is parallelCalls
	taken   int
	starts  []chan struct{} // waiting, each closed when it is its turn
	creates []chan struct{}
}

// parallelCalls is how many calls may make the engine work, which is on this machine most of the time.
func parallelCalls() int { return min(max(runtime.NumCPU(), 2), 8) }

// take waits for a turn; done gives it back. It fails when ctx ends before.
func (t *turns) take(ctx context.Context, start bool) (done func(), err error) {
	t.mu.Lock()
	most := t.most
	if most == 0 {
		most = parallelCalls()
	}
	if t.taken < most {
		t.taken++
		t.mu.Unlock()
		return t.done, nil
	}
	queue := &t.creates
	if start {
		queue = &t.starts
	}
	turn := make(chan struct{})
	*queue = append(*queue, turn)
	t.mu.Unlock()
	select {
	case <-turn:
		return t.done, nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(*queue, turn); i >= 0 {
		*queue = slices.Delete(*queue, i, i+1)
	} else {
		t.pass() // it came at the same moment
	}
	return nil, context.Cause(ctx)
}

func (t *turns) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pass()
}

// pass gives a turn to the next in line.
func (t *turns) pass() {
	for _, queue := range []*[]chan struct{}{&t.starts, &t.creates} {
		if len(*queue) > 0 {
			close((*queue)[0])
			*queue = (*queue)[1:]
			return
		}
	}
	t.taken--
}
