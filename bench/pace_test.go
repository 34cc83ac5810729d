package main

import (
	"strings"
	"testing"
	"time"
)

func TestPercentileIsTheNearestRank(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	for _, test := range []struct {
		name    string
		sorted  []time.Duration
		percent int
		want    time.Duration
	}{
		{"nothing has none", nil, 99, 0},
		{"one is all of them", []time.Duration{7}, 1, 7},
		{"the 99th of a hundred", hundred, 99, 99},
		{"the 50th of a hundred", hundred, 50, 50},
		{"the 100th is the largest", hundred, 100, 100},
		{"a rank between two is the upper", []time.Duration{1, 2, 3}, 50, 2},
		{"of few, the 99th is the largest", []time.Duration{1, 2, 3}, 99, 3},
	} {
		if got := percentile(test.sorted, test.percent); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}

func TestPaceCountsAndSorts(t *testing.T) {
	got := paceOf([]time.Duration{30, 10, 20}, 2*time.Second)
	if want := (pace{Rate: 1.5, Median: 20, P99: 30}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestPacesAreHeldAgainstTheHostRoundByRound(t *testing.T) {
	us := func(count int) time.Duration { return time.Duration(count) * time.Microsecond }
	at := func(rate float64, median, p99, cpu int) pace {
		return pace{Rate: rate, Median: us(median), P99: us(p99), CPU: us(10 * cpu), Answers: 10}
	}
	host := []pace{at(1000, 100, 400, 40), at(500, 200, 800, 40), at(1000, 100, 400, 40)}
	table := paceTable{title: "what was asked", rows: []paceRow{
		{name: "host", paces: host},
		// The machine was slow in the second round. A ratio of the medians would be 0.90.
		{name: "as fast", paces: []pace{at(900, 100, 500, 40), at(500, 200, 800, 40), at(1000, 100, 400, 40)}, host: host, target: 0.95},
		{name: "half", paces: []pace{at(500, 200, 800, 50), at(200, 500, 800, 60), at(600, 150, 400, 40)}, host: host, target: 0.95},
		{name: "no target", paces: host, host: host},
	}}
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
		"what was asked",
		"requests/s ÷ host from to target median µs ÷ host p99 µs ÷ host CPU µs ÷ host",
		"host 1000 100 400 40.0",
		"as fast 900 1.00 0.90 1.00 ≥ 0.95 met 100 1.00 500 1.00 40.0 1.00",
		"half 500 0.50 0.40 0.60 ≥ 0.95 MISSED 200 2.00 800 1.00 50.0 1.25",
		"no target 1000 1.00 1.00 1.00 100 1.00 400 1.00 40.0 1.00",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTablesOfPartsThatWereNotMeasuredAreLeftOut(t *testing.T) {
	var text strings.Builder
	if err := (&table{}).write(&text); err != nil {
		t.Fatal(err)
	}
	if err := (paceTable{}).write(&text); err != nil {
		t.Fatal(err)
	}
	if text.Len() > 0 {
		t.Errorf("got %q", text.String())
	}
}
