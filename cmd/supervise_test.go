package cmd

import (
	"strings"
	"testing"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// A still engine panics when it is to make something.
func TestAPodRemovedByHandIsNotMadeAgain(t *testing.T) {
	for name, remove := range map[string]func(*plan.Actual){
		"the pod is gone": func(a *plan.Actual) { a.Pods = map[string]plan.PodState{} },
		"its infra container is gone, and the pod is about to be": func(a *plan.Actual) {
			pod := a.Pods["web"]
			pod.Infra = plan.ContainerState{}
			a.Pods["web"] = pod
		},
	} {
		t.Run(name, func(t *testing.T) {
			actual := shop(time.Now())
			want := translate.Project{Name: actual.Project, Pods: []translate.Pod{definition(actual, actual.Pods["web"])}}
			remove(&actual)
			s := &supervision{app: &app{}, engine: &still{actual: actual}, want: want}
			err := s.remake(t.Context(), "web")
			if err == nil || !strings.Contains(err.Error(), "podup up makes it again") {
				t.Errorf("the supervisor made it again, or failed otherwise: %v", err)
			}
		})
	}
}

func TestOnlyAPlanThatStartsSomethingNeedsASupervisor(t *testing.T) {
	stop := plan.Step{Op: plan.StopPod{Pod: "web"}}
	for name, test := range map[string]struct {
		steps []plan.Step
		want  bool
	}{
		"a foreground up that ends, and podup stop": {[]plan.Step{stop}, false},
		"a restart": {[]plan.Step{stop, {Op: plan.StartPod{Pod: "web"}}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := starts(plan.Plan{Steps: test.steps}); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}
