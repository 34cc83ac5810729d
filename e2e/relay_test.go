package e2e

import (
	"strings"
	"testing"
)

func TestRelayShowsSubtestsAsIfTheyRanHere(t *testing.T) {
	const passed = `=== RUN   TestScripts
=== RUN   TestScripts/5.8_rootless
=== RUN   TestScripts/5.8_rootless/up
=== PAUSE TestScripts/5.8_rootless/up
=== CONT  TestScripts/5.8_rootless/up
    testscript.go:1: > podup up
--- PASS: TestScripts (2.00s)
    --- PASS: TestScripts/5.8_rootless (1.00s)
        --- PASS: TestScripts/5.8_rootless/up (0.50s)
PASS
`
	failed := strings.ReplaceAll(passed, "PASS:", "FAIL:")
	const shown = `=== RUN   TestScripts/5.8_rootless/up
=== PAUSE TestScripts/5.8_rootless/up
=== CONT  TestScripts/5.8_rootless/up
    testscript.go:1: > podup up
        --- PASS: TestScripts/5.8_rootless/up (0.50s)
`
	for _, test := range []struct {
		name    string
		input   string
		verbose bool
		want    string
		ran     int
	}{
		{"verbose shows everything but the parents", passed, true, shown, 1},
		{"what passed is not shown otherwise", passed, false, "", 1},
		{"what failed is", failed, false, strings.ReplaceAll(shown, "PASS:", "FAIL:"), 1},
		{"a binary that does not even start is shown, and ran nothing", "exec format error\n", false, "exec format error\n", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			if ran := relay(&out, strings.NewReader(test.input), "TestScripts/5.8_rootless", test.verbose); ran != test.ran {
				t.Errorf("ran %d, want %d", ran, test.ran)
			}
			if out.String() != test.want {
				t.Errorf("got:\n%swant:\n%s", out.String(), test.want)
			}
		})
	}
}

func TestRunPatternsReachInside(t *testing.T) {
	for _, test := range []struct{ pattern, want string }{
		{"", "B"},
		{"TestScripts", "B"},
		{"TestScripts/5.8", "B"},
		{"TestScripts//^up$", "B/^up$"},
		{"TestScripts$//^(up|down)$|TestOther//x|Scripts/any/[|/]", "B/^(up|down)$|B/[|/]"},
		{"TestScripts//up|TestScripts", "B"},
	} {
		if got := inside(test.pattern, "TestScripts", "B"); got != test.want {
			t.Errorf("%q: %q, want %q", test.pattern, got, test.want)
		}
	}
}
