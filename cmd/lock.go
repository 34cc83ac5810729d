package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
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

// noteAfter is what passes for no wait: a supervisor reads its definitions in less.
const noteAfter = 300 * time.Millisecond

// acquire waits until this process alone may change the project; note is told once for whom. The command
// is what others are told.
func acquire(ctx context.Context, getenv func(string) string, project, command string, note func(string)) (*lock, error) {
	path, err := projectLock(getenv, project)
	if err != nil {
		return nil, err
	}
	told, began := false, time.Now()
	for {
		l, err := tryAcquire(filepath.Dir(path), path)
		switch {
		case err == nil:
			if err := l.sign(command); err != nil {
				l.release()
				return nil, fmt.Errorf("lock project %s: %w", project, err)
			}
			return l, nil
		case errors.Is(err, errGone):
			continue
		case !errors.Is(err, errHeld):
			return nil, fmt.Errorf("lock project %s: %w", project, err)
		}
		if !told && time.Since(began) > noteAfter {
			note(fmt.Sprintf("waiting for %s on project %s", holder(path), project))
			told = true
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %s on project %s: %w", holder(path), project, context.Cause(ctx))
		case <-time.After(lockInterval):
		}
	}
}

// upPatience is how long a down waits for an up to end by itself.
const upPatience = 3 * time.Second

var errPatience = errors.New("it takes too long")

// acquireFromUp is acquire for one who wants what an up makes to be gone: an up that does not end, for its
// init container does not, is interrupted.
func acquireFromUp(ctx context.Context, getenv func(string) string, project, command string, note func(string)) (*lock, error) {
	patient, cancel := context.WithTimeoutCause(ctx, upPatience, errPatience)
	defer cancel()
	held, err := acquire(patient, getenv, project, command, note)
	if !errors.Is(err, errPatience) {
		return held, err
	}
	path, err := projectLock(getenv, project)
	if err != nil {
		return nil, err
	}
	if pid, holding := lockedBy(path); holding == upCommand && isHeld(path) {
		note("interrupting " + holder(path))
		interrupt(pid)
	}
	return acquire(ctx, getenv, project, command, func(string) {}) // it has been said for whom
}

// upCommand is the command that another one may interrupt.
const upCommand = "podup up"

// projectLock is the path of a project's lock.
func projectLock(getenv func(string) string, project string) (string, error) {
	dir, err := stateDir(getenv)
	if err != nil {
		return "", fmt.Errorf("lock project %s: %w", project, err)
	}
	return filepath.Join(dir, project+".lock"), nil
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
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	l := &lock{file: file, path: path}
	if err := l.sign(""); err != nil {
		l.release()
		return nil, err
	}
	return l, nil
}

// sign leaves the process and what it does for a waiting podup to name.
func (l *lock) sign(command string) error {
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	_, err := fmt.Fprintln(io.NewOffsetWriter(l.file, 0), os.Getpid(), command)
	return err
}

// holder names the process that holds the lock, as far as it can be read.
func holder(path string) string {
	pid, command := lockedBy(path)
	if command == "" {
		command = "another podup"
	}
	if pid > 0 {
		command += fmt.Sprintf(" (pid %d)", pid)
	}
	return command
}

// lockedBy is the process that holds the lock, 0 where that cannot be read, and its command.
func lockedBy(path string) (pid int, command string) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, ""
	}
	number, command, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	if pid, err = strconv.Atoi(number); err != nil {
		return 0, ""
	}
	return pid, command
}

func holderPid(path string) int {
	pid, _ := lockedBy(path)
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
