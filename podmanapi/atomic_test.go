package podmanapi

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/podup/podup/translate"
)

func textFile(path, text string) translate.File {
	return translate.File{Path: path, Mode: 0o644, Data: translate.Plain(text)}
}

// visible gives what a container sees: the files by the links at the top.
func visible(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), "..") {
			continue
		}
		if entry.Type() != fs.ModeSymlink {
			t.Errorf("%s is no symbolic link", entry.Name())
		}
		top := filepath.Join(dir, entry.Name())
		resolved, err := filepath.EvalSymlinks(top)
		if err != nil {
			t.Fatal(err)
		}
		err = filepath.WalkDir(resolved, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			below, _ := filepath.Rel(resolved, path)
			text, err := os.ReadFile(path)
			found[filepath.ToSlash(filepath.Join(entry.Name(), below))] = string(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// hidden gives the names a container does not look at.
func hidden(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), "..") {
			names = append(names, entry.Name())
		}
	}
	return names
}

func TestFilesVolumeLooksAsAKubeletLeavesIt(t *testing.T) {
	steps := []struct {
		name  string
		files []translate.File
		want  map[string]string
	}{
		{"the first content", []translate.File{textFile("a", "1"), textFile("dir/b", "2"), textFile("dir/sub/c", "3")},
			map[string]string{"a": "1", "dir/b": "2", "dir/sub/c": "3"}},
		{"a changed value", []translate.File{textFile("a", "new"), textFile("dir/b", "2"), textFile("dir/sub/c", "3")},
			map[string]string{"a": "new", "dir/b": "2", "dir/sub/c": "3"}},
		{"a removed key and a new one", []translate.File{textFile("dir/b", "2"), textFile("z", "")},
			map[string]string{"dir/b": "2", "z": ""}},
		{"a file where a directory was", []translate.File{textFile("dir", "now a file")},
			map[string]string{"dir": "now a file"}},
		{"no files at all", nil, map[string]string{}},
	}
	dir := t.TempDir()
	for _, step := range steps {
		if err := writeAtomically(dir, step.files); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if got := visible(t, dir); !maps.Equal(got, step.want) {
			t.Errorf("%s: the container sees %v, want %v", step.name, got, step.want)
		}
		if got := hidden(t, dir); len(got) != 2 || got[1] != dataLink && got[0] != dataLink {
			t.Errorf("%s: beside the files there are %v, want ..data and one directory", step.name, got)
		}
	}
}

func TestSameFilesAreNotWrittenAgain(t *testing.T) {
	dir := t.TempDir()
	files := []translate.File{textFile("a", "1"), {Path: "b", Mode: 0o400, Data: translate.Conceal([]byte("k"), "2")}}
	target := func() string {
		t.Helper()
		if err := writeAtomically(dir, files); err != nil {
			t.Fatal(err)
		}
		target, err := os.Readlink(filepath.Join(dir, dataLink))
		if err != nil {
			t.Fatal(err)
		}
		return target
	}
	first := target()
	if second := target(); second != first {
		t.Errorf("unchanged files went from %s to %s", first, second)
	}
	files[1].Mode = 0o440
	if third := target(); third == first {
		t.Error("a changed mode was not written")
	}
	info, err := os.Stat(filepath.Join(dir, "b"))
	if err != nil || info.Mode().Perm() != 0o440 {
		t.Errorf("mode %v, %v, want 0440", info.Mode(), err)
	}
}

func TestWhatAnInterruptedWriteLeftIsSweptAway(t *testing.T) {
	dir := t.TempDir()
	for _, left := range []string{"..2026_01_01_00_00_00.000000000", "..2025_01_01_00_00_00.000000001/sub"} {
		if err := os.MkdirAll(filepath.Join(dir, left), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("..nowhere", filepath.Join(dir, dataLinkNew)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("in the way"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeAtomically(dir, []translate.File{textFile("a", "1")}); err != nil {
		t.Fatal(err)
	}
	if got := visible(t, dir); !maps.Equal(got, map[string]string{"a": "1"}) {
		t.Errorf("the container sees %v", got)
	}
	if got := hidden(t, dir); len(got) != 2 {
		t.Errorf("left over: %v", got)
	}
}

func TestReadersSeeAllOldOrAllNewFiles(t *testing.T) {
	dir := t.TempDir()
	content := func(text string) []translate.File { return []translate.File{textFile("a", text), textFile("b", text)} }
	if err := writeAtomically(dir, content("0")); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	problems := make(chan string, 1)
	go func() {
		defer close(problems)
		for {
			select {
			case <-done:
				return
			default:
			}
			current, err := os.Readlink(filepath.Join(dir, dataLink))
			if err != nil {
				problems <- err.Error()
				return
			}
			a, errA := os.ReadFile(filepath.Join(dir, current, "a"))
			b, errB := os.ReadFile(filepath.Join(dir, current, "b"))
			// The directory may be swept away in between, but never half.
			if errA == nil && errB == nil && string(a) != string(b) {
				problems <- "a is " + string(a) + " while b is " + string(b)
				return
			}
		}
	}()
	for i := range 200 {
		if err := writeAtomically(dir, content(strings.Repeat("x", i))); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	for problem := range problems {
		t.Error(problem)
	}
}

func TestPathsOutOfTheVolumeAreRefused(t *testing.T) {
	for _, path := range []string{"../x", "/etc/passwd", "..data", "..x/y", "", ".", "a/../b", "a//b"} {
		if err := writeAtomically(t.TempDir(), []translate.File{textFile(path, "x")}); err == nil {
			t.Errorf("%q was written", path)
		}
	}
}

func TestAModeWithoutReadingIsRewrittenNotFailed(t *testing.T) {
	dir := t.TempDir()
	files := []translate.File{{Path: "a", Mode: 0, Data: translate.Plain("x")}}
	for range 2 {
		if err := writeAtomically(dir, files); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.Readlink(filepath.Join(dir, dataLink))
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, root, "a"))
	if err != nil || info.Mode().Perm() != 0 {
		t.Errorf("%v, %v", info, err)
	}
	if names := hidden(t, dir); !slices.Contains(names, dataLink) {
		t.Error(names)
	}
}
