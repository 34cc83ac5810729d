package status

import (
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/podup/podup/plan"
)

func TestAnImageIsShownAsAContainerRuntimeCallsIt(t *testing.T) {
	for _, c := range []struct {
		name, image string
		run         plan.Run
		want        string
	}{
		{"of a registry, by the digest of its manifest", "docker.io/library/nginx:1.27", plan.Run{ImageID: "5d", ImageDigest: "sha256:aa"}, "docker.io/library/nginx@sha256:aa"},
		{"named by its short name", "nginx", plan.Run{ImageID: "5d", ImageDigest: "sha256:aa"}, "docker.io/library/nginx@sha256:aa"},
		{"of a registry with a port", "localhost:5000/app", plan.Run{ImageID: "5d", ImageDigest: "sha256:aa"}, "localhost:5000/app@sha256:aa"},
		{"named by a digest, by that one", "example.com/app@sha256:" + digits, plan.Run{ImageID: "5d", ImageDigest: "sha256:aa"}, "example.com/app@sha256:" + digits},
		{"built here, by its ID", "localhost/app:latest", plan.Run{ImageID: "5d", ImageDigest: "sha256:aa"}, "sha256:5d"},
		{"named by its ID", digits, plan.Run{ImageID: digits, ImageDigest: "sha256:aa"}, "sha256:" + digits},
		{"whose digest nobody has asked for", "nginx", plan.Run{ImageID: "5d"}, "sha256:5d"},
		{"whose ID has its algorithm already", "localhost/app", plan.Run{ImageID: "sha256:5d"}, "sha256:5d"},
		{"of which nothing is known", "nginx", plan.Run{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := imageID(c.image, c.run); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

const digits = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestTheDigestOfAnImageOutlivesARunThatOnlyTheListKnows(t *testing.T) {
	pod := aPod(corev1.RestartPolicyAlways, "a")
	pod.Apps[0].Image = "docker.io/library/nginx:1.27"
	for _, c := range []struct{ name, image, want string }{
		{"of the same image", "1", "docker.io/library/nginx@sha256:aa"},
		{"of another image", "2", "sha256:2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			state, memory := scene(pod, "a=exit0")
			m := memory.Containers["a"]
			m.Run.ImageDigest = "sha256:aa"
			memory.Containers["a"] = m
			listed := state.Containers["web-a"]
			listed.ID, listed.Status, listed.ImageID = "another", plan.Running, c.image
			state.Containers["web-a"] = listed
			if got := Of(pod, state, memory, now).ContainerStatuses[0].ImageID; got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestAContainerThatNeverRanHasNoImageYet(t *testing.T) {
	pod := aPod(corev1.RestartPolicyAlways, "init:i a")
	state, memory := scene(pod, "i=running")
	got := Of(pod, state, memory, now)
	if waits := got.ContainerStatuses[0]; waits.ImageID != "" || waits.ContainerID != "" || waits.Resources != nil {
		t.Errorf("%+v", waits)
	}
	if runs := got.InitContainerStatuses[0]; runs.ImageID == "" || runs.ContainerID == "" || runs.Resources == nil {
		t.Errorf("%+v", runs)
	}
}

func TestTheGenerationThatIsObservedIsThatOfANewPod(t *testing.T) {
	pod := aPod(corev1.RestartPolicyAlways, "a")
	pod.Apps[0].Lifecycle.Rules = []corev1.ContainerRestartRule{{Action: corev1.ContainerRestartRuleActionRestartAllContainers}}
	state, memory := scene(pod, "a=running")
	got := Of(pod, state, memory, now)
	if got.ObservedGeneration != 1 || len(got.Conditions) != 6 {
		t.Errorf("%+v", got)
	}
	for _, c := range got.Conditions {
		want := int64(1)
		if c.Type == corev1.AllContainersRestarting {
			want = 0
		}
		if c.ObservedGeneration != want {
			t.Errorf("%s has observed generation %d", c.Type, c.ObservedGeneration)
		}
	}
}

// What is wanted here is what a kubelet 1.36.3 showed of the same pods.
func TestResourcesOfAPodAsAWhole(t *testing.T) {
	list := func(cpu, memory string) corev1.ResourceList {
		made := corev1.ResourceList{}
		if cpu != "" {
			made[corev1.ResourceCPU] = resource.MustParse(cpu)
		}
		if memory != "" {
			made[corev1.ResourceMemory] = resource.MustParse(memory)
		}
		return made
	}
	requests := func(cpu, memory string) corev1.ResourceRequirements {
		return corev1.ResourceRequirements{Requests: list(cpu, memory)}
	}
	both := func(cpu, memory string) corev1.ResourceRequirements {
		return corev1.ResourceRequirements{Requests: list(cpu, memory), Limits: list(cpu, memory)}
	}
	none := corev1.ResourceRequirements{}
	burst := requests("100m", "16Mi")
	burst.Limits = list("", "64Mi")
	ofPod := both("", "96Mi")
	for _, c := range []struct {
		name             string
		phase            corev1.PodPhase
		pod              *corev1.ResourceRequirements
		init             []corev1.ResourceRequirements
		apps             []corev1.ResourceRequirements
		shown, allocated string
	}{
		{"nothing is asked for", corev1.PodRunning, nil, nil, []corev1.ResourceRequirements{none}, `{}`, `{}`},
		{"nothing is asked for and nothing has been started", corev1.PodPending, nil, nil, []corev1.ResourceRequirements{none}, `{}`, `{}`},
		{"an init container asks for more than the apps, and not all are limited", corev1.PodRunning, nil,
			[]corev1.ResourceRequirements{requests("200m", "")}, []corev1.ResourceRequirements{burst, none},
			`{"requests":{"cpu":"200m","memory":"16Mi"}}`, `{"cpu":"200m","memory":"16Mi"}`},
		{"all are limited", corev1.PodRunning, nil, nil, []corev1.ResourceRequirements{both("100m", "64Mi")},
			`{"limits":{"cpu":"100m","memory":"64Mi"},"requests":{"cpu":"100m","memory":"64Mi"}}`, `{"cpu":"100m","memory":"64Mi"}`},
		{"not all are limited and nothing has been started", corev1.PodPending, nil, []corev1.ResourceRequirements{none}, []corev1.ResourceRequirements{both("", "64Mi")},
			`{"limits":{"memory":"64Mi"},"requests":{"memory":"64Mi"}}`, `{"memory":"64Mi"}`},
		{"not all are limited and all have ended", corev1.PodSucceeded, nil, nil, []corev1.ResourceRequirements{both("", "64Mi"), none},
			`{"requests":{"memory":"64Mi"}}`, `{"memory":"64Mi"}`},
		{"the pod itself is limited", corev1.PodRunning, &ofPod, nil, []corev1.ResourceRequirements{none},
			`{"limits":{"memory":"96Mi"},"requests":{"memory":"96Mi"}}`, `{"memory":"96Mi"}`},
		{"two thousandths of a processor are what every cgroup has", corev1.PodRunning, nil, nil, []corev1.ResourceRequirements{requests("2m", "")},
			`{}`, `{"cpu":"2m"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			object := &corev1.Pod{Spec: corev1.PodSpec{Resources: c.pod}}
			for _, r := range c.init {
				object.Spec.InitContainers = append(object.Spec.InitContainers, corev1.Container{Resources: r})
			}
			for _, r := range c.apps {
				object.Spec.Containers = append(object.Spec.Containers, corev1.Container{Resources: r})
			}
			before := object.DeepCopy()
			shown, allocated := podResources(object, c.phase)
			if got := encoded(t, shown); got != c.shown {
				t.Errorf("resources %s, want %s", got, c.shown)
			}
			if got := encoded(t, allocated); got != c.allocated {
				t.Errorf("allocated %s, want %s", got, c.allocated)
			}
			if encoded(t, object) != encoded(t, before) {
				t.Error("the pod was changed")
			}
		})
	}
}

func encoded(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
