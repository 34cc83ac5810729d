package podmantest

import (
	"net/http"
	"slices"
	"strconv"
)

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
