package podmanapi

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// OwnCommand is podup's hidden command that applies an Ownership as the root of the engine's user
// namespace: without root, no other groups of the containers are in reach, and a Go program cannot
// join a user namespace itself.
const OwnCommand = "own-volume"

// own applies an ownership, in the namespace of the engine's users.
func (c *Client) own(ctx context.Context, o Ownership) error {
	if os.Geteuid() == 0 {
		return o.Apply()
	}
	pid, err := os.ReadFile(filepath.Join(runtimeDir(os.Geteuid(), os.Getenv), "libpod", "tmp", "pause.pid"))
	if err != nil {
		return fmt.Errorf("find the process that holds the engine's user namespace: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find podup itself: %w", err)
	}
	args := append([]string{
		"--target", strings.TrimSpace(string(pid)), "--user", "--preserve-credentials", "--setuid", "0", "--setgid", "0", "--", self, OwnCommand,
	}, o.Args()...)
	out, err := exec.CommandContext(ctx, "nsenter", args...).CombinedOutput()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return errors.New("a volume's fsGroup takes the program nsenter without root, which is not installed (package util-linux)")
	case err != nil && strings.Contains(string(out), "invalid argument"):
		return fmt.Errorf("the engine's user namespace has no group %d: choose one below 65536, or a larger range in /etc/subgid", o.Group)
	case err != nil:
		return fmt.Errorf("%w: %s", err, oneLine(string(out)))
	}
	return nil
}
