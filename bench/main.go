// Command bench measures podup beside `podman kube play` on the same manifests, in one run on one
// engine, and prints medians and ratios. README.md says how to read them. Nothing fails for being
// slow.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
)

func main() {
	podup := flag.String("podup", "bin/podup", "the podup to measure")
	program := flag.String("program", "", "the static program of the test image (default: built, and podup and Podman are looked for)")
	rounds := flag.Int("rounds", 9, "how often each pair is measured")
	pods := flag.Int("pods", 50, "how many pods of four containers the large manifest has; 0 leaves it out")
	flavour := flag.String("workstation", "5.8", "workstation to boot where this machine has no Podman")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *podup, *program, *flavour, *rounds, *pods); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

// run measures here, or inside a workstation if there is no Podman here.
func run(ctx context.Context, podup, program, flavour string, rounds, pods int) error {
	if program != "" {
		return measure(ctx, podup, program, rounds, pods)
	}
	program = "bin/testprogram"
	if err := build(ctx, program, "./podmanapi/podmantest/testprogram"); err != nil {
		return err
	}
	version, err := exec.CommandContext(ctx, "podman", "info", "--format", "{{.Version.Version}}").Output()
	if major, _, _ := strings.Cut(string(version), "."); err == nil && len(major) == 1 && major >= "5" {
		podup, err := filepath.Abs(podup)
		if err != nil {
			return err
		}
		return measure(ctx, podup, program, rounds, pods)
	}
	if os.Getuid() != 0 {
		return fmt.Errorf("no Podman 5.0 or newer here: install the package podman, or run this as root on Debian, where it boots e2e/workstation")
	}
	if err := build(ctx, "bin/bench", "./bench"); err != nil {
		return err
	}
	workstation := func(args ...string) error {
		command := exec.CommandContext(ctx, "e2e/workstation", append([]string{"-e", flavour}, args...)...)
		command.Stdout, command.Stderr = os.Stdout, os.Stderr
		if err := command.Run(); err != nil {
			return fmt.Errorf("e2e/workstation %s: %w", strings.Join(args, " "), err)
		}
		return nil
	}
	if err := workstation("up"); err != nil {
		return err
	}
	for _, file := range []string{podup, program, "bin/bench"} {
		if err := workstation("push", file, "opt/podup-bench"); err != nil {
			return err
		}
	}
	return workstation("run", "/opt/podup-bench/bench", "-podup", "/opt/podup-bench/podup", "-program", "/opt/podup-bench/testprogram",
		"-rounds", strconv.Itoa(rounds), "-pods", strconv.Itoa(pods))
}

func build(ctx context.Context, to, pkg string) error {
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", to, pkg)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
	}
	return nil
}
