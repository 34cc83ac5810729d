package e2e

import (
	"strings"
	"time"
)

// difference is a line of a status in which podup differs from the kubelet on purpose, or an event.
type difference struct {
	at      time.Duration // of the sample, 0 for every
	away    bool          // kubelet is an event from when the pod was taken away, which with podup does not come
	kubelet string
	podup   string
	why     string
}

// knownDifferences are by manifest. docs/support.md tells users of each.
func knownDifferences() map[string][]difference {
	return map[string][]difference{
		"crash-loop": {
			backsOff(8*time.Second, "a terminated Error 1, restarts 1", "10s"),
			backsOff(22*time.Second, "a terminated Error 1, restarts 2", "20s"),
			backsOff(46*time.Second, "a terminated Error 1, restarts 3", "40s"),
		},
		"removed-during-poststart": {gaveUp("a hooked"), gaveUp("b start"), gaveUp("b term")},
		"crash-loop-beside":        {backsOff(8*time.Second, "a terminated Error 1, restarts 1", "10s")},
		"init-retry-always":        {backsOff(7*time.Second, "init i1 terminated Error 3, restarts 1", "10s")},
	}
}

// gaveUp is what does not come because a postStart is not waited for.
func gaveUp(event string) difference {
	return difference{away: true, kubelet: event, why: "a kubelet waits for a postStart, however long it takes, before it ends the pod"}
}

// backsOff is a container that waits for its next start and that ended each time as it did now: "a terminated
// Error 1, restarts 1" and how it ended before.
func backsOff(at time.Duration, now, delay string) difference {
	ended, restarts, _ := strings.Cut(now, ", ")
	name, end, _ := strings.Cut(ended, " terminated ")
	last := ", " + restarts + ", last terminated " + end
	return difference{
		at: at, kubelet: ended + last, podup: name + " waiting CrashLoopBackOff back-off " + delay + last,
		why: "a kubelet says so when it looks at the pod the next time, which often is when the back-off is over; podup at once",
	}
}
