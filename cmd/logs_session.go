package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/translate"
)

// logSession reads the logs of several containers.
type logSession struct {
	engine  logEngine
	printer *logPrinter
	err     io.Writer
	opts    logsOptions
	after   func(time.Duration) <-chan time.Time

	streams map[string]*logStream // by container ID
	order   []*logStream
}

// logEngine is what of an Engine reading logs takes.
type logEngine interface {
	Observe(ctx context.Context, want translate.Project) (plan.Actual, error)
	Logs(ctx context.Context, container string, opts podmanapi.LogOptions, each func(podmanapi.LogLine)) error
}

// logStream is what a session knows of one container. A replaced container is another stream.
type logStream struct {
	plan.ContainerState        // as last seen
	path                string // what its lines begin with
	position            logPosition
	joiner              lineJoiner

	reading bool      // a follow is under way
	read    time.Time // StartedAt of the last run that was read
	warned  bool
}

func newLogSession(env Env, engine logEngine, opts logsOptions) *logSession {
	return &logSession{
		engine: engine,
		printer: &logPrinter{
			out: env.Out, color: newPalette(env.Out, env.Getenv, opts.Color), timestamps: opts.Timestamps, noPrefix: opts.NoPrefix,
		},
		err:     env.Err,
		opts:    opts,
		after:   time.After,
		streams: map[string]*logStream{},
	}
}

// add gives the stream of a container, a new one where it was not known.
func (s *logSession) add(c plan.ContainerState) *logStream {
	id := c.ID
	if id == "" {
		id = c.Name
	}
	stream := s.streams[id]
	if stream == nil {
		// The manifest's name also while the container is being replaced and has another.
		path := c.Pod + "/" + c.Container
		stream = &logStream{path: path, joiner: lineJoiner{container: path}}
		s.streams[id] = stream
		s.order = append(s.order, stream)
		s.printer.add(path)
	}
	stream.ContainerState = c
	return stream
}

// options are what to ask the engine for: after the first lines, what comes behind the last of
// them. Whole seconds are the coarsest that engines compare; the skipper drops what is known.
func (s *logSession) options(stream *logStream, name string, follow bool) podmanapi.LogOptions {
	if window, ok := s.opts.Windows[name]; ok {
		return podmanapi.LogOptions{Tail: -1, Since: window.since, Until: window.until}
	}
	if stream.position.time.IsZero() {
		return podmanapi.LogOptions{Follow: follow, Tail: s.opts.Tail, Since: s.opts.Since, Until: s.opts.Until}
	}
	return podmanapi.LogOptions{Follow: follow, Tail: -1, Since: stream.position.time.Truncate(time.Second).Add(-time.Second)}
}

// read passes on the lines of a container that have not been read yet. Name is what the engine
// calls it now: the stream's own may change meanwhile.
func (s *logSession) read(ctx context.Context, stream *logStream, name string, follow bool, each func(logLine)) error {
	skip := skipper{floor: stream.position}
	if _, ok := s.opts.Windows[name]; ok && s.opts.Tail >= 0 {
		// An engine takes the last lines of the whole log and then those of the time.
		var tail []logLine
		pass := each
		each = func(line logLine) { tail = append(tail, line) }
		defer func() {
			for _, line := range tail[max(0, len(tail)-s.opts.Tail):] {
				pass(line)
			}
		}()
	}
	return s.engine.Logs(ctx, name, s.options(stream, name, follow), func(piece podmanapi.LogLine) {
		if !skip.fresh(piece) {
			return
		}
		stream.position.add(piece)
		if line, whole := stream.joiner.add(piece); whole {
			each(line)
		}
	})
}

// show prints all that the containers have written.
func (s *logSession) show(ctx context.Context, containers []plan.ContainerState) error {
	failures, err := s.history(ctx, containers)
	if err != nil {
		return err
	}
	return errors.Join(append(failures, s.rest())...)
}

// rest prints the lines that were never ended.
func (s *logSession) rest() error {
	for _, stream := range s.order {
		for _, line := range stream.joiner.rest() {
			if err := s.printer.print(line); err != nil {
				return err
			}
		}
	}
	return nil
}

// history prints what the containers have written up to now, merged by time. A container whose log
// cannot be read is one of the failures and does not keep back the others'; err is a failure to
// print.
func (s *logSession) history(ctx context.Context, containers []plan.ContainerState) (failures []error, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var sources []<-chan logLine
	var mu sync.Mutex
	for _, c := range containers {
		stream := s.add(c)
		stream.read = c.StartedAt
		if c.Status == plan.Created {
			continue // it has never run; some log drivers have no log to read then
		}
		source := make(chan logLine, 64)
		sources = append(sources, source)
		go func() {
			defer close(source)
			err := s.read(ctx, stream, c.Name, false, func(line logLine) {
				select {
				case source <- line:
				case <-ctx.Done():
				}
			})
			if err != nil && ctx.Err() == nil {
				mu.Lock()
				failures = append(failures, fmt.Errorf("read the log of %s: %w", clean(stream.path), err))
				mu.Unlock()
			}
		}()
	}
	err = mergeLines(sources, s.printer.print)
	cancel()
	for _, source := range sources {
		for range source { // until the readers have ended
		}
	}
	return failures, err
}

// mergeLines emits the lines of several sources by time, each source being in order itself. Lines
// of the same time keep the order of the sources; one without a time follows its predecessor.
func mergeLines(sources []<-chan logLine, emit func(logLine) error) error {
	type head struct {
		line logLine
		time time.Time
		ok   bool
	}
	heads := make([]head, len(sources))
	next := func(i int) {
		line, ok := <-sources[i]
		at := line.time
		if at.IsZero() {
			at = heads[i].time
		}
		heads[i] = head{line, at, ok}
	}
	for i := range sources {
		next(i)
	}
	for {
		first := -1
		for i, h := range heads {
			if h.ok && (first < 0 || h.time.Before(heads[first].time)) {
				first = i
			}
		}
		if first < 0 {
			return nil
		}
		if err := emit(heads[first].line); err != nil {
			return err
		}
		next(first)
	}
}
