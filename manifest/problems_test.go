package manifest

import (
	"reflect"
	"testing"
)

func TestMergeSortsByPlaceAndDropsRepetitions(t *testing.T) {
	at := func(file string, line, column int, path, rule string) Problem {
		return Problem{Pos: Pos{File: file, Line: line, Column: column}, Path: path, Rule: rule}
	}
	first := at("a", 1, 1, "x", "r")
	got := Merge(
		Problems{at("b", 1, 1, "", ""), at("a", 10, 1, "", ""), first},
		Problems{at("a", 2, 9, "", ""), at("a", 2, 10, "", ""), first, at("a", 1, 1, "x", "q"), at("a", 1, 1, "w", "z")},
	)
	want := Problems{
		at("a", 1, 1, "w", "z"), at("a", 1, 1, "x", "q"), first, at("a", 2, 9, "", ""), at("a", 2, 10, "", ""),
		at("a", 10, 1, "", ""), at("b", 1, 1, "", ""),
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAProblemShowsWhatIsKnown(t *testing.T) {
	for _, test := range []struct {
		name    string
		problem Problem
		want    string
	}{
		{"all", Problem{Pos{"a.yaml", 3, 5}, "spec", "r", "m", SeverityError, "x"}, "a.yaml:3:5: error: spec: m [r]"},
		{"no column", Problem{Pos{"a.yaml", 3, 0}, "", "r", "m", SeverityWarning, ""}, "a.yaml:3: warning: m [r]"},
		{"a file", Problem{Pos{"a.yaml", 0, 0}, "", "r", "m", SeverityError, ""}, "a.yaml: error: m [r]"},
		{"nothing", Problem{Pos{}, "spec", "r", "m", SeverityError, ""}, "error: spec: m [r]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.problem.String(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
