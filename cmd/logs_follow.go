package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

const (
	// pollEvery is how soon a container that comes later is noticed.
	pollEvery = time.Second
	// idlePolls is how many times in a row nothing must be running before following ends: between
	// two runs a container that is restarted or replaced does not run.
	idlePolls = 2
)

// followed is the end of a reading of one container.
type followed struct {
	stream *logStream
	err    error
}

// follow prints what the containers have written and goes on.
func (s *logSession) follow(ctx context.Context, containers []plan.ContainerState) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	failures, err := s.history(ctx, containers)
	if err != nil {
		return err
	}
	for _, failure := range failures {
		s.warn(failure)
	}
	ended := make(chan followed)
	failed := make(chan error, 1) // of standard output
	reading := 0
	defer func() {
		cancel()
		for ; reading > 0; reading-- {
			<-ended
		}
	}()
	begin := func(stream *logStream) {
		stream.reading = true
		stream.read = stream.StartedAt
		reading++
		name := stream.Name
		go func() {
			err := s.read(ctx, stream, name, true, func(line logLine) {
				if err := s.printer.print(line); err != nil {
					select {
					case failed <- err:
					default:
					}
					cancel()
				}
			})
			ended <- followed{stream, err}
		}()
	}

	// A reading that ends while its container goes on running, in the same run, is only taken up
	// again at the next tick: a log that cannot be followed must not make a busy loop.
	tick := true
	for idle := 0; ; {
		alive := false
		for _, stream := range s.order {
			alive = alive || runs(stream)
			again := !stream.StartedAt.Equal(stream.read) || tick && runs(stream)
			if again && !stream.reading && stream.Status != plan.Created {
				begin(stream)
			}
		}
		if idle++; alive || reading > 0 {
			idle = 0
		}
		if idle >= idlePolls || idle > 0 && s.opts.Project == "" {
			return s.rest()
		}

		tick = false
		select {
		case end := <-ended:
			reading--
			end.stream.reading = false
			if s.opts.Project == "" {
				end.stream.Status = plan.Exited
			}
			if end.err != nil && ctx.Err() == nil && !end.stream.warned {
				end.stream.warned = true
				s.warn(fmt.Errorf("follow the log of %s: %w", clean(end.stream.path), end.err))
			}
		case <-s.after(pollEvery):
			tick = true
		case <-ctx.Done():
		}
		select {
		case err := <-failed:
			return err
		default:
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := s.look(ctx); err != nil {
			return err
		}
	}
}

// runs says whether more output is to be expected of a container as it is.
func runs(stream *logStream) bool {
	return stream.Status == plan.Running || stream.Status == plan.Paused
}

func (s *logSession) warn(err error) {
	fmt.Fprintf(s.err, "podup: warning: %s\n", clean(err.Error()))
}

// look updates the states of the containers and finds new ones.
func (s *logSession) look(ctx context.Context) error {
	if s.opts.Project == "" {
		return nil
	}
	actual, err := s.engine.Observe(ctx, translate.Project{Name: s.opts.Project})
	if err != nil {
		return err
	}
	// Names that match nothing just now are no mistake: their container may be coming back.
	containers := projectContainers(actual)
	present := map[*logStream]bool{}
	for _, c := range containers {
		if wantedByName(containers, c, s.opts.Names) {
			present[s.add(c)] = true
		}
	}
	for _, stream := range s.order {
		if !present[stream] {
			stream.Status = plan.Exited // removed
			stream.StartedAt = stream.read
		}
	}
	return nil
}

// wantedByName says whether names select a container; no names select all.
func wantedByName(all []plan.ContainerState, c plan.ContainerState, names []string) bool {
	if len(names) == 0 {
		return true
	}
	for _, name := range names {
		for _, match := range matchContainers(all, name) {
			if match.Name == c.Name {
				return true
			}
		}
	}
	return false
}
