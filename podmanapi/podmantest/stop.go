package podmantest

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/podup/podup/podmanapi/podmantest/program"
)

func stopContainer(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	one, err := c.container()
	if err != nil {
		s.mu.Unlock()
		return answer{}, err
	}
	over := one.state == stateExited || one.state == stateStopped
	paused := one.state == statePaused
	s.mu.Unlock()
	if paused {
		return answer{}, internal("container state improper", "container %s is running or paused, refusing to clean up", one.id)
	}
	if over {
		return answer{status: http.StatusNotModified}, nil
	}
	grace := time.Duration(-1)
	for _, name := range []string{"timeout", "t"} {
		if t := c.query.Get(name); t != "" {
			if grace, err = seconds(t); err != nil {
				return answer{}, err
			}
		}
	}
	if one.pod != nil {
		one.pod.lock.Lock()
		defer one.pod.lock.Unlock()
	}
	return answer{status: http.StatusNoContent}, s.stop(c.r.Context(), one, grace)
}

const (
	sigkill = 9
	sigterm = 15
)

// stopSignal is a number, or as an inspection shows the usual two, a name.
func (c *container) stopSignal() string {
	switch c.spec.StopSignal {
	case 0, sigterm:
		return "SIGTERM"
	case sigkill:
		return "SIGKILL"
	}
	return strconv.Itoa(c.spec.StopSignal)
}

// stop ends a container: SIGTERM, and SIGKILL after grace, at once if that is zero; a negative grace
// is the container's own. A created one stays as it is.
func (s *Service) stop(ctx context.Context, one *container, grace time.Duration) error {
	s.mu.Lock()
	one.byUser = true
	switch {
	case !one.up():
		s.mu.Unlock()
		return nil
	case one.state == stateInitialized || one.lost:
		s.ended(one, program.Killed)
		s.mu.Unlock()
		return nil
	}
	if grace < 0 {
		grace = one.grace()
	}
	if one.spec.StopSignal == sigkill {
		grace = 0 // the signal ends it at once, however long one would wait
	}
	run := one.run
	one.state = stateStopping
	if grace > 0 {
		run.terminate()
	}
	s.change()
	s.mu.Unlock()

	patience, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	over := func() (bool, error) { return one.run != run, nil }
	if s.until(patience, over) != nil && ctx.Err() == nil {
		s.kill(one, run)
	}
	// A caller that gave up leaves the container stopping, and Podman goes on with it.
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.run == run {
		s.work.Go(func() {
			rest, cancel := context.WithTimeout(s.lifetime, grace)
			defer cancel()
			if s.until(rest, over) != nil {
				s.kill(one, run)
			}
		})
		return ctx.Err()
	}
	return nil
}

// kill ends the given run of a container as SIGKILL does.
func (s *Service) kill(one *container, run *process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.run != run {
		return
	}
	run.end()
	s.ended(one, program.Killed)
}

// stopAll stops the containers of a pod, the infra container last.
func (s *Service) stopAll(ctx context.Context, members []*container, grace time.Duration) error {
	var group sync.WaitGroup
	for _, one := range members {
		if !one.infra {
			group.Go(func() { s.stop(ctx, one, grace) })
		}
	}
	group.Wait()
	for _, one := range members {
		if one.infra {
			s.stop(ctx, one, grace)
		}
	}
	return ctx.Err()
}

// restartContainer leaves the volumes mounted: a tmpfs keeps its content.
func restartContainer(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	one, err := c.container()
	if err != nil {
		s.mu.Unlock()
		return answer{}, err
	}
	one.keeps = true
	s.mu.Unlock()
	err = s.stop(c.r.Context(), one, -1)
	s.mu.Lock()
	defer s.mu.Unlock()
	one.keeps = false
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, s.start(one)
}

// pauseContainer changes the state alone: the program goes on, and nobody looks.
func pauseContainer(c *call) (answer, error) {
	return c.suspend(stateRunning, statePaused, `%q is not running, can't pause`)
}

func unpauseContainer(c *call) (answer, error) {
	return c.suspend(statePaused, stateRunning, `%q is not paused, can't unpause`)
}

func (c *call) suspend(from, to, otherwise string) (answer, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	one, err := c.container()
	if err != nil {
		return answer{}, err
	}
	if one.state != from {
		return answer{}, internal("container state improper", otherwise, one.id)
	}
	one.state = to
	c.s.change()
	return answer{status: http.StatusNoContent}, nil
}

func killContainer(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	one, err := c.container()
	if err != nil {
		return answer{}, err
	}
	if one.state != stateRunning && one.state != stateStopping {
		return answer{}, &failure{http.StatusConflict, "container state improper",
			"can only kill running containers. " + one.id + " is in state " + one.state}
	}
	switch signal := strings.TrimPrefix(c.query.Get("signal"), "SIG"); signal {
	case "KILL", "9", "":
		one.byUser = true
		one.run.end()
		s.ended(one, program.Killed)
	case "TERM", strconv.Itoa(sigterm), strconv.Itoa(one.spec.StopSignal):
		one.run.terminate()
	default: // a program of podmantest knows no other signal
	}
	return answer{status: http.StatusNoContent}, nil
}
