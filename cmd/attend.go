package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// attendance is a foreground `up` after its pods have come up.
type attendance struct {
	project string
	pods    []string // as in the command line; empty is all
	actual  plan.Actual
	since   time.Time // when the command began: what was written before is not shown
	timeout grace
}

// attend follows the logs until the user interrupts or all containers have ended, and then stops
// the pods. Another interrupt kills them.
func (a *app) attend(ctx context.Context, engine Engine, v view, at attendance) error {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	// Standard output is the containers' here.
	a.showProject(ctx, engine, a.env.Err, at.actual)
	h, err := a.host(ctx, engine, at.project)
	if err != nil {
		return err
	}
	defer h.end()

	containers := slices.DeleteFunc(projectContainers(at.actual), func(c plan.ContainerState) bool {
		return len(at.pods) > 0 && !slices.Contains(at.pods, c.Pod)
	})
	var names []string
	if len(at.pods) > 0 {
		names = containerPaths(containers)
	}
	if finished(containers) {
		v.Note("all containers have finished, and are left so; podup up --force-recreate runs them again")
	}
	err = followLogs(ctx, a.env, engine, containers, logsOptions{
		// Podman 5.4 gives log lines whole seconds.
		Project: at.project, Names: names, Tail: -1, Since: at.since.Truncate(time.Second), Color: a.color.value,
		Expect: func() bool { return h.expects(at.pods) },
	})
	interrupted := ctx.Err() != nil
	if err != nil && !interrupted {
		return fmt.Errorf("follow the logs; the pods run on: %w", err)
	}
	if interrupted {
		v.Note("stopping the pods; press Ctrl-C again to kill them")
	}
	ctx = context.WithoutCancel(ctx)
	h.end()
	actual, err := engine.Observe(ctx, translate.Project{Name: at.project})
	if err != nil {
		return err
	}
	if err := a.stop(ctx, engine, v, at, stopPlan(actual, at.pods, at.timeout.value()), signals); err != nil {
		return err
	}
	if interrupted {
		return exit(exitInterrupted, nil)
	}
	return ended(actual, at.pods)
}

// finished says whether every app container has ended of its own accord.
func finished(containers []plan.ContainerState) bool {
	apps := 0
	for _, c := range containers {
		if c.Role == translate.RoleApp {
			apps++
			if c.Status != plan.Exited {
				return false
			}
		}
	}
	return apps > 0
}

// stop stops pods, or kills them when the user cannot wait.
func (a *app) stop(ctx context.Context, engine Engine, v view, at attendance, p plan.Plan, again <-chan os.Signal) error {
	if p.Empty() {
		return nil
	}
	patient, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		held, err := acquire(patient, a.env.Getenv, at.project, "podup up, which stops its pods,", v.Note)
		if err == nil {
			err = a.stopLed(patient, engine, v, p)
			held.release()
		}
		done <- err
	}()
	if ended, err := endsBefore(again, done); ended {
		return err
	}
	v.Note("killing the pods")
	// The containers that are being stopped need no lock to be killed.
	executor := apply.Executor{Engine: launchless{engine}}
	err := executor.Run(ctx, withGrace(p, grace{text: "0"})).Err
	// What was patient sees by itself that the pods are gone, unless it still waits for the lock.
	select {
	case <-done: //nolint:errcheck // how the patient way ended no longer counts
	case <-time.After(killedTime):
		cancel()
		<-done //nolint:errcheck // that it was cancelled
	}
	return err
}

// stopLed stops pods as podup stop does.
func (a *app) stopLed(ctx context.Context, engine Engine, v view, p plan.Plan) error {
	o, err := a.overview(ctx, engine, p.Project)
	if err != nil {
		return err
	}
	pods, err := o.lives(ctx, nil)
	if err != nil {
		return err
	}
	return a.leadPlan(ctx, engine, v, o.actual, pods, p, stopped)
}

// killedTime is how long the stopping may take once the pods have been killed.
const killedTime = 2 * time.Second

// echoTime is how long after the first interrupt others still belong to it: programs between podup and
// the terminal (timeout, make) pass on a signal that the process group has got already.
const echoTime = 500 * time.Millisecond

// endsBefore waits for the end of the stopping, or for an interrupt that is one of its own.
func endsBefore(again <-chan os.Signal, done <-chan error) (ended bool, err error) {
	for began := time.Now(); ; {
		select {
		case err := <-done:
			return true, err
		case <-again:
			if time.Since(began) >= echoTime {
				return false, nil
			}
		}
	}
}

// stopPlan stops the pods that are there.
func stopPlan(actual plan.Actual, pods []string, timeout time.Duration) plan.Plan {
	p := plan.Plan{Project: actual.Project}
	for _, name := range podNames(actual) {
		if len(pods) > 0 && !slices.Contains(pods, name) {
			continue
		}
		p.Steps = append(p.Steps, plan.Step{Op: plan.StopPod{Pod: name, Grace: timeout}, Change: len(p.Changes)})
		p.Changes = append(p.Changes, plan.Change{
			Action: plan.ActionStop, Object: "pod/" + name, Reasons: []string{"the foreground podup up ends"},
		})
	}
	return p
}

// ended tells whether all containers did what they had to.
func ended(actual plan.Actual, pods []string) error {
	var errs []error
	for _, name := range podNames(actual) {
		if len(pods) > 0 && !slices.Contains(pods, name) {
			continue
		}
		for _, c := range podContainers(actual.Pods[name]) {
			switch {
			case c.Role == translate.RoleSidecar: // its end means nothing
			case c.Status == plan.Exited && c.ExitCode != 0:
				errs = append(errs, fmt.Errorf("container %s ended with exit code %d", containerPath(c), c.ExitCode))
			case c.Status == plan.Lost:
				errs = append(errs, fmt.Errorf("container %s is gone; how it ended is unknown", containerPath(c)))
			}
		}
	}
	return errors.Join(errs...)
}
