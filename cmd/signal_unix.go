//go:build unix

package cmd

import (
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// notifySupervisor listens for what other podups have to say to a supervisor.
func notifySupervisor(hangup, quit chan<- os.Signal) {
	signal.Notify(hangup, syscall.SIGHUP)
	signal.Notify(quit, syscall.SIGUSR1)
}

// tellSupervisor lets a supervisor read its definitions again.
func tellSupervisor(pid int) { _ = syscall.Kill(pid, syscall.SIGHUP) }

// interrupt ends a command as Ctrl-C does. A shell starts what it does not wait for with SIGINT ignored.
func interrupt(pid int) { _ = syscall.Kill(pid, syscall.SIGTERM) }

// endTime is how long a supervisor that has nothing to supervise any more may take to end.
const endTime = 3 * time.Second

// endSupervisor ends whoever supervises the project and leaves its pods alone.
func (r runtimeDir) endSupervisor() error {
	pid, ok := r.supervised()
	if !ok || pid <= 0 || pid == os.Getpid() {
		return nil
	}
	_ = syscall.Kill(pid, syscall.SIGUSR1)
	_, err := r.takePlaceFor(endTime)
	if errors.Is(err, errHeld) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
		_, err = r.takePlaceFor(endTime)
	}
	return err
}

// takePlaceFor waits until nobody supervises the project.
func (r runtimeDir) takePlaceFor(patience time.Duration) (bool, error) {
	place, err := r.takePlace(patience)
	if err != nil {
		return false, err
	}
	return true, place.remove()
}
