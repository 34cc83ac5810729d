package translate_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podup/podup/manifest"
	"github.com/podup/podup/translate"
)

func object(name string, change func(*corev1.Pod)) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app:1"}}},
	}
	if change != nil {
		change(pod)
	}
	return pod
}

func mounting(source corev1.VolumeSource) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: source}}
		pod.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "v", MountPath: "/v"}}
	}
}

func setOf(pods ...*corev1.Pod) manifest.Set {
	var set manifest.Set
	for _, pod := range pods {
		set.Pods = append(set.Pods, manifest.NewDocument(pod, ""))
	}
	return set
}

// What validate refuses must be no silence here either: releases of another podup come this way.
func TestWhatCannotBeTranslatedIsAProblem(t *testing.T) {
	for name, c := range map[string]struct {
		pods []*corev1.Pod
		want string // path and rule
	}{
		"a volume nobody declares": {
			[]*corev1.Pod{object("web", func(pod *corev1.Pod) {
				pod.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "v", MountPath: "/v"}}
			})}, "spec.containers[0].volumeMounts[0].name podup-missing-reference"},
		"a kind of volume podup does not know": {
			[]*corev1.Pod{object("web", mounting(corev1.VolumeSource{NFS: &corev1.NFSVolumeSource{}}))},
			"spec.volumes[0] podup-unsupported-field"},
		"a projection podup does not know": {
			[]*corev1.Pod{object("web", mounting(corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
				Sources: []corev1.VolumeProjection{{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{}}}}}))},
			"spec.volumes[0].projected.sources[0] podup-unsupported-field"},
		"an emptyDir on huge pages": {
			[]*corev1.Pod{object("web", mounting(corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{Medium: "HugePages"}}))},
			"spec.volumes[0].emptyDir.medium podup-unsupported-field"},
		"a relative host path without a directory": {
			[]*corev1.Pod{object("web", mounting(corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "data"}}))},
			"spec.volumes[0].hostPath.path podup-invalid-path"},
		"a file outside its volume": {
			[]*corev1.Pod{object("web", mounting(corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{
				Items: []corev1.DownwardAPIVolumeFile{{Path: "../x", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}}}}}))},
			"spec.volumes[0].downwardAPI.items[0] podup-invalid-path"},
		"a field a file cannot have": {
			[]*corev1.Pod{object("web", mounting(corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{
				Items: []corev1.DownwardAPIVolumeFile{{Path: "x", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "status.podIP"}}}}}))},
			"spec.volumes[0].downwardAPI.items[0].fieldRef.fieldPath podup-unsupported-field"},
		"a resource no container has": {
			[]*corev1.Pod{object("web", func(pod *corev1.Pod) {
				pod.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "A", ValueFrom: &corev1.EnvVarSource{
					ResourceFieldRef: &corev1.ResourceFieldSelector{Resource: "limits.gpu"}}}}
			})}, "spec.containers[0].env[0].valueFrom.resourceFieldRef.resource podup-unsupported-field"},
		"a variable from a file": {
			[]*corev1.Pod{object("web", func(pod *corev1.Pod) {
				pod.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "A", ValueFrom: &corev1.EnvVarSource{FileKeyRef: &corev1.FileKeySelector{}}}}
			})}, "spec.containers[0].env[0].valueFrom.fileKeyRef podup-unsupported-field"},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := translate.Want(setOf(c.pods...), options)
			var got []string
			for _, problem := range problems {
				got = append(got, problem.Path+" "+problem.Rule)
			}
			if !slices.Equal(got, []string{c.want}) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestStringDataOverridesData(t *testing.T) {
	set := setOf(object("web", mounting(corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "s"}})))
	set.Secrets = append(set.Secrets, manifest.NewDocument(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "s"},
		Data:       map[string][]byte{"a": []byte("old"), "b": []byte("kept")},
		StringData: map[string]string{"a": "new"},
	}, ""))
	project, problems := translate.Want(set, options)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var got []string
	for _, file := range project.Volumes[0].Files {
		got = append(got, fmt.Sprintf("%s %s %s", file.Mode, file.Path, file.Data.Reveal()))
	}
	if want := []string{"-rw-r--r-- a new", "-rw-r--r-- b kept"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestGrace(t *testing.T) {
	for name, c := range map[string]struct {
		seconds *int64
		want    time.Duration
	}{
		"nothing declared is 30 s":                {nil, 30 * time.Second},
		"zero is at once":                         {new(int64(0)), 0},
		"a negative period is a second":           {new(int64(-5)), time.Second},
		"a period beyond all bounds is a century": {new(int64(1 << 62)), 100 * 365 * 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			project, _ := translate.Want(setOf(object("web", func(pod *corev1.Pod) { pod.Spec.TerminationGracePeriodSeconds = c.seconds })), options)
			if pod := project.Pods[0]; pod.Grace != c.want || pod.Apps[0].Grace != c.want {
				t.Errorf("pod %s, container %s, want %s", pod.Grace, pod.Apps[0].Grace, c.want)
			}
		})
	}
}

func TestWantLeavesTheSetAsItIs(t *testing.T) {
	pod := object("web", func(pod *corev1.Pod) {
		pod.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsUser: new(int64(5)), SupplementalGroups: []int64{3, 2}}
	})
	before := pod.DeepCopy()
	project, _ := translate.Want(setOf(pod), options)
	security := project.Pods[0].Apps[0].Security
	*security.RunAsUser = 6
	security.SupplementalGroups[0] = 9
	if pod.String() != before.String() {
		t.Errorf("got %s, want %s", pod, before)
	}
}

func BenchmarkWant(b *testing.B) {
	var pods []*corev1.Pod
	for i := range 50 {
		pods = append(pods, object(fmt.Sprintf("pod-%d", i), func(pod *corev1.Pod) {
			for j := range 3 {
				pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{
					Name: fmt.Sprintf("c%d", j), Image: "nginx:1.27", Command: []string{"serve", "$(A)"},
					Env: []corev1.EnvVar{{Name: "A", Value: "1"}, {Name: "B", Value: "$(A)2"}},
				})
			}
		}))
	}
	set := setOf(pods...)
	for b.Loop() {
		project, _ := translate.Want(set, options)
		for _, pod := range project.Pods {
			_ = pod.Hash()
			for _, container := range pod.Containers() {
				_ = container.Hash()
			}
		}
	}
}
