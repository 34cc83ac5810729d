package cmd

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// endOnSecond listens, until stop is called, for an interrupt after the one that has ended ctx: podup
// is then taking back what was cut short, and its user will not wait for that.
func (a *app) endOnSecond(ctx context.Context, finishedBy string) (stop func()) {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	over, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		defer signal.Stop(signals)
		interrupted := ctx.Done()
		var first time.Time
		for {
			select {
			case <-over:
				return
			case <-interrupted:
				first, interrupted = time.Now(), nil
			case <-signals:
				if interrupted != nil || time.Since(first) < echoTime {
					continue
				}
				a.report(errors.New("cut short; " + finishedBy + " finishes it"))
				a.env.exit(exitInterrupted)
				return
			}
		}
	}()
	return func() {
		close(over)
		<-stopped
	}
}

// exit ends the process where it stands.
func (e Env) exit(code int) {
	if e.Exit != nil {
		e.Exit(code)
		return
	}
	os.Exit(code)
}
