package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// stateDir is where podup keeps files that matter only while it runs.
func stateDir(func(string) string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, "podup"), nil
}

// ownDir has nothing to check: the cache directory lies in the user's profile.
func ownDir(string) error { return nil }

// errorSharingViolation is ERROR_SHARING_VIOLATION.
const errorSharingViolation = syscall.Errno(32)

// fileShareDelete is FILE_SHARE_DELETE: the holder may remove the file.
const fileShareDelete = 4

// openLock opens the file so that nobody else can open it for writing; the system closes it when the
// process ends.
func openLock(path string) (*os.File, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	handle, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE,
		syscall.FILE_SHARE_READ|fileShareDelete, nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	switch {
	case errors.Is(err, errorSharingViolation):
		return nil, errHeld
	case err != nil:
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return os.NewFile(uintptr(handle), path), nil
}

// isHeld says whether a process holds the lock.
func isHeld(path string) bool {
	if _, err := os.Stat(path); err != nil {
		return false // opening would make it
	}
	file, err := openLock(path)
	if err == nil {
		_ = file.Close()
	}
	return errors.Is(err, errHeld)
}
