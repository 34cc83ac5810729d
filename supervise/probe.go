package supervise

import (
	"context"
	"fmt"
	"reflect"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

// attempts is how often a probe that could not be made is tried before it is passed over
// (kubelet: prober.go maxProbeRetries).
const attempts = 3

type probeKind string

const (
	startup   probeKind = "Startup"
	readiness probeKind = "Readiness"
	liveness  probeKind = "Liveness"
)

type probeKey struct {
	container string
	kind      probeKind
}

// probing is one probe's worker.
type probing struct {
	run    plan.Run
	probe  *corev1.Probe
	cancel context.CancelFunc
}

// tally is where a container's memory keeps the results of one kind of probe.
func tally(c *status.Container, kind probeKind) *status.Tally {
	switch kind {
	case startup:
		return &c.Startup
	case readiness:
		return &c.Readiness
	default:
		return &c.Liveness
	}
}

// due are the probes that are to be made of a container now (kubelet: prober/worker.go doProbe).
func (l *lead) due(c translate.Container, m status.Container) map[probeKind]*corev1.Probe {
	due := map[probeKind]*corev1.Probe{}
	if !m.Run.Running() || c.Init && !c.Sidecar {
		return due
	}
	started := status.Started(c, m)
	// A pod that is taken down is still asked whether it is ready.
	ending := l.ending || l.busy[c.Name] == Stopping
	if p := c.Lifecycle.Startup; p != nil && !ending && m.Startup.Result == "" && m.Hook != status.HookRunning {
		due[startup] = p
	}
	if p := c.Lifecycle.Liveness; p != nil && !ending && started && m.Liveness.Result != status.Failure {
		due[liveness] = p
	}
	if p := c.Lifecycle.Readiness; p != nil && started {
		due[readiness] = p
	}
	return due
}

// attendProbes has one worker for every probe that is due and ends the others.
func (l *lead) attendProbes(ctx context.Context) {
	wanted := map[probeKey]probing{}
	for _, c := range l.pod.Containers() {
		m := l.memory.Containers[c.Name]
		if l.launch != nil && !l.launch.needsRun(c) {
			continue
		}
		for kind, probe := range l.due(c, m) {
			wanted[probeKey{c.Name, kind}] = probing{run: m.Run, probe: probe}
		}
	}
	for key, p := range l.probes {
		w, ok := wanted[key]
		if !ok || w.run.Pid != p.run.Pid || !w.run.StartedAt.Equal(p.run.StartedAt) || !reflect.DeepEqual(w.probe, p.probe) {
			p.cancel()
			delete(l.probes, key)
		}
	}
	for key, p := range wanted {
		if _, ok := l.probes[key]; !ok {
			l.probe(ctx, key, p)
		}
	}
}

// probe makes the attempts of one probe in a worker, until its container's run or the need for it
// ends.
func (l *lead) probe(ctx context.Context, key probeKey, p probing) {
	ctx, p.cancel = context.WithCancel(ctx)
	l.probes[key] = p
	m := l.memory.Containers[key.container]
	w := prober{
		lead: l, key: key, probing: p, pod: l.pod.Name, sandbox: l.memory.Sandbox, infra: l.infra(),
		tally: *tally(&m, key.kind), made: time.Now(),
	}
	w.up = max(w.made.Round(0).Sub(p.run.StartedAt), 0)
	switch {
	case key.kind == readiness && w.tally.At.IsZero():
		w.first = 0 // asked for at once when its container has started (kubelet: UpdatePodStatus)
	default:
		w.first = tick(l.memory.Since, w.made.Round(0), period(p.probe)).Sub(w.made.Round(0))
	}
	l.workers.Go(func() {
		defer p.cancel()
		w.work(ctx)
	})
}

// prober is the worker of one probe.
type prober struct {
	probing
	lead    *lead
	key     probeKey
	pod     string
	sandbox plan.Sandbox
	infra   plan.Run // of the infra container
	tally   status.Tally
	made    time.Time     // of the worker; what goes by since then, a clock that is set does not change
	up      time.Duration // for how long the container had run by then
	first   time.Duration // until the first attempt
}

func (w *prober) work(ctx context.Context) {
	timer := time.NewTimer(w.first)
	defer timer.Stop()
	delay := time.Duration(w.probe.InitialDelaySeconds) * time.Second
	every := period(w.probe)
	due := w.made.Add(w.first)
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		if w.up+time.Since(w.made) >= delay && !w.attempt(ctx) {
			return
		}
		// A probe that took longer than its period loses ticks, as with a time.Ticker.
		for due = due.Add(every); !due.After(time.Now()); due = due.Add(every) {
		}
		timer.Reset(time.Until(due))
	}
}

// attempt makes one attempt, records it and says whether there is to be another.
func (w *prober) attempt(ctx context.Context) bool {
	success, output, err := w.try(ctx)
	if ctx.Err() != nil {
		return false
	}
	s := w.lead.s
	if err != nil && w.over(ctx) {
		return true // until who leads the pod has noticed, or has the lock to: another podup may be stopping it
	}
	if err != nil {
		s.event(w.pod, w.key.container, Warning, "Unhealthy", fmt.Sprintf("%s probe errored and resulted in unknown state: %v", w.key.kind, err))
		return true
	}
	if !success {
		s.event(w.pod, w.key.container, Warning, "Unhealthy", fmt.Sprintf("%s probe failed: %s", w.key.kind, output))
	}
	before := w.tally
	w.tally = Record(w.tally, w.probe, success, output, time.Now().Round(0))
	after, key, run := w.tally, w.key, w.run
	told := w.lead.answer(ctx, func() {
		apply := func(m *status.Memory) {
			c := m.Containers[key.container]
			if c.Run.ID == run.ID && c.Run.StartedAt.Equal(run.StartedAt) {
				*tally(&c, key.kind) = after
				m.Containers[key.container] = c
			}
		}
		if after.Result == before.Result && after.Last == before.Last {
			apply(&w.lead.memory)
			return
		}
		w.lead.settle(apply)
		w.lead.looking = true
	})
	over := w.key.kind == startup && after.Result != "" || w.key.kind == liveness && after.Result == status.Failure
	return told && !over
}

// endPatience is how long an engine may take to say that a run has ended.
const endPatience = 100 * time.Millisecond

// over says that an attempt could not be made because the container's run or its network has ended. That says
// nothing about its health (kubelet: a worker stops with its container).
func (w *prober) over(ctx context.Context) bool {
	for _, run := range []plan.Run{w.run, w.infra} {
		asking, cancel := context.WithTimeout(ctx, endPatience)
		err := w.lead.s.cfg.Engine.Ended(asking, run)
		cancel()
		if err == nil {
			return true
		}
	}
	return ctx.Err() != nil // nobody wants to know any more
}

func (w *prober) try(ctx context.Context) (success bool, output string, err error) {
	for range attempts {
		if success, output, err = w.lead.s.cfg.Handler.Probe(ctx, w.run, w.sandbox, w.probe); err == nil || ctx.Err() != nil {
			break
		}
	}
	return success, output, err
}
