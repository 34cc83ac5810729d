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

func TestAPlanForTheSupervisorAloneIsQuietAndNotEmpty(t *testing.T) {
	want := base()
	actual := standing(want)
	if p := plan.Diff(want.translated(), actual, plan.Options{}); !p.Empty() || !p.Quiet() {
		t.Errorf("without a change:\n%s", p)
	}
	want.app().period = 5
	if p := plan.Diff(want.translated(), actual, plan.Options{}); p.Empty() || !p.Quiet() {
		t.Errorf("with another probe:\n%s%s", p, p.Script())
	}
	want.app().image = "docker.io/library/nginx:9"
	if p := plan.Diff(want.translated(), actual, plan.Options{}); p.Empty() || p.Quiet() {
		t.Errorf("with another image:\n%s%s", p, p.Script())
	}
}
