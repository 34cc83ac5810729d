package supervise

import (
	"time"

	"github.com/podup/podup/status"
)

const (
	firstBackoff = 10 * time.Second
	// stable is for how long a container must have run for its back-off to be forgotten
	// (kubelet.go: HasExpiredFunc of crashLoopBackOff).
	stable = 10 * time.Minute
)

// wait says until when something that ended at event must wait; the zero time is: no longer. It notes
// the moment in b: the end of a wait does not move with the clock, and is never further off than the
// delay, should the clock be set back.
func wait(b *status.Backoff, key string, event, now time.Time, limit time.Duration) time.Time {
	if b.Key != key || b.Delay == 0 || event.Sub(b.Updated) > stable {
		b.Until = time.Time{}
		return time.Time{}
	}
	delay := min(b.Delay, most(limit))
	if b.Until.IsZero() {
		b.Until = event.Add(delay)
	}
	if latest := now.Add(delay); b.Until.After(latest) {
		b.Until = latest
	}
	if !now.Before(b.Until) {
		b.Until = time.Time{}
	}
	return b.Until
}

// next moves the back-off one step on (client-go: flowcontrol.Backoff.Next).
func next(b status.Backoff, key string, event, now time.Time, limit time.Duration) status.Backoff {
	delay := min(firstBackoff, most(limit))
	if b.Key == key && b.Delay > 0 && event.Sub(b.Updated) <= stable {
		delay = min(2*b.Delay, most(limit))
	}
	return status.Backoff{Key: key, Delay: delay, Updated: now}
}

func most(limit time.Duration) time.Duration {
	if limit <= 0 {
		return MaxBackoff
	}
	return limit
}
