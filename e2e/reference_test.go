package e2e

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// recordWith is the command of a real kubelet; see testdata/reference/README.md.
var recordWith = flag.String("record", "", "record the reference traces anew from the kubelet this command leads, given as an absolute path")

// side is who runs the pod of an experiment.
type side interface {
	run(ctx context.Context) error
	journal(ctx context.Context) (string, error)
	status(ctx context.Context) (*corev1.Pod, error)
	takeAway(ctx context.Context) error // returns when everything was noted
}

// watch runs an experiment and tells what was seen.
func watch(ctx context.Context, x experiment, s side) (trace, error) {
	if err := s.run(ctx); err != nil {
		return trace{}, err
	}
	first, err := firstNote(ctx, s)
	if err != nil {
		return trace{}, err
	}
	var seen trace
	for _, at := range x.status {
		if err := until(ctx, first.Add(at)); err != nil {
			return seen, err
		}
		pod, err := s.status(ctx)
		if err != nil {
			return seen, fmt.Errorf("status at %v: %w", at, err)
		}
		seen.status = append(seen.status, sample{at, statusLines(pod)})
	}
	if err := until(ctx, first.Add(x.watch)); err != nil {
		return seen, err
	}
	cut := time.Now()
	if err := s.takeAway(ctx); err != nil {
		return seen, err
	}
	text, err := s.journal(ctx)
	if err != nil {
		return seen, err
	}
	seen.events, seen.after, err = parseJournal(text, cut)
	return seen, err
}

// firstNote waits until the first container has said something.
func firstNote(ctx context.Context, s side) (time.Time, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("no container noted anything within %v", patience))
	defer cancel()
	for {
		text, err := s.journal(ctx)
		if err != nil {
			return time.Time{}, err
		}
		if line, _, whole := strings.Cut(text, "\n"); whole {
			at, _, err := parseNote(line)
			return at, err
		}
		if err := until(ctx, time.Now().Add(100*time.Millisecond)); err != nil {
			return time.Time{}, err
		}
	}
}

// until waits for a moment of an experiment: times are what is compared here.
func until(ctx context.Context, moment time.Time) error {
	timer := time.NewTimer(time.Until(moment))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// inParallel runs experiments as subtests, so many at once and the longest first: most of their time they
// wait, and package testing would run as many as there are processors. A subtest begins its work before it
// steps aside.
func inParallel(t *testing.T, list []experiment, width int, work func(ctx context.Context, dir string, x experiment) (trace, error), judge func(*testing.T, experiment, trace)) {
	type result struct {
		seen trace
		err  error
	}
	places := make(chan struct{}, width)
	turn := make(chan struct{}) // closed when it is the next one's
	close(turn)
	for _, x := range slices.SortedStableFunc(slices.Values(list), func(a, b experiment) int { return cmp.Compare(b.watch, a.watch) }) {
		t.Run(x.name, func(t *testing.T) {
			dir := t.TempDir()
			ctx := t.Context()
			done := make(chan result, 1)
			mine, next := turn, make(chan struct{})
			turn = next
			go func() {
				<-mine
				places <- struct{}{}
				close(next)
				defer func() { <-places }()
				seen, err := work(ctx, dir, x)
				done <- result{seen, err}
			}()
			t.Parallel()
			r := <-done
			if r.err != nil {
				t.Fatal(r.err)
			}
			judge(t, x, r.seen)
		})
	}
}

// width is how many experiments run at once: more than two processors can start at the same moment, and
// waiting is most of what they do.
const width = 5

// TestReference holds podup to what a real kubelet was seen to do with the same manifests: the order
// and the times of what containers, hooks and probes note, and the status at some moments. With
// -record it asks the kubelet anew.
//
// Root's engine is asked only what a user's cannot show, unless PODUP_E2E_ENGINES names it: the life of a pod
// is led by the same code, and the whole takes three minutes an engine.
func TestReference(t *testing.T) {
	if *recordWith != "" {
		recordReference(t, *recordWith)
		return
	}
	onEngines(t, []string{"5.8 rootless", "5.8 rootful"}, func(t *testing.T, e *engine) {
		var list []experiment
		for _, x := range experiments(t) {
			if x.needs == "memory-limits" && os.Getuid() != 0 && e.cgroups == "v1" {
				t.Logf("%s is left out: cgroup v1 gives rootless containers no memory limit", x.name)
				continue
			}
			if x.needs == "" && os.Getuid() == 0 && os.Getenv(enginesVar) == "" {
				continue
			}
			list = append(list, x)
		}
		inParallel(t, list, width, func(ctx context.Context, dir string, x experiment) (trace, error) {
			return onPodup(ctx, dir, x)
		}, secondLook())
	})
}

// secondTries is how many experiments are run once more because they differ. A machine that is busy with
// something else differs here and there, and not the same way twice; podup differs in the same way again.
const secondTries = 3

// secondLook judges experiments, and what differs by a second run, one after the other.
func secondLook() func(*testing.T, experiment, trace) {
	var one sync.Mutex
	left := secondTries
	return func(t *testing.T, x experiment, seen trace) {
		t.Helper()
		problems := compareToReference(t, x, seen)
		one.Lock()
		defer one.Unlock()
		if problems != "" && left > 0 {
			left--
			t.Logf("once more, for the first time it was so:\n%s", problems)
			again, err := onPodup(t.Context(), t.TempDir(), x)
			if err != nil {
				t.Fatal(err)
			}
			problems = compareToReference(t, x, again)
		}
		if problems != "" {
			t.Error(problems)
		}
	}
}

// compareToReference says in what a run differs, "" in nothing.
func compareToReference(t *testing.T, x experiment, seen trace) string {
	t.Helper()
	data, err := os.ReadFile(x.traceFile())
	if err != nil {
		t.Fatalf("%v: record it, see %s/README.md", err, referenceDir)
	}
	reference, err := parseTrace(string(data))
	if err != nil {
		t.Fatalf("%s: %v", x.traceFile(), err)
	}
	problems := differences(x, reference, seen)
	if len(problems) == 0 {
		return ""
	}
	return fmt.Sprintf("%s\nThis is not what a kubelet did:\n  %s\npodup's trace:\n%s", x.claim, strings.Join(problems, "\n  "), seen)
}

// differences compares a run with the reference, known differences aside.
func differences(x experiment, reference, seen trace) []string {
	known := knownDifferences()[x.name]
	var problems []string
	used := make([]bool, len(known))
	problems = append(problems, compareEvents(reference.events, seen.events, x.tolerance, x.repeats)...)
	if len(reference.status) != len(seen.status) {
		problems = append(problems, fmt.Sprintf("%d statuses, the kubelet's %d: record it again", len(seen.status), len(reference.status)))
	} else {
		for i, want := range reference.status {
			lines := make([]string, 0, len(want.lines))
			for _, line := range want.lines {
				for k, d := range known {
					if !d.away && d.kubelet == line && (d.at == 0 || d.at == want.at) {
						line, used[k] = d.podup, true
					}
				}
				lines = append(lines, line)
			}
			for _, problem := range compareStatus(lines, seen.status[i].lines) {
				problems = append(problems, fmt.Sprintf("at %v: %s", want.at, problem))
			}
		}
	}
	after := slices.DeleteFunc(slices.Clone(reference.after), func(e event) bool {
		k := slices.IndexFunc(known, func(d difference) bool { return d.away && d.kubelet == e.text })
		if k >= 0 {
			used[k] = true
		}
		return k >= 0
	})
	for _, problem := range compareEvents(after, seen.after, x.tolerance, x.repeats) {
		problems = append(problems, "taken away: "+problem)
	}
	for k, d := range known {
		if !used[k] {
			problems = append(problems, fmt.Sprintf("the known difference %q is none: the kubelet's trace has no such line", d.kubelet))
		}
	}
	return problems
}

// withPodup runs an experiment as a project of its own.
type withPodup struct {
	x       experiment
	dir     string
	project string
	up      chan error
	output  bytes.Buffer // of up; to be read when up has ended
}

func onPodup(ctx context.Context, dir string, x experiment) (trace, error) {
	s := &withPodup{x: x, dir: dir, project: projectPrefix + "reference-" + x.name, up: make(chan error, 1)}
	defer removeProjects(func(project string) bool { return project == s.project })
	limit := x.watch + 2*patience
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not over within %v", limit))
	defer cancel() // ends an up that still waits
	seen, err := watch(ctx, x, s)
	seen.origin = "podup"
	if err != nil {
		select {
		case upErr := <-s.up:
			err = fmt.Errorf("%w\npodup up: %w\n%s", err, upErr, s.output.String())
		default:
		}
	}
	return seen, err
}

func (s *withPodup) command(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, "podup", args...)
	command.Env = append(os.Environ(), "PODUP_PROJECT="+s.project, "GORACE=atexit_sleep_ms=0")
	return command
}

// run leaves up alone: it returns when the containers have been started once, which some never are.
func (s *withPodup) run(ctx context.Context) error {
	if err := os.Mkdir(filepath.Join(s.dir, "events"), 0o777); err != nil {
		return err
	}
	file := filepath.Join(s.dir, s.x.name+".yaml")
	if err := os.WriteFile(file, []byte(s.x.text), 0o644); err != nil {
		return err
	}
	command := s.command(ctx, "up", "-d", "-f", file)
	command.Stdout, command.Stderr = &s.output, &s.output
	command.WaitDelay = time.Second // what up leaves in the background may hold the pipes
	if err := command.Start(); err != nil {
		return err
	}
	go func() { s.up <- command.Wait() }()
	return nil
}

func (s *withPodup) journal(context.Context) (string, error) {
	data, err := os.ReadFile(filepath.Join(s.dir, "events", "log"))
	if os.IsNotExist(err) {
		return "", nil
	}
	return string(data), err
}

func (s *withPodup) status(ctx context.Context) (*corev1.Pod, error) {
	out, err := s.command(ctx, "get", s.x.name, "-o", "json").Output()
	if err != nil {
		return nil, fmt.Errorf("podup get: %s", reason(err))
	}
	pod := &corev1.Pod{}
	return pod, json.Unmarshal(out, pod)
}

func (s *withPodup) takeAway(ctx context.Context) error {
	if out, err := s.command(ctx, "down").CombinedOutput(); err != nil {
		return fmt.Errorf("podup down: %w\n%s", errors.Join(err, context.Cause(ctx)), out)
	}
	return nil
}
