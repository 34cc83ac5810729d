package cmd

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

func TestATimeoutHoldsForAllThatIsStoppedAndChangesNothingElse(t *testing.T) {
	p := plan.Plan{Steps: []plan.Step{
		{Op: plan.StopContainer{Name: "web-app", Grace: -1}},
		{Op: plan.StopPod{Pod: "web", Grace: time.Minute}},
		{Op: plan.RemovePod{Pod: "web", Grace: time.Minute}},
		{Op: plan.StartPod{Pod: "web"}},
	}}
	got := withGrace(p, grace{"7", 7 * time.Second})
	want := []plan.Step{
		{Op: plan.StopContainer{Name: "web-app", Grace: 7 * time.Second}},
		{Op: plan.StopPod{Pod: "web", Grace: 7 * time.Second}},
		{Op: plan.RemovePod{Pod: "web", Grace: 7 * time.Second}},
		{Op: plan.StartPod{Pod: "web"}},
	}
	if !reflect.DeepEqual(got.Steps, want) {
		t.Errorf("steps %+v", got.Steps)
	}
	if p.Steps[0].Op != (plan.StopContainer{Name: "web-app", Grace: -1}) {
		t.Errorf("the caller's plan was changed: %+v", p.Steps)
	}
	if got := withGrace(p, grace{}); !reflect.DeepEqual(got, p) {
		t.Errorf("without a timeout the plan is %+v", got)
	}
}

func TestAFailureNamesItsCausesAndWhatWasTakenBack(t *testing.T) {
	p := plan.Plan{
		Changes: []plan.Change{{Object: "volume/web-data"}, {Object: "pod/web"}, {Object: "pod/api"}},
		Steps:   []plan.Step{{Change: 0}, {Change: 1}, {Change: 1}, {Change: 2}},
	}
	cause := errors.New("no space left on device")
	got := failure(p, apply.Result{Err: cause, States: []apply.State{apply.Undone, apply.Undone, apply.Failed, apply.Done}})
	if !errors.Is(got, cause) || got.Error() != "no space left on device\ntaken back: volume/web-data, pod/web, because of: no space left on device" {
		t.Errorf("failure %q", got)
	}
	if got := failure(p, apply.Result{Err: cause, States: []apply.State{apply.Done, apply.Done, apply.Failed, apply.Skipped}}); got.Error() != cause.Error() {
		t.Errorf("failure %q", got)
	}
}

func TestPullOverridesEveryPolicyOfACopy(t *testing.T) {
	mount := translate.Mount{Path: "/i", Image: "localhost/data:1", ImagePull: translate.PullIfNotPresent}
	p := translate.Project{Pods: []translate.Pod{{
		Init: []translate.Container{{Pull: translate.PullNever}},
		Apps: []translate.Container{{Pull: translate.PullIfNotPresent, Mounts: []translate.Mount{mount, {Path: "/v", Volume: "v"}}}},
	}}}
	for flag, want := range map[string]translate.PullPolicy{
		"always": translate.PullAlways, "missing": translate.PullIfNotPresent, "never": translate.PullNever,
	} {
		got := withPull(p, flag).Pods[0]
		if got.Init[0].Pull != want || got.Apps[0].Pull != want || got.Apps[0].Mounts[0].ImagePull != want || got.Apps[0].Mounts[1].ImagePull != "" {
			t.Errorf("--pull %s gives %+v", flag, got)
		}
	}
	if p.Pods[0].Init[0].Pull != translate.PullNever || p.Pods[0].Apps[0].Mounts[0] != mount {
		t.Errorf("the caller's project was changed: %+v", p)
	}
	if got := withPull(p, ""); !reflect.DeepEqual(got, p) {
		t.Errorf("without --pull it is %+v", got)
	}
}

func TestDownSaysWhatItRemovedAndWhatStays(t *testing.T) {
	remove := func(objects ...string) plan.Plan {
		var p plan.Plan
		for _, object := range objects {
			p.Changes = append(p.Changes, plan.Change{Action: plan.ActionRemove, Object: object})
		}
		return p
	}
	claim := plan.Actual{Volumes: map[string]plan.VolumeState{
		"orders": {Role: translate.RoleClaim}, "archive": {Role: translate.RoleClaim}, "web-data": {Role: translate.RoleVolume},
	}}
	for name, test := range map[string]struct {
		plan    plan.Plan
		before  plan.Actual
		pods    []string
		volumes bool
		want    string
	}{
		"nothing":             {want: "project shop: nothing to remove"},
		"a whole project":     {plan: remove("pod/a", "pod/b", "volume/a-x", "secret/s", "network/n"), want: "project shop: removed 2 pods, 1 volume, 1 secret, 1 network"},
		"only its history":    {before: plan.Actual{Release: true}, want: "project shop: removed its history"},
		"claims that stay":    {plan: remove("pod/a"), before: claim, want: "project shop: removed 1 pod; the data of archive, orders stays (--volumes removes it)"},
		"claims that go":      {plan: remove("pod/a", "volume/orders", "volume/archive"), before: claim, volumes: true, want: "project shop: removed 1 pod, 2 volumes"},
		"one pod of several":  {plan: remove("pod/a"), before: claim, pods: []string{"a"}, want: "project shop: removed 1 pod"},
		"nothing but a claim": {before: claim, want: "project shop: nothing to remove; the data of archive, orders stays (--volumes removes it)"},
	} {
		if got := removed("shop", test.plan, test.before, test.pods, test.volumes); got != test.want {
			t.Errorf("%s: said %q, want %q", name, got, test.want)
		}
	}
}

func TestOnlyTheNamedPodsAreStoppedAndJudged(t *testing.T) {
	container := func(pod, name string, status plan.Status, code int) map[string]plan.ContainerState {
		return map[string]plan.ContainerState{pod + "-" + name: {Name: pod + "-" + name, Pod: pod, Container: name, Role: translate.RoleApp, Status: status, ExitCode: code}}
	}
	actual := plan.Actual{Project: "shop", Pods: map[string]plan.PodState{
		"web": {Name: "web", Containers: container("web", "app", plan.Exited, 3)},
		"db":  {Name: "db", Containers: container("db", "app", plan.Lost, 0)},
		"ok":  {Name: "ok", Containers: container("ok", "app", plan.Exited, 0)},
	}}
	p := stopPlan(actual, []string{"web"}, -1)
	if len(p.Steps) != 1 || p.Steps[0].Op != (plan.StopPod{Pod: "web", Grace: -1}) || len(p.Changes) != 1 {
		t.Errorf("plan %+v", p)
	}
	if p := stopPlan(actual, nil, 0); len(p.Steps) != 3 || p.Steps[2].Change != 2 {
		t.Errorf("plan %+v", p)
	}
	if err := ended(actual, []string{"ok"}); err != nil {
		t.Error(err)
	}
	err := ended(actual, nil)
	for _, want := range []string{"container web/app ended with exit code 3", "container db/app is gone; how it ended is unknown"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestAProjectWithOnlyClaimsIsBlank(t *testing.T) {
	claim := map[string]plan.VolumeState{"orders": {Role: translate.RoleClaim}}
	for name, test := range map[string]struct {
		actual plan.Actual
		want   bool
	}{
		"nothing":   {plan.Actual{}, true},
		"a claim":   {plan.Actual{Volumes: claim}, true},
		"a volume":  {plan.Actual{Volumes: map[string]plan.VolumeState{"web-data": {Role: translate.RoleVolume}}}, false},
		"a pod":     {plan.Actual{Pods: map[string]plan.PodState{"web": {}}}, false},
		"a network": {plan.Actual{Networks: []string{"podup.shop"}}, false},
		"a secret":  {plan.Actual{Secrets: []string{"podup.shop.1"}}, false},
		"a release": {plan.Actual{Release: true}, false},
	} {
		if got := blank(test.actual); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestWhatOnlyASupervisorDoesIsUpdatedWithoutARestart(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", webManifest)
	s.podup(0, "up", "-d")
	before := s.actual().Pods["web"].Containers["web-app"]
	s.write("pod.yaml", strings.Replace(webManifest, "    image: localhost/web:1\n", "    image: localhost/web:1\n    readinessProbe: {httpGet: {port: 80}, failureThreshold: 5}\n", 1))
	got := s.podup(0, "up", "-d")
	s.contains(got.err, "updated container/web-app: readinessProbe added; nothing is restarted\n")
	if after := s.actual().Pods["web"].Containers["web-app"]; after.ID != before.ID || !after.StartedAt.Equal(before.StartedAt) {
		t.Errorf("it was made or started anew: %+v", after)
	}
	s.podup(0, "down")
}
