//go:build unix

package podmanapi

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

func ownedByUs(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid()
}

// lock waits for the file's lock. The file stays: removing it would let two hold it.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(startTimeout)
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return func() { file.Close() }, nil
		case !errors.Is(err, syscall.EWOULDBLOCK):
		case time.Now().After(deadline):
			err = errBusy
		case pause(ctx, 10*time.Millisecond):
			continue
		default:
			err = context.Cause(ctx)
		}
		file.Close()
		return nil, err
	}
}
