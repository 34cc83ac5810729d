package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/podup/podup/systemd"
	"github.com/podup/podup/translate"
)

// service is an `up` that a service manager has started and that tells it how the pods are. What runs is
// supervised from the beginning, also while manifests are read and images are pulled. It ends when it is
// told to, which stops the pods, and when nothing of the project is left.
//
// The fields below the line are those of the goroutine of run. It never waits: what takes long is done
// beside it, each kind once at a time, and gives its result to a channel that holds one.
type service struct {
	*supervision

	opts     *upOptions
	view     statusView
	notifier *systemd.Notifier
	place    *lock
	began    time.Time
	settled  atomic.Bool // the manifests have been applied, or what runs goes on without

	hangup, quit, signals chan os.Signal
	changed, lines        chan struct{}

	group   sync.WaitGroup
	applied chan application
	loaded  chan reading
	ended   chan error // of the supervisor
	alive   chan error

	applying, leading, checking bool
	reads                       bool // is reading definitions
	again                       bool // is to read them once more
	current                     bool // they are those of the manifests
	wanted                      []string
	trouble                     string // what could not be applied
	failures                    int    // in a row, of applying
	retry                       <-chan time.Time
	checked                     time.Time
	runs                        string // the runs that the logs have been looked for
}

// application is the end of an attempt to apply the manifests.
type application struct {
	wanted []string
	err    error
}

// reading is the end of an attempt to read the definitions.
type reading struct {
	pods int
	gone bool // and nothing more will come: the place has been given up
	err  error
}

// serve carries out an up under a service manager.
func (a *app) serve(ctx context.Context, opts *upOptions, n *systemd.Notifier) error {
	s := &service{
		opts: opts, notifier: n, view: statusView{view: a.view(""), tell: n.Status, notes: true, said: &sometimes{}}, began: time.Now(),
		hangup: make(chan os.Signal, 1), quit: make(chan os.Signal, 1), signals: make(chan os.Signal, 8),
		changed: make(chan struct{}, 1), lines: make(chan struct{}, 1),
		applied: make(chan application, 1), loaded: make(chan reading, 1), ended: make(chan error, 1), alive: make(chan error, 1),
	}
	err := a.serveWith(ctx, s)
	if err != nil {
		n.Status("failed: " + s.view.because(err))
	}
	return err
}

func (a *app) serveWith(ctx context.Context, s *service) error {
	project, err := a.projectName()
	if err != nil {
		return err
	}
	runtime, err := openRuntime(a.env.Getenv, project)
	if err != nil {
		return err
	}
	signal.Notify(s.signals, os.Interrupt, syscall.SIGTERM)
	notifySupervisor(s.hangup, s.quit)
	for _, c := range []chan os.Signal{s.hangup, s.quit, s.signals} {
		defer signal.Stop(c)
	}
	engine, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	// Whoever has led the project until now leaves its pods alone.
	if err := runtime.endSupervisor(); err != nil {
		return fmt.Errorf("take over the pods of project %s: %w", project, err)
	}
	if s.place, err = runtime.takePlace(supervisorPatience); err != nil {
		return fmt.Errorf("supervise project %s: %w", project, err)
	}
	defer s.place.release()
	if s.supervision, err = a.newSupervision(ctx, engine, runtime); err != nil {
		return err
	}
	defer s.supervision.close()
	s.supervision.changed = func(string) { signalOnce(s.changed) }
	logs, quiet := context.WithCancel(context.WithoutCancel(ctx))
	var printing sync.WaitGroup
	printing.Go(func() { s.follow(logs) })
	defer printing.Wait()
	defer quiet()
	return s.run(ctx)
}

// signalOnce leaves a signal that nobody has taken yet as it is.
func signalOnce(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// run is the service's loop.
func (s *service) run(ctx context.Context) error {
	staying, leave := context.WithCancel(ctx)
	defer s.group.Wait()
	defer leave()
	if err := s.adopt(staying); err != nil {
		return err
	}
	s.apply(staying)
	ticker := time.NewTicker(s.every())
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			s.leave("stopping the pods", longest(s.pods())+stopMargin)
			leave()
			s.group.Wait()
			return s.stop(context.WithoutCancel(ctx))
		case <-s.quit:
			s.leave("somebody else leads the pods, or they are down", 0)
			return nil
		case end := <-s.applied:
			if err := s.afterApplying(staying, end); err != nil {
				return err
			}
		case end := <-s.loaded:
			if end.gone {
				s.leave("the project is down", 0)
				return nil
			}
			s.afterReading(staying, end)
		case err := <-s.ended:
			s.leading = false
			if err != nil && staying.Err() == nil {
				s.app.warn(err.Error())
			}
			s.read(staying)
		case <-s.hangup:
			if !s.applying {
				s.notifier.Reloading()
			}
			s.read(staying)
		case <-s.retry:
			s.apply(staying)
		case <-s.changed:
		case <-ticker.C:
			s.check(staying)
		case err := <-s.alive:
			s.checking = false
			if err == nil {
				s.notifier.Alive()
			}
		}
		if err := s.tell(staying); err != nil {
			return err
		}
	}
}

// adopt supervises what runs, before anything else is tried. What does not is left to the up.
func (s *service) adopt(ctx context.Context) error {
	if _, err := s.load(ctx); err != nil {
		return err
	}
	actual, err := s.engine.Observe(ctx, translate.Project{Name: s.runtime.project})
	if err != nil {
		return err
	}
	for _, name := range podNames(actual) {
		if (life{state: actual.Pods[name]}).running() {
			s.supervise(ctx)
			break
		}
	}
	return nil
}

func (s *service) supervise(ctx context.Context) {
	if !s.leading {
		s.leading = true
		s.group.Go(func() { s.ended <- s.supervisor.Run(ctx) })
	}
}

// apply brings the pods to what the manifests say.
func (s *service) apply(ctx context.Context) {
	s.applying, s.retry = true, nil
	s.group.Go(func() {
		var end application
		var t target
		if t, end.err = s.opts.target(s.view); end.err == nil {
			for _, pod := range t.set.Pods {
				end.wanted = append(end.wanted, pod.Object.Name)
			}
			t.foreground = true
			_, end.err = s.app.converge(ctx, s.engine, t, s.view, s.opts.timeout)
		}
		s.applied <- end
	})
}

// The pauses between two attempts to apply manifests beside pods that run (kubelet: MaxContainerBackOff
// and the image pull's back-off).
const (
	firstRetry = 10 * time.Second
	lastRetry  = 5 * time.Minute
)

// afterApplying decides what follows. While nothing runs, the service manager is to know and try again.
func (s *service) afterApplying(ctx context.Context, end application) error {
	s.applying = false
	if ctx.Err() != nil {
		return nil //nolint:nilerr // that is why it has ended
	}
	if asTrouble(end.err) { // the pods are tried again by their policies
		s.app.warn(end.err.Error())
		end.err = nil
	}
	if end.err != nil && !s.leading {
		return end.err
	}
	var chosen *exitError
	switch {
	case end.err == nil:
		s.trouble, s.wanted, s.failures = "", end.wanted, 0
		if len(s.opts.pods) > 0 {
			s.wanted = s.opts.pods
		}
	case errors.As(end.err, &chosen) && chosen.code == exitManifest:
		s.app.report(end.err)
		s.trouble = s.view.because(end.err) + "; what was applied before runs on"
		s.app.warn("the manifests are invalid; what was applied before runs on")
	default:
		s.app.report(end.err)
		pause := min(firstRetry<<min(s.failures, 10), lastRetry)
		s.failures++
		s.retry = time.After(pause)
		s.trouble = fmt.Sprintf("not applied, and tried again after %s: %s", pause, s.view.because(end.err))
		return nil
	}
	s.settled.Store(true)
	s.read(ctx)
	return nil
}

// read reads the definitions that were applied last, and once more where it is at it.
func (s *service) read(ctx context.Context) {
	if s.reads {
		s.again = true
		return
	}
	s.reads, s.again = true, false
	s.group.Go(func() { s.loaded <- s.reread(ctx) })
}

// reread is load under the project's lock, which an up may have for a long time.
func (s *service) reread(ctx context.Context) (end reading) {
	held, err := acquire(ctx, s.app.env.Getenv, s.runtime.project, "podup up, which supervises,", func(string) {})
	if err != nil {
		return reading{err: err}
	}
	defer held.release()
	if end.pods, end.err = s.load(ctx); end.err == nil && end.pods == 0 && s.settled.Load() {
		// Nobody makes a pod while the project is locked: whoever does next finds no supervisor.
		end.gone = true
		_ = s.place.remove()
		_ = os.Remove(s.runtime.path) // unless it holds what is known of a pod
		_ = held.remove()
	}
	return end
}

func (s *service) afterReading(ctx context.Context, end reading) {
	s.reads = false
	switch {
	case ctx.Err() != nil:
		return
	case end.err != nil:
		s.app.warn(end.err.Error())
		s.group.Go(func() { // nobody tells a second time
			select {
			case <-time.After(reloadInterval):
				select {
				case s.hangup <- syscall.SIGHUP:
				default:
				}
			case <-ctx.Done():
			}
		})
		return
	case s.again:
		s.read(ctx)
		return
	}
	if s.settled.Load() {
		s.current = true
		if end.pods > 0 {
			s.supervise(ctx)
		}
	}
	if s.notifier.IsReady() { // it ends a reload
		s.notifier.Ready(s.describe(s.names(), time.Now()).text(s.trouble))
	}
}

// stopMargin is what a stop takes beside the graces: the lock of somebody else, and Podman.
const stopMargin = 30 * time.Second

// leave tells the service manager that the service ends of its own accord. One that ends before it was
// ready has failed to start, and is started again: also after a `podup down`.
func (s *service) leave(why string, most time.Duration) {
	if !s.notifier.IsReady() {
		s.notifier.Ready(why)
	}
	s.notifier.Stopping(why, most)
}

// stop stops the pods as a foreground up does. Who takes the project down meanwhile takes that over.
func (s *service) stop(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	over := make(chan struct{})
	defer close(over)
	go func() {
		select {
		case <-s.quit:
			cancel()
		case <-over:
		}
	}()
	project := s.runtime.project
	actual, err := s.engine.Observe(ctx, translate.Project{Name: project})
	if err == nil {
		at := attendance{project: project, pods: s.opts.pods, actual: actual, since: s.began, timeout: s.opts.timeout}
		err = s.app.stop(ctx, s.engine, s.view, at, stopPlan(actual, s.opts.pods, s.opts.timeout.value()), s.signals)
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// pods are the definitions of what is supervised.
func (s *service) pods() []translate.Pod {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.want.Pods
}
