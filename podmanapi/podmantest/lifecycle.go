package podmantest

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/podup/podup/podmanapi/podmantest/program"
)

const (
	// tidying is how long a container stays stopped before it is exited.
	tidying = 2 * time.Millisecond
	// restarting is how long the engine takes to start a container by its restart policy.
	restarting = 20 * time.Millisecond
)

func seconds(text string) (time.Duration, error) {
	number, err := strconv.Atoi(text)
	if err != nil {
		return 0, &failure{http.StatusBadRequest, err.Error(), "failed to parse parameters"}
	}
	return time.Duration(number) * time.Second, nil
}

func startContainer(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	one, err := c.container()
	if err != nil {
		return answer{}, err
	}
	if one.state == stateRunning {
		return answer{status: http.StatusNotModified}, nil
	}
	return answer{status: http.StatusNoContent}, s.start(one)
}

// start runs a container, its pod's infra container first. The caller holds mu.
func (s *Service) start(one *container) error {
	if one.state == stateStopping {
		return internal("container state improper", "container %s must be in Created or Stopped state to be started", one.id)
	}
	if one.pod != nil && !one.infra && !one.pod.infra.up() {
		if err := s.start(one.pod.infra); err != nil {
			// All Podman says of it (seen on 5.8.6 and 5.4.2).
			return internal("internal libpod error", "starting some containers")
		}
	}
	if one.infra {
		if err := s.openNetwork(one.pod); err != nil {
			one.lastError = err.Error()
			return err
		}
	}
	if err := s.launch(one); err != nil {
		one.lastError = err.Error()
		return err
	}
	s.change()
	return nil
}

// initContainer prepares a container up to the point where only the start is missing; from then on
// it holds its volumes.
func initContainer(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	one, err := c.container()
	if err != nil {
		return answer{}, err
	}
	if one.up() {
		return answer{status: http.StatusNotModified}, nil
	}
	if one.pod != nil && !one.pod.infra.up() {
		if err := s.start(one.pod.infra); err != nil {
			return answer{}, internal("internal libpod error", "starting some containers")
		}
	}
	if err := s.checkLaunch(one); err != nil {
		return answer{}, err
	}
	one.state = stateInitialized
	s.change()
	return answer{status: http.StatusNoContent}, nil
}

// ended notes the end of a run. The caller holds mu.
func (s *Service) ended(one *container, code int) {
	one.run = nil
	one.state = stateStopped
	one.exitCode = code
	one.finished = time.Now()
	one.lost = false
	for _, session := range s.sessions {
		if session.container == one {
			session.kill()
		}
	}
	if one.infra {
		s.closeNetwork(one.pod)
	}
	s.change()
	again := !one.byUser && !one.infra && (one.spec.RestartPolicy == "always" || one.spec.RestartPolicy == "unless-stopped" ||
		one.spec.RestartPolicy == "on-failure" && code != 0)
	finished := one.finished
	s.work.Go(func() {
		s.pause(tidying)
		s.mu.Lock()
		if one.state == stateStopped && one.finished.Equal(finished) {
			one.state = stateExited
			s.release()
			s.change()
		}
		s.mu.Unlock()
		if !again {
			return
		}
		s.pause(restarting)
		s.mu.Lock()
		defer s.mu.Unlock()
		if one.state == stateExited && one.finished.Equal(finished) && !one.byUser && slices.Contains(s.containers, one) && s.lifetime.Err() == nil {
			one.restarts++
			if err := s.start(one); err != nil {
				one.lastError = err.Error()
			}
		}
	})
}

func (s *Service) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.lifetime.Done():
	}
}

// Crash ends a container's process with an exit code, as if of its own accord: its restart policy
// applies. The name is the engine's.
func (s *Service) Crash(name string, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.mustFind(name)
	if one.run == nil {
		s.t.Fatalf("podmantest: %s does not run", name)
	}
	one.run.end()
	s.ended(one, code)
}

// Lose ends a container's process behind the engine's back, which goes on to believe that it runs,
// as it does when the process that watches it was killed, too.
func (s *Service) Lose(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.mustFind(name)
	if one.run == nil {
		s.t.Fatalf("podmantest: %s does not run", name)
	}
	one.run.end()
	one.lost = true
	s.change()
}

func (s *Service) mustFind(name string) *container {
	i := s.containerIndex(name)
	if i < 0 {
		s.t.Fatalf("podmantest: no container %q", name)
	}
	return s.containers[i]
}

func stopContainer(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	one, err := c.container()
	if err != nil {
		s.mu.Unlock()
		return answer{}, err
	}
	over := one.state == stateExited || one.state == stateStopped
	s.mu.Unlock()
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
	return answer{status: http.StatusNoContent}, s.stop(c.r.Context(), one, grace)
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
	switch strings.TrimPrefix(c.query.Get("signal"), "SIG") {
	case "TERM", "15":
		one.run.terminate()
	case "KILL", "9", "":
		one.byUser = true
		one.run.end()
		s.ended(one, program.Killed)
	default: // a program of podmantest knows no other signal
	}
	return answer{status: http.StatusNoContent}, nil
}

// waitContainer answers once the container is in one of the states asked for, with the exit code of
// its last run as the whole body. One that never ran counts as exited, with 0 (seen on 5.8.6); one
// that is initialised does not.
func waitContainer(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	one, err := c.container()
	if err != nil {
		s.mu.Unlock()
		return answer{}, err
	}
	conditions := c.query["condition"]
	if len(conditions) == 0 {
		conditions = []string{stateStopped, stateExited}
	}
	ends := slices.Contains(conditions, stateStopped) || slices.Contains(conditions, stateExited)
	run := one.run
	s.mu.Unlock()
	code := 0
	err = s.until(c.r.Context(), func() (bool, error) {
		code = one.exitCode
		switch {
		case run != nil && one.run != run && ends:
			// Over, even where the restart policy has begun the next run by now.
			return one.state != stateStopped, nil
		case !slices.Contains(s.containers, one):
			return false, notFound("no such container", "no container with name or ID %q found", c.name)
		case one.state == stateCreated && ends:
			return true, nil
		}
		return slices.Contains(conditions, one.state), nil
	})
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: strconv.Itoa(code)}, nil
}
