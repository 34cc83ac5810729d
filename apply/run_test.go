package apply_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// step starts a container; taken back it is removed.
func step(name, scope string, after ...int) plan.Step {
	return plan.Step{Op: plan.StartContainer{Name: name}, Scope: scope, After: after, Undo: []plan.Op{plan.RemoveContainer{Name: name}}}
}

func steps(list ...plan.Step) plan.Plan { return plan.Plan{Steps: list} }

var errBroken = errors.New("broken")

func wantCalls(t *testing.T, f *fake, want ...string) {
	t.Helper()
	if got := f.called(); !slices.Equal(got, want) {
		t.Errorf("calls:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func wantStates(t *testing.T, r apply.Result, want ...apply.State) {
	t.Helper()
	if !slices.Equal(r.States, want) {
		t.Errorf("states %v, want %v", r.States, want)
	}
}

func wantErr(t *testing.T, r apply.Result, want string) {
	t.Helper()
	if got := fmt.Sprint(r.Err); got != want {
		t.Errorf("error:\n%s\nwant:\n%s", got, want)
	}
}

func TestStepsRunInTheOrderOfThePlan(t *testing.T) {
	f := newFake()
	x := apply.Executor{Engine: f, Parallel: 1}
	r := x.Run(t.Context(), steps(step("a", ""), step("b", ""), step("c", "", 0), step("d", "", 1, 2)))
	wantCalls(t, f, "start a", "start b", "start c", "start d")
	wantStates(t, r, apply.Done, apply.Done, apply.Done, apply.Done)
	wantErr(t, r, "<nil>")
}

func TestNoMoreStepsAtATimeThanAllowed(t *testing.T) {
	for name, test := range map[string]struct{ parallel, want int }{
		"by default one for each processor, two to eight": {0, min(max(runtime.NumCPU(), 2), 8)},
		"three": {3, 3},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			var list []plan.Step
			var began []<-chan struct{}
			var end []func()
			for i := range 20 {
				list = append(list, step(fmt.Sprint(i), ""))
				b, e := f.block(fmt.Sprintf("start %d", i))
				began, end = append(began, b), append(end, e)
			}
			done := make(chan apply.Result)
			go func() {
				x := apply.Executor{Engine: f, Parallel: test.parallel}
				done <- x.Run(t.Context(), steps(list...))
			}()
			for i := range test.want { // all that may begin do so without another having ended
				<-began[i]
			}
			for _, e := range end {
				e()
			}
			<-done
			if f.most != test.want {
				t.Errorf("%d calls at a time, want %d", f.most, test.want)
			}
		})
	}
}

func TestWhatWaitsForAContainerKeepsNothingElseFromBeginning(t *testing.T) {
	f := newFake()
	var list []plan.Step
	var began []<-chan struct{}
	var end []func()
	for i := range 20 {
		list = append(list, plan.Step{Op: plan.StopPod{Pod: fmt.Sprint(i)}})
		b, e := f.block(fmt.Sprintf("stop pod %d 0s", i))
		began, end = append(began, b), append(end, e)
	}
	last, endLast := f.block("start last")
	list = append(list, step("last", ""))
	done := make(chan apply.Result)
	go func() {
		x := apply.Executor{Engine: f}
		done <- x.Run(t.Context(), steps(list...))
	}()
	for _, b := range append(began, last) {
		<-b
	}
	for _, e := range append(end, endLast) {
		e()
	}
	if r := <-done; r.Err != nil {
		t.Error(r.Err)
	}
}

func TestTheLongestWayGoesFirst(t *testing.T) {
	f := newFake()
	x := apply.Executor{Engine: f, Parallel: 1}
	x.Run(t.Context(), steps(step("alone", ""), step("a", ""), step("b", "", 1), step("c", "", 2), step("d", "")))
	if got, want := f.called(), []string{"start a", "start b", "start alone", "start c", "start d"}; !slices.Equal(got, want) {
		t.Errorf("calls %q, want %q", got, want)
	}
}

func TestAFailureSkipsWhatComesAfterAndIsTheOnlyCause(t *testing.T) {
	f := newFake()
	f.fail["start a"] = errBroken
	x := apply.Executor{Engine: f}
	r := x.Run(t.Context(), steps(step("a", ""), step("b", "", 0), step("c", "", 1), step("d", "")))
	wantStates(t, r, apply.Failed, apply.Skipped, apply.Skipped, apply.Done)
	wantErr(t, r, "broken")
	if !errors.Is(r.Errs[0], errBroken) || r.Errs[1] != nil {
		t.Errorf("errors %v", r.Errs)
	}
}

// Where a finished step is announced before its outcome, those that come after it begin although it
// has failed, nearly always.
func TestAStepNeverBeginsAfterOneThatFailed(t *testing.T) {
	for range 2000 {
		f := newFake()
		f.fail["start a"] = errBroken
		x := apply.Executor{Engine: f}
		r := x.Run(t.Context(), steps(step("a", "x"), step("b", "y", 0), step("c", "", 0), step("d", "x")))
		for _, call := range f.called() {
			if call == "start b" || call == "start c" {
				t.Fatalf("calls %v", f.called())
			}
		}
		if r.States[1] != apply.Skipped || r.States[2] != apply.Skipped {
			t.Fatalf("states %v", r.States)
		}
	}
}

func TestAFailedScopeGoesBackLastStepFirst(t *testing.T) {
	f := newFake()
	f.fail["start c"] = errBroken
	x := apply.Executor{Engine: f, Parallel: 1}
	r := x.Run(t.Context(), steps(step("a", "x"), step("b", "x", 0), step("c", "x", 1), step("d", "x", 2), step("e", "y")))
	wantCalls(t, f, "start a", "start b", "start c", "remove c", "remove b", "remove a", "start e")
	wantStates(t, r, apply.Undone, apply.Undone, apply.Failed, apply.Skipped, apply.Done)
	wantErr(t, r, "broken")
}

func TestStepsWithoutAScopeStay(t *testing.T) {
	f := newFake()
	f.fail["start b"] = errBroken
	x := apply.Executor{Engine: f, Parallel: 1}
	r := x.Run(t.Context(), steps(step("a", ""), step("b", "", 0)))
	wantCalls(t, f, "start a", "start b")
	wantStates(t, r, apply.Done, apply.Failed)
}

func TestAnotherScopeGoesOn(t *testing.T) {
	f := newFake()
	f.fail["start a"] = errBroken
	began, end := f.block("start b")
	var events []string
	x := apply.Executor{Engine: f, Notify: func(e apply.Event) {
		if e.Index == 0 && e.State == apply.Failed {
			<-began
			end()
		}
		events = append(events, fmt.Sprintf("%d %s", e.Index, e.State))
	}}
	r := x.Run(t.Context(), steps(step("a", "x"), step("b", "y"), step("c", "y", 1)))
	wantStates(t, r, apply.Failed, apply.Done, apply.Done)
	if last := events[len(events)-1]; last != "2 done" {
		t.Errorf("events %v", events)
	}
}

func TestAScopeGoesBackOnlyWhenNothingOfItWorks(t *testing.T) {
	f := newFake()
	f.fail["start a"] = errBroken
	_, end := f.block("start b")
	x := apply.Executor{Engine: f, Notify: func(e apply.Event) {
		if e.Index == 2 && e.State == apply.Skipped {
			if slices.ContainsFunc(f.called(), func(call string) bool { return strings.HasPrefix(call, "remove") }) {
				t.Errorf("taken back too early: %v", f.called())
			}
			end()
		}
	}}
	r := x.Run(t.Context(), steps(step("a", "x"), step("b", "x"), step("c", "x", 1)))
	wantStates(t, r, apply.Failed, apply.Undone, apply.Skipped)
	if calls := f.called(); !slices.Equal(calls[2:], []string{"remove b", "remove a"}) {
		t.Errorf("calls %v", calls)
	}
}

func TestWhatComesAfterAScopeThatFallsIsSkippedAtOnce(t *testing.T) {
	f := newFake()
	f.fail["start b"] = errBroken
	_, endOfC := f.block("start c")        // so that d is not begun before b has failed
	_, endOfWayBack := f.block("remove a") // so that a still counts as done
	x := apply.Executor{Engine: f, UndoTimeout: time.Second, Notify: func(e apply.Event) {
		switch fmt.Sprint(e.Index, " ", e.State) {
		case "1 failed":
			endOfC()
		case "3 skipped":
			endOfWayBack()
		}
	}}
	r := x.Run(t.Context(), steps(step("a", "x"), step("b", "x", 0), step("c", ""), step("d", "", 0, 2)))
	wantStates(t, r, apply.Undone, apply.Failed, apply.Done, apply.Skipped)
	wantErr(t, r, "broken")
}

func TestScopesThatWaitForEachOtherHaveOneWayBack(t *testing.T) {
	f := newFake()
	f.fail["start d"] = errBroken
	x := apply.Executor{Engine: f, Parallel: 1}
	r := x.Run(t.Context(), steps(step("a", "x"), step("b", "y", 0), step("c", "x", 1), step("d", "y", 2), step("e", "x", 3)))
	wantCalls(t, f, "start a", "start b", "start c", "start d", "remove d", "remove c", "remove b", "remove a")
	wantStates(t, r, apply.Undone, apply.Undone, apply.Undone, apply.Failed, apply.Skipped)
}

func TestACompleteScopeStaysWhenOneThatWaitedForItFalls(t *testing.T) {
	f := newFake()
	f.fail["start b"] = errBroken
	x := apply.Executor{Engine: f, Parallel: 1}
	r := x.Run(t.Context(), steps(step("a", "x"), step("b", "y", 0)))
	wantCalls(t, f, "start a", "start b", "remove b")
	wantStates(t, r, apply.Done, apply.Failed)
}

func TestWhatCannotBeTakenBackIsACauseOfItsOwn(t *testing.T) {
	f := newFake()
	f.fail["start c"] = errBroken
	f.fail["remove b"] = errors.New("stuck")
	x := apply.Executor{Engine: f, Parallel: 1}
	r := x.Run(t.Context(), steps(step("a", "x"), step("b", "x", 0), step("c", "x", 1)))
	wantCalls(t, f, "start a", "start b", "start c", "remove c", "remove b", "remove a")
	wantStates(t, r, apply.Undone, apply.Failed, apply.Failed)
	wantErr(t, r, "take back \"start container/b\" by \"remove container/b\": stuck\nbroken")
}

func TestTheWayBackOfAStepEndsAtItsFirstFailure(t *testing.T) {
	f := newFake()
	f.fail["start a"] = errBroken
	f.fail["rename b a"] = errors.New("stuck")
	x := apply.Executor{Engine: f}
	r := x.Run(t.Context(), steps(plan.Step{Op: plan.StartContainer{Name: "a"}, Scope: "x", Undo: []plan.Op{
		plan.StopContainer{Name: "a"}, plan.RenameContainer{From: "b", To: "a"}, plan.StartContainer{Name: "b"},
	}}))
	wantCalls(t, f, "start a", "stop a 0s", "rename b a")
	wantErr(t, r, "broken\ntake back \"start container/a\" by \"rename container/b to a\": stuck")
}

func TestAWayBackThatHangsEnds(t *testing.T) {
	f := newFake()
	f.fail["start b"] = errBroken
	f.block("remove a")
	x := apply.Executor{Engine: f, UndoTimeout: time.Millisecond}
	r := x.Run(t.Context(), steps(step("a", "x"), step("b", "x", 0)))
	wantStates(t, r, apply.Failed, apply.Failed)
	if !errors.Is(r.Err, context.DeadlineExceeded) || !errors.Is(r.Err, errBroken) {
		t.Errorf("error %v", r.Err)
	}
}

func TestAnInterruptEndsCallsBeginsNothingAndTakesBack(t *testing.T) {
	f := newFake()
	ctx, cancel := context.WithCancelCause(t.Context())
	f.block("start b") // ends with its context
	x := apply.Executor{Engine: f, Parallel: 3, Notify: func(e apply.Event) {
		if e.Index == 3 && e.State == apply.Done { // b works, d is a complete scope
			cancel(errors.New("Ctrl-C"))
		}
	}}
	r := x.Run(ctx, steps(step("a", "x"), step("b", "x", 0), step("c", "x", 1), step("d", "y", 0), step("e", "", 1)))
	wantStates(t, r, apply.Undone, apply.Failed, apply.Skipped, apply.Done, apply.Skipped)
	wantErr(t, r, "interrupted")
	if calls := f.called(); !slices.Equal(calls[len(calls)-2:], []string{"remove b", "remove a"}) {
		t.Errorf("calls %v", calls)
	}
}

func TestAnInterruptWithACauseOfItsOwnTellsBoth(t *testing.T) {
	f := newFake()
	f.fail["start a"] = errBroken
	ctx, cancel := context.WithCancel(t.Context())
	x := apply.Executor{Engine: f, Notify: func(e apply.Event) {
		if e.State == apply.Failed {
			cancel()
		}
	}}
	r := x.Run(ctx, steps(step("a", ""), step("b", "", 0)))
	wantErr(t, r, "broken\ninterrupted")
}

func TestAnInterruptAfterTheLastStepIsNoError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	x := apply.Executor{Engine: newFake(), Notify: func(e apply.Event) {
		if e.State == apply.Done {
			cancel()
		}
	}}
	r := x.Run(ctx, steps(step("a", "x")))
	wantStates(t, r, apply.Done)
	wantErr(t, r, "<nil>")
}

func TestNothingBeginsUnderAContextThatHasEnded(t *testing.T) {
	f := newFake()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	x := apply.Executor{Engine: f}
	r := x.Run(ctx, steps(step("a", "x"), step("b", "")))
	wantCalls(t, f)
	wantStates(t, r, apply.Skipped, apply.Skipped)
	wantErr(t, r, "interrupted")
}

func TestAPlanThatMayNotBeCarriedOut(t *testing.T) {
	for name, test := range map[string]struct {
		plan plan.Plan
		want string
	}{
		"a conflict": {
			plan.Plan{Steps: []plan.Step{step("a", "")}, Conflicts: []plan.Conflict{{Object: "pod/web", Owner: "not made by podup"}}},
			"pod/web is taken: not made by podup",
		},
		"a missing image": {
			plan.Plan{Steps: []plan.Step{step("a", "")}, Missing: []string{"localhost/a:1"}},
			"image localhost/a:1 is not in the store and may not be pulled",
		},
		"a step that waits for itself": {
			steps(step("a", "", 0)),
			"step 0 (start container/a) comes after step 0: not a plan",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			x := apply.Executor{Engine: f}
			r := x.Run(t.Context(), test.plan)
			wantCalls(t, f)
			wantStates(t, r, apply.Skipped)
			wantErr(t, r, test.want)
		})
	}
}

func TestAnEmptyPlanIsCarriedOut(t *testing.T) {
	x := apply.Executor{Engine: newFake()}
	wantErr(t, x.Run(t.Context(), plan.Plan{}), "<nil>")
}

func TestCausesAreInTheOrderOfTheSteps(t *testing.T) {
	f := newFake()
	f.fail["start a"], f.fail["start b"] = errors.New("first"), errors.New("second")
	_, end := f.block("start a")
	x := apply.Executor{Engine: f, Notify: func(e apply.Event) {
		if e.Index == 1 && e.State == apply.Failed {
			end()
		}
	}}
	wantErr(t, x.Run(t.Context(), steps(step("a", ""), step("b", ""))), "first\nsecond")
}

func TestEventsTellTheWholeStory(t *testing.T) {
	f := newFake()
	f.fail["start b"] = errBroken
	var events []string
	x := apply.Executor{Engine: f, Parallel: 1, Notify: func(e apply.Event) {
		text := fmt.Sprintf("%d %s", e.Index, e.State)
		if e.Err != nil {
			text += ": " + e.Err.Error()
		}
		events = append(events, text)
	}}
	x.Run(t.Context(), steps(step("a", "x"), step("b", "x", 0), step("c", "x", 1)))
	want := []string{"0 working", "0 done", "1 working", "1 failed: broken", "2 skipped", "0 undone"}
	if !slices.Equal(events, want) {
		t.Errorf("events %q, want %q", events, want)
	}
}

// The race detector sees a Notify that is called from two goroutines at a time.
func TestProgressOfPullsIsToldOneAtATime(t *testing.T) {
	f := newFake()
	late := make(chan func(apply.PullProgress), 20)
	f.progress = func(report func(apply.PullProgress)) {
		for range 10 {
			report(apply.PullProgress{Text: "a layer"})
		}
		late <- report
	}
	told := 0
	x := apply.Executor{Engine: f, Notify: func(e apply.Event) {
		if e.State == apply.Working && e.Text == "a layer" {
			told++
		}
	}}
	var list []plan.Step
	for i := range 20 {
		list = append(list, plan.Step{Op: plan.PullImage{Image: fmt.Sprint(i)}})
	}
	x.Run(t.Context(), steps(list...))
	if told != 200 {
		t.Errorf("%d reports, want 200", told)
	}
	(<-late)(apply.PullProgress{}) // one that comes too late finds nobody, and does not wait
}

// create makes a container whose environment has the pod's address.
func create(name string, after ...int) plan.Step {
	c := translate.Container{Pod: "web", Name: name, Env: []translate.EnvVar{{Name: "IP", Value: podIP}}}
	return plan.Step{Op: plan.CreateContainer{Container: c, Name: "web-" + name}, After: after}
}

func TestFactsOfAPodAreAskedForOnce(t *testing.T) {
	f := newFake()
	x := apply.Executor{Engine: f, Parallel: 1}
	r := x.Run(t.Context(), steps(
		plan.Step{Op: plan.StartPod{Pod: "web"}}, create("a", 0), create("b", 1),
		plan.Step{Op: plan.StartPod{Pod: "web"}, After: []int{2}}, create("c", 3),
	))
	wantErr(t, r, "<nil>")
	wantCalls(t, f, "start pod web", "facts web", "create web-a IP=10.0.0.7", "create web-b IP=10.0.0.7",
		"start pod web", "facts web", "create web-c IP=10.0.0.7")
}

func TestFactsThatCannotBeHadAreTheCause(t *testing.T) {
	f := newFake()
	f.fail["facts web"] = errBroken
	x := apply.Executor{Engine: f, Parallel: 1}
	wantErr(t, x.Run(t.Context(), steps(create("a"))), "create container/web-a: broken")
	wantCalls(t, f, "facts web")
}

func TestWarningsAreInTheOrderOfTheSteps(t *testing.T) {
	f := newFake()
	f.warnings = []string{"no memory limit"}
	_, end := f.block("create web-a IP=10.0.0.7")
	x := apply.Executor{Engine: f, Notify: func(e apply.Event) {
		if e.Index == 1 && e.State == apply.Done {
			end()
		}
	}}
	r := x.Run(t.Context(), steps(create("a"), create("b")))
	want := []string{"container/web-a: no memory limit", "container/web-b: no memory limit"}
	if !slices.Equal(r.Warnings, want) {
		t.Errorf("warnings %q, want %q", r.Warnings, want)
	}
}

func TestAnInitContainerIsRunToItsEnd(t *testing.T) {
	run := steps(plan.Step{Op: plan.RunInit{Name: "web-setup"}})
	for name, test := range map[string]struct {
		prepare func(*fake)
		want    string
		calls   []string
	}{
		"it succeeds": {
			func(*fake) {}, "<nil>", []string{"start web-setup", "wait web-setup"},
		},
		"it fails and says why": {
			func(f *fake) { f.codes["web-setup"], f.output = 3, []string{"opening", "no such table"} },
			"init container web-setup ended with exit code 3:\n  opening\n  no such table",
			[]string{"start web-setup", "wait web-setup", "tail web-setup 10"},
		},
		"it fails and says nothing": {
			func(f *fake) { f.codes["web-setup"] = 1 },
			"init container web-setup ended with exit code 1 and no output",
			[]string{"start web-setup", "wait web-setup", "tail web-setup 10"},
		},
		"its output cannot be read": {
			func(f *fake) { f.codes["web-setup"], f.tailErr = 1, errors.New("no log") },
			"init container web-setup ended with exit code 1:\n  (its output cannot be read: no log)",
			[]string{"start web-setup", "wait web-setup", "tail web-setup 10"},
		},
		"it does not start": {
			func(f *fake) { f.fail["start web-setup"] = errBroken }, "broken", []string{"start web-setup"},
		},
		"it cannot be waited for": {
			func(f *fake) { f.fail["wait web-setup"] = errBroken }, "broken", []string{"start web-setup", "wait web-setup"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			test.prepare(f)
			x := apply.Executor{Engine: f}
			r := x.Run(t.Context(), run)
			wantErr(t, r, test.want)
			wantCalls(t, f, test.calls...)
			var failure *apply.InitError
			if errors.As(r.Err, &failure) != (f.codes["web-setup"] != 0) {
				t.Errorf("error %T", r.Err)
			}
		})
	}
}

func TestEveryOperationIsACall(t *testing.T) {
	pod := translate.Pod{Name: "web"}
	for want, op := range map[string]plan.Op{
		"pull nginx":              plan.PullImage{Image: "nginx"},
		"network podup.x":         plan.CreateNetwork{Network: translate.Network{Name: "podup.x"}},
		"secret s":                plan.CreateSecret{Secret: translate.Secret{Name: "s"}},
		"volume v":                plan.CreateVolume{Volume: translate.Volume{Name: "v"}},
		"write v":                 plan.WriteVolume{Volume: translate.Volume{Name: "v"}},
		"pod web":                 plan.CreatePod{Pod: pod},
		"start pod web":           plan.StartPod{Pod: "web"},
		"hold web":                plan.HoldVolumes{Pod: pod},
		"create web-a.new":        plan.CreateContainer{Container: translate.Container{Pod: "web", Name: "a"}, Name: "web-a.new"},
		"resize web-a to 5 bytes": plan.ResizeContainer{Container: translate.Container{Resources: translate.Resources{MemoryLimit: 5}}, Name: "web-a"},
		"start web-a":             plan.StartContainer{Name: "web-a"},
		"stop web-a 5s":           plan.StopContainer{Name: "web-a", Grace: 5 * time.Second},
		"rename web-a web-a.old":  plan.RenameContainer{From: "web-a", To: "web-a.old"},
		"remove web-a":            plan.RemoveContainer{Name: "web-a"},
		"run web [web-a web-b]":   plan.RunPod{Pod: pod, Start: []string{"web-a", "web-b"}},
		"stop pod web 1s":         plan.StopPod{Pod: "web", Grace: time.Second},
		"remove pod web -1ns":     plan.RemovePod{Pod: "web", Grace: -1},
		"remove volume v":         plan.RemoveVolume{Name: "v"},
		"remove secret s":         plan.RemoveSecret{Name: "s"},
		"remove network podup.x":  plan.RemoveNetwork{Name: "podup.x"},
	} {
		t.Run(want, func(t *testing.T) {
			f := newFake()
			f.fail[want] = errBroken
			x := apply.Executor{Engine: f}
			wantErr(t, x.Run(t.Context(), steps(plan.Step{Op: op})), "broken")
			wantCalls(t, f, want)
		})
	}
}
