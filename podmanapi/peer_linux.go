package podmanapi

import (
	"errors"
	"net"
	"syscall"
)

// credentials of the process that listens at the other end. With socket activation that is systemd,
// of the same user. The kernel gives PID 0 for a process outside our PID namespace.
func credentials(conn net.Conn) peer {
	unknown := peer{uid: -1}
	socket, ok := conn.(*net.UnixConn)
	if !ok {
		return unknown
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return unknown
	}
	found := unknown
	err = raw.Control(func(fd uintptr) {
		if cred, err := syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED); err == nil {
			found = peer{uid: int(cred.Uid), visible: cred.Pid != 0}
		}
	})
	if err != nil {
		return unknown
	}
	return found
}

// processExists asks by a signal that is none: on a machine that hides other users' processes in /proc
// (hidepid), those of rootless containers with a runAsUser are not to be seen there.
func processExists(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
