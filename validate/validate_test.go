package validate_test

import (
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podup/podup/manifest"
	"github.com/podup/podup/validate"
)

func TestStrictMakesEveryWarningAnError(t *testing.T) {
	path := filepath.Join("testdata", "ok", "ignored-fields.yaml")
	lenient, strict := check(t, path, validate.Options{}), check(t, path, validate.Options{Strict: true})
	if len(lenient) == 0 || lenient.HasErrors() {
		t.Fatalf("want warnings only, got:\n%v", lenient)
	}
	if len(strict) != len(lenient) {
		t.Fatalf("%d findings, strict %d", len(lenient), len(strict))
	}
	for i := range strict {
		lenient[i].Severity = manifest.SeverityError
		if strict[i] != lenient[i] {
			t.Errorf("got  %v\nwant %v", strict[i], lenient[i])
		}
	}
}

func TestASetWithoutASourceIsJudgedWithoutPlaces(t *testing.T) {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyAlways, DNSPolicy: corev1.DNSClusterFirst,
			NodeSelector: map[string]string{"a": "b"},
			Containers: []corev1.Container{{
				Name: "app", ImagePullPolicy: corev1.PullAlways, TerminationMessagePolicy: corev1.TerminationMessageReadFile,
				TerminationMessagePath: corev1.TerminationMessagePathDefault,
			}},
		},
	}
	var grace int64 = 30
	pod.Spec.TerminationGracePeriodSeconds = &grace
	got := validate.Check(manifest.FromObjects([]*corev1.Pod{pod}, nil, nil, nil, nil, "/srv"), validate.Options{})
	want := "error: spec.containers[0].image: Required value [kubernetes-required]"
	if got.Error() != want {
		t.Errorf("got:\n%s\nwant:\n%s", got.Error(), want)
	}
}

func TestAPrivilegedContainerIsValid(t *testing.T) {
	problems := checkText(t, podOf("securityContext: {privileged: true}"))
	if len(problems) != 0 {
		t.Errorf("got:\n%v", problems)
	}
}

func TestCheckLeavesTheObjectsAlone(t *testing.T) {
	set, problems := manifest.Load([]manifest.Source{{Name: "pod.yaml", Data: []byte(podOf("tty: true"))}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	before := set.Pods[0].Object.DeepCopy()
	if problems := validate.Check(set, validate.Options{}); len(problems) > 0 {
		t.Fatal(problems)
	}
	if !equal(before, set.Pods[0].Object) {
		t.Error("the pod was changed")
	}
}

func equal(a, b *corev1.Pod) bool { return a.String() == b.String() }

// podOf is a pod with one container that has these lines more.
func podOf(lines ...string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: app\n    image: example.com/app:1.0\n    " +
		strings.Join(lines, "\n    ") + "\n"
}

func checkText(t *testing.T, text string) manifest.Problems {
	t.Helper()
	set, problems := manifest.Load([]manifest.Source{{Name: "pod.yaml", Data: []byte(text)}})
	return manifest.Merge(problems, validate.Check(set, validate.Options{}))
}
