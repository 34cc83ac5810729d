package cmd

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
)

// decode reads what podup wrote as an API server would read it.
func decode(t *testing.T, text string) runtime.Object {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	object, _, err := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer().Decode([]byte(text), nil, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return object
}

func TestGetGivesPodsThatKubernetesReads(t *testing.T) {
	e := crashing(t)
	for _, format := range []string{"yaml", "json"} {
		got := e.podup("get", "web", "-o", format)
		pod, ok := decode(t, got.out).(*corev1.Pod)
		if got.code != 0 || !ok {
			t.Fatalf("exit code %d\n%s%s", got.code, got.out, got.err)
		}
		if pod.Name != "web" || pod.Namespace != "default" || pod.UID == "" || pod.Labels["app"] != "web" || pod.CreationTimestamp.IsZero() {
			t.Errorf("metadata %+v", pod.ObjectMeta)
		}
		if pod.Spec.TerminationGracePeriodSeconds == nil || *pod.Spec.TerminationGracePeriodSeconds != 30 {
			t.Error("the defaults are missing")
		}
		if pod.Status.Phase != corev1.PodRunning || pod.Status.PodIP != "10.89.0.4" || pod.Status.StartTime == nil || pod.Status.QOSClass != corev1.PodQOSBestEffort {
			t.Errorf("status %+v", pod.Status)
		}
		app := pod.Status.ContainerStatuses[0]
		if app.Name != "app" || app.RestartCount != 3 || app.State.Waiting == nil || app.State.Waiting.Reason != "CrashLoopBackOff" || app.LastTerminationState.Terminated.ExitCode != 1 {
			t.Errorf("container %+v", app)
		}
		if pod.Generation != 1 || pod.Status.ObservedGeneration != 1 || pod.Status.Conditions[0].ObservedGeneration != 1 {
			t.Errorf("generation %d, observed %d, by a condition %d", pod.Generation, pod.Status.ObservedGeneration, pod.Status.Conditions[0].ObservedGeneration)
		}
		if pod.Spec.ServiceAccountName != "default" || pod.Spec.DeprecatedServiceAccount != "default" {
			t.Errorf("service account %q, by its old name %q", pod.Spec.ServiceAccountName, pod.Spec.DeprecatedServiceAccount)
		}
		if app.ImageID != "sha256:5d2f3a9e81c07b64" || app.Resources == nil || pod.Status.Resources == nil {
			t.Errorf("image %q, resources %v of %v", app.ImageID, app.Resources, pod.Status.Resources)
		}
		if strings.Contains(got.out, "hush") {
			t.Error("the value of a Secret is in it")
		}
	}
}

func TestGetOfSeveralPodsIsAList(t *testing.T) {
	e := crashing(t)
	for _, args := range [][]string{{"get", "-o", "json"}, {"get", "web", "job", "-o", "json"}, {"get", "pods", "-o", "json"}, {"get", "pod/web", "po/job", "-o", "json"}} {
		got := e.podup(args...)
		list, ok := decode(t, got.out).(*corev1.List)
		if got.code != 0 || !ok || len(list.Items) != 2 {
			t.Errorf("%q: exit code %d\n%s%s", args, got.code, got.out, got.err)
		}
	}
	var empty struct{ Items []any }
	got := e.podup("get", "-p", "other", "-o", "json")
	if err := json.Unmarshal([]byte(got.out), &empty); err != nil || got.code != 0 || empty.Items == nil {
		t.Errorf("%v\n%s", err, got.out)
	}
}

func TestStatusIsATableInKubectlsWords(t *testing.T) {
	e := crashing(t)
	lives, err := e.overview().lives(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var pods []*corev1.Pod
	for _, l := range lives {
		pods = append(pods, l.object(e.now))
	}
	var out bytes.Buffer
	if err := writePods(&out, palette{}, pods, e.now, true); err != nil {
		t.Fatal(err)
	}
	golden(t, "view/status.txt", out.String())
	for _, command := range []string{"status", "get"} {
		got := e.podup(command)
		if got.code != 0 || !strings.HasPrefix(got.out, "POD  READY  STATUS ") || !strings.Contains(got.out, "web  2/3    CrashLoopBackOff") || got.err != "" {
			t.Errorf("%s: exit code %d\n%s%s", command, got.code, got.out, got.err)
		}
	}
	if got := e.podup("status", "job", "--no-headers"); strings.Contains(got.out, "web") || strings.Contains(got.out, "POD") {
		t.Error(got.out)
	}
	if got := e.podup("status", "wbe"); got.code != 1 || !strings.Contains(got.err, `no pod "wbe": there is job, web`) {
		t.Errorf("%+v", got)
	}
	if got := e.podup("status", "-p", "other"); got.code != 0 || got.out != "" || !strings.Contains(got.err, "project other has no pods") {
		t.Errorf("%+v", got)
	}
}

func TestAProjectNobodySupervisesSaysSo(t *testing.T) {
	e := newLived(t, twoManifests)
	for _, args := range [][]string{{"status"}, {"ps"}} {
		if got := e.podup(args...); got.code != 0 || strings.Contains(got.err, "unsupervised") {
			t.Errorf("%q of a project that does not run: %+v", args, got)
		}
	}
	stop := e.supervise()
	e.ran("web", "side", running(e, 4002))
	for _, args := range [][]string{{"status"}, {"ps"}} {
		if got := e.podup(args...); strings.Contains(got.err, "unsupervised") {
			t.Errorf("%q of a project that is supervised: %+v", args, got)
		}
	}
	stop()
	for _, args := range [][]string{{"status"}, {"ps"}} {
		if got := e.podup(args...); got.code != 0 || !strings.Contains(got.err, "project shop is unsupervised") {
			t.Errorf("%q: %+v", args, got)
		}
	}
}
