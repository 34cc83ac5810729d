// Package systemd installs what package quadlet writes: it compares units with what is on disk, writes
// the difference, and lets the service manager act on it. It is the only package that speaks to a service
// manager.
package systemd

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"time"
)

// Host is where units live, and who runs them.
type Host struct {
	Root bool // the system's service manager, else the user's

	// Quadlet is the directory that holds one directory for each installed project.
	Quadlet string
	// Search are all directories that Quadlet reads, Quadlet among them: of two files of one base name it
	// takes the first, and says nothing (5.8).
	Search []Directory
	// Service is where a project's own service is written, for who wants it supervised.
	Service string
	// Services are all directories of ordinary units: they come before what a generator makes.
	Services []string

	// Settle is how long a container has to run after its service was started, for the start to count as a success;
	// 0 takes every start for one.
	Settle time.Duration

	Open func(ctx context.Context) (Manager, error) // ErrNoManager: there is none
}

// Directory is one of those that Quadlet reads, with its sub-directories.
type Directory struct {
	Path string
	// User is not -1 where, of the sub-directories that are numbers, only this user's is read.
	User int
	Skip string // the sub-directory that is not read
}

// ErrNoManager is a machine on which no service manager takes units from this user.
var ErrNoManager = errors.New("no service manager")

// settleTime is enough for a program that does not find its configuration to say so, and to be removed by Podman.
const settleTime = 2 * time.Second

// Here is this machine for a user; uid is -1 where there are no such numbers.
func Here(getenv func(string) string, uid int) Host {
	host := Host{Root: uid == 0, Settle: settleTime, Open: func(ctx context.Context) (Manager, error) { return open(ctx, getenv) }}
	if host.Root {
		host.Quadlet = "/etc/containers/systemd"
		// podman: pkg/systemd/quadlet/unitdirs.go
		host.Search = []Directory{
			{"/run/containers/systemd", -1, ""}, {host.Quadlet, -1, "users"}, {"/usr/share/containers/systemd", -1, "users"},
		}
		host.Service = "/etc/systemd/system"
		host.Services = []string{host.Service, "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}
		return host
	}
	config := getenv("XDG_CONFIG_HOME")
	if config == "" {
		config = filepath.Join(getenv("HOME"), ".config")
	}
	data := getenv("XDG_DATA_HOME")
	if data == "" {
		data = filepath.Join(getenv("HOME"), ".local", "share")
	}
	runtime := runtimeDir(getenv, uid)
	host.Quadlet = filepath.Join(config, "containers", "systemd")
	host.Search = []Directory{
		{filepath.Join(runtime, "containers", "systemd"), -1, ""}, {host.Quadlet, -1, ""},
		{"/etc/containers/systemd/users", uid, ""}, {"/usr/share/containers/systemd/users", uid, ""},
	}
	host.Service = filepath.Join(config, "systemd", "user")
	host.Services = []string{
		host.Service, "/etc/systemd/user", filepath.Join(runtime, "systemd", "user"), "/run/systemd/user",
		filepath.Join(data, "systemd", "user"), "/usr/local/lib/systemd/user", "/usr/lib/systemd/user",
	}
	return host
}

func runtimeDir(getenv func(string) string, uid int) string {
	if dir := getenv("XDG_RUNTIME_DIR"); dir != "" {
		return dir
	}
	return "/run/user/" + strconv.Itoa(uid)
}

// Journal is the command that shows what a service has said.
func (h Host) Journal(service string) string { return h.command("journalctl", "-u "+service) }

// Control is a command of systemctl.
func (h Host) Control(words string) string { return h.command("systemctl", words) }

func (h Host) command(program, words string) string {
	if h.Root {
		return program + " " + words
	}
	return program + " --user " + words
}
