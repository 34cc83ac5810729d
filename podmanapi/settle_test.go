package podmanapi_test

import (
	"encoding/json"
	"testing"

	"github.com/podup/podup/plan"
)

func TestAPassingStateIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	for name, passing := range map[string]map[string]any{
		"the engine does not know yet that the process has gone": {"State": "running", "Pid": 0},
		"the engine does not know yet when the process ended":    {"State": "exited"},
		"the container is between two runs":                      {"State": "created", "Restarts": 2},
		"the container is set up to run again":                   {"State": "initialized", "StartedAt": 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.up()
			app := s.observe().Pods["web"].Containers["web-app"]
			for key, value := range map[string]any{
				"Id": app.ID, "Names": []string{"web-app"}, "PodName": "web",
				"Labels": s.app.Labels(),
			} {
				passing[key] = value
			}
			body, err := json.Marshal([]any{passing})
			s.must(err)
			s.service.Garble("GET /containers/json", string(body), 2)
			if got := s.observe().Pods["web"].Containers["web-app"]; got.Status != plan.Running {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestAStateThatStaysIsBelieved(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.up()
	s.service.Lose("web-app")
	if got := s.observe().Pods["web"].Containers["web-app"]; got.Status != plan.Lost {
		t.Errorf("got %+v", got)
	}
}
