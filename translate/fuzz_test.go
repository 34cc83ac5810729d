package translate_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/podup/podup/manifest"
	"github.com/podup/podup/translate"
	"github.com/podup/podup/validate"
)

// FuzzWant starts from the golden manifests, and from what earlier runs have found to take another way
// through the code: testdata/fuzz-corpus.txt, a quoted manifest a line.
func FuzzWant(f *testing.F) {
	for _, text := range append(manifests(f), corpus(f)...) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { holds(t, text) })
}

func corpus(t testing.TB) []string {
	t.Helper()
	data, err := os.ReadFile("testdata/fuzz-corpus.txt")
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for line := range strings.Lines(string(data)) {
		text, err := strconv.Unquote(strings.TrimSuffix(line, "\n"))
		if err != nil {
			t.Fatalf("line %d: %v", len(texts)+1, err)
		}
		texts = append(texts, text)
	}
	return texts
}

// TestMixedManifests goes further from the golden manifests than a fuzzer gets in a short time: lines
// are dropped, moved and exchanged for others of the same depth.
func TestMixedManifests(t *testing.T) {
	texts := manifests(t)
	byDepth := map[int][]string{}
	for _, text := range texts {
		for line := range strings.Lines(text) {
			byDepth[depth(line)] = append(byDepth[depth(line)], line)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	valid, complete := 0, 0
	for range 1500 {
		lines := slices.Collect(strings.Lines(texts[random.IntN(len(texts))]))
		for range 1 + random.IntN(2) {
			at := random.IntN(len(lines))
			pool := byDepth[depth(lines[at])]
			switch random.IntN(4) {
			case 0:
				lines = slices.Delete(lines, at, at+1)
			case 1:
				lines = slices.Insert(lines, at, pool[random.IntN(len(pool))])
			default:
				lines[at] = pool[random.IntN(len(pool))]
			}
			if len(lines) == 0 {
				break
			}
		}
		switch holds(t, []byte(strings.Join(lines, ""))) {
		case passed:
			valid++
		case translated:
			valid++
			complete++
		}
	}
	t.Logf("%d passed validation, %d of them without a problem", valid, complete)
	if complete < 80 || valid-complete < 20 {
		t.Errorf("only %d manifests passed validation, %d of them without a problem", valid, complete)
	}
}

func depth(line string) int { return len(line) - len(strings.TrimLeft(line, " -")) }

func manifests(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d golden files, %v", len(paths), err)
	}
	var texts []string
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var documents []string
		for _, file := range archive.Files {
			if strings.HasSuffix(file.Name, ".yaml") {
				documents = append(documents, string(file.Data))
			}
		}
		texts = append(texts, strings.Join(documents, "---\n"))
	}
	return texts
}

// outcome is how far a manifest gets.
type outcome int

const (
	refused    outcome = iota // by Load or validate
	passed                    // with problems of Want
	translated                // without
)

// holds checks what must be true of every set that validate lets through: it translates without a
// panic, the same way each time, and where that gives no problem all names are distinct, nothing is
// left to resolve but tokens, and no Secret's value shows.
func holds(t *testing.T, text []byte) outcome {
	t.Helper()
	set, problems := manifest.Load([]manifest.Source{{Name: "fuzz.yaml", Dir: "/srv", Data: text}})
	if problems.HasErrors() || validate.Check(set, validate.Options{}).HasErrors() {
		return refused
	}
	project, found := translate.Want(set, options)
	again, _ := translate.Want(set, options)
	if !reflect.DeepEqual(project, again) {
		t.Fatalf("the same set gives two projects:\n%s", text)
	}
	if found.HasErrors() {
		return passed
	}
	distinct(t, project)
	for _, pod := range project.Pods {
		for _, container := range pod.Containers() {
			checkResolved(t, pod.Name, container)
		}
	}
	hidden(t, set, project)
	if t.Failed() {
		t.Fatalf("of\n%s", text)
	}
	return translated
}

func distinct(t *testing.T, project translate.Project) {
	t.Helper()
	seen := map[string]bool{}
	once := func(kind, name string) {
		if seen[kind+name] {
			t.Errorf("two %s are called %q", kind, name)
		}
		seen[kind+name] = true
	}
	once("volumes", translate.ProjectObject(project.Name))
	for _, volume := range project.Volumes {
		once("volumes", volume.Name)
	}
	for _, secret := range project.Secrets {
		once("secrets", secret.Name)
	}
	for _, pod := range project.Pods {
		once("pods", pod.Name)
		once("containers", translate.InfraName(pod.Name))
		once("containers", translate.HolderName(pod.Name))
		for _, container := range pod.Containers() {
			once("containers", container.EngineName())
			once("containers", translate.SuccessorName(container.EngineName()))
			once("containers", translate.PredecessorName(container.EngineName()))
			for _, mount := range container.Mounts {
				if mount.Volume != "" && !seen["volumes"+mount.Volume] {
					t.Errorf("container %q mounts volume %q, which is not there", container.EngineName(), mount.Volume)
				}
			}
			for _, env := range container.Env {
				if env.Secret != "" && !seen["secrets"+env.Secret] {
					t.Errorf("container %q reads secret %q, which is not there", container.EngineName(), env.Secret)
				}
			}
		}
	}
}

// hidden looks for Secrets' values, if they are long enough to stand nowhere by chance and nowhere
// else in the set, in everything that is printed.
func hidden(t *testing.T, set manifest.Set, project translate.Project) {
	t.Helper()
	public := fmt.Sprintf("%+v", set.Pods)
	for _, doc := range set.Pods {
		public += doc.Object.String()
	}
	for _, doc := range set.ConfigMaps {
		public += doc.Object.String()
	}
	printed := fmt.Sprintf("%+v\n%#v", project, project)
	for _, pod := range project.Pods {
		for _, container := range pod.Containers() {
			printed += fmt.Sprint(container.Identity(), container.Labels())
		}
	}
	for _, doc := range set.Secrets {
		for _, value := range doc.Object.Data {
			if text := string(value); len(text) > 24 && !strings.Contains(public, text) && strings.Contains(printed, text) {
				t.Errorf("the value %q is printed", text)
			}
		}
	}
}
