package podmanapi

import (
	"context"
	"errors"
	"slices"
	"testing"
)

// queue has a call wait for a turn and returns once it stands in line.
func queue(ctx context.Context, t *turns, start bool, then func(done func(), err error)) {
	t.mu.Lock()
	before := len(t.starts) + len(t.creates)
	t.mu.Unlock()
	go func() { then(t.take(ctx, start)) }()
	for waiting := before; waiting == before; {
		t.mu.Lock()
		waiting = len(t.starts) + len(t.creates)
		t.mu.Unlock()
	}
}

func TestAStartGoesBeforeTheCreatesThatWait(t *testing.T) {
	turns := &turns{most: 1}
	ctx := t.Context()
	done, err := turns.take(ctx, false)
	if err != nil {
		t.Fatal(err)
	}
	order := make(chan string)
	wait := func(name string, start bool) {
		queue(ctx, turns, start, func(done func(), err error) {
			if err != nil {
				name = err.Error()
			}
			order <- name
			done()
		})
	}
	wait("create 1", false)
	wait("create 2", false)
	wait("start 1", true)
	wait("start 2", true)
	select {
	case name := <-order:
		t.Fatalf("%s did not wait for its turn", name)
	default:
	}
	done()
	var got []string
	for range 4 {
		got = append(got, <-order)
	}
	if want := []string{"start 1", "start 2", "create 1", "create 2"}; !slices.Equal(got, want) {
		t.Errorf("the turns went to %q, want %q", got, want)
	}
}

func TestNoMoreTurnsThanThereAre(t *testing.T) {
	turns := &turns{most: 2}
	first, _ := turns.take(t.Context(), false)
	second, _ := turns.take(t.Context(), true)
	third := make(chan func())
	queue(t.Context(), turns, false, func(done func(), _ error) { third <- done })
	select {
	case <-third:
		t.Fatal("a third call had a turn beside two others")
	default:
	}
	first()
	(<-third)()
	second()
	if turns.taken != 0 {
		t.Errorf("%d turns are taken after all were given back", turns.taken)
	}
}

func TestAnInterruptedCallLeavesTheLine(t *testing.T) {
	turns := &turns{most: 1}
	done, _ := turns.take(t.Context(), false)
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	failed := make(chan error)
	queue(ctx, turns, true, func(_ func(), err error) { failed <- err })
	cancel(stop)
	if err := <-failed; !errors.Is(err, stop) {
		t.Errorf("got %v, want %v", err, stop)
	}
	done()
	if turns.taken != 0 || len(turns.starts) != 0 {
		t.Errorf("%d turns are taken and %d calls wait, want none", turns.taken, len(turns.starts))
	}
}
