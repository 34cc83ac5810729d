package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/manifest"
	"github.com/podup/podup/plan"
)

// clock is a time that moves only when told.
type clock struct{ at time.Time }

func (c *clock) now() time.Time          { return c.at }
func (c *clock) advance(d time.Duration) { c.at = c.at.Add(d) }

func newClock() *clock { return &clock{time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)} }

func environment(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

// shopPlan has a change of each interesting kind.
func shopPlan() plan.Plan {
	return plan.Plan{
		Project: "shop",
		Changes: []plan.Change{
			{Action: plan.ActionPull, Object: "image/registry.example.com/a-rather-long-organisation/a-rather-long-name:1.27", Reasons: []string{"not in the store"}},
			{Action: plan.ActionCreate, Object: "pod/db", Reasons: []string{"does not exist"}},
			{Action: plan.ActionReplace, Object: "container/web-app", Reasons: []string{"image: nginx:1.26 → nginx:1.27"}},
		},
		Steps: []plan.Step{
			{Op: plan.PullImage{Image: "x"}, Change: 0},
			{Op: plan.StartPod{Pod: "db"}, Change: 1},
			{Op: plan.RunInit{Name: "db-migrate"}, Change: 1, After: []int{1}},
			{Op: plan.StopContainer{Name: "web-app"}, Change: 2, After: []int{0}},
			{Op: plan.StartContainer{Name: "web-app"}, Change: 2, After: []int{3}},
		},
	}
}

// events sends the events of a plan's steps.
type events struct {
	plan plan.Plan
	view progress
}

func (s events) send(index int, state apply.State, text string, err error) {
	s.view.Event(apply.Event{Index: index, Step: s.plan.Steps[index], State: state, Text: text, Err: err})
}

func liveOn(t *testing.T, width, height int) (*screen, *liveProgress, *clock, events) {
	t.Helper()
	terminal := newScreen(t, width, height)
	at := newClock()
	view := newLiveProgress(terminal, palette{}, at.now)
	p := shopPlan()
	view.begin(p)
	return terminal, view, at, events{p, view}
}

func TestLiveDisplayShowsALineForEachChangeUnderWay(t *testing.T) {
	terminal, view, at, events := liveOn(t, 80, 24)
	events.send(0, apply.Working, "", nil)
	events.send(1, apply.Working, "", nil)
	at.advance(1500 * time.Millisecond)
	events.send(0, apply.Working, "layer 3 of 7", nil)
	view.redraw()
	terminal.expect(`
 ⠴ pulling   image/registr…ion/a-rather-long-name:1.27   1.5s  layer 3 of 7
 ⠴ creating  pod/db                                      1.5s
`)
}

func TestLiveDisplayKeepsWhatHasEndedAndRedrawsTheRest(t *testing.T) {
	terminal, view, at, events := liveOn(t, 80, 24)
	events.send(0, apply.Working, "", nil)
	events.send(1, apply.Working, "", nil)
	view.redraw()
	at.advance(300 * time.Millisecond)
	events.send(1, apply.Done, "", nil)
	events.send(2, apply.Working, "", nil)
	view.redraw()
	terminal.expect(`
 ⠸ pulling   image/registr…ion/a-rather-long-name:1.27   0.3s
 ⠸ creating  pod/db                                      0.3s  running
`)
	at.advance(61 * time.Second)
	events.send(0, apply.Done, "", nil)
	events.send(3, apply.Working, "", nil)
	view.Note("something of interest")
	view.redraw()
	events.send(2, apply.Done, "", nil)
	events.send(3, apply.Done, "", nil)
	events.send(4, apply.Done, "", nil)
	view.End(apply.Result{Warnings: []string{"the engine ignores cpus"}})
	terminal.expect(`
 ✔ pulled    image/registr…ion/a-rather-long-name:1.27  1m01s
something of interest
 ✔ created   pod/db                                     1m01s
 ✔ replaced  container/web-app                           0.0s  image: nginx:1.…
warning: the engine ignores cpus
`)
}

func TestLiveDisplayOnANarrowTerminalNeverWraps(t *testing.T) {
	for _, width := range []int{60, 40, 30, 20, 10, 3} {
		terminal, view, at, events := liveOn(t, width, 24)
		for i := range events.plan.Steps {
			events.send(i, apply.Working, "layer 3 of 7, 12.5 MiB of 90 MiB", nil)
		}
		for range 3 {
			at.advance(100 * time.Millisecond)
			view.redraw()
		}
		if rows := strings.Count(terminal.String(), "\n"); rows != 3 {
			t.Errorf("width %d: 3 changes take %d rows\n%s", width, rows, frame(terminal.String(), width))
		}
	}
}

func TestLiveDisplayIsNeverHigherThanTheTerminal(t *testing.T) {
	terminal := newScreen(t, 50, 5)
	at := newClock()
	view := newLiveProgress(terminal, palette{}, at.now)
	p := plan.Plan{}
	for i, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		p.Changes = append(p.Changes, plan.Change{Action: plan.ActionCreate, Object: "pod/" + name})
		p.Steps = append(p.Steps, plan.Step{Op: plan.StartPod{Pod: name}, Change: i})
	}
	view.begin(p)
	for i := range p.Steps {
		events{p, view}.send(i, apply.Working, "", nil)
	}
	for range 5 {
		view.redraw()
	}
	terminal.expect(`
 ⠋ creating pod/a   0.0s
 ⠋ creating pod/b   0.0s
 ⠋ creating pod/c   0.0s
   … and 4 more
`)
}

func TestLiveDisplayRedrawsInOneWrite(t *testing.T) {
	terminal, view, _, events := liveOn(t, 80, 24)
	events.send(0, apply.Working, "", nil)
	for range 10 {
		view.redraw()
	}
	if terminal.writes != 10 {
		t.Errorf("10 redraws took %d writes", terminal.writes)
	}
}

func TestLiveDisplayClearsLinesThatANarrowerTerminalHasWrapped(t *testing.T) {
	terminal, view, _, events := liveOn(t, 80, 24)
	events.send(0, apply.Working, "layer 3 of 7", nil)
	view.redraw()
	// What a terminal does that becomes narrower: the line of 77 cells now takes two rows.
	line := []rune(terminal.rows[0])
	terminal.width = 40
	terminal.rows = []string{string(line[:40]), string(line[40:]), ""}
	terminal.row = 2
	view.redraw()
	if got := strings.Count(terminal.String(), "\n"); got != 1 {
		t.Errorf("one change takes %d rows\n%s", got, frame(terminal.String(), 40))
	}
}

func TestLiveDisplayOfLinesThatFillTheTerminal(t *testing.T) {
	terminal, view, _, events := liveOn(t, 40, 24)
	events.send(1, apply.Working, "", nil)
	view.redraw()
	full := strings.Repeat("x", 80)
	view.mu.Lock()
	view.staid.WriteString(full + "\n")
	view.mu.Unlock()
	view.redraw()
	view.redraw()
	terminal.expect(full[:40] + "\n" + full[40:] + "\n ⠋ creating  pod/db                0.0s\n")
}

func TestLiveDisplaySurvivesTheEchoOfAKey(t *testing.T) {
	terminal, view, _, events := liveOn(t, 80, 24)
	events.send(1, apply.Working, "", nil)
	view.redraw()
	if _, err := terminal.Write([]byte("^C")); err != nil {
		t.Fatal(err)
	}
	events.send(1, apply.Done, "", nil)
	events.send(2, apply.Done, "", nil)
	view.End(apply.Result{})
	terminal.expect(`
 ✔ created   pod/db                                      0.0s
`)
}

func TestLiveDisplayOfAFailureThatIsTakenBack(t *testing.T) {
	terminal, view, at, events := liveOn(t, 80, 24)
	events.send(1, apply.Working, "", nil)
	events.send(1, apply.Done, "", nil)
	events.send(2, apply.Working, "", nil)
	at.advance(2 * time.Second)
	events.send(2, apply.Failed, "", errors.New("init container migrate ended with exit code 3\nlast output:\n  no \x1b[31mdatabase"))
	events.send(1, apply.Undone, "", nil)
	for _, index := range []int{0, 3, 4} {
		events.send(index, apply.Skipped, "", nil)
	}
	view.End(apply.Result{})
	terminal.expect(`
 ✘ creating  pod/db                                      2.0s  failed
    init container migrate ended with exit code 3
    last output:
      no ?[31mdatabase
 ↩ undone    pod/db                                            taken back
 - skipped   image/registr…ion/a-rather-long-name:1.27
 - skipped   container/web-app
`)
}

func TestBeginAndEndLeaveNothingRunning(t *testing.T) {
	terminal := newScreen(t, 80, 24)
	view := newView(Env{Out: io.Discard, Err: terminal, Getenv: environment(nil)}, viewOptions{now: newClock().now, Color: colorNever})
	p := shopPlan()
	view.Begin(p)
	view.Event(apply.Event{Index: 1, Step: p.Steps[1], State: apply.Working})
	view.Begin(p) // without an End: an interrupted phase
	view.Event(apply.Event{Index: 1, Step: p.Steps[1], State: apply.Working})
	view.Event(apply.Event{Index: 2, Step: p.Steps[2], State: apply.Done})
	view.End(apply.Result{})
	writes := terminal.writes
	view.End(apply.Result{})
	view.Note("the end")
	if terminal.writes != writes+1 {
		t.Errorf("something is still being drawn")
	}
	if !strings.HasSuffix(terminal.String(), "the end\n") {
		t.Errorf("the note is not the last line:\n%s", terminal)
	}
}

// script carries out shopPlan with a failure, the way an executor reports it.
func script(view progress, at *clock) (shown bool) {
	p := shopPlan()
	s := events{p, view}
	view.Begin(p)
	s.send(0, apply.Working, "", nil)
	at.advance(1200 * time.Millisecond)
	s.send(0, apply.Working, "layer 3 of 7", nil)
	s.send(0, apply.Done, "", nil)
	s.send(1, apply.Working, "", nil)
	s.send(1, apply.Done, "", nil)
	s.send(2, apply.Working, "", nil)
	s.send(3, apply.Working, "", nil)
	s.send(3, apply.Done, "", nil)
	at.advance(300 * time.Millisecond)
	s.send(2, apply.Failed, "", fmt.Errorf("run container/db-migrate: exit code 3\n%s", "no database\n"))
	s.send(1, apply.Undone, "", nil)
	s.send(4, apply.Skipped, "", nil)
	view.Note("evil \x1b]0;title\anote")
	failure := errors.New("run container/db-migrate: exit code 3")
	return view.End(apply.Result{
		Errs: []error{nil, nil, failure, nil, nil}, Err: failure, Warnings: []string{"the engine ignores cpus"},
	})
}

func TestProgressForPipesAndPrograms(t *testing.T) {
	for _, mode := range []string{progressAuto, progressTTY, progressPlain, progressJSON, progressQuiet} {
		var out, err bytes.Buffer
		at := newClock()
		shown := script(newView(Env{Out: &out, Err: &err, Getenv: environment(nil)}, viewOptions{Progress: mode, now: at.now}), at)
		if shown != (mode != progressQuiet) {
			t.Errorf("%s: the failure is said to be shown: %v", mode, shown)
		}
		if out.Len() > 0 {
			t.Errorf("%s: progress on standard output: %q", mode, out.String())
		}
		name := mode
		if mode == progressAuto || mode == progressTTY {
			name = progressPlain // standard error is no terminal
		}
		golden(t, "view/progress-"+name+".txt", err.String())
	}
}

func TestANoteCannotSteerTheTerminal(t *testing.T) {
	for _, mode := range []string{progressTTY, progressPlain} {
		terminal := newScreen(t, 80, 24) // fails on control characters
		view := newView(Env{Out: io.Discard, Err: terminal, Getenv: environment(nil)}, viewOptions{Progress: mode, now: newClock().now})
		view.Note("pod/\x1b]0;owned\a and \u202e so on\r\nnext line")
		if got := terminal.String(); !strings.Contains(got, "pod/?]0;owned? and ? so on\nnext line\n") {
			t.Errorf("%s: %q", mode, got)
		}
	}
}

func TestColorIsDecidedByFlagThenEnvironmentThenTerminal(t *testing.T) {
	terminal, file := newScreen(t, 80, 24), &bytes.Buffer{}
	for _, test := range []struct {
		name   string
		mode   string
		env    map[string]string
		stream io.Writer
		want   bool
	}{
		{"a terminal is coloured", "", nil, terminal, true},
		{"a pipe is not", colorAuto, nil, file, false},
		{"NO_COLOR turns it off", colorAuto, map[string]string{"NO_COLOR": "0"}, terminal, false},
		{"an empty NO_COLOR does not", colorAuto, map[string]string{"NO_COLOR": ""}, terminal, true},
		{"CLICOLOR_FORCE turns it on for a pipe", colorAuto, map[string]string{"CLICOLOR_FORCE": "1"}, file, true},
		{"CLICOLOR_FORCE=0 does not", colorAuto, map[string]string{"CLICOLOR_FORCE": "0"}, file, false},
		{"NO_COLOR wins over CLICOLOR_FORCE", colorAuto, map[string]string{"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, terminal, false},
		{"a dumb terminal is not coloured", colorAuto, map[string]string{"TERM": "dumb"}, terminal, false},
		{"--color always wins over NO_COLOR", colorAlways, map[string]string{"NO_COLOR": "1"}, file, true},
		{"--color never wins over CLICOLOR_FORCE", colorNever, map[string]string{"CLICOLOR_FORCE": "1"}, terminal, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPalette(test.stream, environment(test.env), test.mode)
			if p.on != test.want {
				t.Errorf("colour is %v", p.on)
			}
			if got := p.red("x") != "x"; got != test.want {
				t.Errorf("painted: %q", p.red("x"))
			}
		})
	}
}

func TestOnlyWhatAViewHasNotShownIsReported(t *testing.T) {
	shown := said{errors.Join(errors.New("first cause"), errors.New("second cause"))}
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"nothing", nil, ""},
		{"what was shown", shown, ""},
		{"what came with it", errors.Join(shown, errors.New("taken back: pod/db")), "podup: taken back: pod/db\n"},
		{"under an exit code", exit(1, errors.Join(shown, errors.New("more"))), "podup: more\n"},
		{"what says more about it", fmt.Errorf("clean up: %w", said{errors.New("cause")}), "podup: clean up: cause\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			a := &app{env: Env{Err: &out, Getenv: environment(nil)}}
			a.report(test.err)
			if out.String() != test.want {
				t.Errorf("got %q", out.String())
			}
		})
	}
	if !errors.Is(exit(1, shown), shown.error) {
		t.Error("the cause is lost")
	}
}

func TestWhatNoStepHasSaidIsReported(t *testing.T) {
	first, second := errors.New("first"), fmt.Errorf("second: %w", io.EOF)
	undo := errors.New("take back create pod/db: no such pod")
	err := markSaid(apply.Result{Errs: []error{nil, first, second}, Err: errors.Join(first, second, undo)})
	if rest := unsaid(err); len(rest) != 1 || !errors.Is(rest[0], undo) {
		t.Errorf("still to be said: %v", rest)
	}
	if !errors.Is(err, io.EOF) || markSaid(apply.Result{}) != nil {
		t.Error("the errors are not what they were")
	}
}

func TestAnInterruptIsNoFailure(t *testing.T) {
	terminal, view, at, events := liveOn(t, 80, 24)
	events.send(1, apply.Working, "", nil)
	at.advance(time.Second)
	events.send(1, apply.Failed, "", fmt.Errorf("start pod/db: %w", context.Canceled))
	events.send(2, apply.Skipped, "", nil)
	view.End(apply.Result{})
	terminal.expect(`
 ✘ creating  pod/db                                      1.0s  interrupted
`)
}

func TestAChangeOfWhichAPartWasSkippedIsNotDone(t *testing.T) {
	_, view, _, events := liveOn(t, 80, 24)
	events.send(3, apply.Working, "", nil)
	events.send(4, apply.Skipped, "", nil)
	events.send(3, apply.Done, "", nil)
	if c := view.track.changes[2]; c.state != apply.Skipped {
		t.Errorf("the change is %s", c.state)
	}
}

func TestWithProgressInJSONEveryLineIsJSON(t *testing.T) {
	code, out, err := podup(t, nil, "--progress", "json", "version")
	if code != 0 || !strings.HasPrefix(out, "podup:") {
		t.Errorf("exit code %d, %q", code, out)
	}
	want := `{"formatVersion":"1.0","type":"version"}` + "\n" + `{"type":"warning","message":"no engine: connect: no such file or directory"}` + "\n"
	if err != want {
		t.Errorf("got\n%swant\n%s", err, want)
	}
	_, _, err = podup(t, nil, "--progress", "json", "ps")
	want = `{"formatVersion":"1.0","type":"version"}` + "\n" + `{"type":"error","message":"connect: no such file or directory"}` + "\n"
	if err != want {
		t.Errorf("got\n%swant\n%s", err, want)
	}
}

func TestPlanIsColouredByAction(t *testing.T) {
	plain := "create pod/a (does not exist)\n  replace container/b\nremove pod/c\norphan pod/d\x1b[2J\ncreate\n"
	if got := paintPlan(plain, palette{}); got != strings.ReplaceAll(plain, "\x1b", "?") {
		t.Errorf("plain: %q", got)
	}
	want := "\x1b[32mcreate\x1b[0m pod/a (does not exist)\n  \x1b[33mreplace\x1b[0m container/b\n\x1b[31mremove\x1b[0m pod/c\norphan pod/d?[2J\n\x1b[32mcreate\x1b[0m\n"
	if got := paintPlan(plain, palette{on: true}); got != want {
		t.Errorf("coloured: %q", got)
	}
}

func TestPlanAsText(t *testing.T) {
	var out bytes.Buffer
	view := newView(Env{Out: &out, Err: io.Discard, Getenv: environment(nil)}, viewOptions{Color: colorNever})
	p := shopPlan()
	p.Orphans = []string{"old"}
	p.Conflicts = []plan.Conflict{{Object: "pod/web", Owner: "project blog"}}
	view.Plan(p)
	golden(t, "view/plan.txt", out.String())
	coloured := newScreen(t, 1000, 100)
	newView(Env{Out: coloured, Err: io.Discard, Getenv: environment(nil)}, viewOptions{}).Plan(p)
	coloured.expect(out.String())
}

func TestPlanAsOneDocument(t *testing.T) {
	var out bytes.Buffer
	view := newView(Env{Out: &out, Err: io.Discard, Getenv: environment(nil)}, viewOptions{Output: outputJSON})
	p := shopPlan()
	p.Orphans = []string{"old"}
	p.Conflicts = []plan.Conflict{{Object: "pod/web", Owner: "project blog"}}
	view.Plan(p)
	golden(t, "view/plan.json", out.String())
	out.Reset()
	view.Plan(plan.Plan{Project: "shop"})
	golden(t, "view/plan-empty.json", out.String())
}

func TestNothingIsLiveOnADumbTerminal(t *testing.T) {
	terminal := newScreen(t, 80, 24)
	view := newView(Env{Out: io.Discard, Err: terminal, Getenv: environment(map[string]string{"TERM": "dumb"})}, viewOptions{Progress: progressTTY})
	if _, plain := view.(joinedView).progress.(*plainProgress); !plain {
		t.Errorf("progress is %T", view.(joinedView).progress)
	}
}

// findings are problems whose source lines are hard to point into.
func findings(t *testing.T) manifest.Problems {
	t.Helper()
	long := `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"containers":[{"name":"app","image":"nginx","imagePullPolicy":"sometimes","ports":[{"containerPort":80}]}]}}`
	return manifest.Problems{
		{Pos: manifest.Pos{File: "pod.yaml", Line: 7, Column: 12}, Path: "spec.containers[0].image", Rule: "kubernetes-required", Message: "Required value", Severity: manifest.SeverityError, Source: `    image: ""`},
		{Pos: manifest.Pos{File: "pod.yaml", Line: 9, Column: 3}, Path: "spec.nodeSelector", Rule: "podup-ignored-field", Message: "means nothing on one machine", Severity: manifest.SeverityWarning, Source: "  nodeSelector: {disk: ssd}"},
		{Pos: manifest.Pos{File: "tabs.json", Line: 12, Column: 9}, Path: "spec.restartPolicy", Rule: "kubernetes-type", Message: "must be a string\nnot a number", Severity: manifest.SeverityError, Source: "\t\t\"名前\":\t5"},
		{Pos: manifest.Pos{File: "wide.yaml", Line: 3, Column: len("# 日本語 ") + 1}, Path: "metadata", Rule: "yaml-syntax", Message: "unexpected end", Severity: manifest.SeverityError, Source: "# 日本語 {"},
		{Pos: manifest.Pos{File: "long.json", Line: 1, Column: strings.Index(long, `"sometimes"`) + 1}, Path: "spec.containers[0].imagePullPolicy", Rule: "kubernetes-invalid", Message: `Unsupported value: "sometimes"`, Severity: manifest.SeverityError, Source: long},
		{Pos: manifest.Pos{File: "secret.yaml", Line: 5, Column: 13}, Path: "stringData.password", Rule: "kubernetes-type", Message: "must be a string", Severity: manifest.SeverityError, Source: "  password: 31337-hunter2"},
		{Pos: manifest.Pos{File: "list.yaml", Line: 15, Column: 13}, Path: "items[3].data.password", Rule: "kubernetes-type", Message: "must be a string", Severity: manifest.SeverityError, Source: "  password: 31337-hunter2"},
		{Pos: manifest.Pos{File: "missing.yaml"}, Rule: "podup-unreadable-file", Message: "no such file", Severity: manifest.SeverityError},
		{Pos: manifest.Pos{File: "odd\x1b[2Jname.yaml", Line: 2, Column: 99}, Path: "spec.\u202ehostname", Rule: "yaml-syntax", Message: "a \x1b[31mred\x1b[0m message", Severity: manifest.SeverityError, Source: "kind: \x1b[2JPod\xff"},
	}
}

func TestProblemsPointAtTheirPlace(t *testing.T) {
	for _, width := range []int{80, 40} {
		terminal := newScreen(t, width, 1000)
		view := newView(Env{Out: io.Discard, Err: terminal, Getenv: environment(map[string]string{"NO_COLOR": "1"})}, viewOptions{})
		view.Problems(findings(t))
		if width == 80 {
			golden(t, "view/problems.txt", terminal.String())
		}
		if strings.Contains(terminal.String(), "hunter2") {
			t.Errorf("a secret value is shown:\n%s", terminal)
		}
		for _, row := range terminal.rows {
			if strings.HasSuffix(row, "^") && cells.StringWidth(row) > width {
				t.Errorf("a caret beyond column %d: %q", width, row)
			}
		}
	}
}

func TestProblemsAsOneDocument(t *testing.T) {
	var out, err bytes.Buffer
	view := newView(Env{Out: &out, Err: &err, Getenv: environment(nil)}, viewOptions{Output: outputJSON})
	view.Problems(findings(t)[:2])
	golden(t, "view/problems.json", out.String())
	out.Reset()
	view.Problems(nil)
	if got := out.String(); got != "{\n  \"formatVersion\": \"1.0\",\n  \"problems\": []\n}\n" {
		t.Errorf("no problems: %s", got)
	}
	if err.Len() > 0 {
		t.Errorf("on standard error: %s", err.String())
	}
}

func TestProblemsInTheStreamOfProgress(t *testing.T) {
	var err bytes.Buffer
	view := newView(Env{Out: io.Discard, Err: &err, Getenv: environment(nil)}, viewOptions{Progress: progressJSON})
	view.Problems(findings(t)[:1])
	golden(t, "view/problems-stream.json", err.String())
}

func TestCaretStandsBelowItsColumn(t *testing.T) {
	for _, test := range []struct {
		name, source string
		at           string // the column is where this begins
		width        int
		want, caret  string
	}{
		{"plain", "image: x", "x", 80, "image: x", "       ^"},
		{"a column within a rune is that rune's", "日本: x", "\xa5", 80, "日本: x", "^"},
		{"a tab goes to the next stop", "\ta\tb", "b", 80, "    a   b", "        ^"},
		{"wide runes take two cells", "日本: x", "x", 80, "日本: x", "      ^"},
		{"a combining accent takes none", "e\u0301: x", "x", 80, "e\u0301: x", "   ^"},
		{"behind the end of the line", "image:", "", 80, "image:", "      ^"},
		{"a long line is cut behind", "ab: " + strings.Repeat("x", 100), "b", 28, "ab: xxxxxxxxxxxxxxx…", " ^"},
		{"a long line is cut before", strings.Repeat("x", 100) + ": y", "y", 28, "…xxxxxxxxxxxx: y", "               ^"},
		{"a long line is cut on both sides", strings.Repeat("x", 50) + "|" + strings.Repeat("y", 50), "|", 28, "…xxxxxxxxxxxxxx|yyy…", "               ^"},
	} {
		t.Run(test.name, func(t *testing.T) {
			column := strings.Index(test.source, test.at) + 1
			if test.at == "" {
				column = len(test.source) + 1
			}
			source, caret, ok := excerpt(manifest.Problem{
				Pos: manifest.Pos{File: "f", Line: 1, Column: column}, Source: test.source,
			}, test.width)
			if !ok || source != test.want || caret != test.caret {
				t.Errorf("got\n%q\n%q, want\n%q\n%q", source, caret, test.want, test.caret)
			}
		})
	}
}

func TestMain(m *testing.M) {
	// Colours and live displays must depend on what a test says alone.
	for _, name := range []string{"NO_COLOR", "CLICOLOR_FORCE", "TERM"} {
		if err := os.Unsetenv(name); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

func TestAWarningAboutSeveralObjectsIsSaidOnce(t *testing.T) {
	got := warningLines([]string{"container/a: no limits here", "odd", "container/b: no limits here", "volume/v: odd: indeed"}, palette{})
	want := "warning: container/a, container/b: no limits here\nwarning: odd\nwarning: volume/v: odd: indeed\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	got = warningLines([]string{"a: x", "b: x", "c: x", "d: x", "e: x"}, palette{})
	if want := "warning: a, b, c and 2 more: x\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
