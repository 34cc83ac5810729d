package supervise

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

// began is when every run of a scene began; it is now a minute later, and what ended did so ten
// seconds ago.
var began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const ago = 10 * time.Second

// scene is an input whose containers are told in words: "app=running first=exit0 job=exit1". Others
// have been created only. A memory that was lost has "-memory" among the words.
func scene(pod translate.Pod, words string, changes ...func(*Input)) Input {
	in := Input{Pod: pod, Actual: created(pod), Now: began.Add(time.Minute), Busy: map[string]Work{}, Runs: map[string]plan.Run{}}
	in.Sandbox = plan.Sandbox{Pid: 50, StartedAt: began.Add(-time.Second)}
	in.Actual.Infra.StartedAt = in.Sandbox.StartedAt
	in.Memory = status.Memory{
		Pod: pod.Name, UID: pod.UID, PodID: in.Actual.ID, Since: began.Add(-time.Second),
		Sandbox: in.Sandbox, Containers: map[string]status.Container{},
	}
	lost := false
	for _, word := range strings.Fields(words) {
		if word == "-memory" {
			lost = true
			continue
		}
		name, what, _ := strings.Cut(word, "=")
		engine := pod.Name + "-" + name
		s := in.Actual.Containers[engine]
		run := plan.Run{Container: engine, ID: s.ID, StartedAt: began}
		switch {
		case what == "running":
			run.Pid, s.Status = 77, plan.Running
		case what == "lost":
			run.Lost, run.FinishedAt, s.Status = true, in.Now.Add(-ago), plan.Lost
		case strings.HasPrefix(what, "exit"):
			run.ExitCode, _ = strconv.Atoi(strings.TrimPrefix(what, "exit"))
			run.FinishedAt, s.Status, s.ExitCode = in.Now.Add(-ago), plan.Exited, run.ExitCode
		case what == "absent":
			delete(in.Actual.Containers, engine)
			continue
		default:
			panic(word)
		}
		s.StartedAt, s.ExitedAt = run.StartedAt, run.FinishedAt
		in.Actual.Containers[engine] = s
		in.Memory.Containers[name] = status.Container{Run: run, Begun: began}
		if slices.ContainsFunc(pod.Apps, func(c translate.Container) bool { return c.Name == name }) {
			in.Memory.Initialized = true
		}
	}
	if lost {
		for name, c := range in.Memory.Containers {
			in.Runs[pod.Name+"-"+name] = c.Run
		}
		in.Memory = status.Memory{}
	}
	for _, change := range changes {
		change(&in)
	}
	return in
}

// memory changes what is remembered of one container.
func memory(name string, change func(*status.Container)) func(*Input) {
	return func(in *Input) {
		c := in.Memory.Containers[name]
		change(&c)
		in.Memory.Containers[name] = c
	}
}

func render(actions []Action) string {
	var lines []string
	for _, a := range actions {
		switch a := a.(type) {
		case Start:
			lines = append(lines, "start "+a.Container)
		case Kill:
			line := fmt.Sprintf("kill %s within %s", a.Container, a.Grace)
			if a.PreStop {
				line += " preStop"
			}
			lines = append(lines, line)
		case KillPod:
			line := fmt.Sprintf("kill pod within %s", a.Grace)
			if len(a.PreStop) > 0 {
				line += " preStop " + strings.Join(a.PreStop, " ")
			}
			lines = append(lines, line)
		case NewSandbox:
			lines = append(lines, "new sandbox")
		}
	}
	return strings.Join(lines, ", ")
}

func TestNext(t *testing.T) {
	restartAll := func(name string, code int32) func(*translate.Pod) {
		return lifecycle(name, func(l *translate.Lifecycle) {
			l.Rules = []corev1.ContainerRestartRule{onExit(corev1.ContainerRestartRuleActionRestartAllContainers, code)}
		})
	}
	failing := func(kind probeKind) func(*status.Container) {
		return func(c *status.Container) { tally(c, kind).Result = status.Failure }
	}
	probed := lifecycle("app", func(l *translate.Lifecycle) {
		l.Liveness, l.Startup = aProbe("alive", 10, 3), aProbe("up", 10, 3)
	})
	up := memory("app", func(c *status.Container) { c.Startup.Result = status.Success })
	backoff := func(name string, delay, since time.Duration) func(*Input) {
		return func(in *Input) {
			memory(name, func(c *status.Container) {
				c.Backoff = status.Backoff{Key: name, Delay: delay, Updated: in.Now.Add(-since)}
			})(in)
		}
	}
	preStop := lifecycle("app", func(l *translate.Lifecycle) { l.PreStop = command("ok") })
	var grace int64 = 3

	for _, c := range []struct {
		name  string
		in    Input
		want  string
		phase corev1.PodPhase // final
		wake  time.Duration   // from now
	}{
		// Start.
		{name: "a pod without init containers starts its first app container, the next waits for its postStart",
			in: scene(aPod(onAlways, "a b"), ""), want: "start a"},
		{name: "the next app container is started while the first runs",
			in: scene(aPod(onAlways, "a b"), "a=running"), want: "start b"},
		{name: "no app container is started while another's postStart runs",
			in: scene(aPod(onAlways, "a b"), "a=running", func(in *Input) { in.Busy["a"] = Starting })},
		{name: "the first init container comes first",
			in: scene(aPod(onAlways, "init:one init:two app"), ""), want: "start one"},
		{name: "nothing is started while an init container runs",
			in: scene(aPod(onAlways, "init:one init:two app"), "one=running")},
		{name: "the next init container starts when the one before has succeeded",
			in: scene(aPod(onAlways, "init:one init:two app"), "one=exit0"), want: "start two"},
		{name: "app containers start behind the last init container",
			in: scene(aPod(onAlways, "init:one init:two app"), "one=exit0 two=exit0"), want: "start app"},
		{name: "an init container that failed is run again under OnFailure",
			in: scene(aPod(onFailure, "init:one app"), "one=exit1"), want: "start one"},
		{name: "an init container that failed is run again under Always",
			in: scene(aPod(onAlways, "init:one app"), "one=exit1"), want: "start one"},
		{name: "an init container that failed ends the pod under Never",
			in: scene(aPod(onNever, "init:one app"), "one=exit1"), phase: corev1.PodFailed},
		{name: "an init container that failed under Never takes sidecars down",
			in: scene(aPod(onNever, "sidecar:proxy init:one app"), "proxy=running one=exit1"), want: "kill pod within 30s", phase: corev1.PodFailed},
		{name: "an init container nobody saw end has failed",
			in: scene(aPod(onNever, "init:one app"), "one=lost"), phase: corev1.PodFailed},
		{name: "an init container that waits for its back-off holds up the rest",
			in: scene(aPod(onAlways, "init:one init:two app"), "one=exit1", backoff("one", 40*time.Second, 20*time.Second)), wake: 30 * time.Second},
		{name: "an earlier init container is not run again although it is gone",
			in: scene(aPod(onAlways, "init:one init:two app"), "one=absent two=exit0"), want: "start app"},
		{name: "init containers are not run again when the only app container restarts",
			in: scene(aPod(onAlways, "init:one app"), "one=exit0 app=exit1"), want: "start app"},

		// Sidecars.
		{name: "the next container waits for a sidecar's startup probe",
			in: scene(aPod(onAlways, "sidecar:proxy app", lifecycle("proxy", func(l *translate.Lifecycle) { l.Startup = aProbe("up", 1, 1) })), "proxy=running")},
		{name: "the next container does not wait for a sidecar's readiness",
			in: scene(aPod(onAlways, "sidecar:proxy app", lifecycle("proxy", func(l *translate.Lifecycle) { l.Readiness = aProbe("ready", 1, 1) })), "proxy=running"), want: "start app"},
		{name: "the next container waits for a sidecar's postStart",
			in: scene(aPod(onAlways, "sidecar:proxy app"), "proxy=running", func(in *Input) { in.Busy["proxy"] = Starting })},
		{name: "a sidecar that ended is started again during init, and its successor runs on",
			in: scene(aPod(onNever, "sidecar:proxy init:one app"), "proxy=exit0 one=running"), want: "start proxy"},
		{name: "a sidecar that ended is started again whatever the pod's policy",
			in: scene(aPod(onNever, "sidecar:proxy app"), "proxy=exit0 app=running"), want: "start proxy"},
		{name: "a sidecar whose startup probe failed is ended",
			in:   scene(aPod(onNever, "sidecar:proxy app", lifecycle("proxy", func(l *translate.Lifecycle) { l.Startup = aProbe("up", 1, 1) })), "proxy=running", memory("proxy", failing(startup))),
			want: "kill proxy within 30s"},
		{name: "a sidecar whose liveness probe failed is ended, and the next container does not wait",
			in:   scene(aPod(onNever, "sidecar:proxy init:one app", lifecycle("proxy", func(l *translate.Lifecycle) { l.Liveness = aProbe("alive", 1, 1) })), "proxy=running", memory("proxy", failing(liveness))),
			want: "kill proxy within 30s, start one"},
		{name: "a sidecar in back-off does not hold up app containers once the pod is initialized",
			in: scene(aPod(onAlways, "sidecar:proxy app"), "proxy=exit1 app=exit1", backoff("proxy", 40*time.Second, 20*time.Second)), want: "start app", wake: 30 * time.Second},
		{name: "a finished pod takes its sidecars down",
			in: scene(aPod(onFailure, "sidecar:proxy job"), "proxy=running job=exit0"), want: "kill pod within 30s"},
		{name: "a sidecar that ended is not started again for a finished pod",
			in: scene(aPod(onFailure, "sidecar:proxy job"), "proxy=exit1 job=exit0"), phase: corev1.PodSucceeded},

		// Restarts.
		{name: "under Always a success is restarted", in: scene(aPod(onAlways, "app"), "app=exit0"), want: "start app"},
		{name: "under OnFailure a success is final", in: scene(aPod(onFailure, "app"), "app=exit0"), phase: corev1.PodSucceeded},
		{name: "under OnFailure a failure is restarted", in: scene(aPod(onFailure, "app"), "app=exit1"), want: "start app"},
		{name: "under Never a failure is final", in: scene(aPod(onNever, "app"), "app=exit1"), phase: corev1.PodFailed},
		{name: "a pod is not finished while one container runs", in: scene(aPod(onNever, "a b"), "a=exit1 b=running")},
		{name: "a container's own policy goes before the pod's",
			in: scene(aPod(onNever, "a b", lifecycle("a", func(l *translate.Lifecycle) { l.Restart = onAlways })), "a=exit0 b=running"), want: "start a"},
		{name: "a rule goes before the container's policy",
			in: scene(aPod(onNever, "app", lifecycle("app", func(l *translate.Lifecycle) {
				l.Rules = []corev1.ContainerRestartRule{onExit(corev1.ContainerRestartRuleActionRestart, 42)}
			})), "app=exit42"), want: "start app"},
		{name: "a rule for another code does not",
			in: scene(aPod(onNever, "app", lifecycle("app", func(l *translate.Lifecycle) {
				l.Rules = []corev1.ContainerRestartRule{onExit(corev1.ContainerRestartRuleActionRestart, 42)}
			})), "app=exit43"), phase: corev1.PodFailed},
		{name: "a container that is gone from the engine is not made, and keeps its pod",
			in: scene(aPod(onAlways, "a b"), "a=absent b=running")},

		// Back-off.
		{name: "a second failure waits ten seconds from its end",
			in: scene(aPod(onAlways, "app"), "app=exit1", backoff("app", 20*time.Second, 30*time.Second)), wake: 10 * time.Second},
		{name: "the wait is over at its very end",
			in: scene(aPod(onAlways, "app"), "app=exit1", backoff("app", 10*time.Second, 30*time.Second)), want: "start app"},
		{name: "a back-off for another image is forgotten",
			in: scene(aPod(onAlways, "app", lifecycle("app", func(l *translate.Lifecycle) { l.BackoffKey = "newer" })), "app=exit1", backoff("app", 5*time.Minute, 30*time.Second)), want: "start app"},
		{name: "a back-off is forgotten after ten minutes that went well",
			in: scene(aPod(onAlways, "app"), "app=exit1", backoff("app", 5*time.Minute, 11*time.Minute)), want: "start app"},
		{name: "a lower cap shortens a wait that is going on",
			in: scene(aPod(onAlways, "app"), "app=exit1", backoff("app", 5*time.Minute, 30*time.Second), func(in *Input) { in.MaxBackoff = 15 * time.Second }), wake: 5 * time.Second},
		{name: "a clock that was set back does not lengthen a wait beyond its delay",
			in: scene(aPod(onAlways, "app"), "app=exit1", backoff("app", 20*time.Second, 30*time.Second), func(in *Input) { in.Now = in.Now.Add(-8 * time.Hour) }), wake: 20 * time.Second},

		// Probes and hooks.
		{name: "a failed liveness probe ends the container with the pod's grace and its preStop",
			in: scene(aPod(onAlways, "app", probed, preStop), "app=running", up, memory("app", failing(liveness))), want: "kill app within 30s preStop"},
		{name: "a preStop that has begun is not begun again",
			in: scene(aPod(onAlways, "app", probed, preStop), "app=running", up, memory("app", failing(liveness)), memory("app", func(c *status.Container) { c.PreStop = status.HookRunning })), want: "kill app within 30s"},
		{name: "a probe's own grace goes before the pod's",
			in: scene(aPod(onAlways, "app", lifecycle("app", func(l *translate.Lifecycle) {
				l.Liveness = aProbe("alive", 10, 3)
				l.Liveness.TerminationGracePeriodSeconds = &grace
			})), "app=running", memory("app", failing(liveness))), want: "kill app within 3s"},
		{name: "what a probe ends when nothing else runs or is to start ends with the pod, which has its own grace",
			in: scene(aPod(onNever, "sidecar:proxy app job", preStop, lifecycle("app", func(l *translate.Lifecycle) {
				l.Liveness = aProbe("alive", 10, 3)
				l.Liveness.TerminationGracePeriodSeconds = &grace
			})), "proxy=running app=running job=exit0", memory("app", failing(liveness))), want: "kill pod within 30s preStop app"},
		{name: "what a probe ends while another container runs ends alone",
			in: scene(aPod(onNever, "app job", lifecycle("app", func(l *translate.Lifecycle) {
				l.Liveness = aProbe("alive", 10, 3)
				l.Liveness.TerminationGracePeriodSeconds = &grace
			})), "app=running job=running", memory("app", failing(liveness))), want: "kill app within 3s"},
		{name: "a probe's kill in a pod without a grace has none",
			in: scene(aPod(onAlways, "app", probed, func(p *translate.Pod) { p.Grace = 0 }), "app=running", up, memory("app", failing(liveness))), want: "kill app within 0s"},
		{name: "the end of a pod without a grace has a second", phase: corev1.PodFailed,
			in: scene(aPod(onAlways, "app", preStop, func(p *translate.Pod) { p.Grace = 0 }), "app=running", func(in *Input) { in.Memory.Phase = corev1.PodFailed }), want: "kill pod within 1s preStop app"},
		{name: "a failed startup probe ends the container",
			in: scene(aPod(onAlways, "app", probed), "app=running", memory("app", failing(startup))), want: "kill app within 30s"},
		{name: "a container that is being ended is let alone",
			in: scene(aPod(onAlways, "app", probed), "app=running", up, memory("app", failing(liveness)), func(in *Input) { in.Busy["app"] = Stopping })},
		{name: "a probe's kill is restarted under OnFailure even with exit code 0",
			in: scene(aPod(onFailure, "app", probed), "app=exit0", memory("app", func(c *status.Container) { c.Kill = status.KillLiveness })), want: "start app"},
		{name: "after a probe's kill the back-off counts from the end of the run before",
			in: scene(aPod(onAlways, "app", probed), "app=exit0", backoff("app", 40*time.Second, 50*time.Second), memory("app", func(c *status.Container) {
				c.Kill, c.Previous = status.KillLiveness, &plan.Run{StartedAt: began.Add(-time.Minute), FinishedAt: began}
			})), want: "start app"},
		{name: "and where that waits, from the end of the run that was killed",
			in: scene(aPod(onAlways, "app", probed), "app=exit0", backoff("app", 80*time.Second, 50*time.Second), memory("app", func(c *status.Container) {
				c.Kill, c.Previous = status.KillLiveness, &plan.Run{StartedAt: began.Add(-time.Minute), FinishedAt: began}
			})), wake: 70 * time.Second},
		{name: "a probe's kill is final under Never",
			in: scene(aPod(onNever, "app", probed), "app=exit137", memory("app", func(c *status.Container) { c.Kill = status.KillLiveness })), phase: corev1.PodFailed},
		{name: "a failed readiness probe ends nothing",
			in: scene(aPod(onAlways, "app", lifecycle("app", func(l *translate.Lifecycle) { l.Readiness = aProbe("ready", 1, 1) })), "app=running", memory("app", failing(readiness)))},
		{name: "a failed postStart ends the container",
			in: scene(aPod(onNever, "app", preStop, lifecycle("app", func(l *translate.Lifecycle) { l.PostStart = command("fail") })), "app=running", memory("app", func(c *status.Container) { c.Hook = status.HookFailed })), want: "kill app within 30s preStop"},
		{name: "after a failed postStart the exit code counts as any other",
			in: scene(aPod(onFailure, "app"), "app=exit0", memory("app", func(c *status.Container) { c.Hook, c.Kill = status.HookFailed, status.KillPostStart })), phase: corev1.PodSucceeded},

		// The end of a pod.
		{name: "a deadline that has passed ends all",
			in: scene(aPod(onAlways, "sidecar:proxy app", preStop, func(p *translate.Pod) { p.Deadline = time.Minute }), "proxy=running app=running"), want: "kill pod within 30s preStop app", phase: corev1.PodFailed},
		{name: "a preStop that has begun is not begun again when its pod ends", phase: corev1.PodFailed,
			in: scene(aPod(onAlways, "app", preStop), "app=running", memory("app", func(c *status.Container) { c.PreStop = status.HookRunning }), func(in *Input) { in.Memory.Phase = corev1.PodFailed }), want: "kill pod within 30s"},
		{name: "a pod is ended when what is being stopped has been", phase: corev1.PodFailed,
			in: scene(aPod(onAlways, "a b"), "a=running b=running", func(in *Input) {
				in.Memory.Phase = corev1.PodFailed
				in.Busy["a"] = Stopping
			})},
		{name: "a deadline wakes",
			in: scene(aPod(onAlways, "app", func(p *translate.Pod) { p.Deadline = 2 * time.Minute }), "app=running"), wake: 59 * time.Second},
		{name: "a machine that slept does not pass a deadline by that",
			in: scene(aPod(onAlways, "app", func(p *translate.Pod) { p.Deadline = 2 * time.Minute }), "app=running", func(in *Input) {
				in.Memory.Asleep = 8 * time.Hour
				in.Now = in.Now.Add(8 * time.Hour)
			}), wake: 59 * time.Second},
		{name: "a pod that has failed stays so", phase: corev1.PodFailed,
			in: scene(aPod(onAlways, "app"), "app=exit0", func(in *Input) { in.Memory.Phase = corev1.PodFailed })},
		{name: "what runs of a pod that has failed is ended", phase: corev1.PodFailed,
			in: scene(aPod(onAlways, "app"), "app=running", func(in *Input) { in.Memory.Phase = corev1.PodFailed }), want: "kill pod within 30s"},
		{name: "nothing of a stopped pod is started",
			in: scene(aPod(onAlways, "app"), "app=exit0", func(in *Input) { in.Memory.Stopped = true })},
		{name: "nothing is done while a pod is being ended",
			in: scene(aPod(onAlways, "a b"), "a=exit0 b=running", func(in *Input) { in.Ending = true })},

		// The sandbox.
		{name: "when the infra container died everything is ended",
			in: scene(aPod(onAlways, "init:one app", preStop), "one=exit0 app=running", noInfra), want: "kill pod within 30s preStop app"},
		{name: "when everything is down the network is made anew",
			in: scene(aPod(onAlways, "init:one app"), "one=exit0 app=exit137", noInfra), want: "new sandbox"},
		{name: "under Never it is not",
			in: scene(aPod(onNever, "app"), "app=exit137", noInfra), phase: corev1.PodFailed},
		{name: "under OnFailure it is not where all have succeeded",
			in: scene(aPod(onFailure, "app"), "app=exit0", noInfra), phase: corev1.PodSucceeded},
		{name: "a network that dies again and again is made anew with back-off",
			in: scene(aPod(onAlways, "app"), "app=exit137", noInfra, func(in *Input) {
				in.Memory.Remade = status.Backoff{Key: "sandbox", Delay: 10 * time.Second, Updated: in.Now.Add(-4 * time.Second)}
			}), wake: 6 * time.Second},
		{name: "in another network the init containers come first again",
			in: scene(aPod(onAlways, "init:one app"), "one=exit0 app=exit137", newInfra), want: "start one"},
		{name: "what still runs in the old network is ended first",
			in: scene(aPod(onAlways, "init:one a b"), "one=exit0 a=running b=exit137", newInfra), want: "kill pod within 30s"},
		{name: "a container that has succeeded under OnFailure is not run again in another network",
			in: scene(aPod(onFailure, "a b"), "a=exit0 b=exit137", newInfra), want: "start b"},

		// RestartAllContainers.
		{name: "a rule to restart all ends the others first, without preStop",
			in: scene(aPod(onNever, "a app", preStop, restartAll("a", 42)), "a=exit42 app=running"), want: "kill pod within 0s"},
		{name: "and then starts from the first init container",
			in: scene(aPod(onNever, "init:one a app", restartAll("a", 42)), "one=exit0 a=exit42 app=exit137", func(in *Input) { in.Memory.Restarting = true }), want: "start one"},
		{name: "an init container can have such a rule",
			in: scene(aPod(onNever, "init:one init:two app", restartAll("two", 42)), "one=exit0 two=exit42"), want: "start one"},
		{name: "a container that asks for it at once is not obeyed more often than a kubelet would",
			in: scene(aPod(onNever, "app", restartAll("app", 42)), "app=exit42", memory("app", func(c *status.Container) {
				c.Run.StartedAt = began.Add(time.Minute - 500*time.Millisecond)
			})), wake: 1500 * time.Millisecond},

		// A memory that was lost.
		{name: "without a memory what runs is kept", in: scene(aPod(onAlways, "init:one a b"), "one=exit0 a=running b=running -memory")},
		{name: "without a memory init containers that ran in this network have run",
			in: scene(aPod(onAlways, "init:one init:two app"), "one=exit0 two=exit0 -memory"), want: "start app"},
		{name: "without a memory what ended before this network began has not",
			in: scene(aPod(onAlways, "init:one app"), "one=exit0 app=exit137 -memory", func(in *Input) {
				in.Sandbox.StartedAt = in.Now.Add(-time.Second)
			}), want: "start one"},
		{name: "a memory of another pod of this name is none",
			in: scene(aPod(onAlways, "app"), "", func(in *Input) { in.Memory.PodID, in.Memory.Phase = "another", corev1.PodFailed }), want: "start app"},
		{name: "a start that was begun by somebody who was killed is begun again",
			in: scene(aPod(onAlways, "app"), "", memory("app", func(c *status.Container) { c.Begun, c.Hook = began, status.HookRunning })), want: "start app"},
		{name: "a run that was given up as gone and goes on is no reason to start",
			in: scene(aPod(onAlways, "app"), "app=running", func(in *Input) {
				run := in.Memory.Containers["app"].Run
				lost := run
				lost.Pid, lost.Lost, lost.FinishedAt = 0, true, in.Now
				in.Memory.Containers["app"] = status.Container{Begun: in.Now, Previous: &lost, Restarts: 3}
				in.Runs = map[string]plan.Run{"web-app": run}
			})},
		{name: "a start that is being carried out is not",
			in: scene(aPod(onAlways, "app"), "", memory("app", func(c *status.Container) { c.Begun = began }), func(in *Input) { in.Busy["app"] = Starting })},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := fmt.Sprint(c.in)
			d := Next(c.in)
			if got := render(d.Actions); got != c.want {
				t.Errorf("actions: %s; want: %s", got, c.want)
			}
			if d.Memory.Phase != c.phase {
				t.Errorf("phase %q, want %q", d.Memory.Phase, c.phase)
			}
			var wake time.Duration
			if !d.Wake.IsZero() {
				wake = d.Wake.Sub(c.in.Now)
			}
			if wake != c.wake {
				t.Errorf("wakes in %s, want %s", wake, c.wake)
			}
			if again := Next(c.in); !reflect.DeepEqual(again, d) {
				t.Error("the same input gives another decision")
			}
			if fmt.Sprint(c.in) != before {
				t.Error("the input was changed")
			}
		})
	}
}

func noInfra(in *Input) {
	in.Actual.Infra.Status, in.Sandbox = plan.Exited, plan.Sandbox{}
}

func newInfra(in *Input) {
	in.Sandbox = plan.Sandbox{Pid: 51, StartedAt: in.Now.Add(-time.Second)}
}

func TestRecord(t *testing.T) {
	probe := aProbe("p", 1, 3)
	probe.SuccessThreshold = 2
	for _, c := range []struct {
		name, attempts, want string
	}{
		{"nothing is known after one success of two", "+", ""},
		{"two successes in a row are success", "++", "success"},
		{"a failure between starts the count anew", "+-+", ""},
		{"two failures of three change nothing", "++--", "success"},
		{"three failures in a row are failure", "++---", "failure"},
		{"one success of two after that changes nothing", "++---+", "failure"},
		{"the same result again stays", "+++++", "success"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got status.Tally
			for _, attempt := range c.attempts {
				got = Record(got, probe, attempt == '+', "output", began)
			}
			if got.Result != c.want {
				t.Errorf("%s gives %q, want %q", c.attempts, got.Result, c.want)
			}
		})
	}
}

func TestTicksComeAPeriodApartFromTheBeginning(t *testing.T) {
	for now, want := range map[time.Duration]time.Duration{
		0: 10 * time.Second, 3 * time.Second: 10 * time.Second, 10 * time.Second: 20 * time.Second,
		29500 * time.Millisecond: 30 * time.Second,
		-time.Hour:               -time.Hour + 10*time.Second, // the clock was set back
	} {
		if got := tick(began, began.Add(now), 10*time.Second).Sub(began); got != want {
			t.Errorf("after %s comes %s, want %s", now, got, want)
		}
	}
}
