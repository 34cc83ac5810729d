package cmd

import (
	"context"
	"strings"
	"testing"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/translate"
)

// roomy is an engine with pods that run on a machine of a size.
type roomy struct {
	demands  []podmanapi.Demand
	capacity translate.Request
	asked    int
}

func (r *roomy) Demands(context.Context) ([]podmanapi.Demand, error) {
	r.asked++
	return r.demands, nil
}
func (r *roomy) Capacity(context.Context) (translate.Request, error) { return r.capacity, nil }

func asking(name string, milli int64, mebibytes int64) translate.Pod {
	return translate.Pod{Project: "shop", Name: name, Request: translate.Request{CPU: milli, Memory: mebibytes << 20}}
}

func TestPodsAreAdmittedTogetherOrNotAtAll(t *testing.T) {
	machine := translate.Request{CPU: 4000, Memory: 2560 << 20}
	demand := func(project, pod string, milli, mebibytes int64) podmanapi.Demand {
		return podmanapi.Demand{Project: project, Pod: pod, Request: translate.Request{CPU: milli, Memory: mebibytes << 20}}
	}
	removes := func(c comparison, pod string) comparison {
		c.plan.Steps = append(c.plan.Steps, plan.Step{Op: plan.RemovePod{Pod: pod}})
		return c
	}
	for _, test := range []struct {
		name    string
		running []podmanapi.Demand
		stated  string
		c       comparison
		want    string // parts of the finding, by |; empty is none
	}{
		{"pods that fit", nil, "", starting(asking("a", 1000, 1024), asking("b", 1000, 1024)), ""},
		{"pods that fill the machine", nil, "", starting(asking("a", 4000, 2560)), ""},
		{"three of 1 GiB where 2.5 are", nil, "", starting(asking("a", 0, 1024), asking("b", 0, 1024), asking("c", 0, 1024)),
			"pods need 3Gi of memory, 2.5Gi is free: a 1Gi, b 1Gi, c 1Gi|--overcommit"},
		{"one pod of 1 and 0.5 GiB where 1.25 are", nil, "memory=1.25Gi", starting(asking("app", 0, 1536)),
			"pods need 1.5Gi of memory, 1.25Gi is free: app 1.5Gi"},
		{"CPU", nil, "", starting(asking("a", 2500, 1), asking("b", 2000, 0)), "pods need 4500m of CPU, 4 is free: a 2500m, b 2"},
		{"both at once", nil, "cpu=1,memory=1Gi", starting(asking("a", 2000, 2048)), "2Gi of memory, 1Gi|2 of CPU, 1 is free"},
		{"beside pods of other projects", []podmanapi.Demand{demand("other", "a", 0, 2048)}, "", starting(asking("a", 0, 1024)),
			"pods need 1Gi of memory, 512Mi is free: a 1Gi|have asked for 2Gi of 2.5Gi"},
		{"beside an own pod that stays", []podmanapi.Demand{demand("shop", "old", 0, 2048)}, "", starting(asking("a", 0, 1024)), "512Mi is free"},
		{"in the place of a pod that goes", []podmanapi.Demand{demand("shop", "old", 0, 2048)}, "", removes(starting(asking("a", 0, 1024)), "old"), ""},
		{"in the place of itself", []podmanapi.Demand{demand("shop", "a", 0, 2048)}, "", starting(asking("a", 0, 2048)), ""},
		{"with more than itself had, and fitting", []podmanapi.Demand{demand("shop", "a", 0, 2048)}, "", starting(asking("a", 0, 2560)), ""},
		{"with more than there is", []podmanapi.Demand{demand("shop", "a", 0, 2048)}, "", starting(asking("a", 0, 3072)), "pods need 3Gi of memory, 2.5Gi is free"},
		{"as before on a machine that others have filled", []podmanapi.Demand{demand("shop", "a", 0, 1024), demand("other", "b", 0, 2560)}, "",
			starting(asking("a", 0, 1024)), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := crowded(t.Context(), &roomy{demands: test.running, capacity: machine}, test.stated, test.c)
			if err != nil {
				t.Fatal(err)
			}
			if test.want == "" {
				if got != nil {
					t.Errorf("got %v", got)
				}
				return
			}
			for part := range strings.SplitSeq(test.want, "|") {
				if got == nil || !strings.Contains(got.Error(), part) {
					t.Errorf("got %v, without %q", got, part)
				}
			}
		})
	}
}

func TestPodsThatAskForNothingAskNobody(t *testing.T) {
	r := &roomy{}
	if got, err := crowded(t.Context(), r, "", starting(translate.Pod{Name: "web"})); got != nil || err != nil || r.asked != 0 {
		t.Errorf("got %v, %v, asked %d times", got, err, r.asked)
	}
}

func TestAStatedCapacityMustBeReadable(t *testing.T) {
	for _, stated := range []string{"memory", "memory=x", "disk=1Gi", "memory=1Gi,"} {
		if _, err := statedCapacity(translate.Request{}, stated); err == nil || !strings.Contains(err.Error(), "memory=2.5Gi,cpu=4") {
			t.Errorf("%q: %v", stated, err)
		}
	}
	got, err := statedCapacity(translate.Request{CPU: 1, Memory: 2}, "memory=2.5Gi,cpu=1500m")
	if want := (translate.Request{CPU: 1500, Memory: 2560 << 20}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}
