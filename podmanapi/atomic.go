package podmanapi

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/podup/podup/translate"
)

// A Files volume looks as a kubelet's AtomicWriter leaves it (kubelet: volume/util/atomic_writer.go):
//
//	..2026_11_21_02_18_33.123456789/config.yaml   the content, below a directory for each write
//	..data -> ..2026_11_21_02_18_33.123456789     swapped by rename: readers see all old or all new
//	config.yaml -> ..data/config.yaml             one link for each first element of a path
const (
	dataLink    = "..data"
	dataLinkNew = "..data_tmp"
	dataLayout  = "..2006_01_02_15_04_05.000000000"
)

// writeAtomically gives the directory exactly these files. Nothing is written where it has them.
func writeAtomically(dir string, files []translate.File) error {
	for _, f := range files {
		if !fs.ValidPath(f.Path) || f.Path == "." || strings.HasPrefix(f.Path, "..") {
			return fmt.Errorf("file %q: no path for a volume", f.Path)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	old, _ := root.Readlink(dataLink) // none: the volume is new, or somebody spoilt it
	if old == "" || !sameFiles(root, old, files) {
		if old, err = swap(root, files); err != nil {
			return err
		}
	}
	if err := linkFiles(root, files); err != nil {
		return err
	}
	return sweep(root, old, files)
}

// sameFiles says whether the directory holds these files and no others, with these modes.
func sameFiles(root *os.Root, dir string, files []translate.File) bool {
	found := 0
	err := fs.WalkDir(root.FS(), dir, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			found++
		}
		return err
	})
	if err != nil || found != len(files) {
		return false
	}
	for _, f := range files {
		name := path.Join(dir, f.Path)
		info, err := root.Lstat(name)
		if err != nil || info.Mode() != f.Mode.Perm() {
			return false
		}
		// Root's files of mode 0000 can be read by root only: then they are written anew.
		text, err := root.ReadFile(name)
		if err != nil || !bytes.Equal(text, []byte(f.Data.Reveal())) {
			return false
		}
	}
	return true
}

// swap writes the files into a new directory and points ..data at it. A failure leaves ..data as it
// was; what was half written goes with the next write's sweep.
func swap(root *os.Root, files []translate.File) (dir string, err error) {
	dir = time.Now().UTC().Format(dataLayout)
	if err := makeDir(root, dir); err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			_ = root.RemoveAll(dir) // the cause is the error worth telling
		}
	}()
	for _, f := range files {
		if err := writeFile(root, dir, f); err != nil {
			return "", err
		}
	}
	if err := root.Remove(dataLinkNew); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err := root.Symlink(dir, dataLinkNew); err != nil {
		return "", err
	}
	return dir, root.Rename(dataLinkNew, dataLink)
}

// makeDir makes a directory others may read, whatever the umask.
func makeDir(root *os.Root, dir string) error {
	err := root.Mkdir(dir, 0o755)
	if err != nil {
		return err
	}
	return root.Chmod(dir, 0o755)
}

func writeFile(root *os.Root, dir string, f translate.File) error {
	for i, c := range f.Path {
		if c != '/' {
			continue
		}
		if err := makeDir(root, path.Join(dir, f.Path[:i])); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	name := path.Join(dir, f.Path)
	if err := root.WriteFile(name, []byte(f.Data.Reveal()), 0o600); err != nil {
		return err
	}
	return root.Chmod(name, f.Mode.Perm())
}

// linkFiles makes the links by which containers see the files.
func linkFiles(root *os.Root, files []translate.File) error {
	for _, first := range firsts(files) {
		target := path.Join(dataLink, first)
		if found, err := root.Readlink(first); err == nil && found == target {
			continue
		}
		if err := root.RemoveAll(first); err != nil {
			return err
		}
		if err := root.Symlink(target, first); err != nil {
			return err
		}
	}
	return nil
}

// sweep removes the links of files that are gone, and all content but the current.
func sweep(root *os.Root, current string, files []translate.File) error {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return err
	}
	keep := append(firsts(files), dataLink, current)
	for _, entry := range entries {
		if slices.Contains(keep, entry.Name()) {
			continue
		}
		if err := root.RemoveAll(entry.Name()); err != nil {
			return err
		}
	}
	return nil
}

// firsts are the first elements of the files' paths, each once.
func firsts(files []translate.File) []string {
	var all []string
	for _, f := range files {
		first, _, _ := strings.Cut(f.Path, "/")
		all = append(all, first)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
