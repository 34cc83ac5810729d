package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/manifest"
	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/release"
	"github.com/podup/podup/status"
	"github.com/podup/podup/supervise"
	"github.com/podup/podup/translate"
)

// lived is a project in the middle of its life: an engine whose releases, inspections and logs are
// values, and a runtime directory.
type lived struct {
	*still
	t       *testing.T
	want    translate.Project
	runs    map[string]plan.Run     // by engine name; what Inspect says
	network map[string]plan.Sandbox // by pod
	tails   map[string][]string
	files   directory
	looks   int // how often the engine was asked for the whole project
	env     map[string]string
	runtime runtimeDir
	now     time.Time
}

func (e *lived) Observe(ctx context.Context, want translate.Project) (plan.Actual, error) {
	e.looks++
	return e.still.Observe(ctx, want)
}
func (e *lived) History(string) release.Reader { return release.Reader{Files: e.files} }
func (e *lived) Inspect(_ context.Context, container string) (plan.Run, error) {
	run, ok := e.runs[container]
	if !ok {
		return plan.Run{}, fmt.Errorf("look at container/%s: no such container", container)
	}
	return run, nil
}
func (e *lived) Sandbox(_ context.Context, pod string) (plan.Sandbox, error) {
	return e.network[pod], nil
}
func (e *lived) Tail(_ context.Context, container string, lines int) ([]string, error) {
	tail := e.tails[container]
	return tail[max(0, len(tail)-lines):], nil
}

// newLived applies manifests; every pod and container of them is there, made three minutes ago, and
// none has run.
func newLived(t *testing.T, manifests string) *lived {
	t.Helper()
	e := &lived{
		still: &still{actual: plan.Actual{Project: "shop", Pods: map[string]plan.PodState{}, Release: true}},
		t:     t, runs: map[string]plan.Run{}, network: map[string]plan.Sandbox{}, tails: map[string][]string{},
		files: directory(t.TempDir()), env: map[string]string{"XDG_RUNTIME_DIR": t.TempDir(), "PODUP_PROJECT": "shop"},
		now: newClock().now(),
	}
	var err error
	if e.runtime, err = openRuntime(environment(e.env), "shop"); err != nil {
		t.Fatal(err)
	}
	set, problems := manifest.Load([]manifest.Source{{Name: "pod.yaml", Dir: "/", Data: []byte(manifests)}})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	store := release.Store{Files: e.files}
	key, _, err := store.Key(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	number, err := store.Begin(t.Context(), release.Release{Set: set, Created: e.now}, key)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Finish(t.Context(), number); err != nil {
		t.Fatal(err)
	}
	if e.want, err = (target{project: "shop", set: set}).want(key); err != nil {
		t.Fatal(err)
	}
	for _, pod := range e.want.Pods {
		made := e.now.Add(-3 * time.Minute)
		state := plan.PodState{Name: pod.Name, ID: "id-" + pod.Name, Hash: pod.Hash(), Containers: map[string]plan.ContainerState{}}
		state.Infra = plan.ContainerState{
			Name: translate.InfraName(pod.Name), ID: "id-" + pod.Name + "-infra", Pod: pod.Name, Role: translate.RolePod,
			Status: plan.Running, CreatedAt: made, StartedAt: made, Ports: pod.Ports,
		}
		for _, c := range pod.Containers() {
			role := translate.RoleApp
			if c.Init {
				role = translate.RoleInit
			}
			state.Containers[c.EngineName()] = plan.ContainerState{
				Name: c.EngineName(), ID: "id-" + c.EngineName(), Pod: pod.Name, Container: c.Name, Role: role, Order: c.Order,
				Hash: c.Hash(), Image: c.Image, ImageID: "5d2f3a9e81c07b64", Status: plan.Created, CreatedAt: made,
			}
		}
		e.actual.Pods[pod.Name] = state
		e.network[pod.Name] = plan.Sandbox{Pid: 4000, StartedAt: made, IPs: []string{"10.89.0.4"}, HostIPs: []string{"192.168.1.7"}}
	}
	return e
}

// ago is a moment before the fixture's now.
func (e *lived) ago(d time.Duration) time.Time { return e.now.Add(-d) }

// ran sets the run of a container in the engine: its list and its inspection.
func (e *lived) ran(pod, container string, run plan.Run) plan.Run {
	e.t.Helper()
	name := translate.ContainerName(pod, container)
	c, ok := e.actual.Pods[pod].Containers[name]
	if !ok {
		e.t.Fatalf("no container %s", name)
	}
	run.Container, run.ID, run.ImageID = name, c.ID, c.ImageID
	c.StartedAt, c.ExitedAt, c.ExitCode, c.Status = run.StartedAt, run.FinishedAt, run.ExitCode, plan.Exited
	switch {
	case run.Running():
		c.Status, c.ExitedAt = plan.Running, time.Time{}
	case run.Lost:
		c.Status = plan.Lost
	}
	e.actual.Pods[pod].Containers[name] = c
	e.runs[name] = run
	return run
}

// remember writes what a supervisor remembers of a pod.
func (e *lived) remember(pod string, change func(m *status.Memory)) {
	e.t.Helper()
	memory, known := e.runtime.memory(pod)
	if !known {
		memory = status.Memory{
			Pod: pod, PodID: "id-" + pod, Since: e.ago(3 * time.Minute), Sandbox: e.network[pod], Containers: map[string]status.Container{},
		}
	}
	change(&memory)
	if err := e.runtime.make(); err != nil {
		e.t.Fatal(err)
	}
	if err := e.runtime.save(pod, memory); err != nil {
		e.t.Fatal(err)
	}
}

// supervise takes the place of a supervisor until stop is called.
func (e *lived) supervise() (stop func()) {
	e.t.Helper()
	if err := e.runtime.make(); err != nil {
		e.t.Fatal(err)
	}
	held, err := tryAcquire(e.runtime.path, e.runtime.path+"/supervisor.lock")
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(held.release)
	return held.release
}

func (e *lived) record(events ...supervise.Event) {
	e.t.Helper()
	for _, event := range events {
		if err := e.runtime.record(event); err != nil {
			e.t.Fatal(err)
		}
	}
}

// podup runs a command line on the project.
func (e *lived) podup(args ...string) outcome {
	e.t.Helper()
	return e.podupIn(e.t.Context(), args...)
}

func (e *lived) podupIn(ctx context.Context, args ...string) outcome {
	e.t.Helper()
	var out, err bytes.Buffer
	code := Main(ctx, Env{
		In: &bytes.Buffer{}, Out: &out, Err: &err, Getenv: environment(e.env),
		Connect: func(context.Context, podmanapi.Options) (Engine, error) { return e, nil },
	}, args)
	return outcome{code, out.String(), err.String()}
}

// overview is the project as commands see it.
func (e *lived) overview() *overview {
	e.t.Helper()
	a := &app{env: Env{Getenv: environment(e.env)}}
	o, err := a.overview(e.t.Context(), e, "shop")
	if err != nil {
		e.t.Fatal(err)
	}
	return o
}

func (e *lived) life(pod string) life {
	e.t.Helper()
	l, err := e.overview().life(e.t.Context(), pod)
	if err != nil {
		e.t.Fatal(err)
	}
	return l
}

func TestAPodThatHasJustBeenLaunchedHasItsAddress(t *testing.T) {
	for name, test := range map[string]struct {
		infra   plan.Status
		network plan.Sandbox // that is remembered
		ips     string
	}{
		"nobody has looked at its network":              {plan.Running, plan.Sandbox{}, "10.89.0.4"},
		"its supervisor has, and is believed":           {plan.Running, plan.Sandbox{Pid: 7, IPs: []string{"10.89.0.9"}}, "10.89.0.9"},
		"its network has ended, and nobody looks at it": {plan.Exited, plan.Sandbox{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := newLived(t, webManifest)
			state := e.actual.Pods["web"]
			state.Infra.Status = test.infra
			e.actual.Pods["web"] = state
			e.remember("web", func(m *status.Memory) { m.Sandbox = test.network })
			e.supervise()
			object := e.life("web").object(e.now)
			if object.Status.PodIP != test.ips {
				t.Errorf("its address is %q, want %q", object.Status.PodIP, test.ips)
			}
		})
	}
}

// twoManifests are a pod with everything a life can have, and one that runs to its end.
const twoManifests = `apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
spec:
  initContainers:
  - name: migrate
    image: localhost/migrate:1
  - name: proxy
    image: localhost/proxy:1
    restartPolicy: Always
    startupProbe:
      tcpSocket: {port: 9000}
      failureThreshold: 30
      periodSeconds: 1
  containers:
  - name: app
    image: registry.example.com/shop/app:2026.08.21
    ports: [{containerPort: 8080, hostPort: 8080}]
    env:
    - name: TOKEN
      valueFrom: {secretKeyRef: {name: keys, key: token}}
    lifecycle:
      postStart: {exec: {command: [/bin/warm, --up]}}
      preStop: {sleep: {seconds: 5}}
    readinessProbe:
      httpGet: {port: 8080, path: /ready}
    livenessProbe:
      exec: {command: [/bin/alive]}
      periodSeconds: 20
    volumeMounts:
    - {name: data, mountPath: /data}
    - {name: data, mountPath: /etc/app, subPath: conf, readOnly: true}
  - name: side
    image: localhost/side:1
  volumes:
  - name: data
    emptyDir: {}
---
apiVersion: v1
kind: Pod
metadata:
  name: job
spec:
  restartPolicy: Never
  containers:
  - name: batch
    image: localhost/batch:1
---
apiVersion: v1
kind: Secret
metadata:
  name: keys
stringData: {token: hush-hush}
`

// crashing is the life in which web/app keeps ending, and the job has run.
func crashing(t *testing.T) *lived {
	t.Helper()
	e := newLived(t, twoManifests)
	e.supervise()
	migrate := e.ran("web", "migrate", plan.Run{StartedAt: e.ago(175 * time.Second), FinishedAt: e.ago(173 * time.Second)})
	proxy := e.ran("web", "proxy", plan.Run{StartedAt: e.ago(172 * time.Second), Pid: 4001})
	side := e.ran("web", "side", plan.Run{StartedAt: e.ago(171 * time.Second), Pid: 4002})
	first := plan.Run{Container: "web-app", ID: "id-web-app", StartedAt: e.ago(40 * time.Second), FinishedAt: e.ago(32 * time.Second), ExitCode: 2}
	app := e.ran("web", "app", plan.Run{
		StartedAt: e.ago(20 * time.Second), FinishedAt: e.ago(12 * time.Second), ExitCode: 1, Message: "no database at db:5432",
	})
	e.tails["web-app"] = []string{"connecting to db:5432", "panic: no database at db:5432", "\x1b[31mgoroutine 1 [running]:"}
	batch := e.ran("job", "batch", plan.Run{StartedAt: e.ago(170 * time.Second), FinishedAt: e.ago(150 * time.Second)})
	e.remember("web", func(m *status.Memory) {
		m.Initialized = true
		m.Containers = map[string]status.Container{
			"migrate": {Run: migrate, Ready: true},
			"proxy":   {Run: proxy, Started: true, Ready: true, Startup: status.Tally{Result: status.Success, Last: status.Success, Count: 1, At: e.ago(170 * time.Second)}},
			"side":    {Run: side, Started: true, Ready: true},
			"app": {
				Run: app, Previous: &first, Restarts: 3, Hook: status.HookDone,
				Waiting:   status.Waiting{Reason: status.CrashLoopBackOff, Message: "back-off 20s restarting failed container=app pod=web_default(b6002492-c8c9-553c-bcc1-6b5410ad074d)"},
				Backoff:   status.Backoff{Delay: 20 * time.Second, Updated: e.ago(12 * time.Second), Until: e.ago(-8 * time.Second)},
				Readiness: status.Tally{Result: status.Failure, Last: status.Failure, Count: 2, Output: "HTTP probe failed with statuscode: 503", At: e.ago(13 * time.Second)},
			},
		}
		m.Conditions = e.conditions("web")
	})
	e.remember("job", func(m *status.Memory) {
		m.Initialized, m.Phase = true, corev1.PodSucceeded
		m.Containers["batch"] = status.Container{Run: batch}
		m.Conditions = e.conditions("job")
	})
	return e
}

// conditions are those of a pod a while ago, so that none has a transition now.
func (e *lived) conditions(pod string) []corev1.PodCondition {
	l := e.life(pod)
	conditions := l.status(e.ago(100 * time.Second)).Conditions
	return conditions
}

func TestALostMemoryIsReadOffTheEngine(t *testing.T) {
	e := newLived(t, twoManifests)
	e.ran("web", "migrate", plan.Run{StartedAt: e.ago(175 * time.Second), FinishedAt: e.ago(173 * time.Second)})
	e.ran("web", "proxy", plan.Run{StartedAt: e.ago(172 * time.Second), Pid: 4001})
	e.ran("web", "app", plan.Run{StartedAt: e.ago(20 * time.Second), Pid: 4002})
	e.ran("web", "side", plan.Run{StartedAt: e.ago(20 * time.Second), Pid: 4003})
	l := e.life("web")
	if l.remembered || l.memory.PodID != "id-web" || l.memory.Sandbox.IPs[0] != "10.89.0.4" || !l.memory.Initialized {
		t.Errorf("%+v", l.memory)
	}
	pod := l.object(e.now)
	if pod.Status.PodIP != "10.89.0.4" || pod.Status.Phase != corev1.PodRunning {
		t.Errorf("status %+v", pod.Status)
	}
	// What only a probe can tell is not known; side has none.
	for name, want := range map[string]bool{"app": false, "side": true} {
		for _, c := range pod.Status.ContainerStatuses {
			if c.Name == name && c.Ready != want {
				t.Errorf("%s: ready %v, want %v", name, c.Ready, want)
			}
		}
	}
}

func TestAStaleMemoryIsBroughtUpToTheEngine(t *testing.T) {
	e := crashing(t)
	before, _ := e.runtime.memory("web")
	if err := errors.Join(e.runtime.save("web", before)); err != nil {
		t.Fatal(err)
	}
	l := e.life("web")
	if !l.remembered || l.memory.Containers["app"].Restarts != 3 {
		t.Fatalf("%+v", l.memory)
	}
	// The supervisor is gone, and somebody has started app by hand.
	e.ran("web", "app", plan.Run{StartedAt: e.ago(5 * time.Second), Pid: 4711})
	got, err := recall(t.Context(), e, l.pod, e.actual.Pods["web"], l.memory)
	if err != nil {
		t.Fatal(err)
	}
	app := got.Containers["app"]
	if app.Restarts != 4 || app.Previous == nil || app.Previous.ExitCode != 1 || app.Run.Pid != 4711 || app.Ready || app.Waiting.Reason != "" {
		t.Errorf("%+v", app)
	}
	if side := got.Containers["side"]; !side.Ready || side.Restarts != 0 {
		t.Errorf("%+v", side)
	}
	if before.Containers["app"].Restarts != 3 || l.memory.Containers["app"].Restarts != 3 {
		t.Error("the memory that was given has been changed")
	}
}

func TestTheMemoryOfAnotherPodOfTheNameCountsForNothing(t *testing.T) {
	e := crashing(t)
	e.remember("web", func(m *status.Memory) { m.PodID = "id-of-an-earlier-one" })
	if l := e.life("web"); l.remembered || l.memory.Containers["app"].Restarts != 0 {
		t.Errorf("%+v", l.memory)
	}
}

func TestAPodWhoseReleaseIsLostIsShownAsTheEngineHasIt(t *testing.T) {
	e := crashing(t)
	e.files = directory(t.TempDir())
	l := e.life("web")
	if l.pod.Object != nil || len(l.pod.Init) != 2 || len(l.pod.Apps) != 2 {
		t.Fatalf("%+v", l.pod)
	}
	pod := l.object(e.now)
	if pod.Name != "web" || pod.Namespace != "default" || len(pod.Spec.Containers) != 2 || pod.Spec.Containers[0].Image == "" {
		t.Errorf("%+v", pod)
	}
}
