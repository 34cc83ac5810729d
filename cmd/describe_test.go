package cmd

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/supervise"
)

// describe writes the page of a pod as of the fixture's now.
func (e *lived) describe(pod string, width int, color palette) string {
	e.t.Helper()
	l := e.life(pod)
	events, err := e.runtime.events()
	if err != nil {
		e.t.Fatal(err)
	}
	supervisor, supervised := e.runtime.supervised()
	if supervised {
		supervisor = 4711
	}
	d := description{
		life: l, pod: l.object(e.now), now: e.now, supervisor: supervisor, supervised: supervised,
		events: podEvents(events, pod), output: map[string][]string{},
	}
	for _, t := range l.troubles(d.pod, e.now) {
		if lines := l.output(e.t.Context(), e, t); len(lines) > 0 {
			d.output[t.container] = lines
		}
	}
	p := page{width: width, color: color}
	d.write(&p)
	return p.text.String()
}

func (e *lived) crashEvents() {
	app := func(ago time.Duration, kind, reason, message string) supervise.Event {
		return supervise.Event{Time: e.ago(ago), Pod: "web", Container: "app", Type: kind, Reason: reason, Message: message}
	}
	e.record(
		supervise.Event{Time: e.ago(175 * time.Second), Pod: "web", Container: "migrate", Type: "Normal", Reason: "Started", Message: "Container started"},
		app(40*time.Second, "Normal", "Started", "Container started"),
		supervise.Event{Time: e.ago(170 * time.Second), Pod: "job", Container: "batch", Type: "Normal", Reason: "Started", Message: "Container started"},
		app(33*time.Second, "Warning", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"),
		app(31*time.Second, "Warning", "BackOff", "Back-off restarting failed container app in pod web_default(b6002492-c8c9-553c-bcc1-6b5410ad074d)"),
		app(20*time.Second, "Normal", "Started", "Container started"),
		app(13*time.Second, "Warning", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"),
		app(12*time.Second, "Warning", "BackOff", "Back-off restarting failed container app in pod web_default(b6002492-c8c9-553c-bcc1-6b5410ad074d)"),
	)
}

func TestThePageOfAPodThatCrashes(t *testing.T) {
	e := crashing(t)
	e.crashEvents()
	got := e.describe("web", 80, palette{})
	// The one thing that depends on where the test runs.
	local := e.ago(3 * time.Minute).Local().Format(time.DateTime)
	got = strings.ReplaceAll(got, local, "2026-03-04 05:03:07")
	golden(t, "view/describe-crashing.txt", got)
	for line := range lines(got) {
		if cells.StringWidth(line) > 80 {
			t.Errorf("wider than 80: %q", line)
		}
	}
	painted := newScreen(t, 1000, 1000)
	if _, err := painted.Write([]byte(e.describe("web", 80, palette{on: true}))); err != nil {
		t.Fatal(err)
	}
	if plain := e.describe("web", 80, palette{}); painted.String() != plain {
		t.Errorf("colour moves something:\n%s", painted)
	}
}

func TestThePageOfAPodThatIsNotReadyYetAndUnsupervised(t *testing.T) {
	e := newLived(t, twoManifests)
	migrate := e.ran("web", "migrate", plan.Run{StartedAt: e.ago(175 * time.Second), FinishedAt: e.ago(173 * time.Second)})
	proxy := e.ran("web", "proxy", plan.Run{StartedAt: e.ago(172 * time.Second), Pid: 4001})
	e.tails["web-proxy"] = []string{"listening soon"}
	e.remember("web", func(m *status.Memory) {
		m.Containers = map[string]status.Container{
			"migrate": {Run: migrate, Ready: true},
			"proxy":   {Run: proxy, Startup: status.Tally{Last: status.Failure, Count: 7, Output: "dial tcp 10.89.0.4:9000: connect: connection refused", At: e.ago(time.Second)}},
		}
		m.Conditions = e.conditions("web")
	})
	got := strings.ReplaceAll(e.describe("web", 80, palette{}), e.ago(3*time.Minute).Local().Format(time.DateTime), "2026-03-04 05:03:07")
	golden(t, "view/describe-starting.txt", got)
}

func TestWhyAPodIsNotReady(t *testing.T) {
	for name, test := range map[string]struct {
		make func(e *lived)
		pod  string
		want []string
	}{
		"a pod that has succeeded has no trouble": {func(*lived) {}, "job", nil},
		"a container is backed off":               {func(*lived) {}, "web", []string{"container web/app ended with exit code 1 (Error) 12s ago, next try in 8s"}},
		"the pod was stopped, which says it all": {
			func(e *lived) { e.remember("web", func(m *status.Memory) { m.Stopped = true }) }, "web",
			[]string{"pod web was stopped: podup start web starts it"},
		},
		"it took too long": {
			func(e *lived) {
				e.remember("web", func(m *status.Memory) {
					m.Phase, m.Reason, m.Message = corev1.PodFailed, status.DeadlineExceeded, "Pod was active on the node longer than the specified deadline"
				})
			}, "web",
			[]string{"pod web has failed: DeadlineExceeded: Pod was active on the node longer than the specified deadline", "container web/app ended with"},
		},
		"a readiness probe fails": {
			func(e *lived) {
				run := e.ran("web", "app", plan.Run{StartedAt: e.ago(9 * time.Second), Pid: 4005})
				e.remember("web", func(m *status.Memory) {
					m.Containers["app"] = status.Container{Run: run, Started: true, Readiness: status.Tally{
						Result: status.Failure, Last: status.Failure, Count: 5, Output: "HTTP probe failed with statuscode: 503\n", At: e.ago(4 * time.Second),
					}}
				})
			}, "web",
			[]string{"container web/app is not ready: readiness probe failed 5 times, 4s ago: HTTP probe failed with statuscode: 503"},
		},
		"a readiness probe fails all the time": {
			func(e *lived) {
				run := e.ran("web", "app", plan.Run{StartedAt: e.ago(9 * time.Second), Pid: 4005})
				e.remember("web", func(m *status.Memory) {
					m.Containers["app"] = status.Container{Run: run, Started: true, Readiness: status.Tally{
						Result: status.Failure, Last: status.Failure, Count: 3, Output: "Get \"http://10.89.0.4:8080/\": dial tcp 10.89.0.4:8080: connect: connection refused",
						At: e.ago(5 * time.Second), Since: e.ago(8 * time.Second),
					}}
				})
			}, "web",
			[]string{"container web/app is not ready: readiness probe failing for 8s: GET http://10.89.0.4:8080/: connection refused"},
		},
		"a liveness probe has killed it, and it ended well": {
			func(e *lived) {
				run := e.ran("web", "app", plan.Run{StartedAt: e.ago(9 * time.Second), FinishedAt: e.ago(7 * time.Second)})
				e.remember("web", func(m *status.Memory) {
					app := m.Containers["app"]
					app.Run, app.Kill = run, status.KillLiveness
					app.Liveness = status.Tally{Result: status.Failure, Last: status.Failure, Count: 2, Output: "Get \"http://:9999/\": dial tcp :9999: connect: connection refused"}
					m.Containers["app"] = app
				})
			}, "web",
			[]string{"container web/app was killed: its liveness probe failed 2 times: GET http://:9999/: connection refused; next try in 8s"},
		},
		"a liveness probe is killing it": {
			func(e *lived) {
				run := e.ran("web", "app", plan.Run{StartedAt: e.ago(9 * time.Second), Pid: 4005})
				e.remember("web", func(m *status.Memory) {
					m.Containers["app"] = status.Container{Run: run, Started: true, Kill: status.KillLiveness,
						Liveness: status.Tally{Result: status.Failure, Last: status.Failure, Count: 1, Output: "exit code 1"}}
				})
			}, "web",
			[]string{"container web/app is being killed: its liveness probe failed once: exit code 1"},
		},
		"a startup probe has killed it for good": {
			func(e *lived) {
				run := e.ran("web", "app", plan.Run{StartedAt: e.ago(9 * time.Second), FinishedAt: e.ago(7 * time.Second), ExitCode: 143})
				e.remember("web", func(m *status.Memory) {
					m.Containers["app"] = status.Container{Run: run, Kill: status.KillStartup,
						Startup: status.Tally{Result: status.Failure, Last: status.Failure, Count: 30, Output: "exit code 1"}}
				})
			}, "web",
			[]string{"container web/app was killed: its startup probe failed 30 times: exit code 1"},
		},
		"another program has removed it": {
			func(e *lived) {
				delete(e.actual.Pods["web"].Containers, "web-app")
				e.remember("web", func(m *status.Memory) {
					app := m.Containers["app"]
					app.Removed, app.Run.Lost, app.Waiting = true, true, status.Waiting{}
					m.Containers["app"] = app
				})
			}, "web",
			[]string{"container web/app was removed by another program: podup up makes it anew"},
		},
		"an init container has failed": {
			func(e *lived) {
				run := e.ran("web", "migrate", plan.Run{StartedAt: e.ago(9 * time.Second), FinishedAt: e.ago(3 * time.Second), ExitCode: 4})
				e.remember("web", func(m *status.Memory) {
					m.Initialized, m.Conditions = false, nil
					m.Containers = map[string]status.Container{"migrate": {Run: run}}
				})
				for _, name := range []string{"proxy", "app", "side"} {
					c := e.actual.Pods["web"].Containers["web-"+name]
					c.Status, c.StartedAt = plan.Created, time.Time{}
					e.actual.Pods["web"].Containers["web-"+name] = c
				}
			}, "web",
			[]string{"container web/migrate ended with exit code 4 (Error) 3s ago"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := crashing(t)
			test.make(e)
			l := e.life(test.pod)
			got := l.troubles(l.object(e.now), e.now)
			if len(got) != len(test.want) {
				t.Fatalf("got %+v, want %q", got, test.want)
			}
			for i, want := range test.want {
				if said := got[i].say(test.pod); !strings.HasPrefix(said, want) || strings.HasPrefix(want, "container web/app was ") && said != want {
					t.Errorf("got %q, want %q", said, want)
				}
			}
		})
	}
}

func TestDescribeCommand(t *testing.T) {
	e := crashing(t)
	e.crashEvents()
	got := e.podup("describe")
	if got.code != 0 || !strings.HasPrefix(got.out, "Pod:         job (project shop)\n") || !strings.Contains(got.out, "\n\nPod:         web (project shop)\n") || got.err != "" {
		t.Errorf("exit code %d\n%s%s", got.code, got.out, got.err)
	}
	if strings.Contains(got.out, "hush") || strings.Contains(got.out, "\x1b") {
		t.Error("it shows the value of a Secret, or control characters")
	}
	if got := e.podup("describe", "web"); strings.Contains(got.out, "batch") {
		t.Errorf("another pod is on the page:\n%s", got.out)
	}
	if got := e.podup("describe", "wbe"); got.code != 1 || !strings.Contains(got.err, "there is job, web") {
		t.Errorf("%+v", got)
	}
}

func TestWhereAProbeStands(t *testing.T) {
	now := newClock().now()
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	failing := status.Tally{Result: status.Failure, Last: status.Failure, Count: 3, Output: "exit code 1\n", At: ago(9 * time.Second), Since: ago(12 * time.Second)}
	well := status.Tally{Result: status.Success, Last: status.Success, Count: 1, Output: "exit code 1", At: ago(15 * time.Second), Since: ago(15 * time.Second)}
	older := failing
	older.Since = time.Time{}
	for name, test := range map[string]struct {
		tally  status.Tally
		goesOn bool
		want   string
	}{
		"one that is going to be made":                        {status.Tally{}, true, "not made yet: it begins 4s after the start"},
		"one that goes on failing says since when":            {failing, true, "failing for 12s: exit code 1"},
		"one that goes on succeeding says since when":         {well, true, "succeeding for 15s"},
		"one that is made no more says when it was made last": {failing, false, "failed 3 of 3, 9s ago: exit code 1"},
		"one that has succeeded for good says when":           {well, false, "succeeded 1 of 1, 15s ago"},
		"a memory from before says what it knows":             {older, true, "failed 3 of 3, 9s ago: exit code 1"},
	} {
		t.Run(name, func(t *testing.T) {
			probe := &corev1.Probe{InitialDelaySeconds: 4, FailureThreshold: 3, SuccessThreshold: 1}
			if got := probeText(probe, test.tally, now, test.goesOn); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestTheAddressOfAPodSaysWhoseItIs(t *testing.T) {
	for name, test := range map[string]struct {
		ips  []string
		host string
		want string
	}{
		"a network of its own":               {[]string{"10.89.0.4", "fd00::4"}, "192.0.2.2", "10.89.0.4, fd00::4 on the machine 192.0.2.2"},
		"pasta gives it that of the machine": {[]string{"192.0.2.2", "fd00::2"}, "192.0.2.2", "192.0.2.2, fd00::2 (the machine's own)"},
		"a machine without an address":       {[]string{"10.89.0.4"}, "", "10.89.0.4"},
		"a pod without one":                  {nil, "192.0.2.2", ""},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{}
			pod.Status.HostIP = test.host
			for _, ip := range test.ips {
				pod.Status.PodIPs = append(pod.Status.PodIPs, corev1.PodIP{IP: ip})
			}
			if got := (description{pod: pod}).address(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestOutputIsWrappedAndNeverCut(t *testing.T) {
	for name, test := range map[string]struct{ line, want string }{
		"a line that fits stays":                       {"no database", "  | no database\n"},
		"as wide as the page is":                       {"12345678901234567890123456", "  | 12345678901234567890123456\n"},
		"a longer one goes on at a blank, further in":  {"cannot connect to db:5432, connection refused", "  | cannot connect to db:5432,\n  |   connection refused\n"},
		"a long word is broken where the page ends":    {"https://example.com/a/very/long/path", "  | https://example.com/a/very\n  |   /long/path\n"},
		"a word that would leave most of a line empty": {"see https://example.com/a/very/long/path", "  | see https://example.com/a/\n  |   very/long/path\n"},
		"blanks within are kept":                       {"a    b", "  | a    b\n"},
		"wide characters are not cut through":          {strings.Repeat("漢", 14), "  | " + strings.Repeat("漢", 13) + "\n  |   漢\n"},
	} {
		t.Run(name, func(t *testing.T) {
			p := page{width: 30}
			p.quote(2, []string{test.line})
			if got := p.text.String(); got != test.want {
				t.Errorf("got\n%swant\n%s", got, test.want)
			}
		})
	}
}
