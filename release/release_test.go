package release

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

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
	if service := got.Set.Services[0]; service.Object.Name != "front" || service.Object.Spec.Selector["app"] != "web" {
		t.Errorf("service came back as %+v", service)
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

func TestTheOptionsThatShapeAProjectComeBack(t *testing.T) {
	store := Store{Files: newMemory()}
	for i, options := range []Options{{}, {MaxBackoff: 10 * time.Second}, {Network: "host", MaxBackoff: 10 * time.Second}} {
		key, _, err := store.Key(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		number, err := store.Begin(t.Context(), Release{Created: created, Set: example("web:1", "swordfish"), Options: options}, key)
		if err != nil || number != i+1 {
			t.Fatalf("%+v: number %d, want %d: %v", options, number, i+1, err)
		}
		if err := store.Finish(t.Context(), number); err != nil {
			t.Fatal(err)
		}
		got, _, err := store.Latest(t.Context())
		if err != nil || got.Options.MaxBackoff != options.MaxBackoff || got.Options.Network != options.Network {
			t.Errorf("%+v came back as %+v, %v", options, got.Options, err)
		}
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

func TestAReleaseForSomePodsIsPartialOnceItWasCarriedOut(t *testing.T) {
	files := newMemory()
	store := Store{Files: files}
	number := applyTo(t, files, example("web:1", "x"), false, "web")
	if got := states(t, files); got != "1 failed" {
		t.Errorf("states %q", got)
	}
	if err := store.Finish(t.Context(), number); err != nil {
		t.Fatal(err)
	}
	if got := states(t, files); got != "1 partial" {
		t.Errorf("states %q", got)
	}
	if _, found, err := store.Latest(t.Context()); found || err != nil {
		t.Errorf("latest found: %v, %v", found, err)
	}
	if past, err := store.Load(t.Context(), 1); err != nil || !slices.Equal(past.Options.Pods, []string{"web"}) {
		t.Errorf("pods %q, %v", past.Options.Pods, err)
	}
}

func TestTheSameDefinitionIsWrittenOnceForThePodsItReaches(t *testing.T) {
	type up struct {
		pods  []string
		fails bool
	}
	for name, test := range map[string]struct {
		ups  []up
		want string
	}{
		"some pods again":                            {[]up{{pods: []string{"web"}}, {pods: []string{"web"}}}, "1 partial"},
		"fewer of them":                              {[]up{{pods: []string{"web", "db"}}, {pods: []string{"db"}}}, "1 partial"},
		"others, and the first again":                {[]up{{pods: []string{"web"}}, {pods: []string{"db"}}, {pods: []string{"web"}}}, "2 partial, 1 partial"},
		"all after some":                             {[]up{{pods: []string{"web"}}, {}}, "2 deployed, 1 partial"},
		"all after some that failed":                 {[]up{{pods: []string{"web"}, fails: true}, {}}, "2 deployed, 1 failed"},
		"some after all":                             {[]up{{}, {pods: []string{"web"}}}, "1 deployed"},
		"some after all that failed":                 {[]up{{fails: true}, {pods: []string{"web"}}}, "2 partial, 1 failed"},
		"some that failed, again, in another order":  {[]up{{pods: []string{"web", "db"}, fails: true}, {pods: []string{"db", "web"}}}, "1 partial"},
		"all that failed, taken up after some pods":  {[]up{{fails: true}, {pods: []string{"web"}}, {}}, "2 partial, 1 deployed"},
		"some that failed do not stand for the rest": {[]up{{pods: []string{"web", "db"}, fails: true}, {pods: []string{"db"}}}, "2 partial, 1 failed"},
	} {
		t.Run(name, func(t *testing.T) {
			files := newMemory()
			for _, up := range test.ups {
				applyTo(t, files, example("web:1", "x"), !up.fails, up.pods...)
			}
			if got := states(t, files); got != test.want {
				t.Errorf("states %q, want %q", got, test.want)
			}
		})
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
