package release

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podup/podup/manifest"
)

// memory is a release volume in a map. It counts writes and fails those it is told to.
type memory struct {
	files  map[string][]byte
	writes []string
	fail   func(operation, name string) error
}

func newMemory() *memory { return &memory{files: map[string][]byte{}} }

func (m *memory) check(operation, name string) error {
	if m.fail != nil {
		if err := m.fail(operation, name); err != nil {
			return err
		}
	}
	if operation != "read" {
		m.writes = append(m.writes, operation+" "+name)
	}
	return nil
}

func (m *memory) Read(_ context.Context, name string) ([]byte, error) {
	if err := m.check("read", name); err != nil {
		return nil, err
	}
	data, ok := m.files[name]
	if !ok {
		return nil, fmt.Errorf("read %s: %w", name, fs.ErrNotExist)
	}
	return data, nil
}

func (m *memory) List(context.Context) ([]string, error) {
	return slices.Sorted(maps.Keys(m.files)), nil
}

func (m *memory) Write(_ context.Context, name string, data []byte) error {
	if err := m.check("write", name); err != nil {
		return err
	}
	m.files[name] = bytes.Clone(data)
	return nil
}

func (m *memory) Rename(_ context.Context, from, to string) error {
	if err := m.check("rename", from+" "+to); err != nil {
		return err
	}
	m.files[to] = m.files[from]
	delete(m.files, from)
	return nil
}

func (m *memory) Remove(_ context.Context, name string) error {
	if err := m.check("remove", name); err != nil {
		return err
	}
	delete(m.files, name)
	return nil
}

func (m *memory) names() string { return strings.Join(slices.Sorted(maps.Keys(m.files)), " ") }

// example is a set with one object of each kind; image and password make it differ.
func example(image, password string) manifest.Set {
	return manifest.Set{
		Pods: []manifest.Document[*corev1.Pod]{manifest.NewDocument(&corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "web"},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: image}}},
		}, "/srv/web")},
		Services: []manifest.Document[*corev1.Service]{manifest.NewDocument(&corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Name: "front"}, Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "web"}},
		}, "/srv/web")},
		ConfigMaps: []manifest.Document[*corev1.ConfigMap]{manifest.NewDocument(&corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: "settings"}, Data: map[string]string{"log": "info"},
			BinaryData: map[string][]byte{"blob": {0, 0xff, 0x80}},
		}, "/srv/web")},
		Secrets: []manifest.Document[*corev1.Secret]{manifest.NewDocument(&corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: "login", Annotations: map[string]string{
				lastApplied: `{"stringData":{"password":"` + password + `"}}`, "kept": "yes",
			}},
			Data:       map[string][]byte{"password": []byte(password), "binary": {0, 0xff, 0x80}},
			StringData: map[string]string{"user": "root-of-all"},
		}, "/srv/secret")},
		Claims: []manifest.Document[*corev1.PersistentVolumeClaim]{manifest.NewDocument(&corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{Name: "data"},
		}, "/srv/web")},
	}
}

var created = time.Date(2026, 5, 4, 3, 2, 1, 999, time.UTC)

func apply(t *testing.T, files *memory, set manifest.Set, finish bool) int {
	t.Helper()
	return applyTo(t, files, set, finish)
}

// applyTo is apply for some pods only; none is all.
func applyTo(t *testing.T, files *memory, set manifest.Set, finish bool, pods ...string) int {
	t.Helper()
	store := Store{Files: files}
	key, _, err := store.Key(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	number, err := store.Begin(t.Context(), Release{Created: created, Set: set, Options: Options{Sources: []string{"/srv/web/pod.yaml"}, Pods: pods}}, key)
	if err != nil {
		t.Fatal(err)
	}
	if finish {
		if err := store.Finish(t.Context(), number); err != nil {
			t.Fatal(err)
		}
	}
	return number
}

// states is the list of releases in short: "3 deployed, 2 superseded".
func states(t *testing.T, files *memory) string {
	t.Helper()
	list, err := Store{Files: files}.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, r := range list {
		all = append(all, fmt.Sprintf("%d %s", r.Number, r.Status))
	}
	return strings.Join(all, ", ")
}
