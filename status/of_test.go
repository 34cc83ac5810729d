package status

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

var (
	began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	now   = began.Add(time.Minute)
)

// aPod makes a pod of containers told in words: "app", "init:migrate", "sidecar:proxy".
func aPod(policy corev1.RestartPolicy, names string) translate.Pod {
	pod := translate.Pod{Project: "shop", Name: "web", UID: "uid-1", Restart: policy}
	for _, word := range strings.Fields(names) {
		kind, name, ok := strings.Cut(word, ":")
		if !ok {
			kind, name = "app", word
		}
		c := translate.Container{Pod: "web", Name: name, Image: "image", Lifecycle: translate.Lifecycle{Restart: policy}}
		switch kind {
		case "app":
			pod.Apps = append(pod.Apps, c)
			continue
		case "sidecar":
			c.Sidecar, c.Lifecycle.Restart = true, corev1.RestartPolicyAlways
		default:
			if policy == corev1.RestartPolicyAlways {
				c.Lifecycle.Restart = corev1.RestartPolicyOnFailure
			}
		}
		c.Init = true
		pod.Init = append(pod.Init, c)
	}
	return pod
}

// scene tells containers in words: "app=running first=exit0"; "backoff1" is exit code 1 and
// CrashLoopBackOff.
func scene(pod translate.Pod, words string) (plan.PodState, Memory) {
	state := plan.PodState{Name: "web", ID: "pod-1", Infra: plan.ContainerState{Status: plan.Running}, Containers: map[string]plan.ContainerState{}}
	memory := Memory{Since: began, Containers: map[string]Container{}, Sandbox: plan.Sandbox{Pid: 1, IPs: []string{"10.0.0.5", "fd00::5"}, HostIPs: []string{"192.0.2.7"}}}
	for _, c := range pod.Containers() {
		state.Containers[c.EngineName()] = plan.ContainerState{Name: c.EngineName(), ID: "id-" + c.Name, Status: plan.Created, ImageID: "sha256:1"}
	}
	for _, word := range strings.Fields(words) {
		name, what, _ := strings.Cut(word, "=")
		s := state.Containers["web-"+name]
		run := plan.Run{Container: s.Name, ID: s.ID, ImageID: s.ImageID, StartedAt: began}
		m := Container{}
		code := func(prefix string) {
			n, err := strconv.Atoi(strings.TrimPrefix(what, prefix))
			if err != nil {
				panic(word)
			}
			run.ExitCode, run.FinishedAt, s.Status = n, began.Add(time.Second), plan.Exited
		}
		switch {
		case what == "running":
			run.Pid, s.Status = 7, plan.Running
		case what == "lost":
			run.Lost, s.Status = true, plan.Lost
		case what == "oom":
			what = "exit137"
			code("exit")
			run.OOMKilled = true
		case strings.HasPrefix(what, "exit"):
			code("exit")
		case strings.HasPrefix(what, "backoff"):
			code("backoff")
			m.Waiting = Waiting{Reason: CrashLoopBackOff, Message: "back-off 10s"}
		default:
			panic(word)
		}
		s.StartedAt, s.ExitedAt, s.ExitCode = run.StartedAt, run.FinishedAt, run.ExitCode
		state.Containers["web-"+name] = s
		m.Run = run
		memory.Containers[name] = m
		for _, c := range pod.Apps {
			memory.Initialized = memory.Initialized || c.Name == name
		}
	}
	return state, memory
}

func TestPhase(t *testing.T) {
	const always, onFailure, never = corev1.RestartPolicyAlways, corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever
	for _, c := range []struct {
		name   string
		policy corev1.RestartPolicy
		pod    string
		scene  string
		want   corev1.PodPhase
	}{
		{"nothing has been started", always, "a b", "", corev1.PodPending},
		{"all run", always, "a b", "a=running b=running", corev1.PodRunning},
		{"one runs and one has not been started", always, "a b", "a=running", corev1.PodPending},
		{"all ended and all are restarted", always, "a b", "a=exit0 b=exit0", corev1.PodRunning},
		{"one ended and is restarted", always, "a b", "a=running b=exit1", corev1.PodRunning},
		{"one waits for its back-off", always, "a b", "a=running b=backoff1", corev1.PodRunning},
		{"all wait for their back-off", always, "a b", "a=backoff1 b=backoff1", corev1.PodRunning},
		{"all have succeeded and none is restarted", onFailure, "a b", "a=exit0 b=exit0", corev1.PodSucceeded},
		{"one has failed and is restarted", onFailure, "a b", "a=exit0 b=exit1", corev1.PodRunning},
		{"all have succeeded under Never", never, "a b", "a=exit0 b=exit0", corev1.PodSucceeded},
		{"one has failed under Never", never, "a b", "a=exit0 b=exit1", corev1.PodFailed},
		{"one has failed under Never and one runs", never, "a b", "a=running b=exit1", corev1.PodRunning},
		{"nobody saw how one ended under Never", never, "a", "a=lost", corev1.PodFailed},
		{"an init container runs", always, "init:i a", "i=running", corev1.PodPending},
		{"init is done and no app container has been started", always, "init:i a", "i=exit0", corev1.PodPending},
		{"init is done and the app runs", always, "init:i a", "i=exit0 a=running", corev1.PodRunning},
		{"an init container has failed and is restarted", onFailure, "init:i a", "i=exit1", corev1.PodPending},
		{"an init container waits for its back-off", always, "init:i a", "i=backoff1", corev1.PodPending},
		{"an init container has failed for good", never, "init:i a", "i=exit1", corev1.PodFailed},
		{"a sidecar runs and the app has not been started", always, "sidecar:s a", "s=running", corev1.PodPending},
		{"a sidecar restarts while the app runs", always, "sidecar:s a", "s=exit1 a=running", corev1.PodRunning},
		{"the app has succeeded and a sidecar still runs", never, "sidecar:s a", "s=running a=exit0", corev1.PodRunning},
		{"the app has succeeded and the sidecar has failed", never, "sidecar:s a", "s=exit1 a=exit0", corev1.PodSucceeded},
	} {
		t.Run(c.name, func(t *testing.T) {
			pod := aPod(c.policy, c.pod)
			state, memory := scene(pod, c.scene)
			if got := Of(pod, state, memory, now).Phase; got != c.want {
				t.Errorf("phase is %s, want %s", got, c.want)
			}
			// The engine alone tells the same, but for what no engine knows.
			if strings.Contains(c.scene, "backoff") {
				return
			}
			if got := Of(pod, state, Memory{Initialized: memory.Initialized}, now).Phase; got != c.want {
				t.Errorf("without a memory phase is %s, want %s", got, c.want)
			}
		})
	}
}

func TestASidecarThatStartsAgainLeavesThePodRunning(t *testing.T) {
	pod := aPod(corev1.RestartPolicyAlways, "sidecar:s a")
	pod.Init[0].Lifecycle.Startup = &corev1.Probe{}
	state, memory := scene(pod, "s=running a=running")
	if got := Of(pod, state, memory, now).Phase; got != corev1.PodRunning {
		t.Errorf("phase is %s", got)
	}
	memory.Initialized = false
	if got := Of(pod, state, memory, now).Phase; got != corev1.PodPending {
		t.Errorf("before the pod has been initialized phase is %s", got)
	}
}

func TestPhaseThatIsFinalStays(t *testing.T) {
	pod := aPod(corev1.RestartPolicyAlways, "a")
	state, memory := scene(pod, "a=running")
	memory.Phase, memory.Reason = corev1.PodFailed, DeadlineExceeded
	got := Of(pod, state, memory, now)
	if got.Phase != corev1.PodFailed || got.Reason != DeadlineExceeded {
		t.Errorf("%s %s", got.Phase, got.Reason)
	}
}

// words tells a container's state in one line.
func words(s corev1.ContainerState) string {
	switch {
	case s.Running != nil:
		return "running"
	case s.Waiting != nil:
		return strings.TrimSpace("waiting " + s.Waiting.Reason + " " + s.Waiting.Message)
	case s.Terminated != nil:
		return strings.TrimSpace(fmt.Sprintf("terminated %d %s %s", s.Terminated.ExitCode, s.Terminated.Reason, s.Terminated.Message))
	}
	return ""
}

func TestContainerStates(t *testing.T) {
	change := func(f func(*Container)) func(*Memory, *plan.PodState) {
		return func(m *Memory, _ *plan.PodState) {
			c := m.Containers["a"]
			f(&c)
			m.Containers["a"] = c
		}
	}
	earlier := &plan.Run{ID: "id-a", StartedAt: began.Add(-time.Hour), ExitCode: 3}
	probed := func(p *translate.Pod) { p.Apps[0].Lifecycle.Startup = &corev1.Probe{} }
	readied := func(p *translate.Pod) { p.Apps[0].Lifecycle.Readiness = &corev1.Probe{} }
	for _, c := range []struct {
		name, pod, scene string
		define           func(*translate.Pod)
		change           func(*Memory, *plan.PodState)
		state, last      string
		started, ready   bool
	}{
		{name: "not started yet", pod: "a", state: "waiting ContainerCreating"},
		{name: "not started yet behind init containers", pod: "init:i a", state: "waiting PodInitializing"},
		{name: "running", pod: "a", scene: "a=running", state: "running", started: true, ready: true},
		{name: "running, its startup probe has not succeeded", pod: "a", scene: "a=running", define: probed, state: "running"},
		{name: "running, its startup probe has", pod: "a", scene: "a=running", define: probed,
			change: change(func(c *Container) { c.Startup.Result = Success }), state: "running", started: true, ready: true},
		{name: "running, its readiness probe has not succeeded", pod: "a", scene: "a=running", define: readied, state: "running", started: true},
		{name: "running, its postStart is not over", pod: "a", scene: "a=running",
			change: change(func(c *Container) { c.Hook = HookRunning }), state: "waiting ContainerCreating"},
		{name: "running again, its postStart is not over", pod: "a", scene: "a=running",
			change: change(func(c *Container) { c.Hook, c.Previous = HookRunning, earlier }), state: "terminated 3 Error"},
		{name: "running again", pod: "a", scene: "a=running", change: change(func(c *Container) { c.Previous = earlier }),
			state: "running", last: "terminated 3 Error", started: true, ready: true},
		{name: "ended well", pod: "a", scene: "a=exit0", state: "terminated 0 Completed"},
		{name: "failed", pod: "a", scene: "a=exit2", state: "terminated 2 Error"},
		{name: "failed with a message", pod: "a", scene: "a=exit2", change: change(func(c *Container) { c.Run.Message = "no disk" }), state: "terminated 2 Error no disk"},
		{name: "out of memory", pod: "a", scene: "a=oom", state: "terminated 137 OOMKilled"},
		{name: "nobody saw it end", pod: "a", scene: "a=lost", state: "terminated 137 ContainerStatusUnknown The container could not be located when the pod was terminated"},
		{name: "the engine could not start it", pod: "a", scene: "a=exit0", change: change(func(c *Container) {
			c.Run = plan.Run{ID: "id-a", Error: "exec: not found", FinishedAt: now}
		}), state: "terminated 128 StartError exec: not found"},
		{name: "in back-off", pod: "a", scene: "a=backoff1", state: "waiting CrashLoopBackOff back-off 10s", last: "terminated 1 Error"},
		{name: "restarted with all others", pod: "a", scene: "a=running", change: change(func(c *Container) { c.Previous, c.PreviousReason = earlier, RestartingAllContainers }),
			state: "running", last: "terminated 137 RestartingAllContainers The container is removed because RestartAllContainers in place", started: true, ready: true},
		{name: "gone from the engine while it was believed to run", pod: "a", scene: "a=running", change: func(_ *Memory, s *plan.PodState) { delete(s.Containers, "web-a") },
			state: "terminated 137 ContainerStatusUnknown The container could not be located when the pod was terminated"},
		{name: "ended, and the memory is older", pod: "a", scene: "a=running", change: func(_ *Memory, s *plan.PodState) {
			c := s.Containers["web-a"]
			c.Status, c.ExitCode = plan.Exited, 9
			s.Containers["web-a"] = c
		}, state: "terminated 9 Error"},
		{name: "about to be started again", pod: "a", scene: "a=exit3", change: change(func(c *Container) {
			last := c.Run
			*c = Container{Previous: &last, Begun: now}
		}), state: "waiting ContainerCreating", last: "terminated 3 Error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pod := aPod(corev1.RestartPolicyAlways, c.pod)
			if c.define != nil {
				c.define(&pod)
			}
			state, memory := scene(pod, c.scene)
			if c.change != nil {
				c.change(&memory, &state)
			}
			got := Of(pod, state, memory, now).ContainerStatuses[0]
			if w := words(got.State); w != c.state {
				t.Errorf("state: %s; want: %s", w, c.state)
			}
			if w := words(got.LastTerminationState); w != c.last {
				t.Errorf("last state: %s; want: %s", w, c.last)
			}
			if *got.Started != c.started || got.Ready != c.ready {
				t.Errorf("started %t, ready %t", *got.Started, got.Ready)
			}
		})
	}
}

func TestInitContainerStates(t *testing.T) {
	pod := aPod(corev1.RestartPolicyAlways, "init:i sidecar:s a")
	state, memory := scene(pod, "i=exit0 s=running")
	got := Of(pod, state, memory, now).InitContainerStatuses
	if !got[0].Ready || *got[0].Started || !got[1].Ready || !*got[1].Started {
		t.Errorf("%+v", got)
	}
	delete(state.Containers, "web-i")
	memory.Containers["i"] = Container{}
	memory.Initialized = true
	if got := words(Of(pod, state, memory, now).InitContainerStatuses[0].State); !strings.HasPrefix(got, "terminated 0 Completed Unable to get") {
		t.Errorf("an init container that is gone is %s", got)
	}
}

func TestConditions(t *testing.T) {
	restartAll := func(p *translate.Pod) {
		p.Apps[0].Lifecycle.Rules = []corev1.ContainerRestartRule{{
			Action:    corev1.ContainerRestartRuleActionRestartAllContainers,
			ExitCodes: &corev1.ContainerRestartRuleOnExitCodes{Operator: corev1.ContainerRestartRuleOnExitCodesOpIn, Values: []int32{42}},
		}}
	}
	for _, c := range []struct {
		name, pod, scene string
		define           func(*translate.Pod)
		change           func(*Memory, *plan.PodState)
		want             string
	}{
		{name: "an app that runs", pod: "a", scene: "a=running",
			want: "PodReadyToStartContainers=True Initialized=True Ready=True ContainersReady=True PodScheduled=True"},
		{name: "an init container that runs", pod: "init:i a", scene: "i=running",
			want: "PodReadyToStartContainers=True Initialized=False(ContainersNotInitialized: containers with incomplete status: [i]) Ready=False(ContainersNotReady: containers with unready status: [a]) ContainersReady=False(ContainersNotReady: containers with unready status: [a]) PodScheduled=True"},
		{name: "a sidecar that restarts", pod: "sidecar:s a", scene: "s=exit1 a=running",
			want: "PodReadyToStartContainers=True Initialized=True Ready=False(ContainersNotReady: containers with unready status: [s]) ContainersReady=False(ContainersNotReady: containers with unready status: [s]) PodScheduled=True"},
		{name: "a pod that has succeeded", pod: "init:i a", scene: "i=exit0 a=exit0", change: func(m *Memory, _ *plan.PodState) { m.Phase = corev1.PodSucceeded },
			want: "PodReadyToStartContainers=False Initialized=True(PodCompleted: ) Ready=False(PodCompleted: ) ContainersReady=False(PodCompleted: ) PodScheduled=True"},
		{name: "a pod that has succeeded and whose sidecar is still to end", pod: "sidecar:s a", scene: "s=running a=exit0", change: func(m *Memory, _ *plan.PodState) { m.Phase = corev1.PodSucceeded },
			want: "PodReadyToStartContainers=True Initialized=True(PodCompleted: ) Ready=False(PodCompleted: ) ContainersReady=False(PodCompleted: ) PodScheduled=True"},
		{name: "a pod that has failed and whose containers have ended", pod: "a", scene: "a=exit1", change: func(m *Memory, _ *plan.PodState) { m.Phase = corev1.PodFailed },
			want: "PodReadyToStartContainers=False Initialized=True Ready=False(PodFailed: ) ContainersReady=False(PodFailed: ) PodScheduled=True"},
		{name: "a pod that has failed", pod: "a", scene: "a=running", change: func(m *Memory, _ *plan.PodState) { m.Phase = corev1.PodFailed },
			want: "PodReadyToStartContainers=True Initialized=True Ready=False(PodFailed: ) ContainersReady=False(PodFailed: ) PodScheduled=True"},
		{name: "a network that is gone", pod: "a", scene: "a=exit1", change: func(_ *Memory, s *plan.PodState) { s.Infra.Status = plan.Exited },
			want: "PodReadyToStartContainers=False Initialized=True Ready=False(ContainersNotReady: containers with unready status: [a]) ContainersReady=False(ContainersNotReady: containers with unready status: [a]) PodScheduled=True"},
		{name: "all containers restart", pod: "a", scene: "a=running", define: restartAll, change: func(m *Memory, _ *plan.PodState) { m.Restarting = true },
			want: "PodReadyToStartContainers=True Initialized=True Ready=True ContainersReady=True PodScheduled=True AllContainersRestarting=True(RestartAllContainersStarted: container exited with restart policy rule)"},
		{name: "initialized stays although the init container runs again", pod: "init:i a", scene: "i=running", change: func(m *Memory, _ *plan.PodState) {
			m.Conditions = []corev1.PodCondition{{Type: corev1.PodInitialized, Status: corev1.ConditionTrue}}
		}, want: "PodReadyToStartContainers=True Initialized=True Ready=False(ContainersNotReady: containers with unready status: [a]) ContainersReady=False(ContainersNotReady: containers with unready status: [a]) PodScheduled=True"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pod := aPod(corev1.RestartPolicyAlways, c.pod)
			if c.define != nil {
				c.define(&pod)
			}
			state, memory := scene(pod, c.scene)
			if c.change != nil {
				c.change(&memory, &state)
			}
			var got []string
			for _, condition := range Of(pod, state, memory, now).Conditions {
				text := string(condition.Type) + "=" + string(condition.Status)
				if condition.Reason != "" {
					text += "(" + condition.Reason + ": " + condition.Message + ")"
				}
				got = append(got, text)
			}
			if text := strings.Join(got, " "); text != c.want {
				t.Errorf("got\n  %s\nwant\n  %s", text, c.want)
			}
		})
	}
}

func TestTransitionTimesStayWhereNothingChanges(t *testing.T) {
	pod := aPod(corev1.RestartPolicyAlways, "a")
	state, memory := scene(pod, "a=running")
	memory.Conditions = []corev1.PodCondition{
		{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(began)},
		{Type: corev1.ContainersReady, Status: corev1.ConditionFalse, LastTransitionTime: metav1.NewTime(began)},
	}
	for _, c := range Of(pod, state, memory, now).Conditions {
		want := now
		if c.Type == corev1.PodReady {
			want = began
		}
		if !c.LastTransitionTime.Time.Equal(want) {
			t.Errorf("%s since %s", c.Type, c.LastTransitionTime)
		}
	}
}

func TestAddressesAndTimes(t *testing.T) {
	pod := aPod(corev1.RestartPolicyAlways, "b a")
	state, memory := scene(pod, "a=running b=running")
	got := Of(pod, state, memory, now)
	if got.PodIP != "10.0.0.5" || len(got.PodIPs) != 2 || got.HostIP != "192.0.2.7" || !got.StartTime.Time.Equal(began) || got.QOSClass != corev1.PodQOSBestEffort {
		t.Errorf("%+v", got)
	}
	if got.ContainerStatuses[0].Name != "a" || got.ContainerStatuses[0].ContainerID != "podman://id-a" || got.ContainerStatuses[0].ImageID != "sha256:1" || got.ContainerStatuses[0].Resources == nil {
		t.Errorf("%+v", got.ContainerStatuses[0])
	}
	state.Infra.Status = plan.Exited
	if got := Of(pod, state, memory, now); got.PodIP != "" {
		t.Errorf("a pod without a network has the address %s", got.PodIP)
	}
}
