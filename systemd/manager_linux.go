package systemd

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"

	systemd "github.com/coreos/go-systemd/v22/dbus"
	"github.com/godbus/dbus/v5"
)

// Dial connects to root's or the user's service manager.
func Dial(ctx context.Context, getenv func(string) string) (*systemd.Conn, error) {
	return dialAt(ctx, managerSocket(getenv))
}

func dialAt(ctx context.Context, socket string) (*systemd.Conn, error) {
	return systemd.NewConnection(func() (*dbus.Conn, error) { return dialManager(ctx, socket) })
}

// managerSocket is the service manager's own, which needs no message bus.
func managerSocket(getenv func(string) string) string {
	if os.Getuid() == 0 {
		return "/run/systemd/private"
	}
	return filepath.Join(runtimeDir(getenv, os.Getuid()), "systemd", "private")
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

// Lingers says whether what the user runs outlives the user's last session. Where there is no service
// manager, nothing ends it.
func Lingers(getenv func(string) string) bool {
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

// manager is a Manager over its own socket.
type manager struct {
	*systemd.Conn

	root bool
}

func open(ctx context.Context, getenv func(string) string) (Manager, error) {
	return openAt(ctx, managerSocket(getenv))
}

// openAt connects to the manager at a socket. One that is not there is no manager; one that does not answer, or
// not to this user, is a failure.
func openAt(ctx context.Context, socket string) (Manager, error) {
	// The context of a connection ends it.
	conn, err := dialAt(context.WithoutCancel(ctx), socket)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w answers at %s: %w", ErrNoManager, socket, err)
	case err != nil:
		return nil, fmt.Errorf("speak to the service manager at %s: %w", socket, err)
	}
	return manager{conn, os.Getuid() == 0}, nil
}

func (m manager) Close() error {
	m.Conn.Close()
	return nil
}

func (m manager) Version(context.Context) (string, error) {
	text, err := m.GetManagerProperty("Version") // of D-Bus's text format: in quotes
	if err == nil {
		text, err = strconv.Unquote(text)
	}
	if err != nil {
		return "", fmt.Errorf("ask the service manager for its version: %w", err)
	}
	return text, nil
}

func (m manager) Reload(ctx context.Context) error {
	if err := m.ReloadContext(ctx); err != nil {
		return fmt.Errorf("reload the service manager: %w", err)
	}
	return nil
}

func (m manager) State(ctx context.Context, unit string) (State, error) {
	found, err := m.GetAllPropertiesContext(ctx, unit)
	if err != nil {
		return State{}, fmt.Errorf("look at unit %s: %w", unit, err)
	}
	s := State{
		Load: property[string](found, "LoadState"), Active: property[string](found, "ActiveState"), Sub: property[string](found, "SubState"),
		Source: property[string](found, "SourcePath"), Path: property[string](found, "FragmentPath"),
		Invocation: hex.EncodeToString(property[[]byte](found, "InvocationID")),
		Result:     property[string](found, "Result"), Exit: property[int32](found, "ExecMainStatus"), Restarts: property[uint32](found, "NRestarts"),
		Entered: property[uint64](found, "ActiveEnterTimestampMonotonic"), Ran: property[uint64](found, "ExecMainStartTimestampMonotonic"),
	}
	return s, nil
}

func property[T any](of map[string]any, name string) T {
	value, _ := of[name].(T) // absent: not a service
	return value
}

// job gives the result of a job that is being queued.
func job(doing, unit string, queue func(done chan<- string) (int, error)) (<-chan string, error) {
	done := make(chan string, 1)
	if _, err := queue(done); err != nil {
		return nil, fmt.Errorf("%s unit %s: %w", doing, unit, err)
	}
	return done, nil
}

func (m manager) Start(ctx context.Context, unit string) (<-chan string, error) {
	return job("start", unit, func(done chan<- string) (int, error) { return m.StartUnitContext(ctx, unit, "replace", done) })
}

func (m manager) Stop(ctx context.Context, unit string) (<-chan string, error) {
	done, err := job("stop", unit, func(done chan<- string) (int, error) { return m.StopUnitContext(ctx, unit, "replace", done) })
	if unknownUnit(err) {
		already := make(chan string, 1)
		already <- "done"
		return already, nil
	}
	return done, err
}

func (m manager) Update(ctx context.Context, unit string) (<-chan string, error) {
	return job("reload", unit, func(done chan<- string) (int, error) { return m.ReloadOrRestartUnitContext(ctx, unit, "replace", done) })
}

func (m manager) Reset(ctx context.Context, unit string) error {
	if err := m.ResetFailedUnitContext(ctx, unit); err != nil && !unknownUnit(err) {
		return fmt.Errorf("reset unit %s: %w", unit, err)
	}
	return nil
}

func unknownUnit(err error) bool {
	var refused dbus.Error
	return errors.As(err, &refused) && refused.Name == "org.freedesktop.systemd1.NoSuchUnit"
}

func (m manager) Enable(ctx context.Context, path string) error {
	if _, _, err := m.EnableUnitFilesContext(ctx, []string{path}, false, true); err != nil {
		return fmt.Errorf("enable %s: %w", path, err)
	}
	return nil
}

func (m manager) Disable(ctx context.Context, unit string) error {
	if _, err := m.DisableUnitFilesContext(ctx, []string{unit}, false); err != nil && !unknownUnit(err) {
		return fmt.Errorf("disable %s: %w", unit, err)
	}
	return nil
}

func (m manager) Lines(ctx context.Context, unit string, n int) []string {
	// Around each line of a container stand several of Podman's and systemd's.
	args := []string{"--no-pager", "--quiet", "--all", "--output", "json", "--output-fields", journalFields, "--lines", strconv.Itoa(40 * n), "--unit", unit}
	if !m.root {
		args = append([]string{"--user"}, args...)
	}
	text, err := exec.CommandContext(ctx, "journalctl", args...).Output()
	if err != nil {
		return nil // it is an extra: the error names the command that shows it
	}
	return lastWords(readEntries(text), n)
}
