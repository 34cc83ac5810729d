package release

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

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
	if _, err := w.Write(make([]byte, 1<<20+1)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := unpack(packed.Bytes(), 1<<20); err == nil || err.Error() != "it unpacks to more than 1 MiB" {
		t.Errorf("unpack says %v", err)
	}
}

func TestHolesInADefinitionAreNoPods(t *testing.T) {
	files := newMemory()
	files.files[deployedName(1)] = forge(t, map[string]any{"formatVersion": "1.7", "definition": json.RawMessage(
		`{"pods":[{"dir":"/"}],"configMaps":[{"object":null}],"secrets":[{}],"claims":[{}],"later":1}`)})
	r, err := Store{Files: files}.Load(t.Context(), 1)
	if err != nil || len(r.Set.Pods)+len(r.Set.Services)+len(r.Set.ConfigMaps)+len(r.Set.Secrets)+len(r.Set.Claims) != 0 {
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
