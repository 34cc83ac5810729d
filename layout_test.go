// Package podup_test guards the shape of the repository: which package may import which, and what
// every package and fixture must have.
package podup_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/podup/podup"

// arrow says what of this module a package may import. ARCHITECTURE.md shows the same table as a
// picture; this one decides. A package that is not here may not exist.
type arrow struct {
	code  []string // in its own files
	tests []string // in its tests, beyond code and itself
}

func arrows() map[string]arrow {
	return map[string]arrow{
		"manifest":                         {},
		"validate":                         {code: []string{"manifest"}},
		"translate":                        {code: []string{"manifest"}, tests: []string{"validate"}},
		"plan":                             {code: []string{"translate"}, tests: []string{"manifest"}},
		"apply":                            {code: []string{"plan", "translate"}},
		"status":                           {code: []string{"plan", "translate"}, tests: []string{"manifest", "validate"}},
		"handler":                          {code: []string{"plan", "translate"}},
		"supervise":                        {code: []string{"plan", "status", "translate"}, tests: []string{"manifest", "validate"}},
		"release":                          {code: []string{"manifest"}},
		"podmanapi":                        {code: []string{"plan", "translate"}, tests: []string{"podmanapi/podmantest", "podmanapi/podmantest/program"}},
		"podmanapi/podmantest":             {code: []string{"apply", "plan", "podmanapi/podmantest/program", "translate"}},
		"podmanapi/podmantest/program":     {},
		"podmanapi/podmantest/testprogram": {code: []string{"podmanapi/podmantest/program"}},
		"templates":                        {},
		"quadlet":                          {code: []string{"templates", "translate"}, tests: []string{"manifest", "validate"}},
		"systemd":                          {code: []string{"quadlet", "templates", "translate"}},
		"cmd": {
			code:  []string{"apply", "handler", "manifest", "plan", "podmanapi", "quadlet", "release", "status", "supervise", "systemd", "translate", "validate"},
			tests: []string{"podmanapi/podmantest", "podmanapi/podmantest/program"},
		},
		"cmd/podup":      {code: []string{"cmd", "podmanapi"}},
		"e2e":            {tests: []string{"cmd", "podmanapi", "podmanapi/podmantest"}},
		"examples":       {tests: []string{"cmd", "manifest", "podmanapi/podmantest"}},
		"examples/hello": {},
		"bench":          {},
		".":              {},
	}
}

// guarded are libraries that exactly these packages may import, with the reason in a message.
func guarded() map[string]struct {
	by  []string
	why string
} {
	return map[string]struct {
		by  []string
		why string
	}{
		"github.com/containers/podman/v5": {[]string{"podmanapi"}, "only podmanapi talks to Podman: everything else works on values and can be tested without an engine"},
		"go.podman.io":                    {[]string{"podmanapi"}, "only podmanapi talks to Podman: everything else works on values and can be tested without an engine"},
		"github.com/spf13":                {[]string{"cmd"}, "only cmd knows flags"},
		"k8s.io/kubernetes":               {[]string{"manifest", "validate", "translate", "handler", "status"}, "Kubernetes' own code reads and judges manifests; behind translate there are only podup's types"},
	}
}

// file is one Go file of this module or of a nested one.
type file struct {
	path    string // slash-separated, from the root
	pkg     string // directory
	nested  bool   // belongs to a module of its own
	test    bool
	syntax  *ast.File
	imports []string
}

// goFiles parses sources itself: a test that asked the go tool would pass from the test cache after
// an edit, as the cache knows only of files a test opens.
func goFiles(t *testing.T) []file {
	t.Helper()
	var files []file
	set := token.NewFileSet()
	nested := map[string]bool{}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if entry.IsDir() {
			if name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata") {
				return filepath.SkipDir
			}
			_, err := os.Stat(path.Join(name, "go.mod"))
			nested[name] = name != "." && (err == nil || nested[path.Dir(name)])
			return nil
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		syntax, err := parser.ParseFile(set, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		f := file{path: name, pkg: path.Dir(name), nested: nested[path.Dir(name)], test: strings.HasSuffix(name, "_test.go"), syntax: syntax}
		for _, spec := range syntax.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			f.imports = append(f.imports, imported)
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no Go files found")
	}
	return files
}

func TestImportsFollowTheTable(t *testing.T) {
	table := arrows()
	for _, f := range goFiles(t) {
		if f.nested {
			continue
		}
		allowed, known := table[f.pkg]
		if !known {
			t.Errorf("%s: package %s is not in the table", f.path, f.pkg)
			continue
		}
		for _, imported := range f.imports {
			for library, guard := range guarded() {
				if (imported == library || strings.HasPrefix(imported, library+"/")) && !slices.Contains(guard.by, f.pkg) && !f.test {
					t.Errorf("%s imports %s: %s", f.path, imported, guard.why)
				}
			}
			ours, ok := strings.CutPrefix(imported, module+"/")
			if !ok {
				continue
			}
			if slices.Contains(allowed.code, ours) || f.test && (ours == f.pkg || slices.Contains(allowed.tests, ours)) {
				continue
			}
			t.Errorf("%s imports %s: the table has no arrow from %s to it", f.path, imported, f.pkg)
		}
	}
}

func TestTableNamesExistingPackages(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range goFiles(t) {
		seen[f.pkg] = true
	}
	for pkg, arrow := range arrows() {
		for _, name := range append([]string{pkg}, append(arrow.code, arrow.tests...)...) {
			if !seen[name] {
				t.Errorf("the table names %s, which has no Go files", name)
			}
		}
	}
}

func TestEveryPackageHasOneComment(t *testing.T) {
	type pkg struct{ dir, name string }
	comments := map[pkg][]string{}
	hasCode := map[pkg]bool{}
	for _, f := range goFiles(t) {
		key := pkg{f.pkg, f.syntax.Name.Name}
		hasCode[key] = hasCode[key] || !f.test
		comments[key] = append(comments[key], nil...)
		if f.syntax.Doc != nil {
			comments[key] = append(comments[key], f.path)
		}
	}
	for key, where := range comments {
		external := strings.HasSuffix(key.name, "_test") && !hasCode[key]
		if external && hasCode[pkg{key.dir, strings.TrimSuffix(key.name, "_test")}] {
			if len(where) > 0 {
				t.Errorf("%s: package %s is told by the package it tests", where[0], key.name)
			}
			continue
		}
		switch len(where) {
		case 1:
		case 0:
			t.Errorf("%s: package %s has no comment that says what it is for", key.dir, key.name)
		default:
			t.Errorf("%s: package %s has its comment in several files: %s", key.dir, key.name, strings.Join(where, ", "))
		}
	}
}

// A test that waits by the clock is slow on a good day and red on a bad one; a build tag hides files
// from `go vet` and from a reader; init and replace act where nobody looks.
func TestForbidden(t *testing.T) {
	for _, f := range goFiles(t) {
		for _, group := range f.syntax.Comments {
			for _, comment := range group.List {
				if strings.HasPrefix(comment.Text, "//go:build") && !f.nested && !platformBuild(comment.Text) {
					t.Errorf("%s: build tag %q: only operating systems may be told apart", f.path, comment.Text)
				}
			}
		}
		ast.Inspect(f.syntax, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.FuncDecl:
				if node.Recv == nil && node.Name.Name == "init" {
					t.Errorf("%s: func init: say it where it is needed", f.path)
				}
			case *ast.SelectorExpr:
				if of, ok := node.X.(*ast.Ident); ok && f.test && of.Name == "time" && node.Sel.Name == "Sleep" {
					t.Errorf("%s: time.Sleep in a test: wait for a condition", f.path)
				}
			}
			return true
		})
	}
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(mod) {
		if bytes.HasPrefix(bytes.TrimSpace(line), []byte("replace")) {
			t.Errorf("go.mod: %s: `go install …@latest` refuses a module with replace", bytes.TrimSpace(line))
		}
	}
}

// platformBuild reports whether a build constraint only names operating systems.
func platformBuild(constraint string) bool {
	words := strings.FieldsFunc(strings.TrimPrefix(constraint, "//go:build"), func(r rune) bool { return strings.ContainsRune(" !&|()", r) })
	systems := []string{"aix", "android", "darwin", "dragonfly", "freebsd", "illumos", "ios", "js", "linux", "netbsd", "openbsd", "plan9", "solaris", "unix", "wasip1", "windows"}
	for _, word := range words {
		if !slices.Contains(systems, word) {
			return false
		}
	}
	return true
}

// A fixture no test reads rots. A test owns a testdata directory when a Go file beside it, or the
// package comment of that test, names the directory or one of the directories in it.
func TestEveryFixtureIsOwned(t *testing.T) {
	sources := map[string]string{} // of each package
	for _, f := range goFiles(t) {
		if f.test {
			text, err := os.ReadFile(f.path)
			if err != nil {
				t.Fatal(err)
			}
			sources[f.pkg] += string(text)
		}
	}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if entry != nil && entry.Name() == ".git" {
				return filepath.SkipDir
			}
			return err
		}
		name = filepath.ToSlash(name)
		owner, inside, found := strings.Cut("/"+name, "/testdata/")
		if !found {
			return nil
		}
		owner = path.Clean("." + owner)
		// Named in the source: the file itself, else the closest directory below testdata, else a
		// glob or a read of the whole of testdata with this extension.
		candidates := []string{"testdata/" + inside, path.Base(inside)}
		for dir := path.Dir(inside); dir != "."; dir = path.Dir(dir) {
			candidates = append(candidates, `testdata/`+dir, `"`+dir+`"`)
		}
		candidates = append(candidates, "testdata/*"+path.Ext(inside), `"testdata"`)
		for _, candidate := range candidates {
			if strings.Contains(sources[owner], candidate) {
				return nil
			}
		}
		t.Errorf("%s: no test in %s names it", name, owner)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Every example is shown the same way, and examples_test.go runs it.
func TestEveryExampleIsComplete(t *testing.T) {
	entries, err := os.ReadDir("examples")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, entry := range entries {
		if !entry.IsDir() || entry.Name() == "images" { // those of the examples, where no registry can be reached
			continue
		}
		count++
		for _, name := range []string{"README.md", "pod.yaml", "plan.txt", "check"} {
			if _, err := os.Stat(path.Join("examples", entry.Name(), name)); err != nil {
				t.Errorf("examples/%s has no %s", entry.Name(), name)
			}
		}
	}
	if count == 0 {
		t.Error("no examples")
	}
}

// The picture in ARCHITECTURE.md names every package of the table.
func TestArchitectureNamesEveryPackage(t *testing.T) {
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range slices.Sorted(maps.Keys(arrows())) {
		if pkg != "." && !strings.Contains(string(text), pkg) {
			t.Errorf("ARCHITECTURE.md does not name %s", pkg)
		}
	}
}
