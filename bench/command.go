package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// run is podup with arguments.
func (b *bench) run(args ...string) func(context.Context) error {
	return command(b.podup, append([]string{"--project", "bench"}, args...)...)
}

func (b *bench) podman(args ...string) func(context.Context) error { return command("podman", args...) }

func command(program string, args ...string) func(context.Context) error {
	return func(ctx context.Context) error {
		out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, out)
		}
		return nil
	}
}

// output is what a program writes to stdout.
func output(ctx context.Context, program string, args ...string) ([]byte, error) {
	var said bytes.Buffer
	command := exec.CommandContext(ctx, program, args...)
	command.Stderr = &said
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, said.Bytes())
	}
	return out, nil
}

// service is the command in front of what is to get its share of the CPUs where containers get theirs: below the
// user's service manager, as theirs are, and not in the session of whoever started the bench, whose
// share is its own.
func service(ctx context.Context) []string {
	words := append(append([]string{"systemd-run"}, userFlag()...), "--quiet", "--collect", "--pipe", "--wait")
	if err := command(words[0], append(words[1:], "true")...)(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "bench: no service manager, so that load and containers may have different shares of the CPUs: %v\n", err)
		return nil
	}
	return words
}

// unshare is the command in front of what has to be root among Podman's files and namespaces; root is.
func unshare() []string {
	if os.Getuid() == 0 {
		return nil
	}
	return []string{"podman", "unshare"}
}

func userFlag() []string {
	if os.Getuid() == 0 {
		return nil
	}
	return []string{"--user"}
}
