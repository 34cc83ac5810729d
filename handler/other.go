//go:build !linux

package handler

import (
	"context"
	"errors"
	"io"
	"os/exec"
)

// Serve is for Linux: elsewhere the engine is on another machine.
func Serve(context.Context, io.Reader, io.Writer) error { return errors.ErrUnsupported }

type namespace struct{ key string }

func (namespace) close() {}

func engineNamespace(int) (namespace, error) { return namespace{}, errors.ErrUnsupported }

func childCommand([]string, namespace) (*exec.Cmd, func(), error) {
	return nil, nil, errors.ErrUnsupported
}
