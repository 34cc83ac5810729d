//go:build !unix

package podmanapi

import (
	"context"
	"os"
	"syscall"
)

func detached() *syscall.SysProcAttr { return nil }

func ownedByUs(os.FileInfo) bool { return true }

func lock(context.Context, string) (unlock func(), err error) { return func() {}, nil }
