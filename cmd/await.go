package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/translate"
)

const (
	// awaitEvery is how soon a change of a pod's memory is noticed; it costs a stat.
	awaitEvery = 15 * time.Millisecond
	// lookEvery is how often the engine is asked while a supervisor writes what happens, and
	// lookUnsupervised while nobody does.
	lookEvery        = 2 * time.Second
	lookUnsupervised = 300 * time.Millisecond
)

// awaiting is a waiting for something to be true of pods.
type awaiting struct {
	overview *overview
	pods     []string
	// met judges a pod, nil where the engine has none of the name. An error ends the waiting.
	met func(name string, pod *corev1.Pod) (bool, error)
	// done is told of each pod for which it is met; nil is nobody.
	done    func(name string)
	timeout time.Duration // 0 looks once, negative is no limit
	warn    func(string)
	// tell is told why a pod is not there yet, each cause once; nil is nobody.
	tell func(string)

	told  map[string]bool        // the causes, with their pods
	seen  map[string]life        // the pods when they were last judged
	files map[string]fs.FileInfo // the memories as they were when a pod was last judged
	past  map[string]string      // IDs of the pods whose definitions were read
}

// errTimeout is a waiting that took too long.
var errTimeout = errors.New("timed out waiting for the condition")

// awaitPods waits until it is met for all pods. It returns errTimeout, with the reasons, when that
// takes longer than the timeout; the snapshot of the engine may be of an instant before.
func awaitPods(ctx context.Context, at awaiting) error {
	pending, err := at.wait(ctx)
	if err != nil && ctx.Err() != nil {
		return at.interrupted(ctx, pending)
	}
	return err
}

// wait gives the pods for which it was not met, with the reason why it waits no longer.
func (at *awaiting) wait(ctx context.Context) (pending []string, err error) {
	at.told, at.seen = map[string]bool{}, map[string]life{}
	at.files, at.past = map[string]fs.FileInfo{}, map[string]string{}
	for name, pod := range at.overview.actual.Pods {
		at.past[name] = pod.ID
	}
	deadline := time.Now().Add(at.timeout)
	pending = at.pods
	for looked, fresh := time.Now(), true; ; {
		left, err := at.judge(ctx, pending, fresh)
		if err != nil || len(left) == 0 {
			return pending, err
		}
		pending = left
		if at.timeout >= 0 && !time.Now().Before(deadline) {
			if at.timeout > 0 && !fresh { // one last look
				if err := at.look(ctx); err != nil {
					return pending, err
				}
				fresh = true
				continue
			}
			return pending, at.give(ctx, pending)
		}
		select {
		case <-ctx.Done():
			return pending, ctx.Err()
		case <-time.After(awaitEvery):
		}
		every := lookEvery
		if !at.overview.supervised {
			every = lookUnsupervised
		}
		if fresh = time.Since(looked) >= every || at.vanished(pending); fresh {
			if err := at.look(ctx); err != nil {
				return pending, err
			}
			looked = time.Now()
		}
	}
}

// judge gives the pods for which it is not met yet. Without all, only those are judged whose memory has
// changed.
func (at *awaiting) judge(ctx context.Context, pods []string, all bool) (pending []string, err error) {
	for _, name := range pods {
		changed := at.changed(name)
		if !all && !changed {
			pending = append(pending, name)
			continue
		}
		pod, err := at.pod(ctx, name)
		if err != nil {
			if podmanapi.Unreachable(err) || ctx.Err() != nil {
				return nil, err
			}
			pending = append(pending, name) // removed or replaced between two questions: the next look tells
			continue
		}
		met, err := at.met(name, pod)
		switch {
		case err != nil:
			return nil, err
		case !met:
			pending = append(pending, name)
			at.remark(name, pod)
		case at.done != nil:
			at.done(name)
		}
	}
	return pending, nil
}

// pod is a pod as it is now, nil where the engine has none.
func (at *awaiting) pod(ctx context.Context, name string) (*corev1.Pod, error) {
	if _, there := at.overview.actual.Pods[name]; !there {
		return nil, nil
	}
	l, err := at.overview.life(ctx, name)
	if err != nil {
		return nil, err
	}
	at.seen[name] = l
	return l.object(time.Now()), nil
}

// changed says whether the memory of a pod has been written since it was last asked.
func (at *awaiting) changed(name string) bool {
	before, known := at.files[name]
	now, err := os.Stat(at.overview.runtime.memoryPath(name))
	if err != nil {
		now = nil
	}
	at.files[name] = now
	switch {
	case !known || (before == nil) != (now == nil):
		return true
	case now == nil:
		return false
	}
	return !os.SameFile(before, now) || !before.ModTime().Equal(now.ModTime())
}

// vanished says whether the memory of a pod is gone that was there: the pod may be, too.
func (at *awaiting) vanished(pods []string) bool {
	for _, name := range pods {
		if at.files[name] == nil {
			continue
		}
		if _, err := os.Stat(at.overview.runtime.memoryPath(name)); errors.Is(err, fs.ErrNotExist) {
			return true
		}
	}
	return false
}

// look asks the engine again, and its releases where a pod is new.
func (at *awaiting) look(ctx context.Context) error {
	if err := at.overview.look(ctx); err != nil {
		return err
	}
	for name, pod := range at.overview.actual.Pods {
		if at.past[name] == pod.ID {
			continue
		}
		if err := at.overview.read(ctx, at.warn); err != nil {
			return err
		}
		break
	}
	for name, pod := range at.overview.actual.Pods {
		at.past[name] = pod.ID
	}
	return nil
}

// give is the error of a waiting that has taken too long.
func (at *awaiting) give(ctx context.Context, pending []string) error {
	var errs []error
	now := time.Now()
	for _, name := range pending {
		what := fmt.Sprintf("%s on pods/%s", errTimeout, name)
		if at.timeout == 0 {
			what = "condition not met for " + name
		}
		errs = append(errs, at.because(ctx, name, what, now))
	}
	return errors.Join(errs...)
}

// because is an error about a pod with the reasons it gives.
func (at *awaiting) because(ctx context.Context, name, what string, now time.Time) error {
	if _, there := at.overview.actual.Pods[name]; !there {
		return &awaitError{what + ": there is no such pod"}
	}
	l, err := at.overview.life(ctx, name)
	if err != nil {
		return errors.Join(&awaitError{what}, err)
	}
	pod := l.object(now)
	text := l.explain(ctx, at.overview.engine, pod, now)
	if text == "" {
		text = "it is " + summarize(pod, now).status
	}
	if alone := unsupervised(at.overview.actual, at.overview.supervised); alone != "" {
		text += "\n" + alone
	}
	if !strings.Contains(text, "\n") {
		return &awaitError{what + ": " + text}
	}
	return &awaitError{what + ":\n" + text}
}

// awaitError is what a waiting could not bring about, in several lines.
type awaitError struct{ text string }

func (e *awaitError) Error() string { return e.text }

// Is says that it is a timeout, as every awaitError of give is.
func (e *awaitError) Is(target error) bool {
	return target == errTimeout && strings.HasPrefix(e.text, errTimeout.Error())
}

// awaitReady waits until pods are up as `up -d --wait` understands it: ready, or where they run to an
// end, succeeded. A pod that has failed for good ends the waiting at once; one that is backed off may
// still come up, and has until the timeout.
func (a *app) awaitReady(ctx context.Context, engine lifeEngine, project string, pods []string, timeout time.Duration, tell func(string)) error {
	o, err := a.overview(ctx, engine, project)
	if err != nil {
		return err
	}
	if len(pods) == 0 {
		pods = podNames(o.actual)
	}
	if timeout <= 0 {
		timeout = -1
	}
	at := awaiting{overview: o, pods: pods, timeout: timeout, warn: a.warn, tell: tell}
	at.met = func(name string, pod *corev1.Pod) (bool, error) {
		switch {
		case pod == nil:
			return false, fmt.Errorf("pod %s is gone", name)
		case pod.Status.Phase == corev1.PodFailed:
			return false, at.because(ctx, name, fmt.Sprintf("pod %s has failed", name), time.Now())
		}
		return up(pod), nil
	}
	return awaitPods(ctx, at)
}

// waitTime is how long `up --wait` takes at most where nothing else is said, as Helm and most pipelines
// that wait for pods.
const waitTime = 5 * time.Minute

// awaitUp waits for what an up was to bring up, and gives what is there then.
func (a *app) awaitUp(ctx context.Context, engine Engine, t target, v view, timeout time.Duration) (plan.Actual, error) {
	pods := t.choices.Pods
	if len(pods) == 0 {
		for _, pod := range t.set.Pods {
			pods = append(pods, pod.Object.Name)
		}
	}
	if len(pods) > 0 {
		v.Note("waiting for " + clean(strings.Join(pods, ", ")) + " to be ready")
		if err := a.awaitReady(ctx, engine, t.project, pods, timeout, v.Note); err != nil {
			return plan.Actual{}, err
		}
	}
	return engine.Observe(ctx, translate.Project{Name: t.project})
}

// up says whether a pod has come as far as it is to come. What runs to its end is up when it has
// succeeded, unless it says itself when it is ready.
func up(pod *corev1.Pod) bool {
	if pod.Status.Phase == corev1.PodSucceeded {
		return true
	}
	ends := pod.Spec.RestartPolicy == corev1.RestartPolicyNever || pod.Spec.RestartPolicy == corev1.RestartPolicyOnFailure
	for _, c := range pod.Spec.Containers {
		ends = ends && c.ReadinessProbe == nil
	}
	return !ends && conditionTrue(pod, corev1.PodReady)
}
