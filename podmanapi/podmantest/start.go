package podmantest

import (
	"net/http"
	"slices"
	"strconv"
	"time"
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
	for _, a := range one.attached {
		close(a.done)
	}
	one.attached = nil
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
