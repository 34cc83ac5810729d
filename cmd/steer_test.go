package cmd

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
)

func steps(p plan.Plan) string {
	var out []string
	for _, step := range p.Steps {
		out = append(out, step.Op.String())
	}
	return strings.Join(out, ", ")
}

func TestWhatStopStartAndRestartDo(t *testing.T) {
	e := ready(t)
	web, job := e.life("web"), e.life("job")
	if got := steps(stopPods("shop", []life{job, web}, -1)); got != "stop pod/job, stop pod/web" {
		t.Error(got)
	}
	if got := steps(stopPods("shop", []life{web}, 5*time.Second)); got != "stop pod/web within 5s" {
		t.Error(got)
	}
	p, err := startPods("shop", []life{web}, false, -1)
	if err != nil || steps(p) != "start pod/web, run pod/web" {
		t.Error(steps(p), err)
	}
	run, ok := p.Steps[1].Op.(plan.RunPod)
	if !ok || strings.Join(run.Start, " ") != "web-migrate web-proxy web-app web-side" || len(p.Steps[1].After) != 1 {
		t.Errorf("%+v", p.Steps[1])
	}
	if p, err = startPods("shop", []life{job, web}, true, -1); err != nil || steps(p) != "stop pod/job, start pod/job, run pod/job, stop pod/web, start pod/web, run pod/web" {
		t.Error(steps(p), err)
	}
	if len(p.Changes) != 2 || p.Changes[0].Action != plan.ActionRestart || len(p.Steps[3].After) > 0 {
		t.Errorf("pods wait for each other: %+v", p)
	}
	if p, err = restartContainer(plan.Plan{}, web, "app", -1); err != nil || steps(p) != "stop container/web-app, start container/web-app" {
		t.Error(steps(p), err)
	}
	if _, err = restartContainer(plan.Plan{}, web, "proxy", -1); err != nil {
		t.Errorf("a sidecar: %v", err)
	}
}

func TestWhatCannotBeStarted(t *testing.T) {
	e := ready(t)
	web := e.life("web")
	for name, test := range map[string]struct {
		change    func(l *life)
		container string // to restart; empty: start the pod
		want      string
	}{
		"a container is missing": {func(l *life) { delete(l.state.Containers, "web-app") }, "", "pod web lacks container app: podup up makes it"},
		"the pod is missing":     {func(l *life) { l.state.ID = "" }, "", "pod web is not whole: podup up mends it"},
		"a container of no name": {func(*life) {}, "ap", `no container "web/ap": there is web/migrate, web/proxy, web/app, web/side`},
		"an init container":      {func(*life) {}, "migrate", "restart its pod with podup restart web"},
		"a stopped pod":          {func(l *life) { l.memory.Stopped = true }, "app", "its pod is stopped: podup start web"},
		"a pod that is down":     {func(l *life) { l.state.Infra.Status = plan.Exited }, "app", "its pod is stopped: podup start web"},
	} {
		t.Run(name, func(t *testing.T) {
			l := e.life("web")
			l.state = web.state
			l.state.Containers = map[string]plan.ContainerState{}
			for name, c := range web.state.Containers {
				l.state.Containers[name] = c
			}
			test.change(&l)
			var err error
			if test.container == "" {
				_, err = startPods("shop", []life{l}, false, -1)
			} else {
				_, err = restartContainer(plan.Plan{}, l, test.container, -1)
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestAPodThatIsStartedByItsUserBeginsAnew(t *testing.T) {
	e := crashing(t)
	l := e.life("web")
	m := l.memory
	m.Phase, m.Reason = corev1.PodFailed, status.DeadlineExceeded
	if m = stopped(l, m); !m.Stopped {
		t.Error("it is not stopped")
	}
	m = anew(l, m)
	app := m.Containers["app"]
	if m.Stopped || m.Phase != "" || m.Reason != "" || m.Initialized {
		t.Errorf("%+v", m)
	}
	if !app.Stale || app.Backoff.Delay != 0 || app.Waiting.Reason != "" || app.Restarts != 3 {
		t.Errorf("%+v", app)
	}
}

func TestPodsAreStoppedAndStartedAgain(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", webManifest)
	s.podup(0, "up", "-d")
	before := s.actual().Pods["web"]
	r, err := openRuntime(environment(s.environment), "shop")
	if err != nil {
		t.Fatal(err)
	}

	s.podup(0, "stop")
	down := s.actual().Pods["web"]
	if down.ID != before.ID || down.Infra.Status == plan.Running || down.Containers["web-app"].ID != before.Containers["web-app"].ID || down.Containers["web-app"].Status == plan.Running {
		t.Errorf("after stop: %+v", down)
	}
	if memory, _ := r.memory("web"); !memory.Stopped {
		t.Error("a supervisor would start it again")
	}
	again := s.podup(0, "stop")
	s.contains(again.err, "web: stopped before")
	s.contains(s.podup(0, "status").out, "web 0/2 Stopped")
	s.contains(s.podup(0, "describe", "web").out, "pod web was stopped: podup start web starts it")

	s.podup(1, "restart", "web/app")
	s.podup(0, "start", "web")
	up := s.actual().Pods["web"]
	if up.ID != before.ID || up.Infra.Status != plan.Running || up.Containers["web-app"].Status != plan.Running || up.Containers["web-side"].Status != plan.Running {
		t.Errorf("after start: %+v", up)
	}
	started, _ := r.memory("web")
	if started.Stopped {
		t.Error("it counts as stopped")
	}
	s.contains(s.podup(0, "start").err, "web: running already")

	s.service.Forget()
	s.podup(0, "restart", "web/app")
	for _, write := range s.service.Writes() {
		if strings.Contains(write.Path, "/pods/") || strings.Contains(write.Path, "web-side") {
			t.Errorf("restarting one container has written %s %s", write.Method, write.Path)
		}
	}
	after, _ := r.memory("web")
	app := after.Containers["app"]
	if app.Restarts != started.Containers["app"].Restarts+1 || app.Previous == nil || app.Previous.Lost || app.Previous.FinishedAt.IsZero() {
		t.Errorf("how the container ended that was restarted is lost: %+v", app)
	}
	s.podup(0, "restart")
	if last := s.actual().Pods["web"]; last.Infra.Status != plan.Running || last.Containers["web-app"].Status != plan.Running || last.ID != before.ID {
		t.Errorf("after restart: %+v", last)
	}
	s.contains(s.podup(2, "stop", "web/app").err, `"web/app" is a container`)
	s.contains(s.podup(1, "start", "wbe").err, `no pod "wbe": there is web`)
	s.podup(0, "down")
}
