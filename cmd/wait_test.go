package cmd

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
)

// ready is the life in which everything is up.
func ready(t *testing.T) *lived {
	t.Helper()
	e := crashing(t)
	run := e.ran("web", "app", plan.Run{StartedAt: e.ago(9 * time.Second), Pid: 4005})
	e.remember("web", func(m *status.Memory) {
		m.Containers["app"] = status.Container{Run: run, Started: true, Ready: true, Hook: status.HookDone, Readiness: status.Tally{
			Result: status.Success, Last: status.Success, Count: 3, At: e.ago(4 * time.Second),
		}}
	})
	return e
}

func TestWaitSeesWhatIsSo(t *testing.T) {
	for name, test := range map[string]struct {
		args     []string
		code     int
		out, err string
	}{
		"ready without a word":             {[]string{"wait", "web"}, 0, "pod/web condition met\n", ""},
		"a condition":                      {[]string{"wait", "web", "--for=condition=Ready"}, 0, "pod/web condition met\n", ""},
		"a condition in small letters":     {[]string{"wait", "web", "--for", "condition=containersready=TRUE"}, 0, "pod/web condition met\n", ""},
		"a condition that is not":          {[]string{"wait", "job", "--for=condition=Ready=false"}, 0, "pod/job condition met\n", ""},
		"a phase":                          {[]string{"wait", "job", "--for=phase=succeeded"}, 0, "pod/job condition met\n", ""},
		"several pods":                     {[]string{"wait", "--for=condition=Initialized"}, 0, "pod/job condition met\npod/web condition met\n", ""},
		"as kubectl's users name it":       {[]string{"wait", "pod/web"}, 0, "pod/web condition met\n", ""},
		"two things at once":               {[]string{"wait", "web", "--for=condition=Ready", "--for=phase=Running"}, 0, "pod/web condition met\n", ""},
		"it is there":                      {[]string{"wait", "web", "--for=create"}, 0, "pod/web condition met\n", ""},
		"one that is gone":                 {[]string{"wait", "wbe", "--for=delete"}, 0, "pod/wbe condition met\n", ""},
		"a project that is gone":           {[]string{"wait", "-p", "other", "--for=delete"}, 0, "", ""},
		"a look, no wait":                  {[]string{"wait", "job", "--timeout=0"}, 1, "", "podup: condition not met for job: it is Completed\n"},
		"the time is up":                   {[]string{"wait", "job", "--timeout=30ms"}, 1, "", "podup: timed out waiting for the condition on pods/job: it is Completed\n"},
		"an unknown pod":                   {[]string{"wait", "wbe"}, 1, "", `no pod "wbe": there is job, web`},
		"a project without pods":           {[]string{"wait", "-p", "other"}, 1, "", "project other has no pods to wait for"},
		"an unknown condition":             {[]string{"wait", "--for=condition=Redy"}, 2, "", "a pod's conditions are Ready, ContainersReady, "},
		"an unknown phase":                 {[]string{"wait", "--for=phase=Up"}, 2, "", "a pod's phase is one of Pending, "},
		"a value that is none":             {[]string{"wait", "--for=condition=Ready=yes"}, 2, "", "a condition is true, false or unknown"},
		"a path":                           {[]string{"wait", "--for=jsonpath={.status.phase}=Running"}, 2, "", "--for=phase=Running"},
		"anything else":                    {[]string{"wait", "--for=ready"}, 2, "", "it is condition=NAME[=VALUE], phase=PHASE, create or delete"},
		"a time that is none":              {[]string{"wait", "--timeout=soon"}, 2, "", "a duration such as 90s or 5m"},
		"a readiness gate cannot be known": {[]string{"wait", "web", "--for=condition=example.com/gate", "--timeout=0"}, 1, "", "condition not met for web"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ready(t).podup(test.args...)
			if got.code != test.code || got.out != test.out || !strings.Contains(got.err, test.err) || test.err == "" && got.err != "" {
				t.Errorf("exit code %d, output %q, message %q; want %d, %q, %q", got.code, got.out, got.err, test.code, test.out, test.err)
			}
		})
	}
}

func TestAWaitInVainSaysWhyWithTheLastLines(t *testing.T) {
	got := crashing(t).podup("wait", "web", "--timeout", "20ms")
	for _, want := range []string{
		"podup: timed out waiting for the condition on pods/web:\n  container web/app ended with exit code 1 (Error) ",
		"; its last output:\n    connecting to db:5432\n    panic: no database at db:5432\n    ?[31mgoroutine 1 [running]:\n",
	} {
		if got.code != 1 || !strings.Contains(got.err, want) {
			t.Errorf("exit code %d\n%s\nlacks %q", got.code, got.err, want)
		}
	}
}

// awaitIn runs a waiting beside a test.
func (e *lived) awaitIn(ctx context.Context, timeout time.Duration, pods ...string) chan error {
	done := make(chan error, 1)
	a := &app{env: Env{Getenv: environment(e.env)}}
	go func() { done <- a.awaitReady(ctx, e, "shop", pods, timeout, nil) }()
	return done
}

func TestAwaitReturnsWithinFiftyMillisecondsOfTheLastSuccess(t *testing.T) {
	e := ready(t)
	e.remember("web", func(m *status.Memory) {
		app := m.Containers["app"]
		app.Ready, app.Readiness.Result = false, ""
		m.Containers["app"] = app
	})
	best := time.Hour
	for range 5 {
		done := e.awaitIn(t.Context(), time.Minute)
		select {
		case err := <-done:
			t.Fatalf("it has not waited: %v", err)
		case <-time.After(3 * awaitEvery):
		}
		e.remember("web", func(m *status.Memory) {
			app := m.Containers["app"]
			app.Ready, app.Readiness.Result = true, status.Success
			m.Containers["app"] = app
		})
		began := time.Now()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		best = min(best, time.Since(began))
		e.remember("web", func(m *status.Memory) {
			app := m.Containers["app"]
			app.Ready, app.Readiness.Result = false, ""
			m.Containers["app"] = app
		})
	}
	// A busy machine may be late once; five times it is the code.
	if best > 50*time.Millisecond {
		t.Errorf("it took %s", best)
	}
}

func TestAwaitBelievesAMemoryThatIsNewerThanItsSnapshot(t *testing.T) {
	e := ready(t)
	c := e.actual.Pods["web"].Containers["web-app"]
	run := e.runs["web-app"]
	created := c
	created.Status, created.StartedAt = plan.Created, time.Time{}
	e.actual.Pods["web"].Containers["web-app"] = created
	var known status.Container
	e.remember("web", func(m *status.Memory) {
		known = m.Containers["app"]
		m.Containers["app"] = status.Container{}
	})
	looks := e.looks
	done := e.awaitIn(t.Context(), time.Minute)
	select {
	case err := <-done:
		t.Fatalf("it has not waited: %v", err)
	case <-time.After(3 * awaitEvery):
	}
	known.Run = run
	e.remember("web", func(m *status.Memory) { m.Containers["app"] = known })
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if e.looks > looks+2 {
		t.Errorf("the engine was asked %d times", e.looks-looks)
	}
}

func TestAwaitReadyEndsAtOnceWhenAPodHasFailedForGood(t *testing.T) {
	e := ready(t)
	e.remember("job", func(m *status.Memory) { m.Phase, m.Reason = corev1.PodFailed, status.DeadlineExceeded })
	err := <-e.awaitIn(t.Context(), time.Minute)
	if err == nil || errors.Is(err, errTimeout) || !strings.Contains(err.Error(), "pod job has failed: pod job has failed: DeadlineExceeded") {
		t.Errorf("got %v", err)
	}
}

func TestAwaitReadyGivesABackedOffContainerItsTime(t *testing.T) {
	e := crashing(t)
	err := <-e.awaitIn(t.Context(), 60*time.Millisecond)
	if !errors.Is(err, errTimeout) || !strings.Contains(err.Error(), "container web/app ended with exit code 1") || strings.Contains(err.Error(), "job") {
		t.Errorf("got %v", err)
	}
}

func TestAwaitEndsWithAnInterrupt(t *testing.T) {
	e := crashing(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := e.awaitIn(ctx, -1)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAnInterruptSaysHowThePodsAre(t *testing.T) {
	e := crashing(t)
	ctx, cancel := context.WithCancel(t.Context())
	told := make(chan string, 100)
	a := &app{env: Env{Getenv: environment(e.env)}}
	done := make(chan error, 1)
	go func() {
		done <- a.awaitReady(ctx, e, "shop", []string{"job", "web"}, -1, func(text string) { told <- text })
	}()
	<-told
	cancel()
	err := <-done
	if want := "interrupted; the pods run on: web 2/3 ready, container web/app ended with exit code 1 (Error) "; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s…", err, want)
	}
	if got := exitCode(ctx, err); got != exitInterrupted {
		t.Errorf("exit code %d", got)
	}
}

func TestAWaitTellsEachReasonOnce(t *testing.T) {
	e := crashing(t)
	told := make(chan string, 100)
	a := &app{env: Env{Getenv: environment(e.env)}}
	done := make(chan error, 1)
	go func() {
		done <- a.awaitReady(t.Context(), e, "shop", nil, -1, func(text string) { told <- text })
	}()
	tells := func(want string) {
		t.Helper()
		select {
		case got := <-told:
			if !strings.HasPrefix(got, want) {
				t.Fatalf("told %q, want %q", got, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("it does not tell %q", want)
		}
	}
	tells("waiting for web: container web/app ended with exit code 1 (Error) ")

	// Another end of that kind is no news, nor a start and a probe that is still to be made; a probe that fails is.
	first := e.life("web").memory.Containers["app"]
	again := first
	again.Run.ExitCode, again.Restarts, again.Run.StartedAt = 1, 4, e.ago(time.Second)
	e.remember("web", func(m *status.Memory) { m.Containers["app"] = again })
	run := e.ran("web", "app", plan.Run{StartedAt: e.now, Pid: 4005})
	e.remember("web", func(m *status.Memory) { m.Containers["app"] = status.Container{Run: run, Started: true} })
	failing := status.Tally{Result: status.Failure, Last: status.Failure, Count: 1, Output: "read tcp 10.89.0.4:40001: reset", At: e.now, Since: e.now}
	e.remember("web", func(m *status.Memory) {
		m.Containers["app"] = status.Container{Run: run, Started: true, Readiness: failing}
	})
	tells("waiting for web: container web/app is not ready: readiness probe failing for ")
	failing.Output = "read tcp 10.89.0.4:40002: reset"
	e.remember("web", func(m *status.Memory) {
		m.Containers["app"] = status.Container{Run: run, Started: true, Readiness: failing}
	})
	e.remember("web", func(m *status.Memory) {
		m.Containers["app"] = status.Container{Run: run, Started: true, Ready: true, Hook: status.HookDone, Readiness: status.Tally{Result: status.Success, Last: status.Success, Count: 1, At: e.now}}
	})
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if len(told) > 0 {
		t.Errorf("it also tells %q", <-told)
	}
}

func TestAwaitAsksTheEngineWhereNobodySupervises(t *testing.T) {
	e := newLived(t, twoManifests)
	for _, name := range []string{"migrate", "proxy", "app", "side"} {
		e.ran("web", name, plan.Run{StartedAt: e.ago(time.Minute), Pid: 4001})
	}
	e.ran("web", "migrate", plan.Run{StartedAt: e.ago(time.Minute), FinishedAt: e.ago(50 * time.Second)})
	e.ran("job", "batch", plan.Run{StartedAt: e.ago(time.Minute), FinishedAt: e.ago(50 * time.Second)})
	if err := <-e.awaitIn(t.Context(), time.Minute, "job"); err != nil {
		t.Error(err)
	}
	// Nobody makes the probes that web waits for.
	if err := <-e.awaitIn(t.Context(), 30*time.Millisecond, "web"); !errors.Is(err, errTimeout) || !strings.Contains(err.Error(), "not made yet") || !strings.Contains(err.Error(), "project shop is unsupervised") {
		t.Errorf("got %v", err)
	}
}

func TestWhenAPodIsUp(t *testing.T) {
	type list = []corev1.ContainerStatus
	probed := func(pod *corev1.Pod) *corev1.Pod {
		pod.Spec.Containers[0].ReadinessProbe = &corev1.Probe{}
		return pod
	}
	policy := func(p corev1.RestartPolicy, pod *corev1.Pod) *corev1.Pod {
		pod.Spec.RestartPolicy = p
		return pod
	}
	isReady := func() *corev1.Pod { return podOf(corev1.PodRunning, nil, list{up1("a", true)}, corev1.PodReady) }
	for name, test := range map[string]struct {
		pod  *corev1.Pod
		want bool
	}{
		"a server is up when it is ready":                           {policy(corev1.RestartPolicyAlways, isReady()), true},
		"a server that is not ready is not":                         {policy(corev1.RestartPolicyAlways, podOf(corev1.PodRunning, nil, list{up1("a", false)})), false},
		"what runs to its end is not up while it runs":              {policy(corev1.RestartPolicyNever, isReady()), false},
		"what is retried until it succeeds is not up while it runs": {policy(corev1.RestartPolicyOnFailure, isReady()), false},
		"what has succeeded is up":                                  {policy(corev1.RestartPolicyNever, podOf(corev1.PodSucceeded, nil, list{ended1("a", "Completed", 0)})), true},
		"what says itself when it is ready is up then":              {probed(policy(corev1.RestartPolicyNever, isReady())), true},
	} {
		if got := up(test.pod); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestUpWaitsUntilThePodsAreUp(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", webManifest)
	got := s.podup(0, "up", "--wait")
	s.contains(got.err, "waiting for web to be ready")
	s.contains(got.out, "POD CONTAINER", "web app")

	s.write("pod.yaml", `apiVersion: v1
kind: Pod
metadata: {name: job}
spec:
  restartPolicy: Never
  containers:
  - name: batch
    image: localhost/web:1
    args: [print, no disk left, then, exit, "3"]
`)
	got = s.podup(1, "up", "-d", "--wait", "--wait-timeout", "20s")
	s.contains(got.err, "pod job has failed:", "container job/batch ended with exit code 3 (Error)", "its last output:", "no disk left")
	if s.actual().Pods["job"].ID == "" {
		t.Error("the pod that has failed is gone")
	}
	s.podup(0, "down")
}
