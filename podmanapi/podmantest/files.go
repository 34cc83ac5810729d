package podmantest

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// files are the files as the processes of a container see them: directories of the host put together
// by the container's mounts, judged by permission bits as if owners were real. Everything belongs to
// root but what a process of another user made.
type files struct {
	s      *Service
	root   string // for what lies outside of all mounts
	mounts []mounted
	uid    int
	sealed bool // root is read-only
}

type mounted struct {
	at       string
	host     string
	readOnly bool
	volume   *volume
	err      error // what keeps the container from starting
}

// files puts a container's mounts together. The caller holds mu.
func (s *Service) files(one *container) *files {
	f := &files{s: s, root: s.rootfs(one), sealed: one.spec.ReadOnly}
	for _, mount := range one.spec.Volumes {
		i := s.volumeIndex(mount.Name)
		if i < 0 {
			f.mounts = append(f.mounts, mounted{at: mount.Dest, err: internal("no such volume", "no volume with name %q found", mount.Name)})
			continue
		}
		m := mounted{at: mount.Dest, host: s.volumes[i].content, volume: s.volumes[i], readOnly: slices.Contains(mount.Options, "ro")}
		if mount.SubPath != "" {
			m.host = filepath.Join(m.host, mount.SubPath)
			if _, err := os.Stat(m.host); err != nil {
				m.err = internal("no such file or directory", "securejoin.OpenInRoot %s: openat2 %s", mount.SubPath, m.host)
			}
		}
		f.mounts = append(f.mounts, m)
	}
	for _, mount := range one.spec.Mounts {
		if mount.Type == "bind" {
			f.mounts = append(f.mounts, mounted{at: mount.Destination, host: mount.Source, readOnly: slices.Contains(mount.Options, "ro")})
		}
	}
	for _, mount := range one.spec.ImageVolumes {
		f.mounts = append(f.mounts, mounted{at: mount.Destination, host: filepath.Join(s.dir, "empty"), readOnly: !mount.ReadWrite})
	}
	// The longest path first, so that the innermost mount decides.
	slices.SortStableFunc(f.mounts, func(a, b mounted) int { return len(b.at) - len(a.at) })
	return f
}

func (f *files) check() error {
	for _, m := range f.mounts {
		if m.err != nil {
			return m.err
		}
	}
	return nil
}

// place finds where a path of the container is on the host.
func (f *files) place(path string) (host string, m mounted) {
	path = filepath.Clean("/" + path)
	for _, m := range f.mounts {
		if rest, ok := strings.CutPrefix(path, filepath.Clean(m.at)); ok && (rest == "" || rest[0] == '/') {
			return filepath.Join(m.host, rest), m
		}
	}
	return filepath.Join(f.root, path), mounted{readOnly: f.sealed}
}

// may reports whether the user has the permission (4 read, 2 write) on something that is there.
func (f *files) may(host string, permission fs.FileMode) error {
	info, err := os.Stat(host)
	if err != nil {
		return err
	}
	mode := info.Mode().Perm()
	if real, err := filepath.EvalSymlinks(host); err == nil && f.s.owner(real) == f.uid {
		mode >>= 6
	}
	if f.uid != 0 && mode&permission == 0 {
		return &fs.PathError{Op: "open", Path: host, Err: syscall.EACCES}
	}
	return nil
}

func (f *files) ReadFile(path string) ([]byte, error) {
	host, _ := f.place(path)
	if err := f.may(host, 4); err != nil {
		return nil, err
	}
	return os.ReadFile(host)
}

func (f *files) WriteFile(path string, data []byte) error {
	host, m := f.place(path)
	if m.readOnly {
		return &fs.PathError{Op: "open", Path: path, Err: syscall.EROFS}
	}
	if m.volume != nil && m.volume.full(len(data)) {
		return &fs.PathError{Op: "write", Path: path, Err: syscall.ENOSPC}
	}
	if m.host == "" {
		if err := os.MkdirAll(filepath.Dir(host), 0o755); err != nil {
			return err
		}
	}
	_, err := os.Stat(host)
	fresh := os.IsNotExist(err)
	if fresh {
		err = f.may(filepath.Dir(host), 2)
	} else {
		err = f.may(host, 2)
	}
	if err != nil {
		return err
	}
	if err := os.WriteFile(host, data, 0o644); err != nil {
		return err
	}
	if fresh {
		f.s.own(host, f.uid)
	}
	return nil
}

func (f *files) Append(path string, data []byte) error {
	f.s.appending.Lock()
	defer f.s.appending.Unlock()
	before, err := f.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	return f.WriteFile(path, append(before, data...))
}

func (f *files) Remove(path string) error {
	host, m := f.place(path)
	if m.readOnly {
		return &fs.PathError{Op: "remove", Path: path, Err: syscall.EROFS}
	}
	if err := f.may(filepath.Dir(host), 2); err != nil {
		return err
	}
	return os.Remove(host)
}

func (f *files) ReadDir(path string) ([]string, error) {
	host, _ := f.place(path)
	if err := f.may(host, 4); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(host)
	names := []string{}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names, err
}

func (f *files) Stat(path string) (os.FileInfo, error) {
	host, _ := f.place(path)
	return os.Stat(host)
}

// owner is the user that made a file, root where no process did.
func (s *Service) owner(host string) int {
	uid, _ := s.owners.Load(host)
	number, _ := uid.(int)
	return number
}

func (s *Service) own(host string, uid int) {
	if real, err := filepath.EvalSymlinks(host); err == nil {
		host = real
	}
	s.owners.Store(host, uid)
}
