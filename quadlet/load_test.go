package quadlet_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/podup/podup/manifest"
	"github.com/podup/podup/quadlet"
	"github.com/podup/podup/translate"
	"github.com/podup/podup/validate"
)

// wanted is the project "shop" of manifests that have no problems.
func wanted(t testing.TB, name string, text []byte) translate.Project {
	t.Helper()
	set, problems := manifest.Load([]manifest.Source{{Name: name, Dir: "/srv/shop", Data: text}})
	problems = append(problems, validate.Check(set, validate.Options{})...)
	project, found := translate.Want(set, translate.Options{Project: "shop", SecretKey: []byte("key"), Node: quadlet.Node})
	if problems = append(problems, found...); problems.HasErrors() {
		t.Fatal(problems)
	}
	return project
}

func wantedFile(t testing.TB, path string) translate.Project {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return wanted(t, filepath.Base(path), text)
}

func version(t testing.TB, text string) quadlet.Version {
	t.Helper()
	v, err := quadlet.ParseVersion(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
