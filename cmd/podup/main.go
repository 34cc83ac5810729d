// Command podup runs Kubernetes Pod manifests on Podman.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/podup/podup/cmd"
)

func main() {
	if !cmd.Stays(os.Args[1:]) && os.Getenv("NOTIFY_SOCKET") == "" {
		collectLate()
	}
	// Not signal.NotifyContext: its cause says "interrupt signal received" in every error.
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		// A command that has more to do than to end listens by itself from now on. For all others the
		// next signal has its usual effect.
		cancel()
		signal.Stop(signals)
	}()
	// Without a path podup works, and supervises in the foreground only.
	program, _ := os.Executable()
	env := cmd.Env{Program: program, In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv, Connect: cmd.Podman}
	os.Exit(cmd.Main(ctx, env, os.Args[1:]))
}
