package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	systemd "github.com/coreos/go-systemd/v22/dbus"
	"github.com/godbus/dbus/v5"
)

// unitTimeout is how long the service manager may take to start a unit.
const unitTimeout = 10 * time.Second

// startUnit runs args as a transient unit of the user's service manager, root's as one of the system's.
// KillMode=process, because where a container was started below the service that the unit started, on
// cgroup v1, ending the unit would end it, too. (systemd-run takes 21 ms for the same, and this 3.)
func startUnit(ctx context.Context, getenv func(string) string, project string, args []string) error {
	ctx, cancel := context.WithTimeout(ctx, unitTimeout)
	defer cancel()
	manager, err := systemd.NewConnection(func() (*dbus.Conn, error) { return dialManager(ctx, managerSocket(getenv)) })
	if err != nil {
		return errNoManager
	}
	defer manager.Close()
	environment := slices.DeleteFunc(os.Environ(), func(variable string) bool { return !passedOn(variable) })
	property := func(name string, value any) systemd.Property {
		return systemd.Property{Name: name, Value: dbus.MakeVariant(value)}
	}
	done := make(chan string, 1)
	_, err = manager.StartTransientUnitContext(ctx, unitName(project), "fail", []systemd.Property{
		systemd.PropDescription("podup supervises project " + project),
		systemd.PropExecStart(args, false),
		property("Type", "exec"),
		property("Environment", environment),
		property("KillMode", "process"),
		property("Restart", "on-failure"),
		property("RestartUSec", uint64(time.Second/time.Microsecond)),
		property("StartLimitIntervalUSec", uint64(0)),
		property("TimeoutStopUSec", uint64(stopTime/time.Microsecond)),
		property("CollectMode", "inactive-or-failed"),
		property("Slice", "app.slice"),
		// What is ordered behind is stopped before: to end its pods it needs Podman.
		systemd.PropAfter("podman.socket", "podman.service"),
	}, done)
	var refused dbus.Error
	if errors.As(err, &refused) && refused.Name == "org.freedesktop.systemd1.UnitExists" {
		return nil // it is starting, or being started again
	}
	if err != nil {
		return fmt.Errorf("start unit %s: %w", unitName(project), err)
	}
	select {
	case result := <-done:
		if result != "done" {
			return fmt.Errorf("start unit %s: %s", unitName(project), result)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("start unit %s: %w", unitName(project), ctx.Err())
	}
}

// stopTime is how long a supervisor that is told to end may take to end its pods.
const stopTime = 5 * time.Minute

// managerSocket is the service manager's own, which needs no message bus.
func managerSocket(getenv func(string) string) string {
	if os.Getuid() == 0 {
		return "/run/systemd/private"
	}
	dir := getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		dir = "/run/user/" + strconv.Itoa(os.Getuid())
	}
	return filepath.Join(dir, "systemd", "private")
}

func dialManager(ctx context.Context, socket string) (*dbus.Conn, error) {
	conn, err := dbus.Dial("unix:path="+socket, dbus.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	if err := conn.Auth([]dbus.Auth{dbus.AuthExternal(strconv.Itoa(os.Getuid()))}); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// lingers says whether what the user runs outlives the user's last session. Where there is no service
// manager, nothing ends it.
func lingers(getenv func(string) string) bool {
	if os.Getuid() == 0 {
		return true
	}
	if _, err := os.Stat(managerSocket(getenv)); err != nil {
		return true
	}
	self, err := user.Current()
	if err != nil {
		return true
	}
	_, err = os.Stat(filepath.Join("/var/lib/systemd/linger", self.Username))
	return !errors.Is(err, fs.ErrNotExist)
}

func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
