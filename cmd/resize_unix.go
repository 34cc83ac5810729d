//go:build unix

package cmd

import (
	"os"
	"os/signal"
	"syscall"
)

// resizes reports that the terminal may have another size.
func resizes() (changed <-chan os.Signal, stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGWINCH)
	return signals, func() { signal.Stop(signals) }
}
