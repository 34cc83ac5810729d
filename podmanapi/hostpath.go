package podmanapi

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/podup/podup/translate"
)

// Kubernetes' hostPath.type.
const (
	typeDirectoryOrCreate = "DirectoryOrCreate"
	typeDirectory         = "Directory"
	typeFileOrCreate      = "FileOrCreate"
	typeFile              = "File"
	typeSocket            = "Socket"
	typeCharDevice        = "CharDevice"
	typeBlockDevice       = "BlockDevice"
)

// hostSource checks a host path against its type, makes it where the type says so, and gives the path
// to mount, sub-path included: a bind mount has none of its own. What a remote engine's machine has
// is not podup's to see: there only a plain path is left to the engine's own check.
func (c *Client) hostSource(m translate.Mount) (string, error) {
	if !c.local {
		if m.SubPath != "" || m.HostPathType != "" {
			return "", c.needsLocal("hostPath with a type or a subPath")
		}
		return m.HostPath, nil
	}
	if err := checkHostPath(m.HostPath, m.HostPathType); err != nil {
		return "", err
	}
	if m.SubPath == "" {
		return m.HostPath, nil
	}
	return hostSubPath(m.HostPath, m.SubPath)
}

// checkHostPath is kubelet: volume/hostpath/host_path.go checkTypeInternal.
func checkHostPath(path, kind string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		switch kind {
		case typeDirectoryOrCreate:
			return os.MkdirAll(path, 0o755)
		case typeFileOrCreate:
			return createFile(path)
		case "":
			return fmt.Errorf("host path %s does not exist; hostPath.type %s would make it", path, typeDirectoryOrCreate)
		}
		return fmt.Errorf("host path %s does not exist, and type %s does not make it", path, kind)
	}
	if err != nil {
		return fmt.Errorf("host path: %w", err)
	}
	mode := info.Mode()
	fits := true
	switch kind {
	case typeDirectoryOrCreate, typeDirectory:
		fits = mode.IsDir()
	case typeFileOrCreate, typeFile:
		fits = mode.IsRegular()
	case typeSocket:
		fits = mode&fs.ModeSocket != 0
	case typeCharDevice:
		fits = mode&fs.ModeCharDevice != 0
	case typeBlockDevice:
		fits = mode&fs.ModeDevice != 0 && mode&fs.ModeCharDevice == 0
	}
	if !fits {
		return fmt.Errorf("host path %s is not what type %s asks for", path, kind)
	}
	return nil
}

// createFile makes an empty file. Its directory must be there, as for a kubelet.
func createFile(path string) error {
	made, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("host path: %w", err)
	}
	return made.Close()
}

// hostSubPath resolves a sub-path of a host directory, making missing directories with its mode. One
// that leads out of it by a symbolic link is refused.
func hostSubPath(path, sub string) (string, error) {
	if err := makeBelow(path, sub); err != nil {
		return "", err
	}
	base, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", fmt.Errorf("host path: %w", err)
	}
	resolved, err := filepath.EvalSymlinks(filepath.Join(base, sub))
	if err != nil {
		return "", fmt.Errorf("subPath: %w", err)
	}
	if resolved != base && !strings.HasPrefix(resolved, base+string(filepath.Separator)) {
		return "", fmt.Errorf("subPath %s leads out of %s", sub, path)
	}
	return resolved, nil
}

// makeBelow makes the directory sub below base unless there is something already. New directories
// have the mode of base, whatever the umask (kubelet: kubelet_pods.go makeMounts, SafeMakeDir). No
// symbolic link that leads out of base is followed.
func makeBelow(base, sub string) error {
	root, err := os.OpenRoot(base)
	if err != nil {
		return fmt.Errorf("subPath: %w", err)
	}
	defer root.Close()
	sub = filepath.Clean(sub)
	if _, err := root.Stat(sub); !errors.Is(err, fs.ErrNotExist) {
		if err != nil {
			return fmt.Errorf("subPath: %w", err)
		}
		return nil
	}
	info, err := root.Stat(".")
	if err != nil {
		return fmt.Errorf("subPath: %w", err)
	}
	done := ""
	for name := range strings.SplitSeq(filepath.ToSlash(sub), "/") {
		done = filepath.Join(done, name)
		err := root.Mkdir(done, info.Mode().Perm())
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil {
			err = root.Chmod(done, info.Mode().Perm())
		}
		if err != nil {
			return fmt.Errorf("subPath: %w", err)
		}
	}
	return nil
}

// needsLocal refuses what takes the engine's own file system.
func (c *Client) needsLocal(what string) error {
	return fmt.Errorf("%s needs an engine on this machine, and %s is another: run podup there", what, c.url)
}
