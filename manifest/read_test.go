package manifest

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadFindsFilesDirectoriesAndStandardInput(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.yaml", "a.yml", "c.json", "d.txt", "sub/e.yaml", "f.yaml~"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	sources, err := Read([]string{"sub/e.yaml", ".", "-"}, strings.NewReader("in"))
	if err != nil {
		t.Fatal(err)
	}
	working, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	want := []Source{
		{Name: "sub/e.yaml", Dir: filepath.Join(working, "sub"), Data: []byte("sub/e.yaml")},
		{Name: "a.yml", Dir: working, Data: []byte("a.yml")},
		{Name: "b.yaml", Dir: working, Data: []byte("b.yaml")},
		{Name: "c.json", Dir: working, Data: []byte("c.json")},
		{Name: "<stdin>", Dir: working, Data: []byte("in")},
	}
	if len(sources) != len(want) {
		t.Fatalf("got %d sources: %v", len(sources), sources)
	}
	for i, source := range sources {
		if source.Name != want[i].Name || source.Dir != want[i].Dir || string(source.Data) != string(want[i].Data) {
			t.Errorf("got %s in %s, want %s in %s", source.Name, source.Dir, want[i].Name, want[i].Dir)
		}
	}
}

func TestReadNamesEveryPathItCannotRead(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	broken := filepath.Join(dir, "broken")
	for _, path := range []string{empty, broken} {
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("nowhere", filepath.Join(broken, "link.yaml")); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing.yaml")
	sources, err := Read([]string{missing, empty, broken, "-"}, iotest.ErrReader(errors.New("torn")))
	if err == nil || sources != nil {
		t.Fatalf("got %v, %v", sources, err)
	}
	want := "read manifest " + missing + ": no such file or directory\n" +
		"read manifest directory " + empty + ": no *.yaml, *.yml or *.json file in it\n" +
		"read manifest " + filepath.Join(broken, "link.yaml") + ": no such file or directory\n" +
		"read manifest <stdin>: torn"
	if err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
	if !errors.Is(err, os.ErrNotExist) {
		t.Error("the cause is lost")
	}
}

func TestReadStopsAtWhatLoadRefuses(t *testing.T) {
	sources, err := Read([]string{"-"}, endless{})
	if err != nil {
		t.Fatal(err)
	}
	if _, problems := Load(sources); len(problems) != 1 || problems[0].Rule != "yaml-too-large" {
		t.Errorf("got %v", problems)
	}
}

// endless is a file that does not end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '#'
	}
	return len(p), nil
}

var _ io.Reader = endless{}
