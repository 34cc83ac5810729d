package cmd

import (
	"testing"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

func TestTheKernelsKeysOfAUser(t *testing.T) {
	const text = "    0:    38 37/37 32/1000000 666/25000000\n 1000:     7 7/7 7/200 73/20000\n 1001: x x/x x/200 0/20000\n 1002:\n"
	for name, test := range map[string]struct {
		uid, free, most int
		known           bool
	}{
		"of a user":                       {1000, 193, 200, true},
		"of root":                         {0, 999968, 1000000, true},
		"of a user without any":           {100, 0, 0, false},
		"of a line that has no numbers":   {1001, 0, 0, false},
		"of a line that has been cut off": {1002, 0, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			if free, most, known := freeKeys(text, test.uid); free != test.free || most != test.most || known != test.known {
				t.Errorf("got %d of %d, %v", free, most, known)
			}
		})
	}
}

func TestKeysAPlanTakes(t *testing.T) {
	web := translate.Pod{Name: "web"}
	c := comparison{
		actual: plan.Actual{Pods: map[string]plan.PodState{"web": {
			Infra:      plan.ContainerState{Status: plan.Running},
			Containers: map[string]plan.ContainerState{"web-app": {Status: plan.Running}, "web-setup": {Status: plan.Exited}},
		}}},
		plan: plan.Plan{Steps: []plan.Step{
			{Op: plan.CreatePod{Pod: web}}, {Op: plan.StartPod{Pod: "web"}}, {Op: plan.HoldVolumes{Pod: web}},
			{Op: plan.CreateContainer{Container: translate.Container{Init: true}}},
			{Op: plan.CreateContainer{}}, {Op: plan.CreateContainer{}},
		}},
	}
	if got := neededKeys(c); got != 4 {
		t.Errorf("a new pod takes %d, want 4: infra container, holder and two containers", got)
	}
	c.plan.Steps = append(c.plan.Steps, plan.Step{Op: plan.RemovePod{Pod: "web"}})
	if got := neededKeys(c); got != 2 {
		t.Errorf("in place of another that runs with two it takes %d, want 2", got)
	}
}
