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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal the second one has its usual effect: it ends podup at once.
	context.AfterFunc(ctx, stop)
	env := cmd.Env{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv, Connect: cmd.Podman}
	os.Exit(cmd.Main(ctx, env, os.Args[1:]))
}
