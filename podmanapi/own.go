package podmanapi

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
)

// What a volume's group may do with its files, at least (kubelet: volume/volume_linux.go).
const (
	groupWrites fs.FileMode = 0o660
	groupReads  fs.FileMode = 0o440
	groupEnters fs.FileMode = 0o110
)

// Ownership is what a pod's fsGroup asks of a volume.
type Ownership struct {
	Dir        string
	Sub        string // a directory below Dir that it is about; empty is all of Dir
	Group      int64
	ReadOnly   bool // the group may read, not write
	OnMismatch bool // nothing is done where the volume's own directory is as asked
}

// Args are those of OwnCommand; ReadOwnership takes them back.
func (o Ownership) Args() []string {
	return []string{o.Dir, o.Sub, strconv.FormatInt(o.Group, 10), strconv.FormatBool(o.ReadOnly), strconv.FormatBool(o.OnMismatch)}
}

// ReadOwnership is the inverse of Args.
func ReadOwnership(args []string) (Ownership, error) {
	if len(args) != 5 {
		return Ownership{}, fmt.Errorf("own a volume: %d arguments, not 5", len(args))
	}
	group, errGroup := strconv.ParseInt(args[2], 10, 64)
	readOnly, errReadOnly := strconv.ParseBool(args[3])
	onMismatch, errMismatch := strconv.ParseBool(args[4])
	return Ownership{args[0], args[1], group, readOnly, onMismatch}, errors.Join(errGroup, errReadOnly, errMismatch)
}

// Apply gives the volume and all that is in it to the group (kubelet: volume/volume_linux.go,
// changeFilePermission). Links are not followed: they are whatever a container has made them.
func (o Ownership) Apply() error {
	root, err := os.OpenRoot(o.Dir)
	if err != nil {
		return fmt.Errorf("own volume: %w", err)
	}
	defer root.Close()
	if o.Sub != "" {
		if info, err := root.Lstat(o.Sub); err == nil && !info.IsDir() {
			return nil // a file was there before podup, and belongs to whom it does
		}
		if root, err = root.OpenRoot(o.Sub); err != nil {
			return fmt.Errorf("own volume: %w", err)
		}
		defer root.Close()
	}
	info, err := root.Stat(".")
	if err != nil {
		return fmt.Errorf("own volume: %w", err)
	}
	if o.OnMismatch && o.asAsked(info) {
		return nil
	}
	// The root last, as a kubelet does: a walk that was cut short shows.
	if err := o.walk(root, "."); err != nil {
		return fmt.Errorf("own volume: %w", err)
	}
	return nil
}

func (o Ownership) asAsked(info fs.FileInfo) bool {
	group, known := groupOf(info)
	want := o.bits(true)
	return known && group == o.Group && info.Mode()&want == want
}

// bits are those a file or directory gets beside its own.
func (o Ownership) bits(dir bool) fs.FileMode {
	bits := groupWrites
	if o.ReadOnly {
		bits = groupReads
	}
	if dir {
		bits |= groupEnters | fs.ModeSetgid
	}
	return bits
}

func (o Ownership) walk(root *os.Root, dir string) error {
	entries, err := fs.ReadDir(root.FS(), dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := path.Join(dir, entry.Name())
		if entry.IsDir() {
			err = o.walk(root, name)
		} else {
			err = o.change(root, name)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a container may have removed it
			return err
		}
	}
	return o.change(root, dir)
}

func (o Ownership) change(root *os.Root, name string) error {
	info, err := root.Lstat(name)
	if err != nil {
		return err
	}
	if err := root.Lchown(name, -1, int(o.Group)); err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return nil
	}
	return root.Chmod(name, info.Mode()&(fs.ModePerm|fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky)|o.bits(info.IsDir()))
}
