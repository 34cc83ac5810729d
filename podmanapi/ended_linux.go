package podmanapi

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// process is a pidfd: it means one process for ever, whatever its number comes to mean.
type process struct{ file *os.File }

func openProcess(pid int) (process, error) {
	// O_NONBLOCK (PIDFD_NONBLOCK, Linux 5.10) is what makes os.File wait by the runtime's poller, not by a
	// thread for each container.
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if errors.Is(err, unix.EINVAL) {
		if fd, err = unix.PidfdOpen(pid, 0); err == nil {
			err = unix.SetNonblock(fd, true)
		}
	}
	if err != nil {
		return process{}, err
	}
	return process{os.NewFile(uintptr(fd), "pidfd")}, nil
}

func (p process) Close() { p.file.Close() }

// wait returns when the process has ended: a pidfd can then be read.
func (p process) wait(ctx context.Context) error {
	raw, err := p.file.SyscallConn()
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = p.file.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	err = raw.Read(func(fd uintptr) bool {
		events := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(events, 0)
		return n > 0 || err != nil && !errors.Is(err, unix.EINTR)
	})
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
