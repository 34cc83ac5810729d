package translate_test

import (
	"testing"

	"github.com/podup/podup/manifest"
	"github.com/podup/podup/translate"
)

// options are those of all tests: a project "shop" on a machine called box.
var options = translate.Options{Project: "shop", SecretKey: key, Node: "box"}

// load reads manifests that stood in the directory /srv/shop.
func load(t testing.TB, documents ...string) manifest.Set {
	t.Helper()
	var sources []manifest.Source
	for _, document := range documents {
		sources = append(sources, manifest.Source{Name: "shop.yaml", Dir: "/srv/shop", Data: []byte(document)})
	}
	set, problems := manifest.Load(sources)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	return set
}

// want translates manifests that have no problem.
func want(t testing.TB, documents ...string) translate.Project {
	t.Helper()
	project, problems := translate.Want(load(t, documents...), options)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return project
}
