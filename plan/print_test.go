package plan_test

import (
	"strings"
	"testing"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

func TestPullsAreAPlanOfTheirOwn(t *testing.T) {
	s := &situation{want: base()}
	s.want.app().image, s.want.side().pull = "docker.io/library/nginx:1.27", translate.PullAlways
	s.want.app().env["LOG"] = "b"
	s.actual = standing(base())
	s.actual.Taken["container/web-app.new"] = "not made by podup"
	pulls := plan.Diff(s.want.translated(), s.actual, s.opts).Pulls()
	checkPlan(t, pulls)
	const want = `  pull image/docker.io/library/nginx:1.27  not in the store
  pull image/localhost/side:dev  imagePullPolicy: Always
2 to pull
0 pull image/docker.io/library/nginx:1.27
1 pull image/localhost/side:dev
`
	if got := pulls.String() + pulls.Script(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if empty := plan.Diff(base().translated(), standing(base()), plan.Options{}).Pulls(); !empty.Empty() {
		t.Errorf("pulls of nothing:\n%s", empty)
	}
}

// Everything of a plan is printed here, with a secret's value in all places that hold one.
func TestNoPlanShowsASecret(t *testing.T) {
	want := base()
	want.side().secret = "hush-hush"
	project := want.translated()
	for i := range project.Volumes {
		for j := range project.Volumes[i].Files {
			project.Volumes[i].Files[j].Data = translate.Conceal([]byte("key"), "hush-hush")
		}
	}
	for name, actual := range map[string]plan.Actual{"from nothing": {}, "in place": standing(base())} {
		p := plan.Diff(project, actual, plan.Options{})
		text := p.String() + p.Script()
		for _, step := range p.Steps {
			text += step.Op.String()
		}
		if p.Empty() || strings.Contains(text, "hush-hush") {
			t.Errorf("%s:\n%s", name, text)
		}
	}
}

func TestReasonsStandBelowEachOther(t *testing.T) {
	p := plan.Plan{
		Changes: []plan.Change{
			{Action: plan.ActionCreate, Object: "volume/ä", Reasons: []string{"does not exist"}},
			{Action: plan.ActionReplace, Object: "container/web-app", Reasons: []string{"image: a → b", "env LOG: removed"}},
			{Action: plan.ActionPull, Object: "image/registry.example.org:5000/team/a-long-name:1.27", Reasons: []string{"not in the store"}},
		},
		Orphans: []string{"old"},
		Notes:   []string{"it rains"},
	}
	const want = `   create volume/ä           does not exist
  replace container/web-app  image: a → b
                             env LOG: removed
     pull image/registry.example.org:5000/team/a-long-name:1.27  not in the store
   orphan pod/old            no longer in the manifests; --prune removes it
  note: it rains
1 to pull, 1 to create, 1 to replace
`
	if got := p.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
