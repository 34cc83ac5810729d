package supervise

import (
	"context"
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

const (
	onAlways  = corev1.RestartPolicyAlways
	onFailure = corev1.RestartPolicyOnFailure
	onNever   = corev1.RestartPolicyNever
)

func TestLaunchStartsInitContainersThenAppsInOrder(t *testing.T) {
	pod := aPod(onAlways, "init:one init:two a b", lifecycle("a", func(l *translate.Lifecycle) { l.PostStart = command("sleep 3s") }))
	bubble(t, pod, func(w *world) {
		w.lives["one"] = always(life{lasts: time.Second})
		w.lives["two"] = always(life{lasts: 2 * time.Second})
		launched, err := w.launch(w.supervisor())
		if err != nil || launched.Trouble != nil {
			t.Fatalf("%v, %+v", err, launched.Trouble)
		}
		expect(t, w.said("start", "hook", "one", "two"),
			"0.0 start one", "1.0 one ended 0", "1.0 start two", "3.0 two ended 0",
			"3.0 start a", "3.0 hook a sleep 3s", "6.0 start b")
	})
}

func TestLaunchOfPlainContainersInspectsNone(t *testing.T) {
	bubble(t, aPod(onAlways, "a b c d e f g h i j"), func(w *world) {
		if launched, err := w.launch(w.supervisor()); err != nil || launched.Trouble != nil {
			t.Fatalf("%v, %+v", err, launched.Trouble)
		}
		if w.inspects != 0 || len(w.said("start")) != 10 {
			t.Errorf("%d inspections, log %v", w.inspects, w.said())
		}
	})
}

func TestLaunchSaysWhatMustBeTriedAgain(t *testing.T) {
	bubble(t, aPod(onAlways, "init:migrate app"), func(w *world) {
		w.lives["migrate"] = always(life{lasts: time.Second, code: 3})
		launched, err := w.launch(w.supervisor())
		if err != nil {
			t.Fatal(err)
		}
		got := launched.Trouble
		if got == nil || got.Container != "migrate" || got.ExitCode != 3 || got.Reason != "Error" || len(got.Lines) != 1 || got.Retry.IsZero() {
			t.Errorf("trouble is %+v", got)
		}
		expect(t, w.said("start"), "0.0 start migrate", "1.0 start migrate")
	})
}

func TestLaunchSaysWhichPostStartFailed(t *testing.T) {
	pod := aPod(onNever, "app", lifecycle("app", func(l *translate.Lifecycle) { l.PostStart = command("fail") }))
	bubble(t, pod, func(w *world) {
		w.lives["app"] = always(life{exit: 143})
		launched, err := w.launch(w.supervisor())
		if err != nil {
			t.Fatal(err)
		}
		if got := launched.Trouble; got == nil || got.Reason != "PostStartHookError" || got.ExitCode != 143 {
			t.Errorf("trouble is %+v", got)
		}
	})
}

func TestLaunchFailsWhereTheEngineCannotStartAContainer(t *testing.T) {
	bubble(t, aPod(onAlways, "a b"), func(w *world) {
		cause := errors.New("command not found")
		w.lives["a"] = always(life{fails: cause})
		if _, err := w.launch(w.supervisor()); !errors.Is(err, cause) {
			t.Errorf("error is %v", err)
		}
		expect(t, w.said("start"))
	})
}

func TestLaunchWaitsForASidecarToBeStarted(t *testing.T) {
	pod := aPod(onAlways, "sidecar:proxy app", lifecycle("proxy", func(l *translate.Lifecycle) { l.Startup = aProbe("up", 2, 5) }))
	bubble(t, pod, func(w *world) {
		w.probes["up"] = func() (bool, error) { return time.Since(w.began) > 5*time.Second, nil }
		if launched, err := w.launch(w.supervisor()); err != nil || launched.Trouble != nil {
			t.Fatalf("%v, %+v", err, launched.Trouble)
		}
		expect(t, w.said(), "0.0 start proxy", "2.0 probe up", "4.0 probe up", "6.0 probe up", "6.0 start app")
	})
}

func TestLaunchKeepsASidecarRunningForTheInitContainersAfterIt(t *testing.T) {
	bubble(t, aPod(onAlways, "sidecar:proxy init:migrate app"), func(w *world) {
		w.lives["proxy"] = func(run int) life {
			if run == 1 {
				return life{lasts: time.Second, code: 4}
			}
			return life{}
		}
		w.lives["migrate"] = always(life{lasts: 5 * time.Second})
		if launched, err := w.launch(w.supervisor()); err != nil || launched.Trouble != nil {
			t.Fatalf("%v, %+v", err, launched.Trouble)
		}
		expect(t, w.said("start", "proxy", "migrate"),
			"0.0 start proxy", "0.0 start migrate", "1.0 proxy ended 4", "1.0 start proxy", "5.0 migrate ended 0", "5.0 start app")
	})
}

func TestASupervisorAdoptsWhatRuns(t *testing.T) {
	pod := aPod(onAlways, "sidecar:proxy app", lifecycle("app", func(l *translate.Lifecycle) { l.PostStart = command("ok") }))
	bubble(t, pod, func(w *world) {
		if _, err := w.launch(w.supervisor()); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			w.supervise(w.supervisor(), time.Minute)
		}
		expect(t, w.said("start", "hook", "stop"), "0.0 start proxy", "0.0 start app", "0.0 hook app ok")
		w.memory = nil // the runtime directory is lost
		w.supervise(w.supervisor(), time.Minute)
		expect(t, w.said("start", "hook", "stop"), "0.0 start proxy", "0.0 start app", "0.0 hook app ok")
		if got := w.remembered(); !got.Initialized || !got.Containers["app"].Ready {
			t.Errorf("memory is %+v", got)
		}
	})
}

func TestCrashLoopBackOffDoublesToItsCap(t *testing.T) {
	bubble(t, aPod(onAlways, "app"), func(w *world) {
		w.lives["app"] = always(life{lasts: time.Second, code: 1})
		s := w.supervisor()
		if _, err := w.launch(s); err != nil {
			t.Fatal(err)
		}
		w.supervise(s, 1300*time.Second)
		expect(t, w.said("start"), "0.0 start app", "1.0 start app", "12.0 start app", "33.0 start app", "74.0 start app",
			"155.0 start app", "316.0 start app", "617.0 start app", "918.0 start app", "1219.0 start app")
		m := w.remembered().Containers["app"]
		if m.Restarts != 9 || m.Waiting.Reason != "CrashLoopBackOff" || m.Waiting.Message != "back-off 5m0s restarting failed container=app pod=web_default(uid-1)" {
			t.Errorf("memory is %+v", m)
		}
	})
}

func TestALivenessFailureRestartsAndTheBackOffLagsByOne(t *testing.T) {
	pod := aPod(onAlways, "app", lifecycle("app", func(l *translate.Lifecycle) { l.Liveness = aProbe("alive", 1, 1) }))
	bubble(t, pod, func(w *world) {
		w.probes["alive"] = func() (bool, error) { return false, nil }
		s := w.supervisor()
		if _, err := w.launch(s); err != nil {
			t.Fatal(err)
		}
		w.supervise(s, 20*time.Second)
		expect(t, w.said("start", "stop", "probe"),
			"0.0 start app", "1.0 probe alive", "1.0 stop app within 30s",
			"1.0 start app", "2.0 probe alive", "2.0 stop app within 30s",
			"2.0 start app", "3.0 probe alive", "3.0 stop app within 30s",
			"13.0 start app", "14.0 probe alive", "14.0 stop app within 30s")
	})
}

func TestReadinessIsAskedAtOnceAndKeepsItsThreshold(t *testing.T) {
	pod := aPod(onAlways, "app", lifecycle("app", func(l *translate.Lifecycle) { l.Readiness = aProbe("ready", 5, 2) }))
	bubble(t, pod, func(w *world) {
		w.probes["ready"] = func() (bool, error) {
			if at := time.Since(w.began); at > 7*time.Second && at < 12*time.Second {
				return false, errors.New("cannot be made") // not counted
			} else if at > 12*time.Second {
				return false, nil
			}
			return true, nil
		}
		s := w.supervisor()
		if _, err := w.launch(s); err != nil {
			t.Fatal(err)
		}
		ready := func() bool { return s.Status("web").ContainerStatuses[0].Ready }
		time.AfterFunc(18*time.Second, func() {
			if !ready() {
				t.Error("one failure of two makes it unready")
			}
		})
		time.AfterFunc(22*time.Second, func() {
			if ready() {
				t.Error("two failures do not make it unready")
			}
		})
		w.supervise(s, 24*time.Second)
		expect(t, w.said("probe")[:6], "0.0 probe ready", "5.0 probe ready", "10.0 probe ready", "10.0 probe ready", "10.0 probe ready", "15.0 probe ready")
	})
}

func TestAFailedPostStartKillsAndThePolicyDecides(t *testing.T) {
	pod := aPod(onNever, "app", lifecycle("app", func(l *translate.Lifecycle) {
		l.PostStart, l.PreStop = command("fail"), command("sleep 1s")
	}))
	bubble(t, pod, func(w *world) {
		s := w.supervisor()
		if _, err := w.launch(s); err != nil {
			t.Fatal(err)
		}
		w.supervise(s, time.Minute)
		expect(t, w.said(), "0.0 start app", "0.0 hook app fail", "0.0 hook app sleep 1s", "1.0 stop app within 29s", "1.0 app ended 0")
		if got := w.remembered(); got.Phase != corev1.PodSucceeded {
			t.Errorf("phase is %s: seen on a kubelet, exit code 0 is success", got.Phase)
		}
	})
}

func TestAFinishedPodTakesItsSidecarsDown(t *testing.T) {
	bubble(t, aPod(onFailure, "sidecar:one sidecar:two job"), func(w *world) {
		w.lives["job"] = always(life{lasts: 5 * time.Second})
		w.lives["two"] = always(life{term: time.Second, exit: 1})
		s := w.supervisor()
		if _, err := w.launch(s); err != nil {
			t.Fatal(err)
		}
		w.supervise(s, time.Minute)
		expect(t, w.said("stop", "job", "one", "two"), "5.0 job ended 0", "5.0 stop two within 30s", "6.0 two ended 1", "6.0 stop one within 29s", "6.0 one ended 0")
		if got := w.remembered(); got.Phase != corev1.PodSucceeded {
			t.Errorf("phase is %q: a sidecar's exit code does not count", got.Phase)
		}
	})
}

func TestTheDeadlineEndsThePod(t *testing.T) {
	bubble(t, aPod(onAlways, "app", func(p *translate.Pod) { p.Deadline = 20 * time.Second }), func(w *world) {
		s := w.supervisor()
		if _, err := w.launch(s); err != nil {
			t.Fatal(err)
		}
		w.supervise(s, time.Minute)
		expect(t, w.said("stop"), "20.0 stop app within 30s")
		if got := w.remembered(); got.Phase != corev1.PodFailed || got.Reason != "DeadlineExceeded" {
			t.Errorf("%s %s", got.Phase, got.Reason)
		}
	})
}

func TestTheDeathOfTheSandboxKillsAllAndStartsOver(t *testing.T) {
	bubble(t, aPod(onAlways, "init:first sidecar:proxy app"), func(w *world) {
		w.lives["first"] = always(life{lasts: time.Second})
		s := w.supervisor()
		if _, err := w.launch(s); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(10*time.Second-time.Since(w.began), w.killInfra)
		w.supervise(s, time.Minute)
		expect(t, w.said(), "0.0 start first", "1.0 first ended 0", "1.0 start proxy", "1.0 start app",
			"10.0 infra died", "10.0 stop app within 30s", "10.0 app ended 0", "10.0 stop proxy within 30s", "10.0 proxy ended 0",
			"10.0 new network", "10.0 start first", "11.0 first ended 0", "11.0 start proxy", "11.0 start app")
	})
}

func TestRestartAllContainersSkipsPreStop(t *testing.T) {
	pod := aPod(onNever, "init:first a b",
		lifecycle("a", func(l *translate.Lifecycle) {
			l.Rules = []corev1.ContainerRestartRule{onExit(corev1.ContainerRestartRuleActionRestartAllContainers, 42)}
		}),
		lifecycle("b", func(l *translate.Lifecycle) { l.PreStop = command("sleep 9s") }))
	bubble(t, pod, func(w *world) {
		w.lives["first"] = always(life{lasts: time.Second})
		w.lives["a"] = func(run int) life {
			if run == 1 {
				return life{lasts: 5 * time.Second, code: 42}
			}
			return life{}
		}
		s := w.supervisor()
		if _, err := w.launch(s); err != nil {
			t.Fatal(err)
		}
		w.supervise(s, time.Minute)
		expect(t, w.said(), "0.0 start first", "1.0 first ended 0", "1.0 start a", "1.0 start b", "6.0 a ended 42",
			"6.0 stop b within 2s", "6.0 b ended 0", "6.0 start first", "7.0 first ended 0", "7.0 start a", "7.0 start b")
		m := w.remembered()
		if m.Restarting || m.Containers["a"].PreviousReason != "RestartingAllContainers" || m.Containers["b"].Restarts != 1 {
			t.Errorf("memory is %+v", m)
		}
	})
}

func TestASupervisorEndsWhenItsPodsAreGone(t *testing.T) {
	bubble(t, aPod(onAlways, "app"), func(w *world) {
		s := w.supervisor()
		if _, err := w.launch(s); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(10*time.Second, func() { // another process takes the pod down
			held, _ := w.hold(context.Background(), "web")
			defer held.Unlock()
			if err := New(w.config(), translate.Project{}).Terminate(context.Background(), w.pod, w.state, -1); err != nil {
				t.Error(err)
			}
			w.mu.Lock()
			w.gone = true
			w.mu.Unlock()
		})
		if err := s.Run(w.t.Context()); err != nil {
			t.Error(err)
		}
		expect(t, w.said("start", "stop"), "0.0 start app", "10.0 stop app within 30s")
	})
}

func TestABrokenConnectionLosesNoEvent(t *testing.T) {
	bubble(t, aPod(onAlways, "app"), func(w *world) {
		w.lives["app"] = func(run int) life { return life{lasts: time.Duration(run) * 700 * time.Millisecond} }
		s := w.supervisor()
		if _, err := w.launch(s); err != nil {
			t.Fatal(err)
		}
		w.breakEnded, w.failPod = 3, 2
		w.supervise(s, 5*time.Minute)
		if len(w.said("start")) < 5 {
			t.Errorf("log %v", w.said())
		}
	})
}

func TestADefinitionIsReloadedWithoutARestart(t *testing.T) {
	pod := aPod(onAlways, "app")
	bubble(t, pod, func(w *world) {
		s := w.supervisor()
		if _, err := w.launch(s); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(10*time.Second, func() {
			s.Reload(translate.Project{Pods: []translate.Pod{aPod(onAlways, "app", lifecycle("app", func(l *translate.Lifecycle) { l.Readiness = aProbe("ready", 10, 1) }))}})
		})
		w.supervise(s, 15*time.Second)
		expect(t, w.said(), "0.0 start app", "10.0 probe ready")
	})
}

func TestAHangingPostStartDoesNotKeepAPodFromBeingTakenDown(t *testing.T) {
	pod := aPod(onAlways, "app", lifecycle("app", func(l *translate.Lifecycle) { l.PostStart = command("sleep 1h") }))
	bubble(t, pod, func(w *world) {
		s := w.supervisor()
		w.memory = []byte(`{}`)
		time.AfterFunc(10*time.Second, func() {
			held, _ := w.hold(context.Background(), "web")
			m := held.Memory
			m.Stopped = true
			_ = held.Save(m)
			held.Unlock()
			s.Reload(translate.Project{Pods: []translate.Pod{pod}})
		})
		w.supervise(s, time.Minute)
		expect(t, w.said("start", "hook", "stop"), "0.0 start app", "0.0 hook app sleep 1h", "10.0 stop app within 30s")
	})
}

// An app container that has been made anew is started although the one before had finished for good.
func TestAReplacedContainerIsStarted(t *testing.T) {
	bubble(t, aPod(onFailure, "a b"), func(w *world) {
		w.lives["a"] = func(run int) life {
			if run == 1 {
				return life{lasts: time.Second}
			}
			return life{}
		}
		s := w.supervisor()
		if _, err := w.launch(s); err != nil {
			t.Fatal(err)
		}
		w.supervise(s, 10*time.Second)
		w.mu.Lock()
		w.current["web-a"] = nil
		w.set("web-a", func(c *plan.ContainerState) {
			*c = plan.ContainerState{Name: "web-a", ID: "id-a-2", Container: "a", Status: plan.Created}
		})
		w.mu.Unlock()
		if _, err := w.launch(w.supervisor()); err != nil {
			t.Fatal(err)
		}
		expect(t, w.said("start"), "0.0 start a", "0.0 start b", "10.0 start a")
		if got := w.remembered().Containers["a"]; got.Restarts != 1 || got.Previous == nil {
			t.Errorf("memory is %+v", got)
		}
	})
}

// podup stop and podup start: the pod's init containers come first again, and a policy of Never does
// not keep it down.
func TestAStoppedPodStartsOver(t *testing.T) {
	bubble(t, aPod(onNever, "init:first app"), func(w *world) {
		w.lives["first"] = always(life{lasts: time.Second})
		s := w.supervisor()
		if _, err := w.launch(s); err != nil {
			t.Fatal(err)
		}
		held, _ := w.hold(w.t.Context(), "web")
		m := held.Memory
		m.Stopped = true
		if err := held.Save(m); err != nil {
			t.Fatal(err)
		}
		held.Unlock()
		w.supervise(s, 10*time.Second)
		held, _ = w.hold(w.t.Context(), "web")
		held.Memory = StartOver(w.pod, held.Memory)
		launched, err := s.Launch(w.t.Context(), w.pod, held, nil)
		held.Unlock()
		if err != nil || launched.Trouble != nil {
			t.Fatalf("%v %+v", err, launched.Trouble)
		}
		expect(t, w.said("start", "stop"), "0.0 start first", "1.0 start app", "1.0 stop app within 30s", "11.0 start first", "12.0 start app")
		if got := s.Status("web"); got.Phase != corev1.PodRunning || got.ContainerStatuses[0].RestartCount != 1 {
			t.Errorf("%+v", got)
		}
	})
}
