//go:build !linux

package cmd

import (
	"context"
	"syscall"
)

func startUnit(context.Context, func(string) string, string, []string) error { return errNoManager }

func endUnit(context.Context, func(string) string, string, func() error) error { return nil }

func detached() *syscall.SysProcAttr { return nil }
