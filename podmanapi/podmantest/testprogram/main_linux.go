// Command testprogram is what podup's test images hold: package program with a real process around
// it. It is static, so that it is a whole image by itself.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
	"unsafe"

	"github.com/podup/podup/podmanapi/podmantest/program"
)

func main() {
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	terms := make(chan struct{})
	go func() {
		for range term {
			terms <- struct{}{}
		}
	}()
	dir, _ := os.Getwd()
	hostname, _ := os.Hostname()
	_, _, isTerminal := terminalSize()
	os.Exit(program.Main(context.Background(), &program.Process{
		Args:     os.Args[1:],
		Env:      os.Environ(),
		UID:      os.Getuid(),
		GID:      os.Getgid(),
		Dir:      dir,
		Hostname: hostname,
		TTY:      isTerminal,
		In:       os.Stdin,
		Out:      os.Stdout,
		Err:      os.Stderr,
		Files:    files{},
		Term:     terms,
		Listen: func(port int) (net.Listener, error) {
			return net.Listen("tcp", fmt.Sprintf(":%d", port))
		},
		Dial: func(address string) (net.Conn, error) {
			return net.DialTimeout("tcp", address, 5*time.Second)
		},
		Lookup: net.LookupHost,
		Size:   terminalSize,
		ListenLocal: func(port int) (net.Listener, error) {
			return net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		},
		Terminate: func(pid int) error { return syscall.Kill(pid, syscall.SIGTERM) },
		Start:     start,
	}))
}

// start runs another process of this program.
func start(wait bool, args ...string) error {
	command := exec.Command("/proc/self/exe", args...)
	if wait {
		return command.Run()
	}
	return command.Start()
}

// files are the real ones.
type files struct{}

func (files) ReadFile(path string) ([]byte, error)     { return os.ReadFile(path) }
func (files) WriteFile(path string, data []byte) error { return os.WriteFile(path, data, 0o644) }
func (files) Remove(path string) error                 { return os.Remove(path) }
func (files) Stat(path string) (os.FileInfo, error)    { return os.Stat(path) }

func (files) Append(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Close())
}

func (files) ReadDir(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names, err
}

// terminalSize asks the terminal on stdin.
func terminalSize() (width, height uint16, ok bool) {
	var size struct{ rows, columns, x, y uint16 }
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, os.Stdin.Fd(), syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&size)))
	return size.columns, size.rows, errno == 0
}
