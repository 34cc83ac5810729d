package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/podup/podup/handler"
	"github.com/podup/podup/plan"
	"github.com/podup/podup/supervise"
	"github.com/podup/podup/translate"
)

const (
	superviseCommand = "supervise"
	netnsCommand     = "netns"
	// supervisorPatience is how long a supervisor waits for the place of one that is ending.
	supervisorPatience = 2 * time.Second
)

// Stays says whether arguments are those of a process that stays in the background.
func Stays(args []string) bool {
	return len(args) > 0 && (args[0] == superviseCommand || args[0] == netnsCommand)
}

// newSuperviseCommand is what `podup up -d` starts in the background: one for each project.
func newSuperviseCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:    superviseCommand,
		Short:  "Supervise the pods of a project until it is down",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE:   func(command *cobra.Command, _ []string) error { return a.supervise(command.Context()) },
	}
}

// newNetnsCommand is what podup starts in the engine's user namespace for hooks and probes.
func newNetnsCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:    netnsCommand,
		Short:  "Perform hooks and probes for a supervisor",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return handler.Serve(command.Context(), a.env.In, a.env.Out)
		},
	}
}

// supervise leads a project's pods until none is left. SIGHUP says that the definitions have changed,
// SIGUSR1 that another takes the place; the end of ctx, SIGTERM, ends the pods as well.
func (a *app) supervise(ctx context.Context) error {
	project, err := a.projectName()
	if err != nil {
		return err
	}
	runtime, err := openRuntime(a.env.Getenv, project)
	if err != nil {
		return err
	}
	// From here on, for SIGHUP to somebody who does not listen yet would be the end.
	hangup, quit := make(chan os.Signal, 1), make(chan os.Signal, 1)
	notifySupervisor(hangup, quit)
	defer signal.Stop(hangup)
	defer signal.Stop(quit)
	place, err := runtime.takePlace(supervisorPatience)
	if errors.Is(err, errHeld) {
		return nil // there is one, which will be told
	}
	if err != nil {
		return fmt.Errorf("supervise project %s: %w", project, err)
	}
	defer place.release()
	engine, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	s, err := a.newSupervision(ctx, engine, runtime)
	if err != nil {
		return err
	}
	defer s.close()
	staying, leave := context.WithCancel(ctx)
	defer leave()
	go func() {
		select {
		case <-quit:
			leave()
		case <-staying.Done():
		}
	}()
	for staying.Err() == nil {
		// Whoever takes a project down has the lock, and tells this supervisor to leave.
		held, err := acquire(staying, a.env.Getenv, project, "podup supervise", func(string) {})
		if err != nil {
			break
		}
		pods, err := s.load(staying)
		if staying.Err() != nil {
			held.release()
			break
		}
		if err != nil || pods == 0 {
			if err != nil {
				held.release()
				return err
			}
			// Nobody makes a pod while the project is locked: whoever does next finds no supervisor.
			_ = place.remove()
			_ = os.Remove(runtime.path) // unless it holds what is known of a pod
			_ = held.remove()           // made by nobody else, where an up has taken back all it did
			return nil
		}
		held.release()
		s.run(staying, hangup)
	}
	if ctx.Err() == nil {
		return nil
	}
	return s.end(context.WithoutCancel(ctx))
}

// supervision is a supervisor with what it needs.
type supervision struct {
	app        *app
	engine     Engine
	runtime    runtimeDir
	handler    *handler.Handler
	supervisor *supervise.Supervisor
	changed    func(pod string) // supervise.Config.Changed

	mu   sync.Mutex
	want translate.Project
}

func (a *app) newSupervision(ctx context.Context, engine Engine, runtime runtimeDir) (*supervision, error) {
	s := &supervision{app: a, engine: engine, runtime: runtime}
	var err error
	s.handler, err = a.handler(ctx, engine)
	return s, err
}

func (s *supervision) close() { _ = s.handler.Close() }

// load reads what was applied to the pods the engine has, and says how many there are.
func (s *supervision) load(ctx context.Context) (pods int, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, loadTime, errors.New("the engine does not answer"))
	defer cancel()
	o := &overview{engine: s.engine, runtime: s.runtime, actual: plan.Actual{Project: s.runtime.project}}
	if err := o.look(ctx); err != nil {
		return 0, err
	}
	if err := o.read(ctx, s.app.warn); err != nil {
		return 0, err
	}
	s.define(o.actual)
	// Without a release there is no flag to remember.
	if latest, ok, err := s.engine.History(s.runtime.project).Latest(ctx); err == nil && ok {
		s.supervisor.SetMaxBackoff(latest.Options.MaxBackoff)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.want.Pods), nil
}

// loadTime is how long an engine that hangs can keep an up waiting for the lock under which is loaded.
const loadTime = 10 * time.Second

// define takes the definitions from a snapshot.
func (s *supervision) define(actual plan.Actual) {
	want := translate.Project{Name: actual.Project}
	for _, name := range podNames(actual) {
		if state := actual.Pods[name]; state.ID != "" {
			want.Pods = append(want.Pods, definition(actual, state))
		}
	}
	s.mu.Lock()
	s.want = want
	s.mu.Unlock()
	if s.supervisor != nil {
		s.supervisor.Reload(want)
		return
	}
	s.supervisor = supervise.New(supervise.Config{
		Engine: s.engine, Handler: s.handler,
		Lock: s.runtime.lockPod, Report: s.app.recorder(s.runtime), Restart: s.remake, Changed: s.changed,
	}, want)
}

// run supervises until no pod is left, or until ctx ends; then what runs runs on.
func (s *supervision) run(ctx context.Context, hangup <-chan os.Signal) {
	ended := make(chan error, 1)
	go func() { ended <- s.supervisor.Run(ctx) }()
	var again <-chan time.Time
	for {
		select {
		case err := <-ended:
			if err != nil && ctx.Err() == nil {
				s.app.warn(err.Error())
			}
			return
		case <-hangup:
		case <-again:
		}
		again = nil
		held, err := acquire(ctx, s.app.env.Getenv, s.runtime.project, "podup supervise", func(string) {})
		if err != nil {
			continue // the end of ctx
		}
		_, err = s.load(ctx)
		held.release()
		if err != nil && ctx.Err() == nil {
			s.app.warn(err.Error())
			again = time.After(reloadInterval) // nobody tells a second time
		}
	}
}

// reloadInterval is how long a supervisor waits that could not read its definitions.
const reloadInterval = time.Second

// end takes all pods down, as the end of the session or of the machine asks for. They count as stopped:
// that a container has ended with 0 does not mean that it has done its work.
func (s *supervision) end(ctx context.Context) error {
	actual, err := s.engine.Observe(ctx, translate.Project{Name: s.runtime.project})
	if err != nil {
		return err
	}
	return s.app.stopLed(ctx, s.engine, newView(s.app.env, viewOptions{Progress: "quiet"}), stopPlan(actual, nil, -1))
}

// remake brings a pod whose infra container has ended to where it can be launched again: its network is
// made anew, and with it the containers that were made for the old one.
func (s *supervision) remake(ctx context.Context, pod string) error {
	s.mu.Lock()
	want := s.want
	s.mu.Unlock()
	i := slices.IndexFunc(want.Pods, func(p translate.Pod) bool { return p.Name == pod })
	if i < 0 {
		return fmt.Errorf("remake pod/%s: nobody knows what it was made from", pod)
	}
	want.Pods = []translate.Pod{want.Pods[i]}
	actual, err := s.engine.Observe(ctx, want)
	if err != nil {
		return err
	}
	actual.Applied = []translate.Project{want}
	p := plan.Diff(want, actual, plan.Options{Pods: []string{pod}})
	if err := possible(p); err != nil {
		return err
	}
	// Whoever removes a pod by hand ends its infra container first. What is removed stays so.
	if slices.ContainsFunc(p.Steps, func(step plan.Step) bool { _, creates := step.Op.(plan.CreatePod); return creates }) {
		return fmt.Errorf("remake pod/%s: it has been removed, or a part of it; podup up makes it again", pod)
	}
	return s.app.run(ctx, launchless{s.engine}, newView(s.app.env, viewOptions{Progress: "quiet"}), p).Err
}

// launchless makes what a plan makes and starts no container: the supervisor does.
type launchless struct{ Engine }

func (launchless) RunPod(context.Context, plan.RunPod, func(string)) ([]string, error) {
	return nil, nil
}

// placePath is the lock that whoever supervises the project holds.
func (r runtimeDir) placePath() string { return filepath.Join(r.path, "supervisor.lock") }

// takePlace becomes the project's supervisor, or gives errHeld.
func (r runtimeDir) takePlace(patience time.Duration) (*lock, error) {
	if err := r.make(); err != nil {
		return nil, err
	}
	for began := time.Now(); ; time.Sleep(podLockInterval) {
		place, err := tryAcquire(r.path, r.placePath())
		switch {
		case err == nil, !errors.Is(err, errHeld) && !errors.Is(err, errGone):
			return place, err
		case time.Since(began) >= patience:
			return nil, errHeld
		}
	}
}
