package main

import (
	"strings"
	"testing"
	"time"
)

func TestMedianIgnoresOutliersAndOrder(t *testing.T) {
	ms := time.Millisecond
	for _, test := range []struct {
		times []time.Duration
		want  time.Duration
	}{
		{nil, 0},
		{[]time.Duration{7 * ms}, 7 * ms},
		{[]time.Duration{900 * ms, 1 * ms, 3 * ms}, 3 * ms},
		{[]time.Duration{4 * ms, 1 * ms, 2 * ms, 900 * ms}, 3 * ms},
	} {
		if got := median(test.times); got != test.want {
			t.Errorf("median(%v) = %v, want %v", test.times, got, test.want)
		}
	}
}

func TestTableSaysWhichTargetsWereMet(t *testing.T) {
	ms := time.Millisecond
	var table table
	table.add(row{name: "quick", podup: 50 * ms, other: 100 * ms, target: 0.55, floor: 40 * ms})
	table.add(row{name: "slow", podup: 90 * ms, other: 100 * ms, target: 0.55, floor: 40 * ms})
	table.add(row{name: "alone", podup: 30 * ms, limit: 25 * ms})
	table.add(row{name: "no target", podup: 30 * ms, other: 60 * ms})
	table.note("as an aside")
	var text strings.Builder
	if err := table.write(&text); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(text.String()) {
		if fields := strings.Fields(line); len(fields) > 0 {
			got = append(got, strings.Join(fields, " "))
		}
	}
	want := []string{
		"podup kube play ratio target floor podup's share target",
		"quick 50 100 0.50 ≤ 0.55 met 40 10 ≤ 25 met",
		"slow 90 100 0.90 ≤ 0.55 MISSED 40 50 ≤ 25 MISSED",
		"alone 30 ≤ 25 ms MISSED",
		"no target 30 60 0.50",
		"as an aside",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
