package supervise

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

func TestASupervisorIsAliveWhileItsLoopsComeRound(t *testing.T) {
	bubble(t, aPod(onAlways, "app"), func(w *world) {
		s := w.supervisor()
		if _, err := w.launch(s); err != nil {
			t.Fatal(err)
		}
		alive := func() error {
			ctx, cancel := context.WithTimeout(w.t.Context(), time.Second)
			defer cancel()
			return s.Alive(ctx)
		}
		if err := alive(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("nobody supervises, and it is alive: %v", err)
		}
		checked := make(chan error, 1)
		time.AfterFunc(5*time.Second, func() { checked <- alive() })
		w.supervise(s, 10*time.Second)
		if err := <-checked; err != nil {
			t.Errorf("it supervises, and is not alive: %v", err)
		}
	})
}

// stuck is an engine that does not answer before it is let go.
type stuck struct {
	Engine
	asked, letGo chan struct{}
}

func (e stuck) Pod(context.Context, string) (plan.PodState, bool, error) {
	e.asked <- struct{}{}
	<-e.letGo
	return plan.PodState{}, false, nil
}

func TestASupervisorWhoseEngineDoesNotAnswerIsNotAlive(t *testing.T) {
	engine := stuck{asked: make(chan struct{}), letGo: make(chan struct{})}
	s := New(Config{
		Engine: engine, Lock: func(context.Context, string) (Held, error) { return Held{}, nil },
	}, translate.Project{Pods: []translate.Pod{aPod(onAlways, "app")}})
	ended := make(chan error, 1)
	go func() { ended <- s.Run(context.Background()) }()
	<-engine.asked
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := s.Alive(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("its only loop hangs, and it is alive: %v", err)
	}
	close(engine.letGo)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
