package validate_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/podup/podup/manifest"
	"github.com/podup/podup/validate"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The manifests in testdata are judged whole: every finding, where it points and what it shows.
func TestEveryFindingOfAManifestIsReported(t *testing.T) {
	for _, verdict := range []string{"ok", "err"} {
		paths, err := filepath.Glob("testdata/" + verdict + "/*.[yj]*")
		if err != nil || len(paths) == 0 {
			t.Fatalf("no manifests in testdata/%s: %v", verdict, err)
		}
		for _, path := range paths {
			t.Run(verdict+"/"+filepath.Base(path), func(t *testing.T) {
				problems := check(t, path, validate.Options{})
				if problems.HasErrors() != (verdict == "err") {
					t.Errorf("errors: %v", problems.HasErrors())
				}
				got := render(problems)
				if strings.Contains(got, "hunter2") || strings.Contains(got, "aHVudGVyMg") {
					t.Error("a Secret's value is shown")
				}
				golden := strings.TrimSuffix(path, filepath.Ext(path)) + ".out"
				if *update {
					if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatalf("%v (write it with -update)", err)
				}
				if got != string(want) {
					t.Errorf("got:\n%s\nwant:\n%s", got, want)
				}
			})
		}
	}
}

func check(t *testing.T, path string, opts validate.Options) manifest.Problems {
	t.Helper()
	sources, err := manifest.Read([]string{path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	sources[0].Name = filepath.Base(path)
	set, problems := manifest.Load(sources)
	return manifest.Merge(problems, validate.Check(set, opts))
}

// render shows problems as a user sees them, with the caret below the line.
func render(problems manifest.Problems) string {
	var b strings.Builder
	for _, problem := range problems {
		fmt.Fprintln(&b, problem)
		if problem.Source != "" {
			fmt.Fprintf(&b, "\t%s\n\t%s^\n", problem.Source, indentation(problem))
		}
	}
	return b.String()
}

// indentation is as wide as what stands before the column, which counts bytes.
func indentation(problem manifest.Problem) string {
	before := problem.Source[:min(problem.Pos.Column-1, len(problem.Source))]
	return strings.Map(func(char rune) rune {
		if char == '\t' {
			return '\t'
		}
		return ' '
	}, before)
}
