// Command bench measures podup beside `podman kube play` on the same manifests, and programs in a pod
// beside the same ones on the host, in one run on one engine, and prints medians and ratios. README.md
// says how to read them. Nothing fails for being slow.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// options are the flags.
type options struct {
	podup, program, workstation, recipes string
	only                                 string
	rounds, pods                         int
	strength                             strength
}

// The parts of the bench.
const (
	playPart      = "play"
	localhostPart = "localhost"
)

func (o options) wants(part string) bool { return o.only == "" || o.only == part }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := start(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

func start(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == "load" {
		return loadCommand(ctx, args[1:], os.Stdout)
	}
	var o options
	flag.StringVar(&o.podup, "podup", "bin/podup", "the podup to measure")
	flag.StringVar(&o.program, "program", "", "the static program of the test image (default: built, and podup and Podman are looked for)")
	flag.StringVar(&o.recipes, "recipes", "examples/images", "what makes images where no registry answers")
	flag.StringVar(&o.workstation, "workstation", "5.8", "workstation to boot where this machine has no Podman")
	flag.StringVar(&o.only, "only", "", "one part: play, podup beside kube play, or localhost, nginx before an app (default: both)")
	flag.IntVar(&o.rounds, "rounds", 9, "how often each pair is measured")
	flag.IntVar(&o.pods, "pods", 50, "how many pods of four containers the large manifest has; 0 leaves it out")
	flag.IntVar(&o.strength.connections, "connections", 8, "how many connections ask nginx at a time")
	flag.DurationVar(&o.strength.length, "length", 2*time.Second, "how long they ask, each round")
	flag.Parse()
	switch {
	case o.only != "" && o.only != playPart && o.only != localhostPart:
		return fmt.Errorf("-only %s: it is %s or %s", o.only, playPart, localhostPart)
	case o.rounds < 1 || o.strength.connections < 1 || o.strength.length <= 0:
		return errors.New("-rounds, -connections and -length must be more than 0")
	}
	return run(ctx, o)
}

// run measures here, or inside a workstation if there is no Podman here.
func run(ctx context.Context, o options) error {
	if o.program != "" {
		return measure(ctx, o)
	}
	o.program = "bin/testprogram"
	if err := build(ctx, o.program, "./podmanapi/podmantest/testprogram"); err != nil {
		return err
	}
	version, err := exec.CommandContext(ctx, "podman", "info", "--format", "{{.Version.Version}}").Output()
	if major, _, _ := strings.Cut(string(version), "."); err == nil && len(major) == 1 && major >= "5" {
		if o.podup, err = filepath.Abs(o.podup); err != nil {
			return err
		}
		return measure(ctx, o)
	}
	if os.Getuid() != 0 {
		return fmt.Errorf("no Podman 5.0 or newer here: install the package podman, or run this as root on Debian, where it boots e2e/workstation")
	}
	if err := build(ctx, "bin/bench", "./bench"); err != nil {
		return err
	}
	workstation := func(args ...string) error {
		command := exec.CommandContext(ctx, "e2e/workstation", append([]string{"-e", o.workstation}, args...)...)
		command.Stdout, command.Stderr = os.Stdout, os.Stderr
		if err := command.Run(); err != nil {
			return fmt.Errorf("e2e/workstation %s: %w", strings.Join(args, " "), err)
		}
		return nil
	}
	if err := workstation("up"); err != nil {
		return err
	}
	const there = "/opt/podup-bench/"
	for _, file := range []string{o.podup, o.program, "bin/bench", o.recipes} {
		if err := workstation("push", file, there); err != nil {
			return err
		}
	}
	inside := o
	inside.podup, inside.program, inside.recipes = there+filepath.Base(o.podup), there+filepath.Base(o.program), there+filepath.Base(o.recipes)
	return workstation(append([]string{"run", there + "bench"}, inside.args()...)...)
}

// args are the flags that say the same.
func (o options) args() []string {
	return []string{
		"-podup", o.podup, "-program", o.program, "-recipes", o.recipes, "-only", o.only, "-rounds", strconv.Itoa(o.rounds), "-pods", strconv.Itoa(o.pods),
		"-connections", strconv.Itoa(o.strength.connections), "-length", o.strength.length.String(),
	}
}

func build(ctx context.Context, to, pkg string) error {
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", to, pkg)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
	}
	return nil
}
