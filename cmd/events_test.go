package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/podup/podup/supervise"
)

func eventsDir(t *testing.T) runtimeDir {
	t.Helper()
	r, err := openRuntime(environment(map[string]string{"XDG_RUNTIME_DIR": t.TempDir()}), "shop")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func numbered(n int) supervise.Event {
	return supervise.Event{Time: newClock().now().Add(time.Duration(n) * time.Second), Pod: "web", Container: "app", Type: "Normal", Reason: "Started", Message: fmt.Sprint("run ", n)}
}

func TestEventsAreKeptForTheUserAloneAndInTheirOrder(t *testing.T) {
	r := eventsDir(t)
	if events, err := r.events(); err != nil || len(events) > 0 {
		t.Fatal(events, err)
	}
	for i := range 3 {
		if err := r.record(numbered(i)); err != nil {
			t.Fatal(err)
		}
	}
	events, err := r.events()
	if err != nil || len(events) != 3 || events[0] != numbered(0) || events[2] != numbered(2) {
		t.Error(events, err)
	}
	info, err := os.Stat(r.eventsPath())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
}

func TestTheFileOfEventsDoesNotGrowWithoutEndAndIsFollowedAllTheSame(t *testing.T) {
	r := eventsDir(t)
	reader := eventReader{path: r.eventsPath()}
	defer reader.close()
	long := strings.Repeat("x", 8000)
	read := 0
	for i := range 300 {
		e := numbered(i)
		e.Message += " " + long
		if err := r.record(e); err != nil {
			t.Fatal(err)
		}
		if i%7 != 0 {
			continue
		}
		got, err := reader.next()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range got {
			if !strings.HasPrefix(e.Message, fmt.Sprintf("run %d ", read)) {
				t.Fatalf("read %.12q, want run %d", e.Message, read)
			}
			read++
		}
	}
	if read < 290 {
		t.Errorf("only %d were read", read)
	}
	info, err := os.Stat(r.eventsPath())
	if err != nil || info.Size() > eventsSize+9000 {
		t.Errorf("%d bytes, %v", info.Size(), err)
	}
	events, err := r.events()
	if err != nil || len(events) < 60 || len(events) > eventsKept || !strings.HasPrefix(events[len(events)-1].Message, "run 299 ") {
		t.Errorf("%d events, %v", len(events), err)
	}
}

func TestOfShortEventsAThousandAreKept(t *testing.T) {
	r := eventsDir(t)
	if err := r.make(); err != nil {
		t.Fatal(err)
	}
	line, err := json.Marshal(numbered(1))
	if err != nil {
		t.Fatal(err)
	}
	line = append(line, '\n')
	if err := os.WriteFile(r.eventsPath(), bytes.Repeat(line, eventsSize/len(line)+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.record(numbered(2)); err != nil {
		t.Fatal(err)
	}
	if events, err := r.events(); err != nil || len(events) != eventsKept || events[eventsKept-1] != numbered(2) {
		t.Errorf("%d events, %v", len(events), err)
	}
}

func TestNoEventIsLostBesideOthers(t *testing.T) {
	r := eventsDir(t)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 25 {
				if err := r.record(numbered(100*i + j)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if events, err := r.events(); err != nil || len(events) != 200 {
		t.Errorf("%d events, %v", len(events), err)
	}
}

func TestADamagedEventStopsNothing(t *testing.T) {
	r := eventsDir(t)
	if err := r.record(numbered(1)); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(r.eventsPath(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(file, "{half")
	file.Close()
	if err := r.record(numbered(2)); err != nil {
		t.Fatal(err)
	}
	if events, err := r.events(); err != nil || len(events) != 2 {
		t.Error(events, err)
	}
}

func TestEventsCommand(t *testing.T) {
	e := crashing(t)
	if got := e.podup("events"); got.code != 0 || got.out != "" || got.err != "project shop has no events\n" {
		t.Errorf("%+v", got)
	}
	e.crashEvents()
	events, err := e.runtime.events()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, width := range []int{0, 80} {
		if err := writeEvents(&out, palette{}, foldEvents(events), e.now, true, []int{0, 0, 0, 0}, width); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "view/events.txt", out.String())

	for name, test := range map[string]struct {
		args      []string
		want, not string
	}{
		"all":                     {[]string{"events"}, "LAST SEEN", "\x1b"},
		"of a pod":                {[]string{"events", "job"}, "job/batch", "web/app"},
		"of a container":          {[]string{"events", "web/migrate"}, "web/migrate", "web/app"},
		"since a time":            {[]string{"events", "--since", e.ago(14 * time.Second).Format(time.RFC3339)}, "BackOff", "migrate"},
		"without headers":         {[]string{"events", "--no-headers"}, "Unhealthy", "LAST SEEN"},
		"equal ones are one line": {[]string{"events"}, "(x2 over ", "(x3"},
	} {
		if got := e.podup(test.args...); got.code != 0 || !strings.Contains(got.out, test.want) || strings.Contains(got.out, test.not) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	got := e.podup("events", "-o", "json")
	first, rest, _ := strings.Cut(got.out, "\n")
	if first != `{"formatVersion":"1.0","type":"version"}` {
		t.Errorf("first line %s", first)
	}
	count := 0
	for line := range lines(rest) {
		var event eventLine
		if err := json.Unmarshal([]byte(line), &event); err != nil || event.Type != "event" || event.Pod == "" || event.EventType == "" {
			t.Errorf("%s: %v", line, err)
		}
		count++
	}
	if count != 8 {
		t.Errorf("%d events", count)
	}
}

func TestEventsAreFollowed(t *testing.T) {
	s := newStory(t)
	r, err := openRuntime(environment(s.environment), "shop")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.record(supervise.Event{Time: time.Now(), Pod: "web", Type: "Normal", Reason: "Started", Message: "before"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	running := s.start(ctx, "events", "-f", "--project", "shop")
	running.says(t, "before")
	if err := r.record(supervise.Event{Time: time.Now(), Pod: "web", Type: "Warning", Reason: "BackOff", Message: "after"}); err != nil {
		t.Fatal(err)
	}
	running.says(t, "after")
	cancel()
	if code := <-running.code; code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	if strings.Count(running.out.String(), "LAST SEEN") != 1 || strings.Count(running.out.String(), "before") != 1 {
		t.Errorf("printed\n%s", running.out)
	}
}

func TestAnEventIsFoldedWhereItCameLast(t *testing.T) {
	at := func(e supervise.Event, seconds int) supervise.Event {
		e.Time = newClock().now().Add(time.Duration(seconds) * time.Second)
		return e
	}
	a, b := numbered(1), numbered(2)
	rows := foldEvents([]supervise.Event{at(a, 1), at(b, 2), at(a, 3)})
	if len(rows) != 2 || rows[0].event.Message != b.Message || rows[1].count != 2 || !rows[1].first.Equal(at(a, 1).Time) {
		t.Errorf("%+v", rows)
	}
	if got := rows[1].seen(at(a, 63).Time); got != "60s (x2 over 62s)" {
		t.Errorf("seen %q", got)
	}
}

func TestEventsFitTheTerminal(t *testing.T) {
	now := newClock().now()
	event := func(container, kind, reason, message string) eventRow {
		return eventRow{
			event: supervise.Event{Time: now.Add(-12 * time.Second), Pod: "nginx-blog", Container: container, Type: kind, Reason: reason, Message: message},
			first: now.Add(-2 * time.Minute), count: 3,
		}
	}
	rows := []eventRow{
		event("nginx", "Normal", "Started", "Started container nginx"),
		event("adapter", "Warning", "Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 503, nginx does not answer"),
	}
	for name, width := range map[string]int{"events-160.txt": 160, "events-80.txt": 80, "events-60.txt": 60} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			widths := []int{len("LAST SEEN"), len("TYPE"), len("REASON"), len("OBJECT")}
			if err := writeEvents(&out, palette{}, rows, now, true, widths, width); err != nil {
				t.Fatal(err)
			}
			golden(t, "view/"+name, out.String())
			for line := range lines(out.String()) {
				if cells.StringWidth(line) > width {
					t.Errorf("wider than %d: %q", width, line)
				}
			}
			for word := range strings.FieldsSeq(rows[1].event.Message) {
				if !strings.Contains(out.String(), word) {
					t.Errorf("%q is gone", word)
				}
			}
		})
	}
}
