package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

const image = "localhost/podup-bench"

// bench is the one place where everything is measured.
type bench struct {
	podup  string
	dir    string // of the manifests
	rounds int
	floor  *thinClient
	table  table
	paces  paceTable
}

// measure runs the scenarios and prints the tables.
func measure(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "podup-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{podup: o.podup, dir: dir, rounds: o.rounds, floor: newThinClient()}
	if err := b.importImages(ctx, o.program); err != nil {
		return err
	}
	if o.wants(localhostPart) { // before anything is measured: it may take minutes, and fail
		if err := makeNginx(ctx, o.recipes); err != nil {
			return err
		}
	}
	if err := b.write(o.pods); err != nil {
		return err
	}
	defer b.clear(context.WithoutCancel(ctx))
	b.clear(ctx)

	var steps []func(context.Context) error
	if o.wants(playPart) {
		steps = append(steps,
			func(ctx context.Context) error { return b.warm(ctx, 1, 0.55, 0) },
			func(ctx context.Context) error { return b.warm(ctx, 3, 0.65, 0) },
			func(ctx context.Context) error { return b.warm(ctx, 10, 0.8, 0.75) },
			b.unchanged, b.oneChanged, b.cold, b.validate, b.restarts, b.ready, b.probes, b.supervisor,
		)
		if o.pods > 0 {
			steps = append(steps, func(ctx context.Context) error { return b.large(ctx, o.pods) })
		}
	}
	if o.wants(localhostPart) {
		steps = append(steps, func(ctx context.Context) error { return b.localhost(ctx, o.strength) })
	}
	for _, step := range steps {
		if err = step(ctx); err != nil {
			break
		}
	}
	version, _ := exec.CommandContext(context.WithoutCancel(ctx), "podman", "--version").Output()
	user := "rootless"
	if os.Getuid() == 0 {
		user = "rootful"
	}
	fmt.Printf("\n%d cores, %s, %s, %d rounds; medians, in milliseconds or as a column says\n\n", runtime.NumCPU(), strings.TrimSpace(string(version)), user, o.rounds)
	return errors.Join(err, b.table.write(os.Stdout), b.paces.write(os.Stdout))
}

// ---- scenarios ----

// pair measures two ways to the same end in turn, so that whatever else the machine does meets both.
// A third is the engine's floor; its work may be nil.
func (b *bench) pair(ctx context.Context, name string, target float64, podup, other, floor side) error {
	sides := []side{podup, other, floor}
	times := make([][]time.Duration, len(sides))
	for range b.rounds {
		for i, one := range sides {
			if one.work == nil {
				continue
			}
			spent, err := one.time(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			times[i] = append(times[i], spent)
		}
	}
	r := row{name: name, podup: median(times[0]), other: median(times[1]), floor: median(times[2]), target: target}
	b.table.add(r)
	fmt.Fprintf(os.Stderr, "%-40s %v %v\n", name, round(r.podup), round(r.other))
	return nil
}

// side is one of the ways. prepare comes before each measurement and clear after it; neither is timed.
type side struct {
	prepare, work, clear func(context.Context) error
}

func (s side) time(ctx context.Context) (time.Duration, error) {
	if s.prepare != nil {
		if err := s.prepare(ctx); err != nil {
			return 0, err
		}
	}
	began := time.Now()
	err := s.work(ctx)
	spent := time.Since(began)
	if s.clear != nil {
		err = errors.Join(err, s.clear(ctx))
	}
	return spent, err
}

// warm measures the first up, and what it takes to get rid of it, with the service running.
func (b *bench) warm(ctx context.Context, containers int, upTarget, downTarget float64) error {
	file := b.file(containers)
	up, down := b.run("up", "-d", "-f", file), b.run("down", "-f", file)
	play, unplay := b.podman("kube", "play", file), b.podman("kube", "down", file)
	if err := b.pair(ctx, "first up -d, "+plural(containers, "container"), upTarget,
		side{work: up, clear: down}, side{work: play, clear: unplay},
		side{
			work:  func(ctx context.Context) error { return b.floor.up(ctx, podName(containers), containers) },
			clear: func(ctx context.Context) error { return b.floor.down(ctx, podName(containers)) },
		}); err != nil {
		return err
	}
	return b.pair(ctx, "down, "+plural(containers, "container"), downTarget,
		side{prepare: up, work: down}, side{prepare: play, work: unplay}, side{})
}

// unchanged measures an up that has nothing to do; kube play knows no such thing and does it all again.
func (b *bench) unchanged(ctx context.Context) error {
	file := b.file(10)
	replace := b.podman("kube", "play", "--replace", file)
	if err := b.run("up", "-d", "-f", file)(ctx); err != nil {
		return err
	}
	var mine []time.Duration
	for range b.rounds {
		spent, err := side{work: b.run("up", "-d", "-f", file)}.time(ctx)
		if err != nil {
			return err
		}
		mine = append(mine, spent)
	}
	if err := b.run("down", "-f", file)(ctx); err != nil {
		return err
	}
	if err := b.podman("kube", "play", file)(ctx); err != nil {
		return err
	}
	var theirs []time.Duration
	for range b.rounds {
		spent, err := side{work: replace}.time(ctx)
		if err != nil {
			return err
		}
		theirs = append(theirs, spent)
	}
	b.table.add(row{name: "unchanged up / --replace, 10 containers", podup: median(mine), other: median(theirs), target: 0.05})
	return b.podman("kube", "down", file)(ctx)
}

// oneChanged measures one container of ten with another image, back and forth.
func (b *bench) oneChanged(ctx context.Context) error {
	files := []string{b.file(10), filepath.Join(b.dir, "changed.yaml")}
	measure := func(command func(file string) func(context.Context) error) ([]time.Duration, error) {
		var times []time.Duration
		for i := range b.rounds {
			spent, err := side{work: command(files[(i+1)%2])}.time(ctx)
			if err != nil {
				return nil, err
			}
			times = append(times, spent)
		}
		return times, nil
	}
	if err := b.run("up", "-d", "-f", files[0])(ctx); err != nil {
		return err
	}
	mine, err := measure(func(file string) func(context.Context) error { return b.run("up", "-d", "-f", file) })
	if err != nil {
		return err
	}
	if err := b.run("down", "-f", files[0])(ctx); err != nil {
		return err
	}
	if err := b.podman("kube", "play", files[0])(ctx); err != nil {
		return err
	}
	theirs, err := measure(func(file string) func(context.Context) error { return b.podman("kube", "play", "--replace", file) })
	if err != nil {
		return err
	}
	b.table.add(row{name: "one of 10 changed / --replace", podup: median(mine), other: median(theirs), target: 0.2})
	return b.podman("kube", "down", files[0])(ctx)
}

// cold measures the first up with no service running. kube play never needs one.
func (b *bench) cold(ctx context.Context) error {
	stop := func(ctx context.Context) error {
		return exec.CommandContext(ctx, "systemctl", append(userFlag(), "stop", "podman.service")...).Run()
	}
	if err := stop(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "bench: cold is left out: the service cannot be stopped (systemctl: %v)\n", err)
		return nil
	}
	for i, containers := range []int{1, 3, 10} {
		file := b.file(containers)
		err := b.pair(ctx, fmt.Sprintf("cold up -d, %s", plural(containers, "container")), []float64{1.0, 1.0, 1.1}[i],
			side{prepare: stop, work: b.run("up", "-d", "-f", file), clear: b.run("down", "-f", file)},
			side{prepare: stop, work: b.podman("kube", "play", file), clear: b.podman("kube", "down", file)}, side{})
		if err != nil {
			return err
		}
	}
	return nil
}

// validate measures a whole process without an engine.
func (b *bench) validate(ctx context.Context) error {
	var times []time.Duration
	for range 3 * b.rounds {
		spent, err := side{work: b.run("validate", "-f", b.file(1))}.time(ctx)
		if err != nil {
			return err
		}
		times = append(times, spent)
	}
	b.table.add(row{name: "validate, 1 pod, whole process", podup: median(times), limit: 25 * time.Millisecond})
	return nil
}

// large measures many pods in one file, once, and how an unchanged up grows with the number of them.
func (b *bench) large(ctx context.Context, pods int) error {
	file := filepath.Join(b.dir, "large.yaml")
	once := func(name string, mine, theirs func(context.Context) error) error {
		r := row{name: fmt.Sprintf("%s, %d pods of 4", name, pods)}
		for _, one := range []struct {
			work func(context.Context) error
			to   *time.Duration
		}{{mine, &r.podup}, {theirs, &r.other}} {
			if one.work == nil {
				continue
			}
			spent, err := side{work: one.work}.time(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			*one.to = spent
		}
		b.table.add(r)
		fmt.Fprintf(os.Stderr, "%-40s %v %v\n", r.name, round(r.podup), round(r.other))
		return nil
	}
	err := errors.Join(
		once("first up -d", b.run("up", "-d", "-f", file), nil),
		once("diff to nothing", b.run("diff", "-f", file), nil),
		once("unchanged up", b.run("up", "-d", "-f", file), nil),
		once("down", b.run("down", "-f", file), nil),
	)
	if err != nil {
		return err
	}
	// The same for a fifth of them: the time of an unchanged up must grow no faster than the number.
	fifth := filepath.Join(b.dir, "fifth.yaml")
	if err := b.run("up", "-d", "-f", fifth)(ctx); err != nil {
		return err
	}
	few, err := side{work: b.run("up", "-d", "-f", fifth)}.time(ctx)
	if err != nil {
		return err
	}
	many := b.table.named(fmt.Sprintf("unchanged up, %d pods of 4", pods)).podup
	b.table.note("unchanged up: %v for %s, %v for %s: %.1f times as long for 5 times as many",
		round(few), plural(pods/5, "pod"), round(many), plural(pods, "pod"), float64(many)/float64(few))
	if err := b.run("down", "-f", fifth)(ctx); err != nil {
		return err
	}
	return errors.Join(
		once("kube play", nil, b.podman("kube", "play", file)),
		once("kube down", nil, b.podman("kube", "down", file)),
	)
}

// clear removes what an earlier run may have left.
func (b *bench) clear(ctx context.Context) {
	_ = b.run("down", "--volumes", "--timeout", "0")(ctx)
	for _, containers := range []int{1, 3, 10} {
		_ = b.podman("pod", "rm", "--force", "--ignore", "--time", "0", podName(containers))(ctx)
	}
}
