package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// lock keeps two podups from changing one project at the same time. It says nothing about what is
// true of the project: a lock file that is left behind means nothing.
type lock struct {
	file *os.File
	path string
}

// lockInterval is how often a waiting podup tries again. A blocking flock could not be interrupted.
const lockInterval = 50 * time.Millisecond

var (
	// errHeld is a lock another process holds.
	errHeld = errors.New("another podup holds it")
	// errGone is a lock whose file was taken away while it was being locked.
	errGone = errors.New("it was removed")
)

// acquire waits until this process alone may change the project; note is told once for whom.
func acquire(ctx context.Context, getenv func(string) string, project string, note func(string)) (*lock, error) {
	dir, err := stateDir(getenv)
	if err != nil {
		return nil, fmt.Errorf("lock project %s: %w", project, err)
	}
	path := filepath.Join(dir, project+".lock")
	told := false
	for {
		l, err := tryAcquire(dir, path)
		switch {
		case err == nil:
			return l, nil
		case errors.Is(err, errGone):
			continue
		case !errors.Is(err, errHeld):
			return nil, fmt.Errorf("lock project %s: %w", project, err)
		}
		if !told {
			note(fmt.Sprintf("waiting for another podup%s on project %s", holder(path), project))
			told = true
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for another podup on project %s: %w", project, ctx.Err())
		case <-time.After(lockInterval):
		}
	}
}

// tryAcquire takes the lock or gives errHeld or errGone.
func tryAcquire(dir, path string) (*lock, error) {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := ownDir(dir); err != nil {
		return nil, err
	}
	file, err := openLock(path)
	if err != nil {
		return nil, err
	}
	// The holder may have removed the file between the opening and the locking; then this is a lock
	// on a file nobody else will find.
	opened, err := file.Stat()
	if err == nil {
		var named os.FileInfo
		if named, err = os.Stat(path); err == nil && !os.SameFile(opened, named) || errors.Is(err, fs.ErrNotExist) {
			err = errGone
		}
	}
	if err == nil {
		err = writePid(file)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return &lock{file: file, path: path}, nil
}

// writePid leaves the process for a waiting podup to name.
func writePid(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// holder names the process that holds the lock, as far as it can be read.
func holder(path string) string {
	if pid := holderPid(path); pid > 0 {
		return fmt.Sprintf(" (pid %d)", pid)
	}
	return ""
}

// holderPid is the process that holds the lock, 0 where that cannot be read.
func holderPid(path string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}

// release gives the project free; the file stays for the next one.
func (l *lock) release() { _ = l.file.Close() }

// remove gives the project free and takes the file away. It is removed while it is held, so that it
// is never somebody else's.
func (l *lock) remove() error {
	err := os.Remove(l.path)
	l.release()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the lock: %w", err)
	}
	return nil
}
