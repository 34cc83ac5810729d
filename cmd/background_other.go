//go:build !linux

package cmd

import (
	"context"
	"syscall"
)

func startUnit(context.Context, func(string) string, string, []string) error { return errNoManager }

func lingers(func(string) string) bool { return true }

func detached() *syscall.SysProcAttr { return nil }
