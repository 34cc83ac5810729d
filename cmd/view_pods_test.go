package cmd

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podup/podup/plan"
)

func running(e *lived, pid int) plan.Run { return plan.Run{StartedAt: e.ago(time.Minute), Pid: pid} }

// podOf makes a pod of statuses; init containers whose name begins with s are sidecars.
func podOf(phase corev1.PodPhase, inits, apps []corev1.ContainerStatus, conditions ...corev1.PodConditionType) *corev1.Pod {
	pod := &corev1.Pod{Status: corev1.PodStatus{Phase: phase, InitContainerStatuses: inits, ContainerStatuses: apps}}
	for _, s := range inits {
		c := corev1.Container{Name: s.Name}
		if s.Name[0] == 's' {
			always := corev1.ContainerRestartPolicyAlways
			c.RestartPolicy = &always
		}
		pod.Spec.InitContainers = append(pod.Spec.InitContainers, c)
	}
	for _, s := range apps {
		pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: s.Name})
	}
	for _, kind := range conditions {
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue})
	}
	return pod
}

func up1(name string, ready bool) corev1.ContainerStatus {
	started := true
	return corev1.ContainerStatus{Name: name, Ready: ready, Started: &started, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}
}

func waits1(name, reason string) corev1.ContainerStatus {
	return corev1.ContainerStatus{Name: name, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}}
}

func ended1(name, reason string, code int32) corev1.ContainerStatus {
	return corev1.ContainerStatus{Name: name, State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: reason, ExitCode: code}}}
}

// restarted adds restarts, the last of which came after a run that ended so long ago.
func restarted(s corev1.ContainerStatus, count int32, ago time.Duration) corev1.ContainerStatus {
	s.RestartCount = count
	s.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{FinishedAt: metav1.NewTime(newClock().now().Add(-ago))}
	return s
}

func TestThePodsOfATableAreWordedAsKubectlDoes(t *testing.T) {
	type list = []corev1.ContainerStatus
	deleted := podOf(corev1.PodRunning, nil, list{up1("a", true)})
	deleted.DeletionTimestamp = &metav1.Time{Time: newClock().now()}
	over := podOf(corev1.PodFailed, nil, list{ended1("a", "Error", 1)})
	over.Status.Reason = "DeadlineExceeded"
	stoppedPod := podOf(corev1.PodFailed, nil, list{ended1("a", "Error", 137)})
	stoppedPod.Status.Reason = "Stopped"
	late := podOf(corev1.PodFailed, nil, nil)
	late.Status.Reason = "DeadlineExceeded"
	for name, test := range map[string]struct {
		pod           *corev1.Pod
		ready, status string
		restarts      string
	}{
		"a pod that runs":                                 {podOf(corev1.PodRunning, nil, list{up1("a", true), up1("b", true)}, corev1.PodReady), "2/2", "Running", "0"},
		"one that is not ready is Running still":          {podOf(corev1.PodRunning, nil, list{up1("a", true), up1("b", false)}), "1/2", "Running", "0"},
		"nothing has happened yet":                        {podOf(corev1.PodPending, nil, nil), "0/0", "Pending", "0"},
		"containers are being made":                       {podOf(corev1.PodPending, nil, list{waits1("a", "ContainerCreating")}), "0/1", "ContainerCreating", "0"},
		"the first of two init containers runs":           {podOf(corev1.PodPending, list{up1("i", false), waits1("j", "PodInitializing")}, list{waits1("a", "PodInitializing")}), "0/1", "Init:0/2", "0"},
		"the second of two init containers runs":          {podOf(corev1.PodPending, list{ended1("i", "Completed", 0), up1("j", false)}, list{waits1("a", "PodInitializing")}), "0/1", "Init:1/2", "0"},
		"an init container is backed off":                 {podOf(corev1.PodPending, list{restarted(waits1("i", "CrashLoopBackOff"), 4, 12*time.Second)}, list{waits1("a", "PodInitializing")}), "0/1", "Init:CrashLoopBackOff", "4 (12s ago)"},
		"an init container has failed":                    {podOf(corev1.PodFailed, list{ended1("i", "Error", 1)}, list{waits1("a", "PodInitializing")}), "0/1", "Init:Error", "0"},
		"an init container has failed without a reason":   {podOf(corev1.PodFailed, list{ended1("i", "", 3)}, list{waits1("a", "PodInitializing")}), "0/1", "Init:ExitCode:3", "0"},
		"an init container was killed by the kernel":      {podOf(corev1.PodPending, list{ended1("i", "OOMKilled", 137)}, list{waits1("a", "PodInitializing")}), "0/1", "Init:OOMKilled", "0"},
		"a sidecar counts as a container":                 {podOf(corev1.PodRunning, list{up1("s", true)}, list{up1("a", true)}, corev1.PodReady), "2/2", "Running", "0"},
		"a sidecar that has not started holds it up":      {podOf(corev1.PodPending, list{waits1("s", "PodInitializing")}, list{waits1("a", "PodInitializing")}), "0/2", "Init:0/1", "0"},
		"restarts of a done init container do not count":  {podOf(corev1.PodRunning, list{restarted(ended1("i", "Completed", 0), 2, time.Hour)}, list{restarted(up1("a", true), 1, 5*time.Minute)}, corev1.PodReady), "1/1", "Running", "1 (5m ago)"},
		"restarts of a sidecar do":                        {podOf(corev1.PodRunning, list{restarted(up1("s", true), 2, 30*time.Second)}, list{restarted(up1("a", true), 1, 5*time.Minute)}, corev1.PodReady), "2/2", "Running", "3 (30s ago)"},
		"a container is backed off":                       {podOf(corev1.PodRunning, nil, list{restarted(waits1("a", "CrashLoopBackOff"), 3, 12*time.Second), up1("b", true)}), "1/2", "CrashLoopBackOff", "3 (12s ago)"},
		"a container was killed by the kernel":            {podOf(corev1.PodRunning, nil, list{ended1("a", "OOMKilled", 137)}), "0/1", "OOMKilled", "0"},
		"a container ended without a reason":              {podOf(corev1.PodFailed, nil, list{ended1("a", "", 3)}), "0/1", "ExitCode:3", "0"},
		"all have ended well":                             {podOf(corev1.PodSucceeded, nil, list{ended1("a", "Completed", 0)}), "0/1", "Completed", "0"},
		"one has ended well, one badly":                   {podOf(corev1.PodFailed, nil, list{ended1("a", "Completed", 0), ended1("b", "Error", 1)}), "0/2", "Error", "0"},
		"the one that is first has ended, the other runs": {podOf(corev1.PodRunning, nil, list{ended1("a", "Completed", 0), up1("b", true)}), "1/2", "NotReady", "0"},
		"the one that is first has ended, the pod is ready all the same": {
			podOf(corev1.PodRunning, nil, list{ended1("a", "Completed", 0), up1("b", true)}, corev1.PodReady), "1/2", "Running", "0",
		},
		"its user has stopped it":                        {stoppedPod, "0/1", "Stopped", "0"},
		"it is being removed":                            {deleted, "1/1", "Terminating", "0"},
		"a reason of the pod's own":                      {late, "0/0", "DeadlineExceeded", "0"},
		"a container's reason goes before the pod's own": {over, "0/1", "Error", "0"},
		"a back-off after initialization counts as such though an init container is restarted": {
			podOf(corev1.PodRunning, list{ended1("i", "Error", 1)}, list{waits1("a", "CrashLoopBackOff")}, corev1.PodInitialized), "0/1", "CrashLoopBackOff", "0",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := summarize(test.pod, newClock().now())
			if ready := fmtReady(got); ready != test.ready || got.status != test.status || got.restarts != test.restarts {
				t.Errorf("%s %s %s, want %s %s %s", ready, got.status, got.restarts, test.ready, test.status, test.restarts)
			}
		})
	}
}
