package e2e

import (
	"bufio"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// trace is what was seen of a pod. As text it is
//
//	events
//	  0.0 a start
//	status at 3s
//	  phase Running
//	taken away
//	  0.0 a term
//
// with seconds since the first line of the section.
type trace struct {
	origin string // a comment
	events []event
	status []sample
	after  []event // from when the pod was told to end
}

// event is a line that a container, a hook or a probe noted. Its first word is the container.
type event struct {
	at   time.Duration
	text string
}

// sample is the status at a moment, in words: see statusLines.
type sample struct {
	at    time.Duration
	lines []string
}

const (
	eventsSection = "events"
	afterSection  = "taken away"
	statusSection = "status at "
)

func (t trace) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", t.origin)
	section := func(title string, events []event) {
		fmt.Fprintln(&b, title)
		for _, e := range events {
			fmt.Fprintf(&b, "%6.1f %s\n", e.at.Seconds(), e.text)
		}
	}
	section(eventsSection, t.events)
	for _, s := range t.status {
		fmt.Fprintf(&b, "%s%v\n", statusSection, s.at)
		for _, line := range s.lines {
			fmt.Fprintf(&b, "  %s\n", line)
		}
	}
	section(afterSection, t.after)
	return b.String()
}

func parseTrace(text string) (trace, error) {
	var t trace
	section := ""
	lines := bufio.NewScanner(strings.NewReader(text))
	for number := 1; lines.Scan(); number++ {
		line := lines.Text()
		if origin, ok := strings.CutPrefix(line, "# "); ok {
			t.origin = origin
			continue
		}
		if strings.TrimSpace(line) == "" {
			continue
		}
		if line[0] != ' ' {
			section = line
			if moment, ok := strings.CutPrefix(line, statusSection); ok {
				at, err := time.ParseDuration(moment)
				if err != nil {
					return t, fmt.Errorf("line %d: %w", number, err)
				}
				t.status = append(t.status, sample{at: at})
			} else if line != eventsSection && line != afterSection {
				return t, fmt.Errorf("line %d: %q is no section", number, line)
			}
			continue
		}
		line = strings.TrimSpace(line)
		if strings.HasPrefix(section, statusSection) {
			last := &t.status[len(t.status)-1]
			last.lines = append(last.lines, line)
			continue
		}
		seconds, text, _ := strings.Cut(line, " ")
		at, err := strconv.ParseFloat(seconds, 64)
		if err != nil {
			return t, fmt.Errorf("line %d: %w", number, err)
		}
		e := event{time.Duration(at * float64(time.Second)), text}
		if section == afterSection {
			t.after = append(t.after, e)
		} else {
			t.events = append(t.events, e)
		}
	}
	return t, lines.Err()
}

// parseJournal reads what the containers noted, in the order in which they did, and when the first of
// it was. Events from cut on are those after the pod was told to end.
func parseJournal(text string, cut time.Time) (events, after []event, err error) {
	var firstEvent, firstAfter time.Time
	for line := range strings.Lines(text) {
		at, text, err := parseNote(line)
		if err != nil {
			return nil, nil, err
		}
		if firstEvent.IsZero() {
			firstEvent = at
		}
		if cut.IsZero() || at.Before(cut) {
			events = append(events, event{at.Sub(firstEvent), text})
			continue
		}
		if firstAfter.IsZero() {
			firstAfter = at
		}
		after = append(after, event{at.Sub(firstAfter), text})
	}
	return events, after, nil
}

// parseNote reads "SECONDS EVENT", as the test program's note writes it.
func parseNote(line string) (time.Time, string, error) {
	stamp, text, _ := strings.Cut(strings.TrimSpace(line), " ")
	whole, milli, _ := strings.Cut(stamp, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}, "", fmt.Errorf("a note without a time: %q", line)
	}
	millis, err := strconv.ParseInt(milli, 10, 64)
	if err != nil {
		return time.Time{}, "", fmt.Errorf("a note without a time: %q", line)
	}
	return time.Unix(seconds, millis*int64(time.Millisecond)), text, nil
}

// together is how close two events of different containers are where their order means nothing: what
// runs side by side is as fast as the machine lets it be.
const together = 700 * time.Millisecond

// shortestBackoff is what a wait for a restart comes to at least.
const shortestBackoff = 10 * time.Second

// compareEvents says in which ways the events of a section are not those of the reference. tolerance
// is what times may differ by, counted from the beginning or from the event before: what a kubelet loses
// in looking once a second adds up. And a back-off takes a kubelet up to half as long again (pod_workers.go
// completeWork: wait.Jitter(backoff, 0.5)), so that a start after one may come a third earlier. Of events
// that repeat, the first and roughly the number count.
func compareEvents(want, got []event, tolerance time.Duration, repeats []string) []string {
	var problems []string
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }

	repeated := func(events []event, text string) int {
		count := 0
		for _, e := range events {
			if e.text == text {
				count++
			}
		}
		return count
	}
	for _, text := range repeats {
		expected, seen := repeated(want, text), repeated(got, text)
		if slack := max(2, expected/4); seen < expected-slack || seen > expected+slack {
			problem("%q %d times, the kubelet's %d", text, seen, expected)
		}
		if expected == 0 { // one or two may fall on the other side of the moment at which a section begins
			got = slices.DeleteFunc(slices.Clone(got), func(e event) bool { return e.text == text })
		}
	}
	wanted, seen := numbered(want, repeats), numbered(got, repeats)
	index := map[string]int{}
	for i, e := range seen {
		index[e.text] = i
	}
	for _, e := range seen {
		if !slices.ContainsFunc(wanted, func(w event) bool { return w.text == e.text }) {
			problem("at %.1f %q, which the kubelet's has not", e.at.Seconds(), e.text)
		}
	}
	for j, w := range wanted {
		at, ok := index[w.text]
		if !ok {
			problem("no %q, which the kubelet's has at %.1f", w.text, w.at.Seconds())
			continue
		}
		if !inTime(wanted[:j], w, func(e event) (time.Duration, bool) {
			i, ok := index[e.text]
			return seen[max(i, 0)].at - e.at, ok
		}, tolerance) {
			problem("%q at %.1f, the kubelet's at %.1f", w.text, seen[at].at.Seconds(), w.at.Seconds())
		}
		for _, before := range wanted[:j] {
			earlier, ok := index[before.text]
			if ok && earlier > at && (w.at-before.at > together || inOrder(before, w)) {
				problem("%q before %q, the kubelet's the other way round", w.text, before.text)
			}
		}
	}
	return problems
}

// inTime says whether an event comes when it may. late is by how much one comes later than in the reference,
// if it comes.
func inTime(before []event, e event, late func(event) (time.Duration, bool), tolerance time.Duration) bool {
	off, _ := late(e)
	if off.Abs() <= tolerance {
		return true
	}
	beforeAny := true
	for _, b := range slices.Backward(before) {
		since, ok := late(b)
		if !ok {
			continue
		}
		if beforeAny && (off-since).Abs() <= tolerance {
			return true
		}
		beforeAny = false
		if container(b) == container(e) {
			gap := e.at - b.at
			return started(e) && gap >= shortestBackoff && off-since <= tolerance && since-off <= tolerance+gap/3
		}
	}
	return false
}

// numbered tells the second event of the same text from the first, and drops what repeats.
func numbered(events []event, repeats []string) []event {
	count := map[string]int{}
	var list []event
	for _, e := range events {
		count[e.text]++
		if n := count[e.text]; n > 1 {
			if slices.Contains(repeats, e.text) {
				continue
			}
			e.text = fmt.Sprintf("%s (%d)", e.text, n)
		}
		list = append(list, e)
	}
	return list
}

// container is who noted an event.
func container(e event) string {
	name, _, _ := strings.Cut(e.text, " ")
	return name
}

// started says that an event is of a container's program beginning.
func started(e event) bool {
	_, what, _ := strings.Cut(e.text, " ")
	return strings.HasPrefix(what, "start")
}

// inOrder reports whether two events have an order however close they are: those of one container have,
// but its program starts side by side with its postStart.
func inOrder(before, after event) bool {
	return container(before) == container(after) && !started(before)
}

// compareStatus says which lines differ.
func compareStatus(want, got []string) []string {
	var problems []string
	for _, line := range want {
		if !slices.Contains(got, line) {
			problems = append(problems, "- "+line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			problems = append(problems, "+ "+line)
		}
	}
	slices.SortStableFunc(problems, func(a, b string) int { return cmp.Compare(subject(a), subject(b)) })
	return problems
}

// subject is what a line of a status is about.
func subject(line string) string {
	name, _, _ := strings.Cut(line[2:], " ")
	return name
}
