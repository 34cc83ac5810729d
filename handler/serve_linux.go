package handler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// Serve is the child's work: it performs the actions that stdin asks for and tells their results on
// stdout, many at a time, until stdin ends or ctx does; then it gives up what is under way.
//
// Interrupts and terminations do not end it: they come to a whole process group or unit, and podup
// still has hooks to run. That its parent is gone, stdin tells.
func Serve(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	if err := keepInherited(); err != nil {
		return err
	}
	// Not signal.Ignore: what is started here would ignore them as well.
	unheard := make(chan os.Signal, 1)
	signal.Notify(unheard, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	defer signal.Stop(unheard)

	ctx, cancel := context.WithCancel(ctx)
	s := &server{out: json.NewEncoder(stdout), stop: cancel, cancels: map[uint64]context.CancelFunc{}}
	defer s.networks.close()
	defer s.execs.Wait() // until they are killed; what only dials ends with the process
	defer cancel()
	return s.read(ctx, stdin)
}

// server is a child at work.
type server struct {
	execs    sync.WaitGroup
	networks networks
	stop     context.CancelFunc

	writing sync.Mutex
	out     *json.Encoder // guarded by writing

	mu      sync.Mutex
	cancels map[uint64]context.CancelFunc
}

func (s *server) read(ctx context.Context, stdin io.Reader) error {
	requests := json.NewDecoder(stdin)
	for {
		var r request
		err := requests.Decode(&r)
		if ctx.Err() != nil || errors.Is(err, io.EOF) {
			return nil //nolint:nilerr // the end that was asked for
		}
		if err != nil {
			return fmt.Errorf("read a request: %w", err)
		}
		switch {
		case r.Cancel:
			s.mu.Lock()
			if cancel := s.cancels[r.ID]; cancel != nil {
				cancel()
			}
			s.mu.Unlock()
		case r.Action != nil:
			s.begin(ctx, r)
		}
	}
}

// begin does an action on its own.
func (s *server) begin(ctx context.Context, r request) {
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	s.cancels[r.ID] = cancel
	s.mu.Unlock()
	perform := func() {
		done := s.do(ctx, *r.Action)
		cancel()
		s.mu.Lock()
		delete(s.cancels, r.ID)
		s.mu.Unlock()
		s.writing.Lock()
		defer s.writing.Unlock()
		if s.out.Encode(reply{r.ID, done}) != nil { // nobody listens any more
			s.stop()
		}
	}
	if r.Action.Exec != nil {
		s.execs.Go(perform)
	} else {
		go perform()
	}
}

func (s *server) do(ctx context.Context, a action) result {
	if a.Exec != nil {
		return execute(ctx, a)
	}
	in, err := s.networks.enter(a.Network)
	if err != nil {
		return failed(err)
	}
	defer in.leave()
	switch {
	case a.HTTP != nil:
		return probeHTTP(ctx, in, a)
	case a.HookHTTP != nil:
		return hookHTTP(ctx, in, a)
	case a.TCP != nil:
		return probeTCP(ctx, in, a)
	case a.GRPC != nil:
		return probeGRPC(ctx, in, a)
	}
	return failed(errors.New("no action"))
}
