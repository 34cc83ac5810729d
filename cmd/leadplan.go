package cmd

import (
	"context"

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
	supervisor := a.superviseInBackground(ctx, l.runtime)
	err = a.run(ctx, l, v, p).Err
	l.close()
	if adopted := supervisor.adopt(ctx, false); adopted != nil {
		a.warn(adopted.Error())
	}
	if err != nil {
		return err
	}
	return l.trouble()
}
