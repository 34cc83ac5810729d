package systemd

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
)

func TestOnlyAMissingSocketIsNoManager(t *testing.T) {
	for name, c := range map[string]struct {
		make    func(socket string) error
		missing bool
	}{
		"no socket": {func(string) error { return nil }, true},
		"a socket that nobody listens at": {func(socket string) error {
			listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
			if err == nil {
				listener.SetUnlinkOnClose(false)
				err = listener.Close()
			}
			return err
		}, false},
		"a file in its place": {func(socket string) error { return os.WriteFile(socket, nil, 0o600) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			socket := filepath.Join(t.TempDir(), "private")
			if err := c.make(socket); err != nil {
				t.Fatal(err)
			}
			manager, err := openAt(t.Context(), socket)
			if err == nil {
				_ = manager.Close()
			}
			if err == nil || errors.Is(err, ErrNoManager) != c.missing {
				t.Errorf("%v", err)
			}
		})
	}
}
