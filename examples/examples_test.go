// Package examples holds podup to its examples: each one validates without a finding, its plan.txt is
// what `podup diff` prints before the first up, and its images can be made where none can be pulled. What
// they do on an engine is for their checks, which `make examples` runs.
package examples

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/podup/podup/cmd"
	"github.com/podup/podup/manifest"
	"github.com/podup/podup/podmanapi/podmantest"
)

var update = flag.Bool("update", false, "write the plans")

func TestExamples(t *testing.T) {
	files, err := filepath.Glob("*/pod.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		dir := filepath.Dir(file)
		t.Run(dir, func(t *testing.T) {
			service := podmantest.Start(t)
			for _, image := range images(t, file) {
				service.Image(image, podmantest.Image{})
			}
			// podup runs a command line and gives what it prints, both streams.
			podup := func(wantCode int, args ...string) []byte {
				t.Helper()
				var out bytes.Buffer
				environment := map[string]string{"CONTAINER_HOST": service.URL(), "XDG_RUNTIME_DIR": t.TempDir(), "HOME": t.TempDir()}
				env := cmd.Env{In: &bytes.Buffer{}, Out: &out, Err: &out, Getenv: func(name string) string { return environment[name] }, Connect: cmd.Podman}
				if code := cmd.Main(t.Context(), env, args); code != wantCode {
					t.Fatalf("podup %q: exit code %d, want %d\n%s", args, code, wantCode, out.Bytes())
				}
				return out.Bytes()
			}
			podup(0, "validate", "--strict", "-f", file)
			got := podup(1, "diff", "-f", file)
			golden := filepath.Join(dir, "plan.txt")
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s is out of date (-update writes it). podup diff says:\n%s", golden, got)
			}
		})
	}
}

// images are those an example's containers run.
func images(t *testing.T, file string) []string {
	t.Helper()
	sources, err := manifest.Read([]string{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	set, problems := manifest.Load(sources)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var names []string
	for _, pod := range set.Pods {
		for _, container := range append(pod.Object.Spec.InitContainers, pod.Object.Spec.Containers...) {
			names = append(names, container.Image)
		}
	}
	return names
}

// recipeLine is how a Containerfile begins: with the image that examples/images/build makes of it.
const recipeLine = "# image: "

func TestEveryImageHasARecipe(t *testing.T) {
	recipes := map[string]bool{}
	for _, pattern := range []string{"images/*/Containerfile", "*/image/Containerfile", "*/Containerfile"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no recipes: %v", err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(text), "\n")
			image, ok := strings.CutPrefix(first, recipeLine)
			if !ok {
				t.Errorf("%s does not begin with %q and a name", file, recipeLine)
			}
			if recipes[image] {
				t.Errorf("%s: there is another recipe for %s", file, image)
			}
			recipes[image] = true
		}
	}
	files, err := filepath.Glob("*/pod.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		for _, image := range images(t, file) {
			if !recipes[image] {
				t.Errorf("%s: no Containerfile makes %s", file, image)
			}
		}
	}
}
