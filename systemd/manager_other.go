//go:build !linux

package systemd

import (
	"context"
	"fmt"
	"runtime"
)

func open(context.Context, func(string) string) (Manager, error) {
	return nil, fmt.Errorf("%w: systemd runs on Linux, and this is %s", ErrNoManager, runtime.GOOS)
}

// Lingers says whether what the user runs outlives the user's last session.
func Lingers(func(string) string) bool { return true }
