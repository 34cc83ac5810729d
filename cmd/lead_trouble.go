package cmd

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/podup/podup/status"
	"github.com/podup/podup/supervise"
)

// troubled is an up that has done what it can, of which something is not well.
type troubled struct{ troubles []supervise.Trouble }

func (e *troubled) Error() string {
	var texts []string
	for _, t := range e.troubles {
		texts = append(texts, troubleText(t))
	}
	return strings.Join(texts, "\n")
}

// trouble is the error for what could not be led to where it runs; nil where there is none.
func (l *led) trouble() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.troubles) == 0 {
		return nil
	}
	slices.SortFunc(l.troubles, func(a, b supervise.Trouble) int { return strings.Compare(a.Pod, b.Pod) })
	return &troubled{l.troubles}
}

// troubleText says what is wrong, whether it is tried again, and what the container wrote last.
func troubleText(t supervise.Trouble) string {
	what := "pod " + t.Pod
	if t.Container != "" {
		what = "container " + t.Pod + "/" + t.Container
		if t.Init {
			what = "init " + what
		}
	}
	text := what + ": " + t.Message
	if t.Reason != "" && t.Reason != status.Error {
		text += " (" + t.Reason + ")"
	}
	if t.Retry.IsZero() {
		text += "; it is not tried again"
	} else {
		text += "; podup tries again in " + max(time.Until(t.Retry).Round(time.Second), time.Second).String()
	}
	if len(t.Lines) > 0 {
		text += ":\n  " + strings.Join(t.Lines, "\n  ")
	}
	return text
}

// asTrouble says whether an up has only troubles.
func asTrouble(err error) bool {
	var some *troubled
	return errors.As(err, &some)
}
