package plan

import (
	"testing"

	"github.com/podup/podup/translate"
)

func TestAPodComesFromTheDefinitionItWasMadeFromElseTheNewestThatHasIt(t *testing.T) {
	web := func(hostname string) translate.Project {
		return translate.Project{Pods: []translate.Pod{{Name: "web", Hostname: hostname}}}
	}
	newest, older := web("c"), web("b")
	actual := Actual{Applied: []translate.Project{{Pods: []translate.Pod{{Name: "db"}}}, newest, older}}
	for name, test := range map[string]struct {
		state PodState
		want  string
		ok    bool
	}{
		"made from an older one":         {PodState{Name: "web", Hash: older.Pods[0].Hash()}, "b", true},
		"made from one that is not kept": {PodState{Name: "web", Hash: "unknown"}, "c", true},
		"never applied":                  {PodState{Name: "zz"}, "", false},
	} {
		if got, ok := actual.MadeFrom(test.state); ok != test.ok || got.Hostname != test.want {
			t.Errorf("%s: %q, %v", name, got.Hostname, ok)
		}
	}
}
