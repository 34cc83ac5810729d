package supervise

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/status"
)

// maxOutput is how much of a probe's output is kept.
const maxOutput = 1024

// Record counts one attempt of a probe. The result changes when as many attempts in a row as the
// probe's threshold say were equal (kubelet: prober/worker.go).
func Record(t status.Tally, p *corev1.Probe, success bool, output string, at time.Time) status.Tally {
	last, threshold := status.Failure, p.FailureThreshold
	if success {
		last, threshold = status.Success, p.SuccessThreshold
	}
	if t.Last == last {
		t.Count++
	} else {
		t.Last, t.Count, t.Since = last, 1, at
	}
	if t.Since.IsZero() {
		t.Since = t.At // from before it was remembered
	}
	if !success {
		t.Output = output[:min(len(output), maxOutput)]
	}
	t.At = at
	if t.Count >= max(threshold, 1) {
		t.Result = last
	}
	return t
}

// tick is the first moment after now at which a kubelet's worker would look: its ticks are a period
// apart, counted from when it was made, which is before the pod's first container is.
func tick(since, now time.Time, period time.Duration) time.Time {
	if now.Before(since) {
		// The clock was set back: the phase of the ticks is worth less than their pace.
		return now.Add(period)
	}
	return now.Add(period - now.Sub(since)%period)
}

func period(p *corev1.Probe) time.Duration {
	return time.Duration(max(p.PeriodSeconds, 1)) * time.Second
}
