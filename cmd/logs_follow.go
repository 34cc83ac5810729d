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
	// pollSeldom is pollEvery where somebody says when to look.
	pollSeldom = time.Minute
	// idlePolls is how many times in a row nothing must be running before following ends: between
	// two runs a container that is restarted or replaced does not run.
	idlePolls = 2
)

// follower follows the streams of a session. Only the goroutine of follow touches its fields and,
// while a stream is not being read, the stream.
type follower struct {
	*logSession
	ended   chan followed
	failed  chan error // of standard output
	reading int
}

// followed is the end of a reading of one container.
type followed struct {
	stream *logStream
	err    error
}

// follow prints what the containers have written and goes on.
func (s *logSession) follow(ctx context.Context, containers []plan.ContainerState) error {
	failures, err := s.history(ctx, containers)
	if err != nil {
		return err
	}
	for _, failure := range failures {
		s.warn(failure)
	}
	f := &follower{logSession: s, ended: make(chan followed), failed: make(chan error, 1)}
	reading, cancel := context.WithCancel(ctx)
	defer func() {
		cancel()
		for ; f.reading > 0; f.reading-- {
			<-f.ended
		}
	}()

	every := pollEvery
	if s.opts.Look != nil {
		every = pollSeldom
	}
	for idle, tick := 0, true; ; {
		if f.begin(reading, tick) {
			idle = 0
		} else if idle++; (idle >= idlePolls || s.opts.Project == "") && (s.opts.Expect == nil || !s.opts.Expect()) {
			return s.rest()
		}
		select {
		case err := <-f.failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case end := <-f.ended:
			f.end(end)
			tick = false
		case <-s.after(every):
			tick = true
		case <-s.opts.Look:
			tick = true
		}
		if err := s.look(ctx); err != nil {
			return err
		}
	}
}

// begin starts to read what is to be read, and says whether more output is to be expected. A reading
// that ends while its container goes on running, in the same run, is only taken up again at a tick:
// a log that cannot be followed must not make a busy loop.
func (f *follower) begin(ctx context.Context, tick bool) (alive bool) {
	for _, stream := range f.order {
		alive = alive || runs(stream)
		again := !stream.StartedAt.Equal(stream.read) || tick && runs(stream)
		if again && !stream.reading && stream.Status != plan.Created {
			f.beginOne(ctx, stream)
		}
	}
	return alive || f.reading > 0
}

func (f *follower) beginOne(ctx context.Context, stream *logStream) {
	stream.reading = true
	stream.read = stream.StartedAt
	f.reading++
	name := stream.Name
	go func() {
		err := f.read(ctx, stream, name, true, func(line logLine) {
			if err := f.printer.print(line); err != nil {
				select {
				case f.failed <- err:
				default:
				}
			}
		})
		f.ended <- followed{stream, err}
	}()
}

// end notes that a reading has ended. Why, the next look at the container will tell.
func (f *follower) end(end followed) {
	f.reading--
	end.stream.reading = false
	if f.opts.Project == "" {
		end.stream.Status = plan.Exited
	}
	if end.err != nil && !end.stream.warned {
		end.stream.warned = true
		f.warn(fmt.Errorf("follow the log of %s: %w", end.stream.path, end.err))
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
