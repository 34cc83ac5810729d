//go:build !linux

package podmanapi

import (
	"context"
	"errors"
)

type process struct{}

func openProcess(int) (process, error) { return process{}, errors.ErrUnsupported }

func (process) Close()                     {}
func (process) wait(context.Context) error { return errors.ErrUnsupported }
