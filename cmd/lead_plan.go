package cmd

import (
	"context"
	"slices"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

// leadPlan carries out a plan under the locks of its pods, after their memories have been changed.
func (a *app) leadPlan(ctx context.Context, engine Engine, v view, before plan.Actual, pods []life, p plan.Plan, change func(life, status.Memory) status.Memory) error {
	want := translate.Project{Name: before.Project}
	for _, one := range pods {
		want.Pods = append(want.Pods, one.pod)
	}
	l, err := a.lead(ctx, engine, want, before, p)
	if err != nil {
		return err
	}
	defer l.close()
	for _, one := range pods {
		pod := l.pods[one.pod.Name]
		if pod == nil {
			continue
		}
		memory := pod.held.Memory
		if !pod.held.Known {
			memory = one.memory
		}
		if err := pod.held.Save(change(one, memory)); err != nil {
			return err
		}
	}
	var supervisor *background
	if starts(p) {
		supervisor = a.superviseInBackground(ctx, l.runtime)
	}
	err = a.run(ctx, l, v, p).Err
	l.close()
	if supervisor == nil {
		l.runtime.tell()
	} else if adopted := supervisor.adopt(ctx); adopted != nil {
		a.warn(adopted.Error())
	}
	if err != nil {
		return err
	}
	return l.trouble()
}

// starts says whether something of a plan may run when it has been carried out.
func starts(p plan.Plan) bool {
	return slices.ContainsFunc(p.Steps, func(step plan.Step) bool {
		_, stops := step.Op.(plan.StopPod)
		return !stops
	})
}
