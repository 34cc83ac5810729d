package supervise

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// aPod makes a pod of containers told in words: "app", "init:migrate", "sidecar:proxy". Options come
// last.
func aPod(policy corev1.RestartPolicy, names string, options ...func(*translate.Pod)) translate.Pod {
	pod := translate.Pod{Project: "shop", Name: "web", UID: "uid-1", Grace: 30 * time.Second, Restart: policy}
	for _, word := range strings.Fields(names) {
		kind, name, ok := strings.Cut(word, ":")
		if !ok {
			kind, name = "app", word
		}
		c := translate.Container{
			Project: "shop", Pod: "web", Name: name, Image: "image", Grace: pod.Grace,
			Lifecycle: translate.Lifecycle{Restart: policy, BackoffKey: name},
		}
		switch kind {
		case "app":
			c.Order = len(pod.Apps)
			pod.Apps = append(pod.Apps, c)
			continue
		case "sidecar":
			c.Sidecar = true
			c.Lifecycle.Restart = corev1.RestartPolicyAlways
		default:
			if policy == corev1.RestartPolicyAlways {
				c.Lifecycle.Restart = corev1.RestartPolicyOnFailure
			}
		}
		c.Init, c.Order = true, len(pod.Init)
		pod.Init = append(pod.Init, c)
	}
	for _, option := range options {
		option(&pod)
	}
	return pod
}

// with changes one container.
func with(name string, change func(*translate.Container)) func(*translate.Pod) {
	return func(pod *translate.Pod) {
		for _, list := range [][]translate.Container{pod.Init, pod.Apps} {
			for i := range list {
				if list[i].Name == name {
					change(&list[i])
				}
			}
		}
	}
}

// lifecycle changes one container's lifecycle.
func lifecycle(name string, change func(*translate.Lifecycle)) func(*translate.Pod) {
	return with(name, func(c *translate.Container) { change(&c.Lifecycle) })
}

// command is a hook or probe handler that the simulated engine understands.
func command(words string) *corev1.LifecycleHandler {
	return &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: strings.Fields(words)}}
}

// aProbe succeeds when the simulated engine says so of its name.
func aProbe(name string, period, failures int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{name}}},
		PeriodSeconds: period, TimeoutSeconds: 1, SuccessThreshold: 1, FailureThreshold: failures,
	}
}

func onExit(action corev1.ContainerRestartRuleAction, codes ...int32) corev1.ContainerRestartRule {
	return corev1.ContainerRestartRule{
		Action:    action,
		ExitCodes: &corev1.ContainerRestartRuleOnExitCodes{Operator: corev1.ContainerRestartRuleOnExitCodesOpIn, Values: codes},
	}
}

// created is the pod as an engine shows it when nothing but its infra container has been started.
func created(pod translate.Pod) plan.PodState {
	state := plan.PodState{
		Name: pod.Name, ID: "pod-1",
		Infra:      plan.ContainerState{Name: translate.InfraName(pod.Name), ID: "infra", Status: plan.Running},
		Containers: map[string]plan.ContainerState{},
	}
	for _, c := range pod.Containers() {
		state.Containers[c.EngineName()] = plan.ContainerState{
			Name: c.EngineName(), ID: "id-" + c.Name, Pod: pod.Name, Container: c.Name, Status: plan.Created,
		}
	}
	return state
}
