package supervise

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

func TestTermination(t *testing.T) {
	slow := func(name, hook string) func(*translate.Pod) {
		return lifecycle(name, func(l *translate.Lifecycle) { l.PreStop = command(hook) })
	}
	for _, c := range []struct {
		name  string
		pod   translate.Pod
		lives map[string]life
		grace time.Duration
		want  []string
	}{
		{name: "app containers end at once, whatever their order",
			pod:   aPod(onAlways, "a b"),
			lives: map[string]life{"a": {term: 3 * time.Second}, "b": {term: time.Second}}, grace: -1,
			want: []string{"0.0 stop a within 30s", "0.0 stop b within 30s", "1.0 b ended 0", "3.0 a ended 0"}},
		{name: "sidecars end after the app containers, the last first, with what is left of the grace",
			pod:   aPod(onAlways, "sidecar:one sidecar:two app"),
			lives: map[string]life{"app": {term: 4 * time.Second}, "two": {term: 3 * time.Second}}, grace: -1,
			want: []string{"0.0 stop app within 30s", "4.0 app ended 0", "4.0 stop two within 26s", "7.0 two ended 0", "7.0 stop one within 23s", "7.0 one ended 0"}},
		{name: "a sidecar's preStop runs at once, its signal waits",
			pod:   aPod(onAlways, "sidecar:one app", slow("one", "sleep 1s")),
			lives: map[string]life{"app": {term: 5 * time.Second}}, grace: -1,
			want: []string{"0.0 hook one sleep 1s", "0.0 stop app within 30s", "5.0 app ended 0", "5.0 stop one within 25s", "5.0 one ended 0"}},
		{name: "preStop and signal share the grace",
			pod:   aPod(onAlways, "app", slow("app", "sleep 4s")),
			lives: map[string]life{"app": {deaf: true}}, grace: 10 * time.Second,
			want: []string{"0.0 hook app sleep 4s", "4.0 stop app within 6s", "10.0 app ended 137"}},
		{name: "a preStop that does not end is left when the grace is over, and two seconds remain",
			pod:   aPod(onAlways, "app", slow("app", "sleep 1h")),
			lives: map[string]life{"app": {deaf: true}}, grace: 5 * time.Second,
			want: []string{"0.0 hook app sleep 1h", "5.0 stop app within 2s", "7.0 app ended 137"}},
		{name: "a preStop that is left goes on until its container has ended",
			pod:   aPod(onAlways, "app", slow("app", "drain 6s")),
			lives: map[string]life{"app": {deaf: true}}, grace: 5 * time.Second,
			want: []string{"0.0 hook app drain 6s", "5.0 stop app within 2s", "6.0 app drained", "7.0 app ended 137"}},
		{name: "a preStop that fails keeps nothing alive",
			pod: aPod(onAlways, "app", slow("app", "fail")), grace: -1,
			want: []string{"0.0 hook app fail", "0.0 stop app within 30s", "0.0 app ended 0"}},
		{name: "when the grace is used up the order of sidecars is dropped",
			pod:   aPod(onAlways, "sidecar:one sidecar:two app"),
			lives: map[string]life{"app": {deaf: true}, "one": {deaf: true}, "two": {deaf: true}}, grace: 5 * time.Second,
			want: []string{"0.0 stop app within 5s", "5.0 app ended 137", "5.0 stop one within 2s", "5.0 stop two within 2s", "7.0 one ended 137", "7.0 two ended 137"}},
		{name: "no grace still runs preStop, for a second",
			pod: aPod(onAlways, "app", slow("app", "sleep 5s")), grace: 0,
			want: []string{"0.0 hook app sleep 5s", "1.0 stop app within 2s", "1.0 app ended 0"}},
		{name: "a sidecar whose app containers have ended by themselves does not wait",
			pod:   aPod(onFailure, "sidecar:one app"),
			lives: map[string]life{"app": {lasts: time.Nanosecond}}, grace: -1,
			want: []string{"0.0 app ended 0", "0.0 stop one within 30s", "0.0 one ended 0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, c.pod, func(w *world) {
				for name, l := range c.lives {
					w.lives[name] = always(l)
				}
				s := w.supervisor()
				if _, err := w.launch(s); err != nil {
					t.Fatal(err)
				}
				<-time.After(time.Microsecond)
				state, _, _ := w.Pod(w.t.Context(), "web")
				if err := s.Terminate(w.t.Context(), c.pod, state, c.grace); err != nil {
					t.Error(err)
				}
				// Containers that act in the same moment do so in any order.
				expect(t, steady(w.said("stop", "hook", "app", "one", "two", "a ", "b ")), steady(c.want)...)
			})
		})
	}
}

// steady sorts lines of the same moment.
func steady(lines []string) []string {
	sorted := append([]string{}, lines...)
	for i := range sorted {
		for j := i; j > 0 && moment(sorted[j]) == moment(sorted[j-1]) && sorted[j] < sorted[j-1]; j-- {
			sorted[j], sorted[j-1] = sorted[j-1], sorted[j]
		}
	}
	return sorted
}

func moment(line string) string {
	for i, r := range line {
		if r == ' ' {
			return line[:i]
		}
	}
	return line
}

func TestStopContainerRunsItsPreStop(t *testing.T) {
	pod := aPod(onAlways, "a b", lifecycle("a", func(l *translate.Lifecycle) { l.PreStop = command("sleep 2s") }))
	bubble(t, pod, func(w *world) {
		s := w.supervisor()
		if _, err := w.launch(s); err != nil {
			t.Fatal(err)
		}
		if err := s.StopContainer(w.t.Context(), pod.Apps[0], "web-a", -1); err != nil {
			t.Error(err)
		}
		expect(t, w.said("hook", "stop"), "0.0 hook a sleep 2s", "2.0 stop a within 28s")
	})
}

func TestStartContainerRunsItsPostStartAndCountsTheRestart(t *testing.T) {
	pod := aPod(onAlways, "app", lifecycle("app", func(l *translate.Lifecycle) { l.PostStart = command("ok") }))
	bubble(t, pod, func(w *world) {
		s := w.supervisor()
		if _, err := w.launch(s); err != nil {
			t.Fatal(err)
		}
		if err := s.StopContainer(w.t.Context(), pod.Apps[0], "web-app", -1); err != nil {
			t.Error(err)
		}
		<-time.After(time.Second)
		held, _ := w.hold(w.t.Context(), "web")
		if err := s.StartContainer(w.t.Context(), pod, pod.Apps[0], "web-app", held); err != nil {
			t.Error(err)
		}
		held.Unlock()
		expect(t, w.said("hook", "start"), "0.0 start app", "0.0 hook app ok", "1.0 start app", "1.0 hook app ok")
		got := w.remembered().Containers["app"]
		if got.Restarts != 1 || got.Hook != status.HookDone || !got.Run.Running() {
			t.Errorf("memory is %+v", got)
		}
	})
}

func TestStartContainerTellsOfAPostStartThatFailed(t *testing.T) {
	pod := aPod(onAlways, "app", lifecycle("app", func(l *translate.Lifecycle) { l.PostStart = command("fail") }))
	bubble(t, pod, func(w *world) {
		held, _ := w.hold(w.t.Context(), "web")
		defer held.Unlock()
		var failure *HookError
		if err := w.supervisor().StartContainer(w.t.Context(), pod, pod.Apps[0], "web-app", held); !errors.As(err, &failure) {
			t.Errorf("error is %v", err)
		}
	})
}

// Another process stops a container, starts it and keeps what it remembers: the supervisor waits for
// the lock and goes on from there.
func TestTheLockIsHandedOver(t *testing.T) {
	pod := aPod(onAlways, "a b", lifecycle("a", func(l *translate.Lifecycle) { l.Readiness = aProbe("ready", 5, 1) }))
	bubble(t, pod, func(w *world) {
		s := w.supervisor()
		if _, err := w.launch(s); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(10*time.Second, func() {
			other := w.supervisor()
			held, _ := w.hold(context.Background(), "web")
			defer held.Unlock()
			if err := other.StopContainer(context.Background(), pod.Apps[0], "web-a", -1); err != nil {
				t.Error(err)
			}
			<-time.After(20 * time.Second)
			if err := other.StartContainer(context.Background(), pod, pod.Apps[0], "web-a", held); err != nil {
				t.Error(err)
			}
		})
		w.supervise(s, time.Minute)
		expect(t, w.said("start", "stop"), "0.0 start a", "0.0 start b", "10.0 stop a within 30s", "30.0 start a")
		got := w.remembered().Containers["a"]
		if got.Restarts != 1 || !got.Ready {
			t.Errorf("memory is %+v", got)
		}
	})
}

func TestNobodyElseActsWhileAContainerIsBeingStopped(t *testing.T) {
	pod := aPod(onAlways, "app", lifecycle("app", func(l *translate.Lifecycle) { l.Liveness = aProbe("alive", 5, 1) }))
	bubble(t, pod, func(w *world) {
		w.probes["alive"] = func() (bool, error) { return false, nil }
		w.lives["app"] = always(life{term: 10 * time.Second})
		s := w.supervisor()
		if _, err := w.launch(s); err != nil {
			t.Fatal(err)
		}
		had := make(chan time.Duration, 1)
		time.AfterFunc(7*time.Second, func() {
			held, _ := w.hold(context.Background(), "web")
			had <- time.Since(w.began)
			held.Unlock()
		})
		w.supervise(s, 18*time.Second)
		if at := <-had; at != 15*time.Second {
			t.Errorf("the lock was free after %s; the container was being stopped until 15 s", at)
		}
	})
}

func TestReadinessIsAskedWhileAPodEnds(t *testing.T) {
	pod := aPod(onAlways, "app", func(p *translate.Pod) { p.Deadline = 9 * time.Second }, lifecycle("app", func(l *translate.Lifecycle) {
		l.Readiness, l.Liveness = aProbe("ready", 2, 1), aProbe("alive", 2, 1)
	}))
	bubble(t, pod, func(w *world) {
		w.lives["app"] = always(life{term: 4500 * time.Millisecond})
		s := w.supervisor()
		if _, err := w.launch(s); err != nil {
			t.Fatal(err)
		}
		w.supervise(s, time.Minute)
		expect(t, w.said("probe alive"), "2.0 probe alive", "4.0 probe alive", "6.0 probe alive", "8.0 probe alive")
		expect(t, w.said("probe ready"), "0.0 probe ready", "2.0 probe ready", "4.0 probe ready", "6.0 probe ready", "8.0 probe ready", "10.0 probe ready", "12.0 probe ready")
	})
}

func TestNoProbeOutlivesItsContainer(t *testing.T) {
	pod := aPod(onNever, "app", lifecycle("app", func(l *translate.Lifecycle) { l.Readiness, l.Liveness = aProbe("ready", 1, 1), aProbe("alive", 1, 9) }))
	bubble(t, pod, func(w *world) {
		w.lives["app"] = always(life{lasts: 4500 * time.Millisecond})
		s := w.supervisor()
		if _, err := w.launch(s); err != nil {
			t.Fatal(err)
		}
		w.supervise(s, time.Hour)
		if lines := w.said("probe"); lines[len(lines)-1][:4] != "4.0 " {
			t.Errorf("%v", lines)
		}
	})
}

func TestAnIdleSupervisorDoesNothing(t *testing.T) {
	bubble(t, aPod(onAlways, "a b c"), func(w *world) {
		s := w.supervisor()
		if _, err := w.launch(s); err != nil {
			t.Fatal(err)
		}
		w.supervise(s, time.Second)
		inspects, lines := w.inspects, len(w.said())
		s = w.supervisor()
		looks := 0
		s.cfg.Changed = func(string) { looks++ }
		w.supervise(s, 24*time.Hour)
		if looks != 1 || w.inspects != inspects || len(w.said()) != lines {
			t.Errorf("%d looks, %d inspections more, log %v", looks, w.inspects-inspects, w.said())
		}
	})
}

func TestAMessageFallsBackToTheLog(t *testing.T) {
	pod := aPod(onNever, "app", lifecycle("app", func(l *translate.Lifecycle) { l.MessagePolicy = "FallbackToLogsOnError" }))
	bubble(t, pod, func(w *world) {
		w.lives["app"] = always(life{lasts: time.Second, code: 1})
		s := w.supervisor()
		if _, err := w.launch(s); err != nil {
			t.Fatal(err)
		}
		w.supervise(s, time.Minute)
		if got := w.remembered().Containers["app"].Run.Message; got != "the last line\n" {
			t.Errorf("message is %q", got)
		}
	})
}

func TestAPodThatWasNeverLaunchedIsLeftAlone(t *testing.T) {
	bubble(t, aPod(onAlways, "app"), func(w *world) {
		w.supervise(w.supervisor(), time.Hour)
		expect(t, w.said())
		if w.memory != nil {
			t.Errorf("memory is %s", w.memory)
		}
	})
}
