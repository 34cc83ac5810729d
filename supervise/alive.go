package supervise

import (
	"context"
	"maps"
	"slices"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

// Alive returns when the loop of Run and that of each pod it leads have come round, or with ctx's error:
// a loop that hangs does not. Without a Run it waits for one.
func (s *Supervisor) Alive(ctx context.Context) error {
	asked := make(chan []*lead, 1)
	select {
	case s.asked <- asked:
	case <-ctx.Done():
		return ctx.Err()
	}
	for _, l := range <-asked {
		round := make(chan struct{})
		select {
		case l.answers <- func() { close(round) }:
			<-round // a loop that has taken it is at it
		case <-l.left:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// answer gives who asks whether the supervision is alive the loops to ask next.
func answer(asked chan<- []*lead, leads map[string]*lead) {
	asked <- slices.Collect(maps.Values(leads))
}

// Seen is what Status is made of: the last look at a pod. ok is false before the first.
func (s *Supervisor) Seen(name string) (pod translate.Pod, state plan.PodState, memory status.Memory, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen, ok := s.seen[name]
	return seen.pod, seen.state, seen.memory, ok
}
