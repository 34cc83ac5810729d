package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// lookAround is how often a status is told anew that says how long ago something was.
const lookAround = 10 * time.Second

// every is how often the loop looks around, often enough for the watchdog.
func (s *service) every() time.Duration {
	if half := s.notifier.Watchdog / 2; half > 0 {
		return min(half, lookAround)
	}
	return lookAround
}

// check asks the loops of the supervision for a sign of life, where a watchdog wants one: this loop has
// come round already. What hangs has until the watchdog barks.
func (s *service) check(ctx context.Context) {
	half := s.notifier.Watchdog / 2
	if half == 0 || s.checking || time.Since(s.checked) < half-half/8 {
		return
	}
	s.checked = time.Now()
	s.checking = true
	leading := s.leading
	s.group.Go(func() {
		var err error
		if leading {
			ctx, cancel := context.WithTimeout(ctx, s.notifier.Watchdog)
			defer cancel()
			err = s.supervisor.Alive(ctx)
		}
		s.alive <- err
	})
}

// names are the pods that the service is about: all that the project has, and before it is ready those of
// the manifests.
func (s *service) names() []string {
	var names []string
	for _, pod := range s.pods() {
		if s.notifier.IsReady() || s.wanted == nil || slices.Contains(s.wanted, pod.Name) {
			names = append(names, pod.Name)
		}
	}
	return names
}

// standing is how pods are.
type standing struct {
	total, up, failed int
	troubles          []string // why the others are not up
}

// text is a line for the service manager.
func (st standing) text(trouble string) string {
	text := fmt.Sprintf("%d of %s ready", st.up, count(st.total, "pod"))
	if len(st.troubles) > 0 {
		text += ": " + strings.Join(st.troubles, "; ")
	}
	if trouble != "" {
		text = trouble + " (" + text + ")"
	}
	return text
}

// describe says how pods are by what the supervisor has seen last.
func (s *service) describe(names []string, now time.Time) standing {
	st := standing{total: len(names)}
	for _, name := range names {
		pod, state, memory, ok := s.supervisor.Seen(name)
		if !ok {
			st.troubles = append(st.troubles, "pod "+name+" has not been looked at yet")
			continue
		}
		l := life{pod: pod, state: state, memory: memory, remembered: true}
		st.add(l, l.object(now), now)
	}
	return st
}

func (st *standing) add(l life, pod *corev1.Pod, now time.Time) {
	switch {
	case up(pod):
		st.up++
		return
	case pod.Status.Phase == corev1.PodFailed:
		st.failed++
	}
	troubles := l.troubles(pod, now)
	for _, t := range troubles {
		st.troubles = append(st.troubles, t.say(pod.Name))
	}
	if len(troubles) == 0 {
		st.troubles = append(st.troubles, "pod "+pod.Name+" is "+summarize(pod, now).status)
	}
}

// errPods are pods that have failed for good before their service was up.
var errPods = errors.New("every pod has failed for good")

// tell says how the pods are, and once that they are ready. Where none will be the service has failed.
func (s *service) tell(ctx context.Context) error {
	if s.supervisor == nil || s.applying || ctx.Err() != nil {
		return nil //nolint:nilerr // what is being applied is told by the view
	}
	names, now := s.names(), time.Now()
	if runs := s.running(names); runs != s.runs {
		s.runs = runs
		signalOnce(s.lines)
	}
	st := s.describe(names, now)
	if s.notifier.IsReady() || !s.current || !st.decided() {
		s.notifier.Status(st.text(s.trouble))
		return nil
	}
	// What was seen may be of before the last change.
	fresh, err := s.look(ctx, names, now)
	if err != nil || !fresh.decided() {
		s.notifier.Status(fresh.text(s.trouble))
		return nil //nolint:nilerr // it is looked at again
	}
	if fresh.up == 0 {
		return exit(exitPods, fmt.Errorf("%w: %s", errPods, strings.Join(fresh.troubles, "; ")))
	}
	s.notifier.Ready(fresh.text(s.trouble))
	s.view.Note(fresh.text(s.trouble))
	return nil
}

// decided says whether no pod is on its way any more.
func (st standing) decided() bool { return st.total > 0 && st.up+st.failed == st.total }

// look is describe by the engine as it is now.
func (s *service) look(ctx context.Context, names []string, now time.Time) (standing, error) {
	ctx, cancel := context.WithTimeout(ctx, loadTime)
	defer cancel()
	st := standing{total: len(names)}
	o, err := s.app.overview(ctx, s.engine, s.runtime.project)
	if err != nil {
		return st, err
	}
	for _, name := range names {
		l, err := o.life(ctx, name)
		if err != nil {
			return st, err
		}
		st.add(l, l.object(now), now)
	}
	return st, nil
}

// running tells the runs of all containers: the logs of another one are not followed yet.
func (s *service) running(names []string) string {
	var runs strings.Builder
	for _, name := range names {
		_, _, memory, _ := s.supervisor.Seen(name)
		var of []string
		for container, c := range memory.Containers {
			of = append(of, fmt.Sprint(container, c.Run.ID, c.Run.StartedAt.UnixNano()))
		}
		slices.Sort(of)
		fmt.Fprintln(&runs, name, of)
	}
	return runs.String()
}

// follow prints what the containers write, until ctx ends.
func (s *service) follow(ctx context.Context) {
	since := s.began
	for {
		err := followLogs(ctx, s.app.env, s.engine, nil, logsOptions{
			Project: s.runtime.project, Names: s.opts.pods, Tail: -1, Since: since.Truncate(time.Second), Color: s.app.color.value,
			Expect: func() bool { return true }, Look: s.lines,
		})
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.app.warn("follow the logs: " + err.Error())
		}
		since = time.Now()
		select {
		case <-time.After(firstRetry):
		case <-ctx.Done():
			return
		}
	}
}
