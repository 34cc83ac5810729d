package quadlet_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/podup/podup/quadlet"
	"github.com/podup/podup/translate"
)

var update = flag.Bool("update", false, "rewrite the golden units")

// variants are the two ends of what units are written for.
func variants(t testing.TB) map[string]quadlet.Options {
	return map[string]quadlet.Options{
		"5.8-user": {Podman: version(t, "5.8"), Sources: []string{"shop.yaml"}},
		"5.4-root": {Podman: version(t, "5.4"), Root: true, Sources: []string{"shop.yaml"}},
	}
}

func manifests(t testing.TB) []string {
	t.Helper()
	found, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(found) == 0 {
		t.Fatalf("no manifests in testdata: %v", err)
	}
	return found
}

func TestUnitsAreAsWrittenDown(t *testing.T) {
	for _, path := range manifests(t) {
		golden(t, wantedFile(t, path), func(variant string) string {
			return filepath.Join("testdata/units", strings.TrimSuffix(filepath.Base(path), ".yaml"), variant)
		})
	}
}

// shown is the variant that lies beside each example, for people to read.
const shown = "5.8-user"

// TestUnitsOfTheExamples also shows what an example cannot be as units, and why.
func TestUnitsOfTheExamples(t *testing.T) {
	found, err := filepath.Glob("../examples/*/pod.yaml")
	if err != nil || len(found) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, path := range found {
		golden(t, wantedFile(t, path), func(variant string) string {
			if variant != shown {
				return ""
			}
			return filepath.Join(filepath.Dir(path), "units")
		})
	}
}

// golden compares the units of a project, which Podman's converter has to understand, with those in the
// directory of each variant; "" is none.
func golden(t *testing.T, project translate.Project, dir func(variant string) string) {
	t.Helper()
	for variant, opts := range variants(t) {
		t.Run(project.Pods[0].Name+" "+variant, func(t *testing.T) {
			dir := dir(variant)
			set, err := quadlet.Generate(project, opts)
			var refused quadlet.RefusedError
			if errors.As(err, &refused) {
				compare(t, dir, map[string]string{"refused.txt": err.Error() + "\n"})
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			converted(t, set, !opts.Root)
			got := map[string]string{"notes.txt": summary(set)}
			for _, unit := range set.Units {
				got[unit.Name] = string(unit.Text)
			}
			compare(t, dir, got)
		})
	}
}

// summary is what of a set no unit shows.
func summary(set quadlet.Set) string {
	var b strings.Builder
	for _, unit := range set.Units {
		fmt.Fprintf(&b, "unit %s is %s\n", unit.Name, unit.Service)
	}
	for _, file := range set.Files {
		fmt.Fprintf(&b, "file %s %04o %q\n", file.Name, file.Mode, file.Data)
	}
	for _, secret := range set.Secrets {
		fmt.Fprintf(&b, "secret %s of %s for %s\n", secret.Name, secret.Source, strings.Join(secret.Units, ", "))
	}
	for _, note := range set.Notes {
		fmt.Fprintf(&b, "note %s: %s: %s\n", note.Unit, note.Field, note.Text)
	}
	return b.String()
}

func compare(t *testing.T, dir string, got map[string]string) {
	t.Helper()
	if dir == "" {
		return
	}
	if *update {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range got {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatalf("%v: run with -update", err)
	}
	for _, entry := range entries {
		if _, ok := got[entry.Name()]; !ok {
			t.Errorf("%s is no longer made", entry.Name())
		}
	}
	for name, text := range got {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(want) != text {
			t.Errorf("%s is (-update if that is right):\n%s\nwritten down is:\n%s", name, text, want)
		}
	}
}
