package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/supervise"
	"github.com/podup/podup/translate"
)

// steering is what stop, start and restart share: pods, and containers of pods, of a project that is
// locked.
type steering struct {
	app      *app
	engine   Engine
	view     view
	held     *lock
	overview *overview
}

// steer locks a project and looks at it.
func (a *app) steer(ctx context.Context, command string) (*steering, error) {
	project, engine, err := a.openProject(ctx)
	if err != nil {
		return nil, err
	}
	s := &steering{app: a, engine: engine, view: a.view("")}
	if s.held, err = acquire(ctx, a.env.Getenv, project, command, s.view.Note); err != nil {
		s.close()
		return nil, err
	}
	if s.overview, err = a.overview(ctx, engine, project); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *steering) close() {
	if s.held != nil {
		s.held.release()
	}
	_ = s.engine.Close()
}

// pods are those that are named, or all.
func (s *steering) pods(ctx context.Context, names []string) ([]life, error) {
	names = podArgs(s.overview.actual, names)
	if err := s.app.notHere(s.overview.actual, names...); err != nil {
		return nil, err
	}
	all, err := s.overview.lives(ctx, names)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		s.app.noPods(s.overview.actual.Project)
	}
	return all, nil
}

// running says whether a container of the pod runs, its infra container aside.
func (l life) running() bool {
	return slices.ContainsFunc(podContainers(l.state), func(c plan.ContainerState) bool {
		return c.Status == plan.Running || c.Status == plan.Paused
	})
}

// stopPods is the plan that stops pods; they stay, with their volumes.
func stopPods(project string, pods []life, timeout time.Duration) plan.Plan {
	p := plan.Plan{Project: project}
	for _, l := range pods {
		p.Steps = append(p.Steps, plan.Step{Op: plan.StopPod{Pod: l.pod.Name, Grace: timeout}, Change: len(p.Changes)})
		p.Changes = append(p.Changes, plan.Change{Action: plan.ActionStop, Object: "pod/" + l.pod.Name, Reasons: []string{asked}})
	}
	return p
}

// asked is the reason of what a user wants by name.
const asked = "you asked for it"

// startPods is the plan that leads pods from their first init container on; those that again names are
// stopped before.
func startPods(project string, pods []life, again bool, timeout time.Duration) (plan.Plan, error) {
	p := plan.Plan{Project: project}
	var errs []error
	for _, l := range pods {
		run := plan.RunPod{Pod: l.pod}
		for _, c := range l.pod.Containers() {
			if _, there := l.state.Containers[c.EngineName()]; !there {
				errs = append(errs, fmt.Errorf("pod %s lacks container %s: podup up makes it", l.pod.Name, c.Name))
			}
			run.Start = append(run.Start, c.EngineName())
		}
		if l.state.ID == "" {
			errs = append(errs, fmt.Errorf("pod %s is not whole: podup up mends it", l.pod.Name))
		}
		change, after := plan.Change{Action: plan.ActionStart, Object: "pod/" + l.pod.Name, Reasons: []string{asked}}, []int(nil)
		step := func(op plan.Op) {
			p.Steps = append(p.Steps, plan.Step{Op: op, Change: len(p.Changes), After: after})
			after = []int{len(p.Steps) - 1}
		}
		if again {
			change.Action = plan.ActionRestart
			step(plan.StopPod{Pod: l.pod.Name, Grace: timeout})
		}
		step(plan.StartPod{Pod: l.pod.Name})
		step(run)
		p.Changes = append(p.Changes, change)
	}
	return p, errors.Join(errs...)
}

// restartContainer adds the steps that restart one container of a pod whose others run on.
func restartContainer(p plan.Plan, l life, name string, timeout time.Duration) (plan.Plan, error) {
	path := l.pod.Name + "/" + name
	c, ok := l.wanted(name)
	state, there := l.state.Containers[translate.ContainerName(l.pod.Name, name)]
	switch {
	case !ok || !there:
		return p, unknownName("container", path, containerPaths(podContainers(l.state)))
	case c.Init && !c.Sidecar:
		return p, fmt.Errorf("container %s is an init container, which runs once, before the others: restart its pod with podup restart %s", path, l.pod.Name)
	case l.state.Infra.Status != plan.Running || l.memory.Stopped:
		return p, fmt.Errorf("container %s cannot be restarted, its pod is stopped: podup start %s", path, l.pod.Name)
	}
	first := len(p.Steps)
	p.Steps = append(p.Steps,
		plan.Step{Op: plan.StopContainer{Name: state.Name, Grace: timeout}, Change: len(p.Changes)},
		plan.Step{Op: plan.StartContainer{Name: state.Name}, Change: len(p.Changes), After: []int{first}},
	)
	p.Changes = append(p.Changes, plan.Change{Action: plan.ActionRestart, Object: "container/" + state.Name, Reasons: []string{asked}})
	return p, nil
}

// stopped marks a pod so that no supervisor starts anything of it.
func stopped(_ life, m status.Memory) status.Memory {
	m.Stopped = true
	return m
}

// anew makes a memory that of a pod which its user starts: nothing of its earlier life keeps it from
// running, neither how that ended nor a back-off.
func anew(l life, m status.Memory) status.Memory { return supervise.StartOver(l.pod, m) }

// kept leaves a memory as it is.
func kept(_ life, m status.Memory) status.Memory { return m }

// lead carries out a plan that acts on pods, under their locks, after their memories have been changed.
func (s *steering) lead(ctx context.Context, pods []life, p plan.Plan, change func(life, status.Memory) status.Memory) error {
	return s.app.leadPlan(ctx, s.engine, s.view, s.overview.actual, pods, p, change)
}

func lifeNames(pods []life) string {
	var names []string
	for _, l := range pods {
		names = append(names, l.pod.Name)
	}
	return clean(strings.Join(names, ", "))
}
