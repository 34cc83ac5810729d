package apply_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

var (
	seeds    = flag.Int("seeds", 200, "random pairs of wanted and actual state")
	faults   = flag.Int("faults", 5, "engine calls of each pair that fail in turn")
	onlySeed = flag.Int("seed", -1, "only this pair")
)

func TestAPlanKilledAfterAnyStepIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	for r, s := range scenes(t) {
		whole := s.copy()
		whole.finishes(t, "undisturbed")

		p := plan.Diff(s.want, s.observe(s.want, nil), s.opts)
		for k := range len(p.Steps) {
			killed := s.copy()
			killed.releases = append(killed.releases, worldRelease{project: s.want})
			if err := killed.kill(t.Context(), r, p, k); err != nil {
				t.Fatalf("%v, step %d: %v\n%s", s.story, k, err, p.Script())
			}
			earlier := []plan.Plan{p}
			if r.IntN(3) == 0 { // and once more
				second := plan.Diff(s.want, killed.observe(s.want, nil), s.opts)
				if len(second.Steps) > 0 {
					killed.releases = append(killed.releases, worldRelease{project: s.want})
					killed.journal = append(killed.journal, "killed")
					if err := killed.kill(t.Context(), r, second, r.IntN(len(second.Steps))); err != nil {
						t.Fatalf("%v, killed twice: %v\n%s%s", s.story, err, p.Script(), second.Script())
					}
					earlier = append(earlier, second)
				}
			}
			killed.journal = append(killed.journal, "killed")
			killed.finishes(t, fmt.Sprintf("killed after %d steps", k), earlier...)
		}
	}
}

func TestOnlySomePodsAndThenTheRest(t *testing.T) {
	t.Parallel()
	for r, s := range scenes(t) {
		if len(s.want.Pods) < 2 {
			continue
		}
		s.opts.Pods = []string{s.want.Pods[r.IntN(len(s.want.Pods))].Name}
		p := plan.Diff(s.want, s.observe(s.want, nil), s.opts)
		if len(p.Conflicts) > 0 {
			continue // a name that a pod has to give away that was not chosen
		}
		others := map[string]int{}
		for name, c := range s.containers {
			if !s.opts.Prune && c.pod != s.opts.Pods[0] {
				others[name] = c.id
			}
		}
		_, result := s.up(s.execute(t.Context(), 3))
		s.releases[len(s.releases)-1].finished = false // as the command does: it is a part
		if result.Err != nil && !s.needsPort(result.Err) {
			t.Fatalf("%v: only %v: %v\n%s%s", s.story, s.opts.Pods, result.Err, p, p.Script())
		}
		opts := s.opts
		opts.Recreate = false
		finished := s.copy()
		finished.releases[len(finished.releases)-1].finished = true
		if again := plan.Diff(s.want, finished.observe(s.want, everything()), opts); result.Err == nil && !again.Empty() {
			t.Fatalf("%v: only %v, and then:\n%s", s.story, s.opts.Pods, again)
		}
		for name, id := range others {
			if c := s.containers[name]; c == nil || c.id != id {
				t.Fatalf("%v: only %v, and %s is another\n%s%s", s.story, s.opts.Pods, name, p, p.Script())
			}
		}
		s.broken = nil
		s.opts.Pods = nil
		s.journal = append(s.journal, "and now the rest")
		s.finishes(t, "all pods", p)
	}
}

// needsPort says whether an up of some pods failed because another pod still has a port.
func (s *scene) needsPort(err error) bool { return strings.Contains(err.Error(), "is taken by") }

func TestAnInitContainerThatFailsTakesEverythingBack(t *testing.T) {
	t.Parallel()
	for r, s := range scenes(t) {
		i := slices.IndexFunc(s.want.Pods, func(p translate.Pod) bool { return slices.ContainsFunc(p.Init, regular) })
		if i < 0 {
			continue
		}
		good := s.want
		s.want.Pods = slices.Clone(s.want.Pods)
		pod := &s.want.Pods[i]
		pod.Init = slices.Clone(pod.Init)
		first := slices.IndexFunc(pod.Init, regular)
		init := &pod.Init[first]
		if last := &pod.Init[r.IntN(len(pod.Init))]; regular(*last) {
			init = last
		}
		init.Env = append(slices.Clone(init.Env), translate.EnvVar{Name: fails, Value: "yes"})

		before := s.alive()
		p, result := s.up(s.execute(t.Context(), 3))
		var failure *apply.InitError
		if !errors.As(result.Err, &failure) || failure.Container != init.EngineName() || failure.ExitCode != 3 || len(s.broken) > 0 {
			t.Fatalf("%v: %v\n%s\n%s%s", s.story, result.Err, strings.Join(s.broken, "\n"), p, p.Script())
		}
		if down := s.down(before); len(down) > 0 {
			t.Fatalf("%v: no longer up: %v\n%s%s\n  %s", s.story, down, p, p.Script(), strings.Join(s.journal, "\n  "))
		}
		s.want = good
		s.journal = append(s.journal, "and now without the fault")
		s.finishes(t, "without the fault", p)
	}
}

func TestADownKilledAfterAnyStepIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	for r, s := range scenes(t) {
		opts := plan.DownOptions{Volumes: r.IntN(2) == 0, Grace: -1}
		nothing := translate.Project{Name: "shop"}
		p := plan.Down(s.observe(nothing, nil), opts)
		claims := 0
		for _, v := range s.volumes {
			if v.volume.Kind == translate.Claim {
				claims++
			}
		}
		for k := range len(p.Steps) + 1 {
			killed := s.copy()
			killed.settled = -1 // claims may go
			if err := killed.kill(t.Context(), r, p, k); err != nil {
				t.Fatalf("%v: down: %v\n%s", s.story, err, p.Script())
			}
			again := plan.Down(killed.observe(nothing, nil), opts)
			result := killed.execute(t.Context(), 3)(again)
			third := plan.Down(killed.observe(nothing, nil), opts)
			left := len(killed.volumes)
			if !opts.Volumes {
				left -= claims
			}
			if result.Err != nil || !third.Empty() || left+len(killed.pods)+len(killed.containers)+len(killed.networks)+len(killed.secrets) > 0 {
				t.Fatalf("%v: down killed after %d steps: %v\n%s%sagain:\n%s%sthen:\n%s", s.story, k, result.Err, p, p.Script(), again, again.Script(), third)
			}
		}
	}
}

var errInjected = errors.New("injected")

// alive lists the app containers that run on their pod's network, with their definition.
func (w *world) alive() map[string]*worldContainer {
	alive := map[string]*worldContainer{}
	for name, c := range w.containers {
		if p := w.pods[c.pod]; !c.holder() && !c.def.Init && c.alive() && p != nil && p.running && c.started >= p.started {
			copied := *c
			alive[name] = &copied
		}
	}
	return alive
}

// sample gives some of the numbers from 1 to n, or all of them.
func sample(r *rand.Rand, n int) []int {
	numbers := r.Perm(n)
	for i := range numbers {
		numbers[i]++
	}
	return numbers[:min(n, *faults)]
}

func TestAPlanThatFailsLeavesRunningWhatRan(t *testing.T) {
	t.Parallel()
	for r, s := range scenes(t) {
		count := s.copy()
		count.calls = 0
		p, result := count.up(count.execute(t.Context(), 4))
		if result.Err != nil {
			t.Fatalf("%v: %v", s.story, result.Err)
		}
		for _, n := range sample(r, count.calls) {
			failed := s.copy()
			lost := r.IntN(2) == 0
			failed.fault = func(call int, _ string) (before, after error) {
				if call != n {
					return nil, nil
				}
				if lost {
					return nil, errInjected
				}
				return errInjected, nil
			}
			before := failed.alive()
			_, result := failed.up(failed.execute(t.Context(), 1+r.IntN(4)))
			failed.fault = nil
			label := fmt.Sprintf("call %d failed (done all the same: %t)", n, lost)
			if !errors.Is(result.Err, errInjected) || len(failed.broken) > 0 {
				t.Fatalf("%v, %s: %v\n%s\n%s%s\n  %s", s.story, label, result.Err, strings.Join(failed.broken, "\n"), p, p.Script(), strings.Join(failed.journal, "\n  "))
			}
			if down := failed.down(before); len(down) > 0 {
				t.Fatalf("%v, %s: no longer up: %v\n%s%s\n  %s", s.story, label, down, p, p.Script(), strings.Join(failed.journal, "\n  "))
			}
			failed.journal = append(failed.journal, "failed")
			failed.finishes(t, label, p)
		}
	}
}

// down gives what ran before and does not run now, although the manifests did not tell podup to end
// it.
func (s *scene) down(before map[string]*worldContainer) []string {
	now := s.alive()
	var down []string
	for name := range before {
		if _, ok := now[name]; ok {
			continue
		}
		if !slices.ContainsFunc(s.want.Pods, func(p translate.Pod) bool {
			return slices.ContainsFunc(p.Apps, func(c translate.Container) bool { return c.EngineName() == name })
		}) {
			continue // it was to go, and is gone
		}
		down = append(down, name)
	}
	slices.Sort(down)
	return down
}
