package supervise

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

func TestAContainerThatAnotherProgramRemovesIsSaidToBeGoneOnce(t *testing.T) {
	for name, test := range map[string]struct {
		life   life
		listed bool // the engine still lists it when the supervisor looks
		after  time.Duration
	}{
		"while it runs": {life{}, false, 5 * time.Second},
		"while it runs, between a list and a look":   {life{}, true, 5 * time.Second},
		"while it is backed off":                     {life{lasts: time.Second, code: 1}, false, 5 * time.Second},
		"while it is backed off, before the restart": {life{lasts: time.Second, code: 1}, true, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, aPod(onAlways, "app beside"), func(w *world) {
				w.lives["app"] = always(test.life)
				if _, err := w.launch(w.supervisor()); err != nil {
					t.Fatal(err)
				}
				time.AfterFunc(test.after, func() { w.remove("web-app", test.listed) })
				// Longer than any back-off, with another event of the pod in between.
				time.AfterFunc(time.Minute, func() { w.end("web-beside", w.current["web-beside"], 3) })
				w.supervise(w.supervisor(), 10*time.Minute)

				said := 0
				for _, e := range w.events {
					switch {
					case e.Reason == "FailedSync" || e.Reason == "Failed":
						t.Errorf("event %s: %s", e.Reason, e.Message)
					case e.Reason == "Removed" && e.Container == "app" && e.Type == Warning:
						said++
					case e.Reason == "Removed":
						t.Errorf("%s is said to be removed", e.Container)
					}
				}
				if said != 1 {
					t.Errorf("its removal is told %d times", said)
				}
				app := w.remembered().Containers["app"]
				if !app.Removed || app.Waiting != (status.Waiting{}) || !app.Run.Lost {
					t.Errorf("it is remembered as %+v", app)
				}
				if got := status.Of(w.pod, w.state, w.remembered(), time.Now()).ContainerStatuses[0]; got.State.Terminated == nil || got.State.Terminated.Reason != status.ContainerStatusUnknown {
					t.Errorf("its status is %+v", got.State)
				}
			})
		})
	}
}

func TestWhatIsNotMissedIsNotSaidToBeRemoved(t *testing.T) {
	removed := memory("app", func(c *status.Container) { c.Removed = true })
	for name, test := range map[string]struct {
		in   Input
		want bool
	}{
		"one that ran is missed":                          {scene(aPod(onAlways, "app"), "app=running", absent("app")), true},
		"one that has never run is only not made yet":     {scene(aPod(onAlways, "app"), "app=absent"), false},
		"an init container that has done its work is not": {scene(aPod(onAlways, "init:app b"), "app=exit0 b=running", absent("app")), false},
		"one that has failed for good is":                 {scene(aPod(onNever, "app b"), "app=exit1 b=running", absent("app")), true},
		"one that was made again is not any more":         {scene(aPod(onAlways, "app"), "app=running", removed), false},
		"one that no manifest names any more is not":      {scene(aPod(onAlways, "b"), "b=running", removed), false},
	} {
		t.Run(name, func(t *testing.T) {
			d := Next(test.in)
			if got := d.Memory.Containers["app"].Removed; got != test.want {
				t.Errorf("removed: %v, want %v", got, test.want)
			}
			if got := len(d.Events) == 1 && d.Events[0].Reason == "Removed"; got != test.want {
				t.Errorf("events %+v", d.Events)
			}
		})
	}
	d := Next(scene(aPod(onNever, "app b"), "app=exit1 b=running", absent("app")))
	if run := d.Memory.Containers["app"].Run; run.Lost || run.ExitCode != 1 {
		t.Errorf("how it ended for good is forgotten: %+v", run)
	}
}

// absent takes a container away that the scene has.
func absent(name string) func(*Input) {
	return func(in *Input) { delete(in.Actual.Containers, in.Pod.Name+"-"+name) }
}

func TestLaunchSaysWhichProbeHasKilledASidecar(t *testing.T) {
	pod := aPod(onAlways, "sidecar:proxy app", lifecycle("proxy", func(l *translate.Lifecycle) { l.Startup = aProbe("up", 1, 2) }))
	bubble(t, pod, func(w *world) {
		w.probes["up"] = func() (bool, error) { return false, nil }
		launched, err := w.launch(w.supervisor())
		if err != nil {
			t.Fatal(err)
		}
		if got := launched.Trouble; got == nil || got.Container != "proxy" || got.Message != "it was killed: its startup probe failed 2 times: it said no" {
			t.Errorf("trouble is %+v", got)
		}
	})
}

func TestTheFirstFailureOfAProbeIsRemembered(t *testing.T) {
	pod := aPod(onAlways, "app", lifecycle("app", func(l *translate.Lifecycle) { l.Readiness = aProbe("ready", 1, 100) }))
	bubble(t, pod, func(w *world) {
		w.probes["ready"] = func() (bool, error) { return time.Since(w.began) < 10*time.Second, nil }
		if _, err := w.launch(w.supervisor()); err != nil {
			t.Fatal(err)
		}
		w.supervise(w.supervisor(), 30*time.Second)
		got := w.remembered().Containers["app"].Readiness
		since := got.Since.Sub(w.began).Truncate(time.Second)
		if got.Result != status.Success || got.Last != status.Failure || since != 10*time.Second {
			t.Errorf("after %s: %+v", since, got)
		}
	})
}

func TestATallyKnowsSinceWhenItsResultsAreTheSame(t *testing.T) {
	at := func(second int) time.Time { return began.Add(time.Duration(second) * time.Second) }
	for name, test := range map[string]struct {
		before   status.Tally
		attempts string // a second apart
		want     time.Time
	}{
		"the first attempt begins":                   {status.Tally{}, "-", at(0)},
		"the same result goes on":                    {status.Tally{}, "---", at(0)},
		"another result begins anew":                 {status.Tally{}, "--++", at(2)},
		"a memory without it counts from its latest": {status.Tally{Last: status.Failure, Count: 4, At: at(-7)}, "--", at(-7)},
	} {
		t.Run(name, func(t *testing.T) {
			got := test.before
			for i, attempt := range test.attempts {
				got = Record(got, &corev1.Probe{FailureThreshold: 3}, attempt == '+', "", at(i))
			}
			if !got.Since.Equal(test.want) {
				t.Errorf("since %s, want %s", got.Since, test.want)
			}
		})
	}
}
