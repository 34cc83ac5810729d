package handler

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// networks are the network namespaces that were asked for and whose processes live. The first request
// finds a process by its number; from then on a pidfd says whether it is still the same one.
type networks struct {
	mu   sync.Mutex
	open map[network]*entered
}

// entered is a network namespace in which connections are made.
type entered struct {
	process *os.File // pidfd; nil where the kernel has none
	space   *os.File // nil: it is the one podup is in
	users   int      // guarded by networks.mu
	stale   bool     // guarded by networks.mu: close when the last user leaves
	of      *networks
}

func (n *networks) enter(of network) (*entered, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	in := n.open[of]
	if in == nil {
		// A chance to let go of those that have ended, as when an infra container was replaced.
		for key, other := range n.open {
			if key.Pid == of.Pid || !alive(other.process) {
				n.drop(key)
			}
		}
		var err error
		if in, err = openNetwork(of.Pid); err != nil {
			return nil, fmt.Errorf("the pod's network: %w", err)
		}
		in.of = n
		if n.open == nil {
			n.open = map[network]*entered{}
		}
		n.open[of] = in
	}
	if !alive(in.process) {
		n.drop(of)
		return nil, fmt.Errorf("the pod's network is gone: process %d has ended", of.Pid)
	}
	in.users++
	return in, nil
}

// drop forgets a namespace. The caller holds mu.
func (n *networks) drop(key network) {
	in := n.open[key]
	delete(n.open, key)
	in.stale = true
	if in.users == 0 {
		in.close()
	}
}

func (e *entered) leave() {
	e.of.mu.Lock()
	defer e.of.mu.Unlock()
	e.users--
	if e.stale && e.users == 0 {
		e.close()
	}
}

func (e *entered) close() {
	for _, file := range []*os.File{e.process, e.space} {
		if file != nil {
			file.Close()
		}
	}
}

func (n *networks) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for key := range n.open {
		n.drop(key)
	}
}

func openNetwork(pid int) (*entered, error) {
	e := &entered{}
	fd, err := unix.PidfdOpen(pid, 0)
	switch {
	case err == nil:
		e.process = os.NewFile(uintptr(fd), "pidfd")
	case errors.Is(err, unix.ESRCH):
		return nil, fmt.Errorf("process %d has ended", pid)
	default: // a kernel before 5.3, or one that is told not to
	}
	path := "/proc/" + strconv.Itoa(pid) + "/ns/net"
	if e.space, err = os.Open(path); err != nil {
		e.close()
		return nil, err
	}
	own, err := keyOf("/proc/self/ns/net")
	if err != nil {
		e.close()
		return nil, err
	}
	// A pod on the host's network: a rootless child may not join it, and is there.
	if key, err := fileKey(e.space); err == nil && key == own {
		e.space.Close()
		e.space = nil
	}
	return e, nil
}

// alive says whether the process of a pidfd lives: it can be read once it does not.
func alive(pidfd *os.File) bool {
	if pidfd == nil {
		return true
	}
	events := []unix.PollFd{{Fd: int32(pidfd.Fd()), Events: unix.POLLIN}}
	n, err := unix.Poll(events, 0)
	return n == 0 || err == unix.EINTR
}

// inside runs something on a thread that is in the namespace. Goroutines it starts are not.
func (e *entered) inside(do func() error) error {
	if e.space == nil {
		return do()
	}
	done := make(chan error)
	go func() {
		// Never unlocked: the thread ends with the goroutine, and no other gets one that is elsewhere.
		runtime.LockOSThread()
		err := unix.Setns(int(e.space.Fd()), unix.CLONE_NEWNET)
		if err != nil {
			done <- fmt.Errorf("enter the pod's network: %w", err)
			return
		}
		done <- do()
	}()
	return <-done
}

// dial connects inside the namespace. A host's name is looked up outside, as a kubelet does: it is
// in the host's network.
func (e *entered) dial(ctx context.Context, dialer *net.Dialer, address string) (conn net.Conn, err error) {
	hosts, port, err := lookup(ctx, address)
	if err != nil {
		return nil, err
	}
	for _, host := range hosts {
		err = e.inside(func() (err error) {
			// For a literal address everything up to connect happens in this goroutine.
			conn, err = dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, port))
			return err
		})
		if err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// lookup gives the addresses of host:port.
func lookup(ctx context.Context, address string) (hosts []string, port string, err error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, "", err
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return []string{host}, port, nil
	}
	hosts, err = net.DefaultResolver.LookupHost(ctx, host)
	return hosts, port, err
}

// keepInherited keeps files that came by mistake or for the start from the programs the child runs.
func keepInherited() error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}
