package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	systemdbus "github.com/coreos/go-systemd/v22/dbus"
	"github.com/godbus/dbus/v5"

	"github.com/podup/podup/quadlet"
	"github.com/podup/podup/systemd"
)

// unitTimeout is how long the service manager may take to start or end a unit. While it reloads, for whoever
// has asked it to, it answers nobody, and all generators run (seconds on a busy machine, systemd 257).
const unitTimeout = 30 * time.Second

// startUnit runs args as a transient unit of the user's service manager, root's as one of the system's.
// KillMode=process, because where a container was started below the service that the unit started, on
// cgroup v1, ending the unit would end it, too. (systemd-run takes 21 ms for the same, and this 3.)
func startUnit(ctx context.Context, getenv func(string) string, project string, args []string) error {
	ctx, cancel := context.WithTimeout(ctx, unitTimeout)
	defer cancel()
	manager, err := systemd.Dial(ctx, getenv)
	if err != nil {
		return errNoManager
	}
	defer manager.Close()
	environment := slices.DeleteFunc(os.Environ(), func(variable string) bool { return !passedOn(variable) })
	property := func(name string, value any) systemdbus.Property {
		return systemdbus.Property{Name: name, Value: dbus.MakeVariant(value)}
	}
	properties := []systemdbus.Property{
		systemdbus.PropDescription("podup supervises project " + project),
		systemdbus.PropExecStart(args, false),
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
		systemdbus.PropAfter("podman.socket", "podman.service"),
	}
	done := make(chan string, 1)
	_, err = manager.StartTransientUnitContext(ctx, unitName(project), "fail", properties, done)
	if unitExists(err) {
		// What failed before may fail for ever: it has the environment of the podup that started it.
		if resting, restErr := endResting(ctx, manager, unitName(project)); restErr != nil || !resting {
			return restErr // nil: it is starting
		}
		_, err = manager.StartTransientUnitContext(ctx, unitName(project), "fail", properties, done)
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

func unitExists(err error) bool {
	var refused dbus.Error
	return errors.As(err, &refused) && refused.Name == "org.freedesktop.systemd1.UnitExists"
}

// endResting ends a unit that waits to be started again after a failure, and says whether it was one. A
// unit with a process is left alone: the signal would take its pods down.
func endResting(ctx context.Context, manager *systemdbus.Conn, unit string) (bool, error) {
	state, err := manager.GetUnitPropertyContext(ctx, unit, "SubState")
	if err != nil {
		return false, fmt.Errorf("look at unit %s: %w", unit, err)
	}
	if state.Value.Value() != "auto-restart" {
		return false, nil
	}
	done := make(chan string, 1)
	if _, err := manager.StopUnitContext(ctx, unit, "replace", done); err != nil {
		return false, fmt.Errorf("stop unit %s: %w", unit, err)
	}
	select {
	case <-done:
		return true, nil
	case <-ctx.Done():
		return false, fmt.Errorf("stop unit %s: %w", unit, ctx.Err())
	}
}

// endUnit sees to it that a project which is gone has no unit: not one, either, whose process fails and
// is started again and again. leave tells the process to, which may have been starting until now.
func endUnit(ctx context.Context, getenv func(string) string, project string, leave func() error) error {
	ctx, cancel := context.WithTimeout(ctx, unitTimeout)
	defer cancel()
	manager, err := systemd.Dial(ctx, getenv)
	if err != nil {
		return nil // nobody has started one
	}
	defer manager.Close()
	// The service of `podup generate systemd`, killed a moment ago, would bring the project up again.
	if _, err := endResting(ctx, manager, quadlet.ServiceName(project)); err != nil {
		return err
	}
	for {
		state, err := manager.GetUnitPropertyContext(ctx, unitName(project), "ActiveState")
		if err != nil {
			return fmt.Errorf("look at unit %s: %w", unitName(project), err)
		}
		if state.Value.Value() == "inactive" { // what systemd says of a unit it does not know
			return nil
		}
		if _, err := endResting(ctx, manager, unitName(project)); err != nil {
			return err
		}
		if err := leave(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("unit %s does not end", unitName(project))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// stopTime is how long a supervisor that is told to end may take to end its pods.
const stopTime = 5 * time.Minute

func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
