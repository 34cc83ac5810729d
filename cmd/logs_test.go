package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/translate"
)

var epoch = newClock().at

// second is a whole line n seconds after the epoch of the tests.
func second(n int, text string) podmanapi.LogLine {
	return podmanapi.LogLine{Stream: "stdout", Time: epoch.Add(time.Duration(n) * time.Second), Text: text}
}

func partial(n int, stream, text string) podmanapi.LogLine {
	return podmanapi.LogLine{Stream: stream, Time: epoch.Add(time.Duration(n) * time.Second), Text: text, Partial: true}
}

func TestLogsAreMergedByTime(t *testing.T) {
	type pieces = []podmanapi.LogLine
	untimed := podmanapi.LogLine{Stream: "stdout", Text: "untimed"}
	for _, test := range []struct {
		name   string
		pieces map[string]pieces // by container of pod web
		want   string
	}{
		{"one container", map[string]pieces{"app": {second(1, "a"), second(2, "b")}}, "app a, app b"},
		{"two take turns", map[string]pieces{
			"app":     {second(1, "a"), second(3, "c"), second(5, "e")},
			"sidecar": {second(2, "b"), second(4, "d"), second(4, "d2")},
		}, "app a, sidecar b, app c, sidecar d, sidecar d2, app e"},
		{"at the same time in the order of the containers", map[string]pieces{
			"app": {second(1, "a"), second(1, "a2")}, "sidecar": {second(1, "b")},
		}, "app a, app a2, sidecar b"},
		{"init containers first at the same time", map[string]pieces{
			"app": {second(1, "a")}, "migrate": {second(1, "m")},
		}, "migrate m, app a"},
		{"a line without a time stays behind the one before it", map[string]pieces{
			"app": {second(1, "a"), untimed, second(5, "e")}, "sidecar": {second(2, "b")},
		}, "app a, app untimed, sidecar b, app e"},
		{"the pieces of a long line are one line, at the time of its beginning", map[string]pieces{
			"app": {partial(1, "stdout", "lo"), partial(3, "stdout", "ng"), second(4, " line")}, "sidecar": {second(2, "b")},
		}, "app long line, sidecar b"},
		{"pieces of standard output and standard error do not mix", map[string]pieces{
			"app": {partial(1, "stdout", "o1 "), partial(1, "stderr", "e1 "), {Stream: "stderr", Time: epoch, Text: "e2"}, second(2, "o2")},
		}, "app e1 e2, app o1 o2"},
		{"a line that was never ended is the last", map[string]pieces{
			"app": {partial(1, "stdout", "prompt> "), partial(1, "stderr", "e"), second(2, "x"), partial(3, "stdout", "prompt> ")},
		}, "app prompt> x, app prompt> , app e"},
		{"a clock that is set back loses nothing", map[string]pieces{
			"app": {second(9, "a"), second(1, "b"), second(2, "c")},
		}, "app a, app b, app c"},
		{"empty lines count", map[string]pieces{"app": {second(1, ""), second(1, "")}}, "app , app "},
	} {
		t.Run(test.name, func(t *testing.T) {
			book := &logBook{pieces: map[string]pieces{}}
			for name, list := range test.pieces {
				book.pieces["web-"+name] = list
			}
			engine := &still{actual: shop(epoch), logs: book.read}
			code, out, err := podup(t, engine, "logs", "web")
			if code != 0 || err != "" {
				t.Fatalf("exit code %d\n%s", code, err)
			}
			var got []string
			for line := range lines(out) {
				prefix, text, _ := strings.Cut(line, "| ")
				got = append(got, strings.TrimPrefix(strings.TrimSpace(prefix), "web/")+" "+text)
			}
			if strings.Join(got, ", ") != test.want {
				t.Errorf("got  %q\nwant %q", strings.Join(got, ", "), test.want)
			}
		})
	}
}

func TestLogsFormats(t *testing.T) {
	book := &logBook{pieces: map[string][]podmanapi.LogLine{
		"web-app":     {second(1, "one"), second(2, "\x1b[31mtwo\x1b[0m")},
		"web-sidecar": {second(1, "three")},
	}}
	engine := &still{actual: shop(epoch), logs: book.read}
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"names are aligned, text goes through as it is", []string{"web/app", "web-sidecar"}, "web/app     | one\nweb/sidecar | three\nweb/app     | \x1b[31mtwo\x1b[0m\n"},
		{"one container is as wide as its name", []string{"web/sidecar"}, "web/sidecar | three\n"},
		{"a container's name in any pod", []string{"sidecar"}, "web/sidecar | three\n"},
		{"without names", []string{"--no-prefix", "web"}, "one\nthree\n\x1b[31mtwo\x1b[0m\n"},
		{"with times", []string{"-t", "--no-prefix", "web/app"}, "2026-03-04T05:06:08Z one\n2026-03-04T05:06:09Z \x1b[31mtwo\x1b[0m\n"},
		{"all lines", []string{"--tail", "all", "--no-prefix", "web"}, "one\nthree\n\x1b[31mtwo\x1b[0m\n"},
		{"the last lines", []string{"--tail", "1", "--no-prefix", "web"}, "three\n\x1b[31mtwo\x1b[0m\n"},
		{"from a time on", []string{"--since", "2026-03-04T05:06:09Z", "--no-prefix", "web"}, "\x1b[31mtwo\x1b[0m\n"},
		{"up to a time", []string{"--until", "2026-03-04T05:06:08Z", "--no-prefix", "web"}, "one\nthree\n"},
		{"in colour", []string{"--color", "always", "web/sidecar"}, "\x1b[33mweb/sidecar |\x1b[0m three\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, out, err := podup(t, engine, append([]string{"logs"}, test.args...)...)
			if code != 0 || err != "" || out != test.want {
				t.Errorf("exit code %d\n%q, want\n%q\n%s", code, out, test.want, err)
			}
		})
	}
	for _, test := range []struct {
		args []string
		code int
		err  string
	}{
		{[]string{"nothing"}, 1, `no container "nothing": there is db/postgres, db/postgres.new, web/migrate, `},
		{[]string{"--since", "yesterday"}, 2, `--since: "yesterday" is neither a duration`},
		{[]string{"-p", "other"}, 0, "project other has no containers"},
	} {
		if code, out, err := podup(t, engine, append([]string{"logs"}, test.args...)...); code != test.code || out != "" || !strings.Contains(err, test.err) {
			t.Errorf("%q: exit code %d\n%s%s", test.args, code, out, err)
		}
	}
}

func TestTimesOfSinceAndUntil(t *testing.T) {
	for text, want := range map[string]time.Time{
		"":                            {},
		"10m":                         epoch.Add(-10 * time.Minute),
		"-1h30m":                      epoch.Add(-90 * time.Minute),
		"2026-01-02T03:04:05Z":        time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		"2026-01-02T03:04:05.5+01:00": time.Date(2026, 1, 2, 2, 4, 5, 5e8, time.UTC),
		"2026-01-02":                  time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC),
	} {
		if got, err := parseTime("--since", text, epoch); err != nil || !got.Equal(want) {
			t.Errorf("%q is %s, %v", text, got, err)
		}
	}
}

func TestALogThatCannotBeReadDoesNotHideTheOthers(t *testing.T) {
	engine := &still{actual: shop(epoch)}
	engine.logs = func(_ context.Context, container string, _ podmanapi.LogOptions, each func(podmanapi.LogLine)) error {
		if container == "web-sidecar" {
			return errors.New("log driver is none")
		}
		each(second(1, "from "+container))
		return nil
	}
	code, out, err := podup(t, engine, "logs", "--no-prefix", "web/app", "web/sidecar")
	if code != 1 || out != "from web-app\n" || err != "podup: read the log of web/sidecar: log driver is none\n" {
		t.Errorf("exit code %d\n%s%s", code, out, err)
	}
}

func TestColorsOfPrefixesAreStableAndDiffer(t *testing.T) {
	names := []string{"web/app", "web/sidecar", "db/postgres", "zz/batch", "zz/pause", "a/b", "c/d", "e/f", "g/h", "i/j"}
	printer := &logPrinter{}
	for _, name := range names {
		printer.add(name)
	}
	used := map[string]bool{}
	for _, name := range names {
		used[fmt.Sprint(printer.colors[name])] = true
	}
	if len(used) != len(names) {
		t.Errorf("%d colours for %d containers", len(used), len(names))
	}
	again := &logPrinter{}
	again.add("db/postgres")
	alone := &logPrinter{}
	alone.add("x/y")
	alone.add("db/postgres")
	if again.colors["db/postgres"] != alone.colors["db/postgres"] {
		t.Error("the colour depends on who else is there")
	}
	printer.add("an/eleventh")
	if _, ok := printer.colors["an/eleventh"]; !ok {
		t.Error("the eleventh container has no colour")
	}
}

// closedPipe is standard output after head has gone.
type closedPipe struct{ lines int }

func (p *closedPipe) Write(text []byte) (int, error) {
	if p.lines--; p.lines < 0 {
		return 0, fmt.Errorf("write /dev/stdout: %w", syscall.EPIPE)
	}
	return len(text), nil
}

func TestLogsEndQuietlyWhenNobodyReadsThem(t *testing.T) {
	var many []podmanapi.LogLine
	for i := range 1000 {
		many = append(many, second(i, "x"))
	}
	book := &logBook{pieces: map[string][]podmanapi.LogLine{"web-app": many, "web-sidecar": many}}
	for _, follow := range []bool{false, true} {
		session := followLogs
		if !follow {
			session = showLogs
		}
		engine := &still{actual: shop(epoch), logs: book.read}
		env := Env{Out: &closedPipe{lines: 3}, Err: io.Discard, Getenv: environment(nil)}
		if err := session(t.Context(), env, engine, projectContainers(engine.actual), logsOptions{Project: "shop", Tail: -1}); err != nil {
			t.Errorf("follow %v: %v", follow, err)
		}
	}
}

func TestReadingOnDoesNotRepeatNorLose(t *testing.T) {
	type pieces = []podmanapi.LogLine
	for _, test := range []struct {
		name        string
		first, then pieces
		want        string
	}{
		{"later lines", pieces{second(1, "a")}, pieces{second(1, "a"), second(2, "b")}, "b"},
		{"lines of the same time", pieces{second(1, "a"), second(1, "b")}, pieces{second(1, "a"), second(1, "b"), second(1, "c"), second(2, "d")}, "c d"},
		{"equal lines of the same time", pieces{second(1, "a"), second(1, "a")}, pieces{second(1, "a"), second(1, "a"), second(1, "a")}, "a"},
		{"the first reading began within a second", pieces{second(1, "c")}, pieces{second(0, "z"), second(1, "a"), second(1, "b"), second(1, "c"), second(1, "d")}, "d"},
		{"nothing new", pieces{second(1, "a")}, pieces{second(0, "z"), second(1, "a")}, ""},
		{"the log was cut since", pieces{second(1, "a"), second(1, "b")}, pieces{second(1, "b"), second(2, "c")}, "c"},
		{"a clock set back", pieces{second(5, "a")}, pieces{second(5, "a"), second(2, "b"), second(3, "c")}, "b c"},
		{"nothing was read before", nil, pieces{second(1, "a")}, "a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var position logPosition
			for _, piece := range test.first {
				position.add(piece)
			}
			skip := skipper{floor: position}
			var got []string
			for _, piece := range test.then {
				if skip.fresh(piece) {
					got = append(got, piece.Text)
				}
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// followed project: its state changes as a test says, and its ticks come when a test says.
type world struct {
	t    *testing.T
	book *logBook
	out  *syncBuffer
	tick chan time.Time
	done chan error

	mu     sync.Mutex
	actual plan.Actual
}

func (w *world) Observe(context.Context, translate.Project) (plan.Actual, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.actual, nil
}

func (w *world) Logs(ctx context.Context, container string, opts podmanapi.LogOptions, each func(podmanapi.LogLine)) error {
	return w.book.read(ctx, container, opts, each)
}

// set changes the containers of pod web.
func (w *world) set(containers ...plan.ContainerState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	pod := plan.PodState{Name: "web", Containers: map[string]plan.ContainerState{}}
	for _, c := range containers {
		pod.Containers[c.Name] = c
	}
	w.actual = plan.Actual{Project: "shop", Pods: map[string]plan.PodState{"web": pod}}
}

// more is what a running container writes from now on.
func (w *world) more(name string) chan podmanapi.LogLine {
	w.book.mu.Lock()
	defer w.book.mu.Unlock()
	lines := make(chan podmanapi.LogLine)
	w.book.more[name] = lines
	return lines
}

func (w *world) expect(want string) {
	w.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for w.out.String() != want {
		if time.Now().After(deadline) {
			w.t.Fatalf("got\n%s\nwant\n%s", w.out.String(), want)
		}
		select {
		case <-w.out.written:
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// ends lets time pass until following ends.
func (w *world) ends() error {
	w.t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		select {
		case w.tick <- epoch:
		case err := <-w.done:
			return err
		case <-deadline:
			w.t.Fatal("following does not end")
			return nil
		}
	}
}

type syncBuffer struct {
	mu      sync.Mutex
	text    bytes.Buffer
	written chan struct{}
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case b.written <- struct{}{}:
	default:
	}
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func follow(t *testing.T, opts logsOptions, prepare func(*world)) *world {
	t.Helper()
	w := &world{
		t: t, out: &syncBuffer{written: make(chan struct{}, 1)}, tick: make(chan time.Time), done: make(chan error, 1),
		book: &logBook{pieces: map[string][]podmanapi.LogLine{}, more: map[string]chan podmanapi.LogLine{}},
	}
	prepare(w)
	opts.Project = "shop"
	session := newLogSession(Env{Out: w.out, Err: w.out, Getenv: environment(nil)}, w, opts)
	session.after = func(time.Duration) <-chan time.Time { return w.tick }
	containers, err := selectContainers(w.actual, opts.Names)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go func() { w.done <- session.follow(ctx, containers) }()
	return w
}

// run is a container in its nth run.
func run(name string, status plan.Status, n int) plan.ContainerState {
	return plan.ContainerState{
		Name: "web-" + name, ID: "id-" + name, Pod: "web", Container: name, Role: translate.RoleApp,
		Status: status, StartedAt: epoch.Add(time.Duration(n) * time.Minute),
	}
}

func TestFollowingGoesOnOverARestart(t *testing.T) {
	var first chan podmanapi.LogLine
	w := follow(t, logsOptions{Tail: -1, NoPrefix: true}, func(w *world) {
		w.book.pieces["web-app"] = []podmanapi.LogLine{second(1, "before"), second(1, "at once")}
		first = w.more("web-app")
		w.set(run("app", plan.Running, 1))
	})
	first <- second(1, "same second")
	first <- second(2, "live")
	w.expect("before\nat once\nsame second\nlive\n")

	w.set(run("app", plan.Exited, 1))
	second1 := w.more("web-app")
	close(first)
	w.tick <- epoch // nothing runs, for the first time
	// The container writes its first line before anyone looks.
	w.book.write("web-app", second(2, "again"))
	w.set(run("app", plan.Running, 2))
	w.tick <- epoch
	second1 <- second(3, "and on")
	w.expect("before\nat once\nsame second\nlive\nagain\nand on\n")

	w.set(run("app", plan.Exited, 2))
	close(second1)
	if err := w.ends(); err != nil {
		t.Error(err)
	}
}

func TestFollowingReadsARunThatEndedBetweenTwoLooks(t *testing.T) {
	var live chan podmanapi.LogLine
	w := follow(t, logsOptions{Tail: -1, NoPrefix: true}, func(w *world) {
		live = w.more("web-app")
		w.set(run("app", plan.Running, 1))
	})
	live <- second(1, "first run")
	w.expect("first run\n")
	w.book.mu.Lock()
	w.book.more["web-app"] = nil
	w.book.pieces["web-app"] = append(w.book.pieces["web-app"], second(70, "second run, a short one"))
	w.book.mu.Unlock()
	w.set(run("app", plan.Exited, 2))
	close(live)
	w.expect("first run\nsecond run, a short one\n")
}

func TestFollowingPicksUpContainersThatComeLater(t *testing.T) {
	var app chan podmanapi.LogLine
	w := follow(t, logsOptions{Tail: -1}, func(w *world) {
		app = w.more("web-app")
		w.set(run("app", plan.Running, 1))
	})
	app <- second(1, "one")
	w.expect("web/app | one\n")
	late := w.more("web-late")
	w.book.write("web-late", second(2, "since my start"))
	w.set(run("app", plan.Running, 1), run("late", plan.Running, 2), run("unborn", plan.Created, 0))
	w.tick <- epoch
	w.expect("web/app | one\nweb/late   | since my start\n") // as wide as web/unborn
	late <- second(3, "two")
	w.expect("web/app | one\nweb/late   | since my start\nweb/late   | two\n")
	app <- second(4, "three")
	w.expect("web/app | one\nweb/late   | since my start\nweb/late   | two\nweb/app    | three\n")
}

func TestFollowingNamedContainersLeavesOthersOut(t *testing.T) {
	var app chan podmanapi.LogLine
	w := follow(t, logsOptions{Tail: -1, Names: []string{"app"}}, func(w *world) {
		app = w.more("web-app")
		w.set(run("app", plan.Running, 1))
	})
	w.book.write("web-late", second(2, "not asked for"))
	w.set(run("app", plan.Running, 1), run("late", plan.Exited, 2))
	w.tick <- epoch
	w.tick <- epoch
	app <- second(3, "mine")
	w.expect("web/app | mine\n")
	w.set() // removed, while the stream ends
	close(app)
	if err := w.ends(); err != nil {
		t.Error(err)
	}
	w.expect("web/app | mine\n")
}

func TestFollowingBeginsWithTheLastLines(t *testing.T) {
	var app chan podmanapi.LogLine
	w := follow(t, logsOptions{Tail: 0, NoPrefix: true}, func(w *world) {
		w.book.pieces["web-app"] = []podmanapi.LogLine{second(1, "old"), second(2, "old")}
		app = w.more("web-app")
		w.set(run("app", plan.Running, 1))
	})
	app <- second(3, "new")
	w.expect("new\n")
}

func TestALogThatCannotBeFollowedIsSaidOnceAndMakesNoBusyLoop(t *testing.T) {
	for _, failure := range []error{nil, errors.New("log driver is none")} {
		w := follow(t, logsOptions{Tail: -1, NoPrefix: true}, func(w *world) {
			w.set(run("app", plan.Running, 1))
			w.book.failure = failure
		})
		for range 5 {
			w.tick <- epoch
		}
		w.book.mu.Lock()
		asked := len(w.book.asked)
		w.book.mu.Unlock()
		if asked > 7 { // the history, the first follow, and one for each tick
			t.Errorf("the log was read %d times in 5 ticks", asked)
		}
		if failure != nil {
			w.expect("podup: warning: read the log of web/app: log driver is none\npodup: warning: follow the log of web/app: log driver is none\n")
		}
	}
}
