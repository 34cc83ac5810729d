package cmd

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

func TestTableOfAProject(t *testing.T) {
	now := newClock().now()
	for _, test := range []struct {
		name  string
		table projectTable
		width int
	}{
		{"ps.txt", projectTable{actual: shop(now), now: now}, 0},
		{"ps-all.txt", projectTable{actual: shop(now), now: now, all: true}, 0},
		{"ps-80.txt", projectTable{actual: shop(now), now: now}, 80},
		{"ps-60.txt", projectTable{actual: shop(now), now: now}, 60},
	} {
		var out bytes.Buffer
		if err := test.table.render(&out, palette{}, test.width, true); err != nil {
			t.Fatal(err)
		}
		golden(t, "view/"+test.name, out.String())
		for line := range lines(out.String()) {
			if strings.TrimRight(line, " ") != line {
				t.Errorf("%s: blanks at the end of %q", test.name, line)
			}
		}
		var painted bytes.Buffer
		if err := test.table.render(&painted, palette{on: true}, test.width, true); err != nil {
			t.Fatal(err)
		}
		terminal := newScreen(t, 1000, 1000)
		if _, err := terminal.Write(painted.Bytes()); err != nil || painted.Len() == out.Len() {
			t.Fatal(err, "not coloured")
		}
		if terminal.String() != out.String() {
			t.Errorf("%s: colour moves the columns:\n%s", test.name, terminal)
		}
	}
}

func TestWhereToReachAProject(t *testing.T) {
	now := newClock().now()
	for host, want := range map[string]string{
		"localhost": `localhost:8080 → web 80/tcp
localhost:8443 → web 443/tcp
[fd00::7]:9000 → web 9000/tcp`,
		// The loopback address of another machine is no address of this one.
		"build.example.com": `127.0.0.1:8080 → web 80/tcp
build.example.com:8443 → web 443/tcp
[fd00::7]:9000 → web 9000/tcp`,
	} {
		got := strings.Join(projectTable{actual: shop(now), now: now}.reach(func() string { return host }), "\n")
		if got != want {
			t.Errorf("on %s got\n%s\nwant\n%s", host, got, want)
		}
	}
}

func TestProjectAsADocument(t *testing.T) {
	now := newClock().now()
	var out bytes.Buffer
	if err := writeJSON(&out, projectTable{actual: shop(now), now: now}.document("shop")); err != nil {
		t.Fatal(err)
	}
	golden(t, "view/ps.json", out.String())
}

func TestPsCommand(t *testing.T) {
	engine := &still{actual: shop(newClock().now())}
	for _, test := range []struct {
		name     string
		args     []string
		code     int
		out, err string // substrings
		not      string
	}{
		{"all pods by default", []string{"ps"}, 0, "POD  CONTAINER", "", "migrate"},
		{"finished init containers on demand", []string{"ps", "-a"}, 0, "migrate", "", ""},
		{"only the pods named", []string{"ps", "web"}, 0, "sidecar", "", "postgres"},
		{"an unknown pod names the known ones", []string{"ps", "wbe"}, 1, "", `no pod "wbe": there is db, web, yy, zz`, "POD"},
		{"names of the engine alone", []string{"ps", "-q", "web"}, 0, "web-app\nweb-sidecar\n", "", "POD"},
		{"without headers", []string{"ps", "--no-headers"}, 0, "web", "", "POD"},
		{"an empty project is said on standard error", []string{"ps", "-p", "other"}, 0, "", "project other has no pods", "POD"},
		{"an empty project is an empty document", []string{"ps", "-p", "other", "-o", "json"}, 0, `"pods": []`, "", "other has"},
		{"an unknown format is a usage error", []string{"ps", "-o", "yaml"}, 2, "", "text or json", "POD"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, out, err := podup(t, engine, test.args...)
			if code != test.code || !strings.Contains(out, test.out) || !strings.Contains(err, test.err) || test.not != "" && strings.Contains(out, test.not) {
				t.Errorf("exit code %d\n%s\n%s", code, out, err)
			}
			if test.out == "" && out != "" {
				t.Errorf("unexpected output %q", out)
			}
		})
	}
	if !engine.closed {
		t.Error("the engine was not closed")
	}
}

func TestHostileNamesAreHarmlessInTables(t *testing.T) {
	now := newClock().now()
	actual := shop(now)
	web := actual.Pods["web"]
	for name, c := range web.Containers {
		c.Image = "evil\x1b[2J\nimage"
		c.Container = "a\x1bb"
		c.Name = "web-a\x1bb" + name
		web.Containers[name] = c
	}
	actual.Pods["web\r\x1b]0;x\a"] = web
	terminal := newScreen(t, 200, 100)
	if err := (projectTable{actual: actual, now: now}).render(terminal, palette{}, 0, true); err != nil {
		t.Fatal(err)
	}
}

func TestLastScreenOfUp(t *testing.T) {
	a := &app{env: Env{Getenv: environment(nil)}, color: enum{value: colorAlways}}
	var out bytes.Buffer
	actual := shop(newClock().now())
	a.showProject(t.Context(), &still{}, &out, actual)
	if got := out.String(); !strings.HasPrefix(got, "\x1b[1mPOD") || !strings.HasSuffix(got, "\n\nlocalhost:8080 → web 80/tcp\nlocalhost:8443 → web 443/tcp\n[fd00::7]:9000 → web 9000/tcp\n") {
		t.Errorf("got\n%s", got)
	}
	delete(actual.Pods, "web")
	out.Reset()
	a.showProject(t.Context(), &still{}, &out, actual)
	if strings.Contains(out.String(), "→") || strings.HasSuffix(out.String(), "\n\n") {
		t.Errorf("without ports\n%s", out.String())
	}
}

func TestLsCommand(t *testing.T) {
	engine := &still{}
	if code, out, err := podup(t, engine, "ls"); code != 0 || out != "" || err != "no projects on this engine\n" {
		t.Errorf("%d %q %q", code, out, err)
	}
	engine.projects = inventory()
	if _, out, _ := podup(t, engine, "ls", "-q"); out != "blog\nshop\n" {
		t.Errorf("names: %q", out)
	}
	if _, out, _ := podup(t, engine, "ls"); !strings.HasPrefix(out, "PROJECT  PODS  CONTAINERS  RUNNING  CREATED       INSTALLED\nblog     1     2           0        -             -\n") {
		t.Errorf("table:\n%s", out)
	}
	_, out, _ := podup(t, engine, "ls", "-o", "json")
	golden(t, "view/ls.json", out)
	if !json.Valid([]byte(out)) {
		t.Error("no JSON")
	}
}

func TestAContainerThatWasRemovedStaysInTheTable(t *testing.T) {
	for name, test := range map[string]struct {
		change func(e *lived, memory *status.Memory)
		want   string // its line
	}{
		"one that another program has removed": {func(e *lived, memory *status.Memory) {}, "web app - Removed - "},
		"one that is being replaced": {func(e *lived, memory *status.Memory) {
			e.actual.Pods["web"].Containers["web-app.old"] = plan.ContainerState{Name: "web-app.old", Pod: "web", Container: "app", Status: plan.Exited}
		}, ""},
		"one of an earlier pod": {func(e *lived, memory *status.Memory) { memory.PodID = "id-earlier" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := crashing(t)
			memory := e.life("web").memory
			memory.PodID = e.actual.Pods["web"].ID
			app := memory.Containers["app"]
			app.Removed = true
			memory.Containers["app"] = app
			delete(e.actual.Pods["web"].Containers, "web-app")
			test.change(e, &memory)
			var out bytes.Buffer
			table := projectTable{actual: e.actual, now: e.now, supervised: true, memories: map[string]status.Memory{"web": memory}}
			if err := table.render(&out, palette{}, 80, false); err != nil {
				t.Fatal(err)
			}
			got := ""
			for line := range lines(out.String()) {
				if strings.Contains(line, "Removed") {
					got = strings.Join(strings.Fields(line), " ") + " "
				}
			}
			if got != test.want {
				t.Errorf("got %q, want %q in\n%s", got, test.want, out.String())
			}
		})
	}
	// A pod of which nothing is left does not look as if it were up.
	e := crashing(t)
	memory := status.Memory{PodID: e.actual.Pods["job"].ID, Containers: map[string]status.Container{"batch": {Removed: true}}}
	delete(e.actual.Pods["job"].Containers, "job-batch")
	delete(e.actual.Pods, "web")
	var out bytes.Buffer
	table := projectTable{actual: e.actual, now: e.now, supervised: true, memories: map[string]status.Memory{"job": memory}}
	if err := table.render(&out, palette{}, 80, false); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "Up ") || !strings.Contains(out.String(), "Removed") {
		t.Errorf("%s", out.String())
	}
}

func TestTableOfASupervisedProject(t *testing.T) {
	e := crashing(t)
	project := func(change func(m *status.Container)) projectTable {
		memory := e.life("web").memory
		app := memory.Containers["app"]
		change(&app)
		memory.Containers["app"] = app
		return projectTable{actual: e.actual, now: e.now, supervised: true, memories: map[string]status.Memory{"web": memory}}
	}
	run := plan.Run{ID: "id-web-app", StartedAt: e.ago(2 * time.Minute), Pid: 4711}
	for name, test := range map[string]struct {
		change         func(c *status.Container)
		running        bool
		status, reason string
	}{
		"backed off":                {func(*status.Container) {}, false, "Back-off, next try in 8s", "CrashLoopBackOff"},
		"ended for good":            {func(c *status.Container) { c.Waiting = status.Waiting{} }, false, "Exited (1) 12 seconds ago", "Error"},
		"killed by the kernel":      {func(c *status.Container) { c.Waiting, c.Run.OOMKilled = status.Waiting{}, true }, false, "Exited (1) 12 seconds ago", "OOMKilled"},
		"not ready":                 {func(c *status.Container) { c.Run = run }, true, "Up 2 minutes (not ready)", ""},
		"ready":                     {func(c *status.Container) { c.Run, c.Ready = run, true }, true, "Up 2 minutes (ready)", ""},
		"ready without a probe":     {func(c *status.Container) { c.Run, c.Ready, c.Readiness = run, true, status.Tally{} }, true, "Up 2 minutes", ""},
		"of another container once": {func(c *status.Container) { c.Run = run; c.Run.ID = "id-old" }, true, "Up 2 minutes", ""},
	} {
		t.Run(name, func(t *testing.T) {
			table := project(test.change)
			c := e.actual.Pods["web"].Containers["web-app"]
			if test.running {
				c.Status, c.StartedAt = plan.Running, run.StartedAt
			}
			if got := table.status(c); got != test.status {
				t.Errorf("status %q, want %q", got, test.status)
			}
			if got := table.containerDocument(c); got.Reason != test.reason {
				t.Errorf("reason %q, want %q", got.Reason, test.reason)
			}
		})
	}
	table := project(func(*status.Container) {})
	c := e.actual.Pods["web"].Containers["web-app"]
	if got := table.containerDocument(c); got.Restarts != 3 || got.Ready == nil || *got.Ready || got.Started == nil {
		t.Errorf("%+v", got)
	}
	// What nobody supervises is not known to be ready, nor will it be started again.
	table.supervised = false
	if got := table.status(c); got != "Exited (1) 12 seconds ago" {
		t.Errorf("unsupervised: %q", got)
	}
	if got := table.containerDocument(c); got.Ready != nil || got.Restarts != 3 {
		t.Errorf("unsupervised: %+v", got)
	}
	var out bytes.Buffer
	table.supervised = true
	if err := table.render(&out, palette{}, 80, true); err != nil {
		t.Fatal(err)
	}
	golden(t, "view/ps-supervised.txt", out.String())
}

func TestTwoPortsOfAPodFitTheTerminal(t *testing.T) {
	now := newClock().now()
	port := func(number uint16, protocol string) translate.Port {
		return translate.Port{HostPort: number, ContainerPort: number, Protocol: protocol}
	}
	table := projectTable{now: now, actual: plan.Actual{Project: "adapter", Pods: map[string]plan.PodState{"adapter": {
		Name: "adapter", ID: "1", Infra: plan.ContainerState{Ports: []translate.Port{port(8080, "tcp"), port(9113, "udp")}},
		Containers: map[string]plan.ContainerState{
			"adapter-adapter": {
				Name: "adapter-adapter", Pod: "adapter", Container: "adapter", Image: "registry.example.com/library/python:3.13-slim",
				Status: plan.Running, StartedAt: now.Add(-2 * time.Minute),
			},
			"adapter-nginx": {
				Name: "adapter-nginx", Pod: "adapter", Container: "nginx", Order: 1, Image: "docker.io/library/nginx:1.26",
				Status: plan.Exited, ExitCode: 137, ExitedAt: now.Add(-time.Hour),
			},
		},
	}}}}
	for name, width := range map[string]int{"ps-ports-120.txt": 120, "ps-ports-80.txt": 80, "ps-ports-60.txt": 60} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := table.render(&out, palette{}, width, true); err != nil {
				t.Fatal(err)
			}
			golden(t, "view/"+name, out.String())
			for line := range lines(out.String()) {
				if cells.StringWidth(line) > width {
					t.Errorf("wider than %d: %q", width, line)
				}
			}
			for _, want := range []string{"python:", "3.13-slim", "nginx:1.26", "8080->8080", "9113->9113/udp"} {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%s is not readable", want)
				}
			}
		})
	}
}
