package plan_test

import (
	"strings"
	"testing"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// What leaves no trace in labels is judged pod by pod: by the newest definition that reached it.
func TestADefinitionForSomePodsSaysNothingOfTheOthers(t *testing.T) {
	const unknown = "content unknown after an interrupted run"
	definition := func(content string) translate.Project {
		p := base()
		p.web().volumes[1].files = map[string]string{"nginx.conf": content, "mime.types": "b"}
		return p.translated()
	}
	for name, test := range map[string]struct {
		applied    []string // contents, newest first; "a" is wanted
		unfinished int
		partial    map[int]plan.Partial
		want       string // reason to write; "" is none
	}{
		"carried out for the pod, it is what the pod has": {[]string{"a"}, 1, map[int]plan.Partial{0: {Pods: []string{"web"}, Done: true}}, ""},
		"and what is older does not matter":               {[]string{"a", "b", "c"}, 2, map[int]plan.Partial{0: {Pods: []string{"db", "web"}, Done: true}}, ""},
		"carried out for the pod, it is no longer right":  {[]string{"b", "a"}, 1, map[int]plan.Partial{0: {Pods: []string{"web"}, Done: true}}, "nginx.conf changed"},
		"carried out for another pod":                     {[]string{"b", "a"}, 1, map[int]plan.Partial{0: {Pods: []string{"db"}, Done: true}}, ""},
		"cut short for another pod":                       {[]string{"b", "a"}, 1, map[int]plan.Partial{0: {Pods: []string{"db"}}}, ""},
		"cut short for the pod":                           {[]string{"a", "b"}, 1, map[int]plan.Partial{0: {Pods: []string{"web"}}}, unknown},
		"an attempt after it was carried out for the pod": {[]string{"b", "a", "c"}, 2, map[int]plan.Partial{1: {Pods: []string{"web"}, Done: true}}, "nginx.conf changed"},
		"nothing but another pod was ever reached":        {[]string{"a"}, 1, map[int]plan.Partial{0: {Pods: []string{"db"}, Done: true}}, "content unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			want := base()
			actual := standing(want)
			actual.Applied, actual.Unfinished, actual.Partial = nil, test.unfinished, test.partial
			for _, content := range test.applied {
				actual.Applied = append(actual.Applied, definition(content))
			}
			got := ""
			for _, c := range plan.Diff(want.translated(), actual, plan.Options{}).Changes {
				if c.Object == "volume/web-conf" {
					got = strings.Join(c.Reasons, ", ")
				}
			}
			if got != test.want {
				t.Errorf("written for %q, want %q", got, test.want)
			}
		})
	}
}

func TestARestartPolicyThatNobodyKnowsIsSet(t *testing.T) {
	set := func(a plan.Actual, p *project) (all []string) {
		for _, step := range plan.Diff(p.translated(), a, plan.Options{}).Steps {
			if op, ok := step.Op.(plan.SetRestart); ok {
				all = append(all, op.Name+" "+string(op.Restart))
			}
		}
		return all
	}
	want := base()
	actual := standing(want)
	if got := set(actual, want); len(got) > 0 {
		t.Errorf("known, it is set: %q", got)
	}
	actual.Applied = nil
	want.app().restart = translate.RestartOnFailure
	if got := strings.Join(set(actual, want), ", "); got != "web-app "+string(translate.RestartOnFailure)+", web-side "+string(translate.RestartAlways) {
		t.Errorf("set: %q", got)
	}
}
