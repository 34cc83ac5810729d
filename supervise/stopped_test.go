package supervise

import (
	"context"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

func TestAContainerThatIsStoppedAndStartedKeepsItsEnd(t *testing.T) {
	for name, test := range map[string]struct {
		led    time.Duration // how long a supervisor has looked at the pod before
		lives  life
		policy corev1.TerminationMessagePolicy
		code   int
		reason string
		says   string
	}{
		"a run that the supervisor knows":             {time.Second, life{}, "", 0, status.Completed, ""},
		"a run that nobody has looked at":             {0, life{}, "", 0, status.Completed, ""},
		"one that ends badly on its stop signal":      {time.Second, life{exit: 3}, "", 3, status.Error, ""},
		"one that is deaf to it":                      {time.Second, life{deaf: true}, "", 137, status.Error, ""},
		"one whose log is to tell why it ended badly": {time.Second, life{exit: 3}, corev1.TerminationMessageFallbackToLogsOnError, 3, status.Error, "the last line\n"},
	} {
		t.Run(name, func(t *testing.T) {
			pod := aPod(onAlways, "app", lifecycle("app", func(l *translate.Lifecycle) { l.MessagePolicy = test.policy }))
			bubble(t, pod, func(w *world) {
				w.lives["app"] = always(test.lives)
				s, c := w.supervisor(), pod.Apps[0]
				if _, err := w.launch(s); err != nil {
					t.Fatal(err)
				}
				if test.led > 0 {
					w.supervise(w.supervisor(), test.led)
				}
				for count := int32(1); count <= 2; count++ {
					<-time.After(time.Second)
					restart(t, w, s, c)
					got := w.remembered().Containers["app"]
					if got.Previous == nil || got.Restarts != count {
						t.Fatalf("after restart %d: %+v", count, got)
					}
					end := *got.Previous
					if end.Lost || end.ExitCode != test.code || status.Reason(end) != test.reason || end.Message != test.says || end.FinishedAt.IsZero() {
						t.Errorf("restart %d: it ended so: %+v", count, end)
					}
				}
			})
		})
	}
}

// restart does what a plan does that restarts one container.
func restart(t *testing.T, w *world, s *Supervisor, c translate.Container) {
	t.Helper()
	held, err := w.hold(w.t.Context(), "web")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Unlock()
	save := held.Save
	held.Save = func(m status.Memory) error {
		held.Memory, held.Known = m, true
		return save(m)
	}
	if err := s.StopContainer(w.t.Context(), c, c.EngineName(), -1); err != nil {
		t.Fatal(err)
	}
	if err := s.Stopped(w.t.Context(), w.pod, c, c.EngineName(), held); err != nil {
		t.Fatal(err)
	}
	if err := s.StartContainer(w.t.Context(), w.pod, c, c.EngineName(), held); err != nil {
		t.Fatal(err)
	}
}

func TestAPodOfWhichNothingIsRememberedIsNotRememberedForAStop(t *testing.T) {
	pod := aPod(onAlways, "app")
	bubble(t, pod, func(w *world) {
		held, _ := w.hold(w.t.Context(), "web")
		defer held.Unlock()
		if err := w.supervisor().Stopped(w.t.Context(), pod, pod.Apps[0], "web-app", held); err != nil || w.memory != nil || w.inspects > 0 {
			t.Errorf("%v, %s, %d inspections", err, w.memory, w.inspects)
		}
	})
}

// Another podup stops the container and holds the pod's lock: until it gives that back the supervisor can
// do no more than go on probing.
func TestAProbeThatComesTooLateForItsContainerIsNoEvent(t *testing.T) {
	for name, test := range map[string]struct {
		end       func(w *world)
		unhealthy bool
	}{
		"the container has ended": {func(w *world) {
			if err := w.StopContainer(context.Background(), plan.StopContainer{Name: "web-app", Grace: time.Second}); err != nil {
				w.t.Error(err)
			}
		}, false},
		"its network has ended":   {func(w *world) { w.killInfra() }, false},
		"nothing of it has ended": {func(*world) {}, true},
	} {
		t.Run(name, func(t *testing.T) {
			pod := aPod(onAlways, "app", lifecycle("app", func(l *translate.Lifecycle) { l.Readiness = aProbe("ready", 1, 1) }))
			bubble(t, pod, func(w *world) {
				late, tried := false, 0
				w.probes["ready"] = func() (bool, error) {
					if late {
						tried++
						return false, context.DeadlineExceeded
					}
					return true, nil
				}
				s := w.supervisor()
				if _, err := w.launch(s); err != nil {
					t.Fatal(err)
				}
				var other sync.WaitGroup
				other.Go(func() {
					<-time.After(4500 * time.Millisecond)
					held, _ := w.hold(context.Background(), "web")
					test.end(w)
					w.mu.Lock()
					late = true
					w.mu.Unlock()
					<-time.After(4 * time.Second)
					held.Unlock()
				})
				w.supervise(s, 8*time.Second)
				other.Wait()
				said := 0
				for _, e := range w.events {
					if e.Reason == "Unhealthy" {
						said++
					}
				}
				if (said > 0) != test.unhealthy {
					t.Errorf("%d events Unhealthy, want any: %t; the log is %v", said, test.unhealthy, w.said())
				}
			})
		})
	}
}
