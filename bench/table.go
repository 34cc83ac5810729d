package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"
)

// share is what podup may take beyond the engine's floor.
const share = 25 * time.Millisecond

// row is one line of the table; what is zero was not measured or has no target.
type row struct {
	name         string
	podup, other time.Duration
	floor        time.Duration // the thin client's time for the same
	target       float64       // of podup ÷ other
	limit        time.Duration // of podup
}

type table struct {
	rows  []row
	notes []string
}

func (t *table) add(r row) { t.rows = append(t.rows, r) }

func (t *table) named(name string) row {
	i := slices.IndexFunc(t.rows, func(r row) bool { return r.name == name })
	if i < 0 {
		return row{}
	}
	return t.rows[i]
}

func (t *table) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

func (t *table) write(to io.Writer) error {
	if len(t.rows) == 0 {
		return nil
	}
	width := 0
	for _, r := range t.rows {
		width = max(width, len(r.name))
	}
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%-*s\tpodup\tkube play\tratio\ttarget\t\tfloor\tpodup's share\ttarget\t\t\n", width, "")
	for _, r := range t.rows {
		fmt.Fprintf(w, "%-*s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", width, r.name, number(r.podup), number(r.other),
			r.ratio(), r.targetText(), verdict(r.met()), number(r.floor), r.shareText(), r.shareTarget(), verdict(r.shareMet()))
	}
	for _, note := range t.notes {
		fmt.Fprintf(w, "\n%s\n", note)
	}
	return w.Flush()
}

func (r row) ratio() string {
	if r.podup == 0 || r.other == 0 {
		return ""
	}
	return strconv.FormatFloat(float64(r.podup)/float64(r.other), 'f', 2, 64)
}

func (r row) targetText() string {
	switch {
	case r.target > 0:
		return "≤ " + strconv.FormatFloat(r.target, 'f', 2, 64)
	case r.limit > 0:
		return "≤ " + number(r.limit) + " ms"
	}
	return ""
}

// met says whether the target was; known is false where there is none.
func (r row) met() (met, known bool) {
	switch {
	case r.target > 0 && r.other > 0:
		return float64(r.podup) <= r.target*float64(r.other), true
	case r.limit > 0:
		return r.podup <= r.limit, true
	}
	return false, false
}

func (r row) shareText() string {
	if r.floor == 0 {
		return ""
	}
	return number(r.podup - r.floor)
}

func (r row) shareTarget() string {
	if r.floor == 0 {
		return ""
	}
	return "≤ " + number(share)
}

func (r row) shareMet() (met, known bool) { return r.podup-r.floor <= share, r.floor > 0 }

func verdict(met, known bool) string {
	switch {
	case !known:
		return ""
	case met:
		return "met"
	}
	return "MISSED"
}

// number is a duration in milliseconds.
func number(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 0, 64)
}

func round(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

func median[T ~int64 | ~float64](values []T) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
