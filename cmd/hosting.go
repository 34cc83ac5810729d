package cmd

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// hosting is a foreground `up` that supervises its pods itself, where nobody does in the background.
type hosting struct {
	runtime runtimeDir
	stop    context.CancelFunc // nil: somebody else supervises
	over    chan struct{}
	place   *lock
}

// lookedAt is longer than those who only look whether there is a supervisor hold its lock.
const lookedAt = 50 * time.Millisecond

// host becomes the supervisor of a project if it has none.
func (a *app) host(ctx context.Context, engine Engine, project string) (*hosting, error) {
	runtime, err := openRuntime(a.env.Getenv, project)
	if err != nil {
		return nil, err
	}
	h := &hosting{runtime: runtime, over: make(chan struct{})}
	hangup, quit := make(chan os.Signal, 1), make(chan os.Signal, 1)
	notifySupervisor(hangup, quit)
	h.place, err = runtime.takePlace(lookedAt)
	if errors.Is(err, errHeld) {
		signal.Stop(hangup)
		signal.Stop(quit)
		runtime.tell()
		return h, nil
	}
	if err != nil {
		return nil, err
	}
	s, err := a.newSupervision(ctx, engine, runtime)
	if err == nil {
		_, err = s.load(ctx)
	}
	if err != nil {
		h.place.release()
		return nil, err
	}
	ctx, h.stop = context.WithCancel(context.WithoutCancel(ctx))
	leave := h.stop
	go func() {
		select {
		case <-quit:
			leave()
		case <-ctx.Done():
		}
	}()
	go func() {
		defer close(h.over)
		defer s.close()
		s.run(ctx, hangup)
		h.place.release() // whoever has told it to leave waits for that
		signal.Stop(hangup)
		signal.Stop(quit)
	}()
	return h, nil
}

// end ends the supervision and leaves what runs running. It may be called again.
func (h *hosting) end() {
	if h.stop == nil {
		return
	}
	h.stop()
	<-h.over
	h.stop = nil
}

// expects says whether a pod, of those named or of all, may still start something of itself.
func (h *hosting) expects(pods []string) bool {
	if h.stop == nil {
		if _, ok := h.runtime.supervised(); !ok {
			return false
		}
	} else {
		select {
		case <-h.over: // no pod is left
			return false
		default:
		}
	}
	for pod, memory := range h.runtime.memories() {
		named := len(pods) == 0
		for _, name := range pods {
			named = named || name == pod
		}
		if named && !memory.Stopped && memory.Phase != corev1.PodSucceeded && memory.Phase != corev1.PodFailed {
			return true
		}
	}
	return false
}
