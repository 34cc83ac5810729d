package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"
)

// pace is how fast answers came in one round.
type pace struct {
	Rate   float64 // answers a second
	Median time.Duration
	P99    time.Duration

	// What nginx and the app took of the CPUs, and how many answers they gave in that time, also while
	// nothing was measured yet.
	CPU     time.Duration
	Answers int
}

func (p pace) rate() float64   { return p.Rate }
func (p pace) median() float64 { return micros(p.Median) }
func (p pace) p99() float64    { return micros(p.P99) }
func (p pace) cpu() float64    { return micros(p.CPU) / float64(p.Answers) }

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// paceOf sorts times.
func paceOf(times []time.Duration, length time.Duration) pace {
	slices.Sort(times)
	return pace{Rate: float64(len(times)) / length.Seconds(), Median: percentile(times, 50), P99: percentile(times, 99)}
}

// percentile is the smallest of sorted times that so many of a hundred do not exceed (the nearest rank).
func percentile(sorted []time.Duration, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max((len(sorted)*percent+99)/100, 1)-1]
}

// paceRow is one arrangement, a pace a round, beside those of the host in the same rounds.
type paceRow struct {
	name   string
	paces  []pace
	host   []pace  // nil for the host itself
	target float64 // of the rate, held against the host's; 0 is none
}

type paceTable struct {
	title string
	rows  []paceRow
}

func (t paceTable) write(to io.Writer) error {
	if len(t.rows) == 0 {
		return nil
	}
	width := 0
	for _, r := range t.rows {
		width = max(width, len(r.name))
	}
	fmt.Fprintf(to, "\n%s\n\n", t.title)
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%-*s\trequests/s\t÷ host\tfrom\tto\ttarget\t\tmedian µs\t÷ host\tp99 µs\t÷ host\tCPU µs\t÷ host\t\n", width, "")
	for _, r := range t.rows {
		lowest, ratio, highest := spread(r.ratios(pace.rate))
		_, slower, _ := spread(r.ratios(pace.median))
		_, slowest, _ := spread(r.ratios(pace.p99))
		_, dearer, _ := spread(r.ratios(pace.cpu))
		fmt.Fprintf(w, "%-*s\t%.0f\t%s\t%s\t%s\t%s\t%s\t%.0f\t%s\t%.0f\t%s\t%.1f\t%s\t\n", width, r.name,
			r.median(pace.rate), ratio, lowest, highest, r.targetText(), verdict(r.met()),
			r.median(pace.median), slower, r.median(pace.p99), slowest, r.median(pace.cpu), dearer)
	}
	return w.Flush()
}

func (r paceRow) median(of func(pace) float64) float64 {
	var values []float64
	for _, p := range r.paces {
		values = append(values, of(p))
	}
	return median(values)
}

// ratios to the host are taken round by round: what slowed the machine down for a while slowed down both.
func (r paceRow) ratios(of func(pace) float64) []float64 {
	var ratios []float64
	for i, host := range r.host {
		ratios = append(ratios, of(r.paces[i])/of(host))
	}
	return ratios
}

// met says whether the target was; known is false where there is none.
func (r paceRow) met() (met, known bool) {
	return median(r.ratios(pace.rate)) >= r.target, r.target > 0
}

func (r paceRow) targetText() string {
	if r.target == 0 {
		return ""
	}
	return "≥ " + hundredths(r.target)
}

func spread(ratios []float64) (lowest, middle, highest string) {
	if len(ratios) == 0 {
		return "", "", ""
	}
	return hundredths(slices.Min(ratios)), hundredths(median(ratios)), hundredths(slices.Max(ratios))
}

func hundredths(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) }
