package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Every manifest has its trace, taken at the moments the manifest names, and no trace is left over.
func TestReferenceIsWhole(t *testing.T) {
	traces := map[string]bool{}
	files, err := filepath.Glob("testdata/reference/*.trace")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		traces[file] = true
	}
	for _, x := range experiments(t) {
		data, err := os.ReadFile(x.traceFile())
		if err != nil {
			t.Errorf("%v: record it", err)
			continue
		}
		delete(traces, x.traceFile())
		recorded, err := parseTrace(string(data))
		if err != nil {
			t.Errorf("%s: %v", x.traceFile(), err)
			continue
		}
		if recorded.String() != string(data) {
			t.Errorf("%s is not written as the recorder writes it", x.traceFile())
		}
		var moments []time.Duration
		for _, s := range recorded.status {
			moments = append(moments, s.at)
		}
		if !slices.Equal(moments, x.status) {
			t.Errorf("%s has statuses at %v, the manifest wants %v: record it again", x.traceFile(), moments, x.status)
		}
		for _, d := range knownDifferences()[x.name] {
			if d.why == "" {
				t.Errorf("%s: the known difference %q has no reason", x.name, d.kubelet)
			}
		}
	}
	for file := range traces {
		t.Errorf("%s: no manifest of that name", file)
	}
}

func TestCompareEvents(t *testing.T) {
	const reference = "0.0 a start|0.2 b start|5.0 a exit|5.1 b exit|6.0 b live|8.0 b live|10.0 b live|20.0 a start"
	for _, c := range []struct {
		name string
		got  string
		want string // part of the first problem, "" for none
	}{
		{"the same is no difference", reference, ""},
		{"containers side by side change places", "0.0 b start|0.1 a start|5.0 b exit|5.1 a exit|6.0 b live|8.0 b live|10.0 b live|20.0 a start", ""},
		{"a kubelet's looking once a second adds up", "0.0 a start|0.1 b start|3.1 a exit|3.2 b exit|4.0 b live|6.0 b live|8.0 b live|16.2 a start", ""},
		{"a start after a back-off comes by what a kubelet adds to it earlier", "0.0 a start|0.2 b start|5.0 a exit|5.1 b exit|6.0 b live|8.0 b live|10.0 b live|15.0 a start", ""},
		{"a start before a back-off is over", "0.0 a start|0.2 b start|5.0 a exit|5.1 b exit|6.0 b live|8.0 b live|10.0 b live|12.5 a start", `"a start (2)" at 12.5`},
		{"nothing but a start may be so early", "0.0 a start|0.2 b start|5.0 a exit|5.1 b exit|2.0 b live|4.0 b live|6.0 b live|20.0 a start", `"b live" at 2.0`},
		{"too late", "0.0 a start|0.2 b start|5.0 a exit|5.1 b exit|6.0 b live|8.0 b live|10.0 b live|22.5 a start", `"a start (2)" at 22.5, the kubelet's at 20.0`},
		{"too early", "0.0 a start|0.2 b start|2.0 a exit|5.1 b exit|6.0 b live|8.0 b live|10.0 b live|20.0 a start", `"a exit" at 2.0`},
		{"a missing event", "0.0 a start|0.2 b start|5.0 a exit|6.0 b live|8.0 b live|10.0 b live|20.0 a start", `no "b exit"`},
		{"a surplus event", reference + "|21.0 a exit", `"a exit (2)", which the kubelet's has not`},
		{"a restart too many", reference + "|21.0 a start", `"a start (3)", which the kubelet's has not`},
		{"the wrong order within what times allow", "0.0 a start|0.2 b start|5.0 a exit|5.1 b live|5.2 b exit|8.0 b live|10.0 b live|20.0 a start", `"b live" before "b exit"`},
		{"one more of what repeats", "0.0 a start|0.2 b start|5.0 a exit|5.1 b exit|6.0 b live|8.0 b live|10.0 b live|12.0 b live|20.0 a start", ""},
		{"many more of what repeats", "0.0 a start|0.2 b start|5.0 a exit|5.1 b exit|6.0 b live|6.1 b live|6.2 b live|6.3 b live|6.4 b live|10.0 b live|20.0 a start", `"b live" 6 times`},
		{"one of what repeats elsewhere", "0.0 a start|0.2 b start|0.3 b ready|5.0 a exit|5.1 b exit|6.0 b live|8.0 b live|10.0 b live|20.0 a start", ""},
		{"many of what repeats elsewhere", "0.0 a start|0.1 b ready|0.2 b start|0.3 b ready|0.4 b ready|5.0 a exit|5.1 b exit|6.0 b live|8.0 b live|10.0 b live|20.0 a start", `"b ready" 3 times`},
		{"nothing at all", "", `"b live" 0 times`},
	} {
		t.Run(c.name, func(t *testing.T) {
			problems := compareEvents(eventLines(t, reference), eventLines(t, c.got), 2*time.Second, []string{"b live", "b ready"})
			if c.want == "" {
				if len(problems) > 0 {
					t.Errorf("problems: %q", problems)
				}
				return
			}
			if !strings.Contains(strings.Join(problems, "\n"), c.want) {
				t.Errorf("problems %q, want %q", problems, c.want)
			}
		})
	}
}

func eventLines(t *testing.T, text string) []event {
	t.Helper()
	parsed, err := parseTrace("events\n " + strings.ReplaceAll(text, "|", "\n "))
	if err != nil {
		t.Fatal(err)
	}
	return parsed.events
}

func TestKnownDifferencesApplyWhereTheyAre(t *testing.T) {
	// The table holds names of real manifests only, else an entry would never be looked at.
	for name := range knownDifferences() {
		if _, err := os.Stat(filepath.Join(referenceDir, name+".yaml")); err != nil {
			t.Errorf("known differences of %s: %v", name, err)
		}
	}
}

func TestParseJournalTellsWhatCameAfterTheCut(t *testing.T) {
	events, after, err := parseJournal("100.000 a start\n102.500 a live\n110.000 a term\n111.250 a exit\n", time.Unix(109, 0))
	if err != nil {
		t.Fatal(err)
	}
	want := trace{events: []event{{0, "a start"}, {2500 * time.Millisecond, "a live"}}, after: []event{{0, "a term"}, {1250 * time.Millisecond, "a exit"}}}
	if !slices.Equal(events, want.events) || !slices.Equal(after, want.after) {
		t.Errorf("got %v and %v, want %v and %v", events, after, want.events, want.after)
	}
	if _, _, err := parseJournal("not a note\n", time.Time{}); err == nil {
		t.Error("a line without a time was read")
	}
}
