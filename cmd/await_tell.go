package cmd

import (
	"context"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// remark tells why a pod is not there yet where that is new.
func (at *awaiting) remark(name string, pod *corev1.Pod) {
	if at.tell == nil || pod == nil {
		return
	}
	for _, t := range at.seen[name].troubles(pod, time.Now()) {
		key := name + "\n" + t.container + "\n" + t.cause
		if t.cause == "" || at.told[key] {
			continue
		}
		at.told[key] = true
		at.tell("waiting for " + name + ": " + t.say(name))
	}
}

// interruptedError is a waiting that its user has cut short.
type interruptedError struct {
	text string
	err  error // the context's
}

func (e *interruptedError) Error() string { return e.text }
func (e *interruptedError) Unwrap() error { return e.err }

// interrupted says how the pods are that were waited for, as they were last seen.
func (at *awaiting) interrupted(ctx context.Context, pending []string) error {
	var texts []string
	now := time.Now()
	for _, name := range pending {
		l, ok := at.seen[name]
		if !ok {
			continue
		}
		pod := l.object(now)
		text := name + " " + fmtReady(summarize(pod, now)) + " ready"
		for _, t := range l.troubles(pod, now) {
			text += ", " + t.say(name)
		}
		texts = append(texts, text)
	}
	return &interruptedError{joined(": ", "interrupted; the pods run on", strings.Join(texts, "; ")), ctx.Err()}
}
