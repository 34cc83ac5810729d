package supervise

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

// host is a process that supervises a world and is killed with SIGKILL before or after one of its
// calls: from then on it does nothing, and its lock is free.
type host struct {
	*world
	mu     sync.Mutex
	calls  int
	killAt int
	after  bool // the call that kills is carried out
	dead   chan struct{}
	unlock func()
}

// call says whether a call is carried out, and whether its answer comes.
func (h *host) call() (do, answer bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-h.dead:
		return false, false
	default:
	}
	if h.calls++; h.calls == h.killAt {
		close(h.dead)
		if h.unlock != nil {
			h.unlock()
			h.unlock = nil
		}
		return h.after, false
	}
	return true, true
}

// through carries out a call, or is killed.
func through[T any](ctx context.Context, h *host, f func() (T, error)) (T, error) {
	do, answer := h.call()
	var value T
	var err error
	if do {
		value, err = f()
	}
	if !answer {
		<-ctx.Done()
		return value, ctx.Err()
	}
	return value, err
}

func (h *host) Pod(ctx context.Context, pod string) (plan.PodState, bool, error) {
	state, err := through(ctx, h, func() (plan.PodState, error) { s, _, err := h.world.Pod(ctx, pod); return s, err })
	return state, true, err
}

func (h *host) Sandbox(ctx context.Context, pod string) (plan.Sandbox, error) {
	return through(ctx, h, func() (plan.Sandbox, error) { return h.world.Sandbox(ctx, pod) })
}

func (h *host) Inspect(ctx context.Context, name string) (plan.Run, error) {
	return through(ctx, h, func() (plan.Run, error) { return h.world.Inspect(ctx, name) })
}

func (h *host) StartContainer(ctx context.Context, name string) error {
	_, err := through(ctx, h, func() (int, error) { return 0, h.world.StartContainer(ctx, name) })
	return err
}

func (h *host) StopContainer(ctx context.Context, op plan.StopContainer) error {
	_, err := through(ctx, h, func() (int, error) { return 0, h.world.StopContainer(ctx, op) })
	return err
}

func (h *host) Hook(ctx context.Context, run plan.Run, sandbox plan.Sandbox, hook *corev1.LifecycleHandler) error {
	_, err := through(ctx, h, func() (int, error) { return 0, h.world.Hook(ctx, run, sandbox, hook) })
	return err
}

func (h *host) hold(ctx context.Context, pod string) (Held, error) {
	held, err := h.world.hold(ctx, pod)
	if err != nil {
		return held, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-h.dead:
		held.Unlock()
		<-ctx.Done()
		return Held{}, ctx.Err()
	default:
	}
	h.unlock = held.Unlock
	save := held.Save
	held.Save = func(m status.Memory) error {
		select {
		case <-h.dead:
			<-ctx.Done()
			return ctx.Err()
		default:
			return save(m)
		}
	}
	held.Unlock = func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.unlock != nil {
			h.unlock()
			h.unlock = nil
		}
	}
	return held, nil
}

// TestKilledAtAnyMoment supervises a pod of every kind of container with a chain of supervisors, each
// of which is killed at some call of its. No container is started while it runs and no hook is run
// twice (the world sees to that), nothing is restarted more often than its back-off allows, and the
// last supervisor has everything running.
func TestKilledAtAnyMoment(t *testing.T) {
	seeds := 60
	if testing.Short() {
		seeds = 15
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { killed(t, rand.New(rand.NewPCG(uint64(seed), 0))) })
	}
}

func killed(t *testing.T, random *rand.Rand) {
	pod := aPod(onAlways, "init:first sidecar:proxy init:second a b c",
		lifecycle("proxy", func(l *translate.Lifecycle) { l.Startup, l.PostStart = aProbe("up", 1, 30), command("sleep 1s") }),
		lifecycle("a", func(l *translate.Lifecycle) { l.PostStart, l.PreStop = command("sleep 2s"), command("ok") }),
		lifecycle("b", func(l *translate.Lifecycle) {
			l.PreStop, l.Liveness = command("sleep 1s"), aProbe("alive", 3, 2)
		}),
	)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, pod)
		defer w.check()
		w.lives["first"] = always(life{lasts: time.Second})
		w.lives["second"] = func(run int) life { return life{lasts: time.Second, code: run % 2} }
		w.lives["c"] = always(life{lasts: 2 * time.Second, code: 1})
		calm := time.Now().Add(10 * time.Minute)
		w.probes["alive"] = func() (bool, error) {
			return time.Now().After(calm) || (time.Since(w.began)/time.Second)%40 < 20, nil
		}
		if random.IntN(2) == 0 {
			time.AfterFunc(time.Duration(random.IntN(300))*time.Second, w.killInfra)
		}
		const chain = 12
		for i := range chain {
			h := &host{world: w, killAt: 1 + random.IntN(60), after: random.IntN(2) == 0, dead: make(chan struct{})}
			if i == chain-1 {
				h.killAt = -1
			}
			cfg := w.config()
			cfg.Engine, cfg.Handler, cfg.Lock = h, h, h.hold
			s := New(cfg, translate.Project{Pods: []translate.Pod{pod}})
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+random.IntN(90))*time.Second)
			if i == chain-1 {
				cancel()
				ctx, cancel = context.WithTimeout(t.Context(), 30*time.Minute)
			}
			finished := make(chan struct{})
			go func() {
				defer close(finished)
				if held, err := h.hold(ctx, pod.Name); err == nil {
					// What up does for a pod that has never been launched, or not to its end.
					if i == 0 || !held.Known || !held.Memory.Initialized {
						_, _ = s.Launch(ctx, pod, held, nil)
					}
					held.Unlock()
				}
				_ = s.Run(ctx)
			}()
			select {
			case <-h.dead:
			case <-ctx.Done():
			}
			cancel()
			<-finished
			h.mu.Lock()
			if h.unlock != nil {
				h.unlock()
			}
			h.mu.Unlock()
		}
		starts := map[string]int{}
		w.mu.Lock()
		for name, n := range w.runs {
			starts[w.name(name)] = n
		}
		for _, name := range []string{"proxy", "a", "b"} {
			if p := w.current["web-"+name]; p == nil || !p.run.Running() {
				w.violate("%s does not run in the end", name)
			}
		}
		passed := time.Since(w.began)
		w.mu.Unlock()
		// Two at once, then 10, 20, 40, 80, 160 and every 300 s; a new network makes one of each more.
		if most := 9 + int(passed/(300*time.Second)); starts["c"] > most {
			w.violate("c was started %d times in %s, %d is the most", starts["c"], passed, most)
		}
		if starts["a"] > 3 || starts["proxy"] > 3 {
			w.violate("a healthy container was started again: %v", starts)
		}
	})
}
