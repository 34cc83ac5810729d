package release

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
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
	store := Store{Files: files}
	key, _, err := store.Key(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	number, err := store.Begin(t.Context(), Release{Created: created, Set: set, Options: Options{Sources: []string{"/srv/web/pod.yaml"}}}, key)
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

func TestARollbackFindsEverythingThatWasApplied(t *testing.T) {
	files := newMemory()
	first, second := example("web:1", "swordfish"), example("web:2", "hunter2")
	apply(t, files, first, true)
	apply(t, files, second, true)

	store := Store{Files: files}
	got, err := store.Load(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != Superseded || !got.Created.Equal(created.Truncate(time.Second)) || got.Options.Sources[0] != "/srv/web/pod.yaml" {
		t.Errorf("release 1 is %+v", got)
	}
	if pod := got.Set.Pods[0]; pod.Object.Spec.Containers[0].Image != "web:1" || pod.Dir != "/srv/web" {
		t.Errorf("pod came back as %+v", pod)
	}
	if blob := got.Set.ConfigMaps[0].Object.BinaryData["blob"]; !bytes.Equal(blob, []byte{0, 0xff, 0x80}) {
		t.Errorf("binary data came back as %x", blob)
	}
	secret := got.Set.Secrets[0]
	want := map[string][]byte{"password": []byte("swordfish"), "binary": {0, 0xff, 0x80}, "user": []byte("root-of-all")}
	if !maps.EqualFunc(secret.Object.Data, want, bytes.Equal) || secret.Dir != "/srv/secret" || secret.Object.Annotations["kept"] != "yes" {
		t.Errorf("secret came back as %+v", secret)
	}
	if got.Set.Claims[0].Object.Name != "data" {
		t.Errorf("claim came back as %+v", got.Set.Claims[0])
	}
	latest, found, err := store.Latest(t.Context())
	if err != nil || !found || latest.Number != 2 || latest.Status != Deployed {
		t.Errorf("latest is %d %s, %v, %v", latest.Number, latest.Status, found, err)
	}
	if string(first.Secrets[0].Object.Data["password"]) != "swordfish" || len(first.Secrets[0].Object.StringData) != 1 {
		t.Error("the caller's secret was changed")
	}
}

func TestNoReleaseFileHoldsASecretValue(t *testing.T) {
	files := newMemory()
	apply(t, files, example("web:1", "swordfish"), true)
	checked := 0
	for name, data := range files.files {
		if strings.HasPrefix(name, "secrets/") {
			if !digestRule.MatchString(strings.TrimPrefix(name, "secrets/")) {
				t.Errorf("value kept as %s", name)
			}
			continue
		}
		if name == keyFile {
			continue
		}
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if _, err := text.ReadFrom(r); err != nil {
			t.Fatal(err)
		}
		checked++
		for _, value := range []string{"swordfish", "c3dvcmRmaXNo", "root-of-all", "cm9vdC1vZi1hbGw"} { // and as base64
			if strings.Contains(text.String(), value) {
				t.Errorf("%s holds %q", name, value)
			}
		}
	}
	if checked != 1 {
		t.Errorf("%d release files were looked at, want 1", checked)
	}
}

func TestTheSameDefinitionIsWrittenOnce(t *testing.T) {
	files := newMemory()
	apply(t, files, example("web:1", "swordfish"), true)
	files.writes = nil
	if number := apply(t, files, example("web:1", "swordfish"), true); number != 1 || len(files.writes) != 0 {
		t.Errorf("number %d, writes %q", number, files.writes)
	}
	if number := apply(t, files, example("web:1", "hunter2"), true); number != 2 {
		t.Errorf("another secret value gave number %d, want 2", number)
	}
}

func TestAFailedReleaseIsTakenUpAgain(t *testing.T) {
	files := newMemory()
	apply(t, files, example("web:1", "x"), true)
	apply(t, files, example("web:2", "x"), false)
	if got := states(t, files); got != "2 failed, 1 deployed" {
		t.Fatalf("states %q", got)
	}
	files.writes = nil
	if number := apply(t, files, example("web:2", "x"), false); number != 2 || len(files.writes) != 0 {
		t.Errorf("number %d, writes %q", number, files.writes)
	}
	apply(t, files, example("web:2", "x"), true)
	if got := states(t, files); got != "2 deployed, 1 superseded" {
		t.Errorf("states %q", got)
	}
}

func TestGoingBackAfterAFailureIsANewRelease(t *testing.T) {
	files := newMemory()
	apply(t, files, example("web:1", "x"), true)
	apply(t, files, example("web:2", "x"), false)
	apply(t, files, example("web:1", "x"), true)
	if got := states(t, files); got != "3 deployed, 2 failed, 1 superseded" {
		t.Errorf("states %q", got)
	}
}

func TestAReleaseForSomePodsIsPartial(t *testing.T) {
	files := newMemory()
	store := Store{Files: files}
	key, fresh, err := store.Key(t.Context())
	if err != nil || !fresh {
		t.Fatalf("key is fresh: %v, %v", fresh, err)
	}
	_, err = store.Begin(t.Context(), Release{Set: example("web:1", "x"), Options: Options{Pods: []string{"web"}}}, key)
	if err != nil {
		t.Fatal(err)
	}
	if got := states(t, files); got != "1 partial" {
		t.Errorf("states %q", got)
	}
	if _, found, err := store.Latest(t.Context()); found || err != nil {
		t.Errorf("latest found: %v, %v", found, err)
	}
}

func TestOnlyTheLastReleasesAndTheirSecretsAreKept(t *testing.T) {
	files := newMemory()
	for i := range 8 {
		apply(t, files, example(fmt.Sprintf("web:%d", i+1), fmt.Sprintf("password %d", i+1)), true)
	}
	if got := states(t, files); got != "8 deployed, 7 superseded, 6 superseded, 5 superseded, 4 superseded" {
		t.Errorf("states %q", got)
	}
	// Five passwords, one user, one binary value.
	if kept := strings.Count(files.names(), "secrets/"); kept != 7 {
		t.Errorf("%d values kept, want 7: %s", kept, files.names())
	}
	for number := 4; number <= 8; number++ {
		r, err := Store{Files: files}.Load(t.Context(), number)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(r.Set.Secrets[0].Object.Data["password"]); got != fmt.Sprintf("password %d", number) {
			t.Errorf("release %d has password %q", number, got)
		}
	}
}

func TestFailuresNeitherGrowWithoutEndNorDropWhatRuns(t *testing.T) {
	files := newMemory()
	apply(t, files, example("web:1", "first"), true)
	for i := range 9 {
		apply(t, files, example(fmt.Sprintf("broken:%d", i), "second"), false)
	}
	if got := states(t, files); got != "10 failed, 9 failed, 8 failed, 7 failed, 6 failed, 1 deployed" {
		t.Errorf("states %q", got)
	}
	if _, err := (Store{Files: files}).Load(t.Context(), 1); err != nil {
		t.Error(err)
	}
}

func TestPastYieldsNewestFirstAndOneByOne(t *testing.T) {
	files := newMemory()
	for i := range 3 {
		apply(t, files, example(fmt.Sprintf("web:%d", i), "x"), true)
	}
	delete(files.files, deployedName(1)) // would be an error if it were asked for
	var numbers []int
	for r, err := range (Reader{Files: files}).Past(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if numbers = append(numbers, r.Number); len(numbers) == 2 {
			break
		}
	}
	if !slices.Equal(numbers, []int{3, 2}) {
		t.Errorf("numbers %v", numbers)
	}
}

// forge makes a release file around any document.
func forge(t *testing.T, doc any) []byte {
	t.Helper()
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func TestDamagedFilesAreNamedAndHideNothingElse(t *testing.T) {
	whole := func(definition string) map[string]any {
		return map[string]any{"formatVersion": "1.0", "definition": json.RawMessage(definition)}
	}
	for name, test := range map[string]struct {
		data []byte
		load string // what Load says
		list bool   // List names it as well
	}{
		"a file that is no gzip":       {[]byte("release"), "read release 2: it is no gzip file", true},
		"an empty file":                {nil, "read release 2: it is no gzip file", true},
		"a file that was cut short":    {forge(t, whole(`{"pods":[]}`))[:20], "read release 2: it is damaged", true},
		"another format":               {forge(t, map[string]any{"formatVersion": "2.0"}), `its format is "2.0", and this podup knows "1.0"`, true},
		"no format":                    {forge(t, map[string]any{}), `its format is ""`, true},
		"a definition of another type": {forge(t, whole(`{"pods":"all of them"}`)), "read release 2: it is damaged", false},
		"a secret outside the volume": {
			forge(t, whole(`{"secrets":[{"dir":"/","object":{"metadata":{"name":"s"}},"values":{"k":"../../../../etc/passwd"}}]}`)),
			`secret s, key k: "../../../../etc/passwd" is no digest`, false,
		},
		"a secret value that is gone": {
			forge(t, whole(`{"secrets":[{"dir":"/","object":{"metadata":{"name":"s"}},"values":{"k":"`+strings.Repeat("0", 64)+`"}}]}`)),
			"secret s, key k: read secrets/", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			files := newMemory()
			apply(t, files, example("web:1", "x"), true)
			files.files[deployedName(2)] = test.data
			store := Store{Files: files}

			list, err := store.List(t.Context())
			if (err != nil) != test.list {
				t.Errorf("List gives the error %v", err)
			}
			if err != nil && !strings.Contains(err.Error(), test.load) {
				t.Errorf("List says %q, want %q in it", err, test.load)
			}
			if i := slices.IndexFunc(list, func(r Release) bool { return r.Number == 1 }); i < 0 {
				t.Error("the undamaged release is not listed")
			}
			if _, err := store.Load(t.Context(), 2); err == nil || !strings.Contains(err.Error(), test.load) {
				t.Errorf("Load says %v, want %q in it", err, test.load)
			}
			if number := apply(t, files, example("web:3", "x"), true); number != 3 {
				t.Errorf("the next release has number %d, want 3", number)
			}
		})
	}
}

func TestAFileThatUnpacksToTooMuchIsRefused(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(make([]byte, maxSize+1)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := unpack(packed.Bytes()); err == nil || err.Error() != "it unpacks to more than 64 MiB" {
		t.Errorf("unpack says %v", err)
	}
}

func TestHolesInADefinitionAreNoPods(t *testing.T) {
	files := newMemory()
	files.files[deployedName(1)] = forge(t, map[string]any{"formatVersion": "1.7", "definition": json.RawMessage(
		`{"pods":[{"dir":"/"}],"configMaps":[{"object":null}],"secrets":[{}],"claims":[{}],"later":1}`)})
	r, err := Store{Files: files}.Load(t.Context(), 1)
	if err != nil || len(r.Set.Pods)+len(r.Set.ConfigMaps)+len(r.Set.Secrets)+len(r.Set.Claims) != 0 {
		t.Errorf("set %+v, %v", r.Set, err)
	}
}

func TestAChangedSecretValueIsNotBroughtBack(t *testing.T) {
	files := newMemory()
	apply(t, files, example("web:1", "swordfish"), true)
	for name := range files.files {
		if strings.HasPrefix(name, "secrets/") {
			files.files[name] = []byte("swapped")
		}
	}
	_, err := Store{Files: files}.Load(t.Context(), 1)
	if err == nil || !strings.Contains(err.Error(), "the kept value is not the one that was applied") {
		t.Errorf("Load says %v", err)
	}
}

func TestTheKeyIsKeptOrReplacedWhenDamaged(t *testing.T) {
	files := newMemory()
	store := Store{Files: files}
	apply(t, files, example("web:1", "x"), true)
	first, fresh, err := store.Key(t.Context())
	if err != nil || fresh || len(first) != keySize {
		t.Fatalf("key of %d bytes, fresh %v, %v", len(first), fresh, err)
	}
	files.files[keyFile] = []byte("short")
	second, fresh, err := store.Key(t.Context())
	if err == nil || !fresh || len(second) != keySize {
		t.Errorf("damaged key gives %d bytes, fresh %v, %v", len(second), fresh, err)
	}
	if _, err := store.Begin(t.Context(), Release{Set: example("web:1", "x")}, second); err != nil {
		t.Fatal(err)
	}
	if stored, fresh, err := store.Key(t.Context()); err != nil || fresh || !bytes.Equal(stored, second) {
		t.Errorf("the new key was not stored: %v, %v", fresh, err)
	}
}

// An up may be killed between any two writes. What is there then must be readable, and the next one
// must finish it.
func TestAReleaseCutShortAnywhereIsNoHarm(t *testing.T) {
	killed := errors.New("killed")
	for cut := range 20 {
		files := newMemory()
		apply(t, files, example("web:1", "first"), true)
		store := Store{Files: files}
		key, _, err := store.Key(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		left := cut
		files.fail = func(operation, _ string) error {
			if operation == "read" {
				return nil
			}
			if left == 0 {
				return killed
			}
			left--
			return nil
		}
		number, err := store.Begin(t.Context(), Release{Created: created, Set: example("web:2", "second")}, key)
		if err == nil {
			err = store.Finish(t.Context(), number)
		}
		files.fail = nil
		whole := err == nil
		if err != nil && !errors.Is(err, killed) {
			t.Fatalf("cut %d: %v", cut, err)
		}
		if _, err := store.List(t.Context()); err != nil {
			t.Fatalf("cut %d: %v", cut, err)
		}
		if latest, found, err := store.Latest(t.Context()); err != nil || !found || (latest.Number == 2) != whole {
			t.Fatalf("cut %d: latest %d, %v, %v", cut, latest.Number, found, err)
		}
		if number := apply(t, files, example("web:2", "second"), true); number != 2 {
			t.Fatalf("cut %d: next number %d", cut, number)
		}
		if got := states(t, files); got != "2 deployed, 1 superseded" {
			t.Fatalf("cut %d: states %q", cut, got)
		}
		if whole {
			return
		}
	}
	t.Error("20 writes were not enough")
}

func TestFilesOfOthersAreLeftAlone(t *testing.T) {
	files := newMemory()
	for _, name := range []string{"release-1.json.gz", "release-0000.json.gz", "release-0003.json", "notes.txt", "release-99999999999.json.gz", "x/release-0004.json.gz"} {
		files.files[name] = []byte("?")
	}
	if number := apply(t, files, example("web:1", "x"), true); number != 1 {
		t.Errorf("number %d, want 1", number)
	}
	if got := states(t, files); got != "1 deployed" {
		t.Errorf("states %q", got)
	}
}

func TestARenameThatLeftBothNamesCountsAsDeployed(t *testing.T) {
	files := newMemory()
	apply(t, files, example("web:1", "x"), true)
	files.files[pendingName(1)] = files.files[deployedName(1)]
	if got := states(t, files); got != "1 deployed" {
		t.Errorf("states %q", got)
	}
}

func TestAVolumeThatCannotBeReadIsNoEmptyOne(t *testing.T) {
	files := newMemory()
	apply(t, files, example("web:1", "x"), true)
	files.fail = func(operation, _ string) error {
		if operation == "read" {
			return fs.ErrPermission
		}
		return nil
	}
	store := Store{Files: files}
	if _, _, err := store.Key(t.Context()); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Key says %v", err)
	}
	if _, _, err := store.Latest(t.Context()); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Latest says %v", err)
	}
	if _, err := store.Begin(t.Context(), Release{Set: example("web:2", "x")}, newKey()); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Begin says %v", err)
	}
}
