package systemd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// tree is a directory that is being changed. A run may be killed between any two of its changes: no file
// is ever half there, and a spare one that is left is taken away by the next write.
type tree struct {
	root   *os.Root
	spare  string
	before func(change string) error // asked before each change; what it gives ends the run
	dirty  map[string]bool           // directories whose entries have changed
}

func openTree(dir, spare string, before func(string) error) (*tree, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &tree{root: root, spare: spare, before: before, dirty: map[string]bool{}}, nil
}

// write gives a file its content, by rename: who reads it sees all of the old or all of the new. The
// spare file lies in the tree's directory, so that what is mounted below never holds it.
func (t *tree) write(name string, mode fs.FileMode, data []byte) error {
	if err := t.directories(path.Dir(name)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := t.before("write " + name); err != nil {
		return err
	}
	if err := t.fill(mode, data); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := t.before("rename " + name); err != nil {
		return err
	}
	if err := t.root.Rename(t.spare, name); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	t.dirty[path.Dir(name)] = true
	return nil
}

// fill makes the spare file.
func (t *tree) fill(mode fs.FileMode, data []byte) error {
	if err := t.root.Remove(t.spare); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := t.root.OpenFile(t.spare, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Chmod(mode) // whatever the umask
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// directories makes a directory and those above it. One that is a link is not gone through.
func (t *tree) directories(dir string) error {
	at := ""
	for part := range strings.SplitSeq(dir, "/") {
		at = path.Join(at, part)
		info, err := t.root.Lstat(at)
		switch {
		case err == nil && info.IsDir():
			continue
		case err == nil:
			return fmt.Errorf("%s is %s", at, kindOf(info))
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
		if err := t.before("make " + at); err != nil {
			return err
		}
		if err := t.root.Mkdir(at, 0o755); err != nil {
			return err
		}
		if err := t.root.Chmod(at, 0o755); err != nil {
			return err
		}
		t.dirty[path.Dir(at)] = true
	}
	return nil
}

// remove takes a file or an empty directory away; what is gone is no error.
func (t *tree) remove(name string) error {
	if err := t.before("remove " + name); err != nil {
		return err
	}
	err := t.root.Remove(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", name, err)
	}
	if err == nil {
		t.dirty[path.Dir(name)] = true
	}
	delete(t.dirty, name)
	return nil
}

// sync lets what has been done outlive a crash of the machine.
func (t *tree) sync() error {
	for dir := range t.dirty {
		file, err := t.root.Open(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := errors.Join(file.Sync(), file.Close()); err != nil {
			return fmt.Errorf("sync %s: %w", dir, err)
		}
	}
	clear(t.dirty)
	return nil
}

func (t *tree) Close() error { return t.root.Close() }

// useless are those of the directories that no wanted file is in, the inner ones first.
func useless(dirs []string, wanted func(name string) bool) []string {
	var all []string
	for _, dir := range dirs {
		if !wanted(dir) {
			all = append(all, dir)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return all
}
