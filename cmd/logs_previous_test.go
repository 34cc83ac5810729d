package cmd

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/status"
)

// book gives web/app a log of three runs, as long before now as crashing has them.
func (e *lived) book() {
	line := func(ago time.Duration, text string) podmanapi.LogLine {
		return podmanapi.LogLine{Stream: "stdout", Time: e.ago(ago), Text: text}
	}
	book := &logBook{pieces: map[string][]podmanapi.LogLine{"web-app": {
		line(70*time.Second, "oldest"),
		// conmon may stamp the first line before the engine stamps the start.
		line(40*time.Second+3*time.Millisecond, "first begins"), line(35*time.Second, "first"), line(32*time.Second-3*time.Millisecond, "first ends"),
		line(20*time.Second, "second begins"), line(12*time.Second, "second ends"),
		line(9*time.Second, "third"),
	}}}
	e.logs = func(ctx context.Context, container string, opts podmanapi.LogOptions, each func(podmanapi.LogLine)) error {
		return book.read(ctx, container, opts, each)
	}
}

func TestPreviousIsTheRunBeforeTheCurrentOne(t *testing.T) {
	const first, second = "first begins\nfirst\nfirst ends\n", "second begins\nsecond ends\n"
	for name, test := range map[string]struct {
		change func(e *lived)
		args   []string
		want   string
	}{
		// Backed off, the run that has just ended is lastState, and kubectl logs --previous shows it.
		"of a container that is backed off, the one that has ended": {func(*lived) {}, nil, second},
		"of a container that has ended for good, the one before": {
			func(e *lived) {
				e.remember("web", func(m *status.Memory) {
					app := m.Containers["app"]
					app.Waiting = status.Waiting{}
					m.Containers["app"] = app
				})
			}, nil, first,
		},
		"of a container that runs, the one before": {
			func(e *lived) {
				run := e.ran("web", "app", plan.Run{StartedAt: e.ago(11 * time.Second), Pid: 4711})
				e.remember("web", func(m *status.Memory) {
					app := m.Containers["app"]
					previous := app.Run
					app.Run, app.Previous, app.Waiting = run, &previous, status.Waiting{}
					m.Containers["app"] = app
				})
			}, nil, second,
		},
		"of which the last lines are wanted": {func(*lived) {}, []string{"--tail", "1"}, "second ends\n"},
	} {
		t.Run(name, func(t *testing.T) {
			e := crashing(t)
			e.book()
			test.change(e)
			got := e.podup(append([]string{"logs", "--previous", "--no-prefix", "web/app"}, test.args...)...)
			if got.code != 0 || got.out != test.want || got.err != "" {
				t.Errorf("exit code %d\n%s%s", got.code, got.out, got.err)
			}
		})
	}
}

func TestAPreviousRunThatIsNotThere(t *testing.T) {
	for name, test := range map[string]struct {
		change func(e *lived)
		args   []string
		code   int
		want   string
	}{
		"there was none": {func(*lived) {}, []string{"web/side"}, 1, "no previous run of container web/side is known"},
		"it went with its container": {func(e *lived) {
			e.remember("web", func(m *status.Memory) {
				app := m.Containers["app"]
				app.Waiting.Reason, app.Previous.ID = "", "id-of-an-older-one"
				m.Containers["app"] = app
			})
		}, []string{"web/app"}, 1, "which has been replaced"},
		"it cannot be followed": {func(*lived) {}, []string{"-f"}, 2, "--previous is a run that has ended"},
		"it has its own times":  {func(*lived) {}, []string{"--since", "1h"}, 2, "--previous is a run that has ended"},
	} {
		t.Run(name, func(t *testing.T) {
			e := crashing(t)
			e.book()
			test.change(e)
			got := e.podup(append([]string{"logs", "--previous"}, test.args...)...)
			if got.code != test.code || got.out != "" || !strings.Contains(got.err, test.want) {
				t.Errorf("exit code %d\n%s%s", got.code, got.out, got.err)
			}
		})
	}
	// Beside containers that have one, those that have none are left out.
	e := crashing(t)
	e.book()
	if got := e.podup("logs", "--previous", "web"); got.code != 0 || !strings.Contains(got.out, "web/app | second ends") {
		t.Errorf("%+v", got)
	}
}

func TestRunsThatFollowEachOtherCloselyAreToldApart(t *testing.T) {
	e := crashing(t)
	c := e.actual.Pods["web"].Containers["web-app"]
	l := e.life("web")
	app := l.memory.Containers["app"]
	app.Waiting = status.Waiting{}
	app.Previous.FinishedAt = e.ago(20*time.Second + 40*time.Millisecond)
	l.memory.Containers["app"] = app
	w, err := l.previous(c)
	if err != nil || !w.until.Equal(e.ago(20*time.Second+20*time.Millisecond)) {
		t.Errorf("until %s, %v", w.until, err)
	}
}
