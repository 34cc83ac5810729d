//go:build unix

package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// stateDir is where podup keeps files that matter only while it runs: below the user's runtime
// directory, else in a directory of the user's own below the temporary one. A runtime directory of
// somebody else, as sudo passes it on, is not used.
//
// Root's is /run: what a login has in /run/user/0 ends with that login, and root's pods do not; a sudo has
// none, and must find the supervisor that a login has started.
func stateDir(getenv func(string) string) (string, error) {
	uid := os.Getuid()
	candidates := []string{getenv("XDG_RUNTIME_DIR"), fmt.Sprintf("/run/user/%d", uid)}
	if uid == 0 {
		candidates[1] = "/run"
		if filepath.Clean(candidates[0]) == "/run/user/0" {
			candidates[0] = ""
		}
	}
	for _, runtime := range candidates {
		if !filepath.IsAbs(runtime) {
			continue
		}
		if info, err := os.Stat(runtime); err == nil && info.IsDir() && ownedBy(info, uid) {
			return filepath.Join(runtime, "podup"), nil
		}
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("podup-%d", uid)), nil
}

// ownDir refuses a directory that somebody else has put there or can write to.
func ownDir(dir string) error {
	info, err := os.Lstat(dir)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is no directory", dir)
	case !ownedBy(info, os.Getuid()):
		return fmt.Errorf("%s belongs to another user", dir)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%s is open to other users: it must have mode 0700", dir)
	}
	return nil
}

func ownedBy(info os.FileInfo, uid int) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == uid
}

// openLock opens and locks the file; the kernel unlocks it when the process ends, however it ends.
func openLock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errHeld
		}
		return nil, fmt.Errorf("flock %s: %w", path, err)
	}
	return file, nil
}

// isHeld says whether a process holds the lock. Looking takes a share of it for an instant, so that those
// who look do not take each other for the holder.
func isHeld(path string) bool {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return false
	}
	defer file.Close()
	return errors.Is(syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}
