package podmanapi

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tree makes a volume with a directory, a file in it and a link out of the volume.
func tree(t *testing.T) (dir, outside string) {
	t.Helper()
	base := t.TempDir()
	dir, outside = filepath.Join(base, "volume"), filepath.Join(base, "outside")
	for _, err := range []error{
		os.MkdirAll(filepath.Join(dir, "sub"), 0o700),
		os.WriteFile(filepath.Join(dir, "sub", "file"), nil, 0o600),
		os.WriteFile(outside, nil, 0o600),
		os.Symlink("../outside", filepath.Join(dir, "link")),
		os.Chmod(dir, 0o777),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir, outside
}

func modes(t *testing.T, dir string) string {
	t.Helper()
	var all []string
	for _, name := range []string{"", "sub", "sub/file", "../outside"} {
		info, err := os.Lstat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, info.Mode().String())
	}
	return strings.Join(all, " ")
}

// The group is the test's own: no rights are needed to give a file to it.
func TestAVolumeIsGivenToTheGroup(t *testing.T) {
	own := int64(os.Getgid())
	for _, c := range []struct {
		name   string
		o      Ownership
		before func(dir string) error
		want   string // modes of the volume, sub, sub/file and a file outside
	}{
		{"to write", Ownership{Group: own}, nil, "dgrwxrwxrwx dgrwxrwx--- -rw-rw---- -rw-------"},
		{"to read", Ownership{Group: own, ReadOnly: true}, nil, "dgrwxrwxrwx dgrwxr-x--- -rw-r----- -rw-------"},
		{"a directory of it alone", Ownership{Group: own, Sub: "sub"}, nil, "drwxrwxrwx dgrwxrwx--- -rw-rw---- -rw-------"},
		{"not a file that was asked for as a directory", Ownership{Group: own, Sub: "sub/file"}, nil, "drwxrwxrwx drwx------ -rw------- -rw-------"},
		{"on mismatch, and the mode does not match", Ownership{Group: own, OnMismatch: true}, nil, "dgrwxrwxrwx dgrwxrwx--- -rw-rw---- -rw-------"},
		{"on mismatch, and all is as asked", Ownership{Group: own, OnMismatch: true},
			func(dir string) error { return os.Chmod(dir, 0o777|fs.ModeSetgid) }, "dgrwxrwxrwx drwx------ -rw------- -rw-------"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, _ := tree(t)
			if c.before != nil {
				if err := c.before(dir); err != nil {
					t.Fatal(err)
				}
			}
			c.o.Dir = dir
			if err := c.o.Apply(); err != nil {
				t.Fatal(err)
			}
			if got := modes(t, dir); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAnOwnershipLeavesItsVolumeByNoLink(t *testing.T) {
	dir, _ := tree(t)
	if err := os.Symlink("/", filepath.Join(dir, "root")); err != nil {
		t.Fatal(err)
	}
	if err := (Ownership{Dir: dir, Sub: "root", Group: int64(os.Getgid())}).Apply(); err != nil {
		t.Fatal(err) // a link is no directory: nothing is done
	}
	if err := (Ownership{Dir: dir, Sub: "root/etc", Group: int64(os.Getgid())}).Apply(); err == nil {
		t.Error("a directory behind a link was reached")
	}
}

func TestOwnershipsTravelAsArguments(t *testing.T) {
	want := Ownership{Dir: "/srv/a b", Sub: "x", Group: 2000, ReadOnly: true, OnMismatch: true}
	if got, err := ReadOwnership(want.Args()); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, args := range [][]string{nil, {"/srv", "", "x", "true", "true"}, {"/srv", "", "1", "x", "true"}, slices.Repeat([]string{"1"}, 6)} {
		if _, err := ReadOwnership(args); err == nil {
			t.Errorf("%q is read", args)
		}
	}
}
