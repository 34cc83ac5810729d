package cmd

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/podup/podup/manifest"
	"github.com/podup/podup/release"
	"github.com/podup/podup/translate"
	"github.com/podup/podup/validate"
)

// directory is a release volume in a directory.
type directory string

func (d directory) path(name string) string { return filepath.Join(string(d), name) }

func (d directory) Read(_ context.Context, name string) ([]byte, error) {
	return os.ReadFile(d.path(name))
}

func (d directory) List(context.Context) ([]string, error) {
	var names []string
	err := filepath.WalkDir(string(d), func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, strings.TrimPrefix(path, string(d)+"/"))
		}
		return err
	})
	slices.Sort(names)
	return names, err
}

func (d directory) Write(_ context.Context, name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(d.path(name)), 0o700); err != nil {
		return err
	}
	return os.WriteFile(d.path(name), data, 0o600)
}

func (d directory) Rename(_ context.Context, from, to string) error {
	return os.Rename(d.path(from), d.path(to))
}

func (d directory) Remove(_ context.Context, name string) error { return os.Remove(d.path(name)) }

// A rollback is only worth its name if what comes out of a release is what went in: for every valid
// manifest the tests of validate know.
func TestAReleaseMeansWhatItsManifestsMeant(t *testing.T) {
	paths, err := filepath.Glob("../validate/testdata/ok/*.*ml")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) < 5 {
		t.Fatalf("only %d manifests found", len(paths))
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			sources, err := manifest.Read([]string{path}, nil)
			if err != nil {
				t.Fatal(err)
			}
			set, problems := manifest.Load(sources)
			problems = manifest.Merge(problems, validate.Check(set, validate.Options{}))
			if problems.HasErrors() {
				t.Fatal(problems)
			}
			store := release.Store{Files: directory(t.TempDir())}
			key, _, err := store.Key(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			opts := translate.Options{Project: "shop", SecretKey: key, Node: "node"}
			want, problems := translate.Want(set, opts)
			if problems.HasErrors() {
				return // what only shows when references are followed never becomes a release
			}
			number, err := store.Begin(t.Context(), release.Release{Set: set}, key)
			if err != nil {
				t.Fatal(err)
			}
			past, err := store.Load(t.Context(), number)
			if err != nil {
				t.Fatal(err)
			}
			if problems := validate.Check(past.Set, validate.Options{}); problems.HasErrors() {
				t.Errorf("the release is invalid: %v", problems)
			}
			var objects [2][]*corev1.Pod
			got, problems := translate.Want(past.Set, opts)
			if problems.HasErrors() {
				t.Error(problems)
			}
			for i, p := range []*translate.Project{&got, &want} {
				for j := range p.Pods { // a quantity may be equal and look another way inside
					objects[i] = append(objects[i], p.Pods[j].Object)
					p.Pods[j].Object = nil
				}
			}
			if !equality.Semantic.DeepEqual(objects[0], objects[1]) {
				t.Errorf("the release shows\n%+v\nand the manifests\n%+v", objects[0], objects[1])
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("the release means\n%+v\nand the manifests\n%+v", got, want)
			}
			if again, err := store.Begin(t.Context(), release.Release{Set: past.Set}, key); err != nil || again != number {
				t.Errorf("applied again it is release %d, %v", again, err)
			}
		})
	}
}
