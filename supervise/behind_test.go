package supervise

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// behind is an engine whose list was made a moment before something happened to a container, as any may be
// that is asked twice: once it shows the container as it was.
type behind struct {
	*world

	container string
	shows     plan.Status
}

func (b *behind) Pod(ctx context.Context, pod string) (plan.PodState, bool, error) {
	state, ok, err := b.world.Pod(ctx, pod)
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := state.Containers[b.container]; b.shows != "" && c.Status != b.shows && !c.StartedAt.IsZero() {
		b.set(b.container, func(c *plan.ContainerState) { c.Status = b.shows })
		state.Containers = b.state.Containers
		b.set(b.container, func(now *plan.ContainerState) { *now = c })
		b.shows = ""
	}
	return state, ok, err
}

func TestAnInspectionIsNewerThanTheListBeforeIt(t *testing.T) {
	bubble(t, aPod(onFailure, "job"), func(w *world) {
		w.lives["job"] = always(life{lasts: 5 * time.Second})
		engine := &behind{world: w, container: "web-job", shows: plan.Running}
		cfg := w.config()
		cfg.Engine = engine
		s := New(cfg, translate.Project{Name: "shop", Pods: []translate.Pod{w.pod}})
		if _, err := w.launch(s); err != nil {
			t.Fatal(err)
		}
		w.supervise(s, time.Minute)
		if engine.shows != "" {
			t.Fatal("the list was never behind")
		}
		if got := s.Status("web"); got.Phase != corev1.PodSucceeded {
			t.Errorf("the phase is %s for ever, %+v", got.Phase, got.ContainerStatuses)
		}
		if got := w.remembered(); got.Phase != corev1.PodSucceeded {
			t.Errorf("the phase remembered is %q", got.Phase)
		}
	})
}

func TestNewerTakesWhatTheInspectionSays(t *testing.T) {
	began := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	ended := began.Add(time.Second)
	list := func(status plan.Status) plan.ContainerState {
		return plan.ContainerState{Name: "web-app", ID: "one", Status: status, StartedAt: began.Truncate(time.Second)}
	}
	for name, c := range map[string]struct {
		listed plan.ContainerState
		run    plan.Run
		want   plan.Status
	}{
		"what has ended since is not running":               {list(plan.Running), plan.Run{ID: "one", StartedAt: began, FinishedAt: ended}, plan.Exited},
		"what is gone without an end is lost":               {list(plan.Running), plan.Run{ID: "one", StartedAt: began, Lost: true}, plan.Lost},
		"what was started since runs":                       {list(plan.Exited), plan.Run{ID: "one", StartedAt: ended, Pid: 7}, plan.Running},
		"what is paused stays so, as it has a process":      {list(plan.Paused), plan.Run{ID: "one", StartedAt: began, Pid: 7}, plan.Paused},
		"what is created has nothing to say":                {list(plan.Created), plan.Run{ID: "one"}, plan.Created},
		"another container of the name is not the listed":   {list(plan.Running), plan.Run{ID: "two", StartedAt: began, FinishedAt: ended}, plan.Running},
		"what the list knows to be lost stays so when lost": {list(plan.Lost), plan.Run{ID: "one", StartedAt: began, Lost: true}, plan.Lost},
	} {
		t.Run(name, func(t *testing.T) {
			if got := newer(c.listed, c.run); got.Status != c.want {
				t.Errorf("%v, want %v", got.Status, c.want)
			}
		})
	}
}
