// Package examples holds podup to its examples: each one validates without a finding, and its plan.txt
// is what `podup diff` prints before the first up.
package examples

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/podup/podup/manifest"
	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
	"github.com/podup/podup/validate"
)

var update = flag.Bool("update", false, "write the plans")

func TestExamples(t *testing.T) {
	directories, err := filepath.Glob("*/pod.yaml")
	if err != nil || len(directories) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range directories {
		dir := filepath.Dir(file)
		t.Run(dir, func(t *testing.T) {
			sources, err := manifest.Read([]string{file}, nil)
			if err != nil {
				t.Fatal(err)
			}
			set, problems := manifest.Load(sources)
			problems = append(problems, validate.Check(set, validate.Options{})...)
			want, more := translate.Want(set, translate.Options{Project: dir, SecretKey: make([]byte, 32), Node: "node"})
			if problems = append(problems, more...); len(problems) > 0 {
				t.Fatal(problems)
			}
			got := plan.Diff(want, fresh(want), plan.Options{}).String()
			golden := filepath.Join(dir, "plan.txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			text, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(text) {
				t.Errorf("%s is out of date (-update writes it). podup diff says:\n%s", golden, got)
			}
		})
	}
}

// fresh is an engine that has the images of a project and nothing else.
func fresh(want translate.Project) plan.Actual {
	actual := plan.Actual{Project: want.Name, Images: map[string]string{}}
	for _, pod := range want.Pods {
		for _, container := range pod.Containers() {
			actual.Images[container.Image] = "sha256:0"
		}
	}
	return actual
}
