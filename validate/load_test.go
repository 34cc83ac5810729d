package validate_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/podup/podup/manifest"
	"github.com/podup/podup/validate"
)

// FuzzLoad holds that nothing a user may hand over ends in a panic, that every finding points into
// the file, and that the walk misses nothing Kubernetes' decoder then refuses.
func FuzzLoad(f *testing.F) {
	paths, err := filepath.Glob("testdata/*/*.[yj]*")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, problems := manifest.Load([]manifest.Source{{Name: "fuzz.yaml", Dir: "/srv", Data: data}})
		for _, one := range problems {
			// A tag may force a type on a value that it then does not have.
			if one.Rule == "kubernetes-decode" && !strings.Contains(string(data), "!") {
				t.Errorf("the walk missed: %v", one)
			}
		}
		lines := strings.Count(string(data), "\n") + 1
		for _, one := range manifest.Merge(problems, validate.Check(set, validate.Options{})) {
			// A lone carriage return is a line break to YAML, and to nobody else.
			if one.Pos.File == "" || one.Pos.Line > lines && !strings.ContainsAny(string(data), "\r\u0085\u2028\u2029") {
				t.Errorf("no such place: %v", one)
			}
		}
	})
}

func BenchmarkLoadAndCheckOnePod(b *testing.B) {
	data, err := os.ReadFile("testdata/ok/all-honoured-fields.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		set, problems := manifest.Load([]manifest.Source{{Name: "pod.yaml", Data: data}})
		if problems = append(problems, validate.Check(set, validate.Options{})...); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}
