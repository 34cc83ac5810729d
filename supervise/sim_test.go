package supervise

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

// life is what a simulated container does in one run.
type life struct {
	lasts time.Duration // 0: for ever
	code  int
	oom   bool
	term  time.Duration // from the stop signal to its end
	deaf  bool          // to the stop signal
	exit  int           // its code after the stop signal
	fails error         // to start
}

// world is an engine, a handler, a lock and a runtime directory in memory. In a synctest bubble its
// clock is virtual. It keeps a log of what was done, with whole and tenth seconds since it was made,
// and notes what must never happen.
type world struct {
	t     *testing.T
	pod   translate.Pod
	began time.Time

	mu         sync.Mutex
	state      plan.PodState
	gone       bool
	died       time.Time                     // when the infra container did
	lives      map[string]func(run int) life // by name in the manifest
	runs       map[string]int                // starts so far
	current    map[string]*process           // by engine name, infra's too
	pid        int
	log        []string
	violations []string
	hooks      map[string]int // by container, hook and run
	probes     map[string]func() (bool, error)
	probing    int
	failPod    int // looks at the pod that fail
	breakEnded int // waits that break
	inspects   int
	// removing are containers that are listed until the engine is asked for one of them.
	removing map[string]bool

	lock   chan struct{}
	memory []byte // on disk
	events []Event
}

type process struct {
	run    plan.Run
	ended  chan struct{}
	life   life
	signal chan struct{}
}

func newWorld(t *testing.T, pod translate.Pod) *world {
	w := &world{
		t: t, pod: pod, began: time.Now(), state: created(pod),
		lives: map[string]func(int) life{}, runs: map[string]int{}, current: map[string]*process{},
		hooks: map[string]int{}, probes: map[string]func() (bool, error){}, lock: make(chan struct{}, 1), pid: 100,
	}
	w.startInfra()
	return w
}

func (w *world) startInfra() {
	w.pid++
	p := &process{ended: make(chan struct{}), signal: make(chan struct{})}
	p.run = plan.Run{Container: "web-infra", ID: "infra", Pid: w.pid, StartedAt: time.Now().Round(0)}
	w.current["web-infra"] = p
	w.state.Infra.Status, w.state.Infra.StartedAt = plan.Running, p.run.StartedAt
}

// killInfra lets the infra container die.
func (w *world) killInfra() {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.current["web-infra"]
	p.run.Pid = 0
	w.died = time.Now()
	w.state.Infra.Status = plan.Exited
	w.note("infra died")
	close(p.ended)
}

func (w *world) note(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf("%.1f ", time.Since(w.began).Seconds())+fmt.Sprintf(format, args...))
}

func (w *world) violate(format string, args ...any) {
	w.violations = append(w.violations, fmt.Sprintf(format, args...))
}

func (w *world) name(engine string) string { return strings.TrimPrefix(engine, "web-") }

func (w *world) Pod(context.Context, string) (plan.PodState, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failPod > 0 {
		w.failPod--
		return plan.PodState{}, false, errors.New("connection refused")
	}
	if w.gone {
		return plan.PodState{}, false, nil
	}
	return w.state, true, nil // the map is the world's own: whoever writes to it is found by -race
}

func (w *world) Sandbox(context.Context, string) (plan.Sandbox, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	run := w.current["web-infra"].run
	return plan.Sandbox{Pid: run.Pid, StartedAt: run.StartedAt, IPs: []string{"10.0.0.5"}}, nil
}

func (w *world) Inspect(_ context.Context, name string) (plan.Run, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inspects++
	if err := w.missing(name); err != nil {
		return plan.Run{}, err
	}
	p := w.current[name]
	if p == nil {
		return plan.Run{Container: name, ID: w.state.Containers[name].ID}, nil
	}
	return p.run, nil
}

func (w *world) Ended(ctx context.Context, run plan.Run) error {
	w.mu.Lock()
	p := w.current[run.Container]
	if w.breakEnded > 0 {
		w.breakEnded--
		w.mu.Unlock()
		return errors.New("unexpected EOF")
	}
	w.mu.Unlock()
	if p == nil || p.run.ID != run.ID || !p.run.StartedAt.Equal(run.StartedAt) {
		return nil
	}
	select {
	case <-p.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// remove is what `podman rm -f` does: the container ends, and is gone before or after anybody looks again.
func (w *world) remove(name string, listed bool) {
	if p := w.current[name]; p != nil {
		w.end(name, p, 0)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.removing = map[string]bool{name: true}
	if !listed {
		_ = w.missing(name)
	}
}

// missing says that the engine has no such container, and from then on does not list it.
func (w *world) missing(name string) error {
	if !w.removing[name] {
		return nil
	}
	containers := maps.Clone(w.state.Containers)
	delete(containers, name)
	w.state.Containers = containers
	return errors.New("no such container")
}

func (w *world) set(name string, change func(*plan.ContainerState)) {
	containers := map[string]plan.ContainerState{}
	for n, c := range w.state.Containers {
		containers[n] = c
	}
	c := containers[name]
	change(&c)
	containers[name] = c
	w.state.Containers = containers
}

func (w *world) StartContainer(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.missing(name); err != nil {
		return err
	}
	if p := w.current[name]; p != nil && p.run.Running() {
		w.violate("%s is started while it runs", name)
		return nil
	}
	if w.state.Infra.Status != plan.Running && time.Since(w.died) > 0 { // at once nobody can know
		w.violate("%s is started without a network", name)
	}
	w.runs[name]++
	one := life{}
	if script := w.lives[w.name(name)]; script != nil {
		one = script(w.runs[name])
	}
	if one.fails != nil {
		w.note("cannot start %s", w.name(name))
		return one.fails
	}
	w.pid++
	p := &process{life: one, ended: make(chan struct{}), signal: make(chan struct{})}
	p.run = plan.Run{Container: name, ID: w.state.Containers[name].ID, Pid: w.pid, StartedAt: time.Now().Round(0)}
	w.current[name] = p
	w.set(name, func(c *plan.ContainerState) {
		c.Status, c.StartedAt, c.ExitedAt = plan.Running, p.run.StartedAt, time.Time{}
	})
	w.note("start %s", w.name(name))
	if one.lasts > 0 {
		time.AfterFunc(one.lasts, func() { w.end(name, p, one.code) })
	}
	return nil
}

func (w *world) end(name string, p *process, code int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !p.run.Running() {
		return
	}
	p.run.Pid, p.run.ExitCode, p.run.FinishedAt, p.run.OOMKilled = 0, code, time.Now().Round(0), p.life.oom
	w.set(name, func(c *plan.ContainerState) { c.Status, c.ExitCode, c.ExitedAt = plan.Exited, code, p.run.FinishedAt })
	w.note("%s ended %d", w.name(name), code)
	close(p.ended)
}

func (w *world) StopContainer(ctx context.Context, op plan.StopContainer) error {
	w.mu.Lock()
	p := w.current[op.Name]
	if p == nil || !p.run.Running() {
		w.mu.Unlock()
		return nil
	}
	w.note("stop %s within %s", w.name(op.Name), op.Grace)
	w.mu.Unlock()
	if !p.life.deaf {
		time.AfterFunc(p.life.term, func() { w.end(op.Name, p, p.life.exit) })
	}
	timer := time.NewTimer(op.Grace)
	defer timer.Stop()
	select {
	case <-p.ended:
	case <-timer.C:
		w.end(op.Name, p, 137)
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

func (w *world) Tail(context.Context, string, int) ([]string, error) {
	return []string{"the last line"}, nil
}

// Hook understands sleep DURATION, fail and ok.
func (w *world) Hook(ctx context.Context, run plan.Run, _ plan.Sandbox, hook *corev1.LifecycleHandler) error {
	words := hook.Exec.Command
	w.mu.Lock()
	if !run.Running() {
		w.violate("hook %v of %s without a process", words, run.Container)
	}
	key := fmt.Sprintf("%s %v of the run of %s", run.Container, words, run.StartedAt)
	if w.hooks[key]++; w.hooks[key] > 1 {
		w.violate("%s is run twice", key)
	}
	w.note("hook %s %s", w.name(run.Container), strings.Join(words, " "))
	w.mu.Unlock()
	switch words[0] {
	case "fail":
		return errors.New("command terminated with exit code 1")
	case "sleep", "drain":
		d, err := time.ParseDuration(words[1])
		if err != nil {
			panic(err)
		}
		select {
		case <-time.After(d):
		case <-ctx.Done():
			return ctx.Err()
		}
		if words[0] == "drain" {
			w.mu.Lock()
			w.note("%s drained", w.name(run.Container))
			w.mu.Unlock()
		}
	}
	return nil
}

func (w *world) Probe(ctx context.Context, run plan.Run, _ plan.Sandbox, probe *corev1.Probe) (bool, string, error) {
	name := probe.Exec.Command[0]
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.current[run.Container]; p == nil || p.run.Pid != run.Pid {
		return false, "", errors.New("no such container")
	}
	w.probing++
	w.note("probe %s", name)
	f := w.probes[name]
	if f == nil {
		return true, "", nil
	}
	ok, err := f()
	if err != nil {
		return false, "", err
	}
	return ok, "it said no", nil
}

// hold is Config.Lock: the memory goes through JSON, as on disk.
func (w *world) hold(ctx context.Context, _ string) (Held, error) {
	select {
	case w.lock <- struct{}{}:
	case <-ctx.Done():
		return Held{}, ctx.Err()
	}
	return w.held(), nil
}

func (w *world) held() Held {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := Held{Known: w.memory != nil, Unlock: func() { <-w.lock }}
	if h.Known {
		if err := json.Unmarshal(w.memory, &h.Memory); err != nil {
			panic(err)
		}
	}
	h.Save = func(m status.Memory) error {
		data, err := json.Marshal(m)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.memory = data
		return err
	}
	return h
}

func (w *world) config() Config {
	return Config{
		Engine: w, Handler: w, Lock: w.hold,
		Report: func(e Event) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.events = append(w.events, e)
		},
		Restart: func(context.Context, string) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.note("new network")
			w.startInfra()
			return nil
		},
	}
}

func (w *world) supervisor() *Supervisor {
	return New(w.config(), translate.Project{Name: "shop", Pods: []translate.Pod{w.pod}})
}

// launch launches the pod under its lock, as up does.
func (w *world) launch(s *Supervisor) (Launched, error) {
	held, err := w.hold(w.t.Context(), w.pod.Name)
	if err != nil {
		return Launched{}, err
	}
	defer held.Unlock()
	return s.Launch(w.t.Context(), w.pod, held, nil)
}

// supervise runs a supervisor for a while. It ends without a goroutine left, or synctest says so.
func (w *world) supervise(s *Supervisor, d time.Duration) {
	ctx, cancel := context.WithTimeout(w.t.Context(), d)
	defer cancel()
	if err := s.Run(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		w.t.Errorf("Run: %v", err)
	}
}

// said is the log without times, lines that begin with one of the words.
func (w *world) said(words ...string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var lines []string
	for _, line := range w.log {
		_, text, _ := strings.Cut(line, " ")
		if len(words) == 0 || slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(text, word) }) {
			lines = append(lines, line)
		}
	}
	return lines
}

func (w *world) check() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, v := range w.violations {
		w.t.Error(v)
	}
	if w.t.Failed() {
		w.t.Logf("log:\n%s", strings.Join(w.log, "\n"))
		for _, e := range w.events {
			w.t.Logf("event %s %s %s", e.Container, e.Reason, e.Message)
		}
	}
}

func (w *world) remembered() status.Memory {
	w.mu.Lock()
	defer w.mu.Unlock()
	var m status.Memory
	if err := json.Unmarshal(w.memory, &m); err != nil {
		w.t.Fatal(err)
	}
	return m
}

// bubble runs a test with a virtual clock.
func bubble(t *testing.T, pod translate.Pod, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, pod)
		test(w)
		w.check()
	})
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func always(l life) func(int) life { return func(int) life { return l } }
