package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/translate"
)

// capacityVariable sets the size of the machine that pods are admitted to: memory=2.5Gi,cpu=4. What it
// does not name is the machine's.
const capacityVariable = "PODUP_CAPACITY"

// room is what admission asks of the engine.
type room interface {
	Demands(ctx context.Context) ([]podmanapi.Demand, error)
	Capacity(ctx context.Context) (translate.Request, error)
}

// newcomer is a pod that a plan starts, or gives more than it has.
type newcomer struct {
	name string
	translate.Request
}

// crowded says what of a plan's pods does not fit beside those that run, in one finding for all of
// them: either every pod of the files has what it asks for, or none is started. Pods that ask for
// nothing always fit.
func crowded(ctx context.Context, engine room, stated string, c comparison) (finding, err error) {
	if len(newcomers(c, nil)) == 0 {
		return nil, nil
	}
	demands, err := engine.Demands(ctx)
	if err != nil {
		return nil, err
	}
	capacity, err := engine.Capacity(ctx)
	if err != nil {
		return nil, err
	}
	if capacity, err = statedCapacity(capacity, stated); err != nil {
		return nil, err
	}
	coming := newcomers(c, demands)
	var needed, taken translate.Request
	for _, pod := range coming {
		needed = needed.Plus(pod.Request)
	}
	for _, d := range demands {
		if d.Project != c.want.Name || !leaves(c.plan, d.Pod) && !slices.ContainsFunc(coming, func(pod newcomer) bool { return pod.name == d.Pod }) {
			taken = taken.Plus(d.Request)
		}
	}
	free := capacity.Minus(taken)
	var findings []error
	for _, one := range []struct {
		what string
		of   func(translate.Request) int64
		show func(int64) string
	}{
		{"memory", func(r translate.Request) int64 { return r.Memory }, showMemory},
		{"CPU", func(r translate.Request) int64 { return r.CPU }, showCPU},
	} {
		if one.of(needed) > max(one.of(free), 0) {
			var pods []string
			for _, pod := range coming {
				if amount := one.of(pod.Request); amount > 0 {
					pods = append(pods, pod.name+" "+one.show(amount))
				}
			}
			text := fmt.Sprintf("pods need %s of %s, %s is free: %s", one.show(one.of(needed)), one.what, one.show(max(one.of(free), 0)), strings.Join(pods, ", "))
			if one.of(taken) > 0 {
				text += fmt.Sprintf(" (pods that run have asked for %s of %s)", one.show(one.of(taken)), one.show(one.of(capacity)))
			}
			findings = append(findings, errors.New(text))
		}
	}
	if len(findings) > 0 {
		findings = append(findings, errors.New("nothing was started: lower the requests, stop other pods, or go ahead with --overcommit"))
	}
	return errors.Join(findings...), nil
}

// newcomers are the pods that ask for something and are started, or made to have more than they had.
func newcomers(c comparison, demands []podmanapi.Demand) []newcomer {
	touched := map[string]bool{}
	for _, step := range c.plan.Steps {
		switch op := step.Op.(type) {
		case plan.CreatePod:
			touched[op.Pod.Name] = true
		case plan.StartPod:
			touched[op.Pod] = true
		case plan.CreateContainer:
			touched[op.Container.Pod] = true
		case plan.ResizeContainer:
			touched[op.Container.Pod] = true
		}
	}
	var coming []newcomer
	for _, pod := range c.want.Pods {
		if !touched[pod.Name] || pod.Request == (translate.Request{}) {
			continue
		}
		has := slices.IndexFunc(demands, func(d podmanapi.Demand) bool { return d.Project == c.want.Name && d.Pod == pod.Name })
		if has >= 0 && pod.Request.CPU <= demands[has].CPU && pod.Request.Memory <= demands[has].Memory {
			continue
		}
		coming = append(coming, newcomer{pod.Name, pod.Request})
	}
	return coming
}

// leaves says whether a plan removes a pod for good.
func leaves(p plan.Plan, name string) bool {
	removed, made := false, false
	for _, step := range p.Steps {
		switch op := step.Op.(type) {
		case plan.RemovePod:
			removed = removed || op.Pod == name
		case plan.CreatePod:
			made = made || op.Pod.Name == name
		}
	}
	return removed && !made
}

// statedCapacity puts what the user states in the place of what the machine has.
func statedCapacity(machine translate.Request, stated string) (translate.Request, error) {
	if stated == "" {
		return machine, nil
	}
	for part := range strings.SplitSeq(stated, ",") {
		name, text, _ := strings.Cut(part, "=")
		quantity, err := resource.ParseQuantity(text)
		switch {
		case err != nil:
			return machine, usagef("$%s: %q is no quantity of %s: write memory=2.5Gi,cpu=4", capacityVariable, text, name)
		case name == "memory":
			machine.Memory = quantity.Value()
		case name == "cpu":
			machine.CPU = quantity.MilliValue()
		default:
			return machine, usagef("$%s: there is no capacity %q: write memory=2.5Gi,cpu=4", capacityVariable, name)
		}
	}
	return machine, nil
}

// showMemory has two digits behind the point at most: 2.5Gi, 64Mi.
func showMemory(bytes int64) string {
	for _, unit := range []struct {
		suffix string
		size   int64
	}{{"Gi", 1 << 30}, {"Mi", 1 << 20}, {"Ki", 1 << 10}} {
		if bytes >= unit.size {
			text := strconv.FormatFloat(float64(bytes)/float64(unit.size), 'f', 2, 64)
			return strings.TrimSuffix(strings.TrimRight(text, "0"), ".") + unit.suffix
		}
	}
	return strconv.FormatInt(bytes, 10)
}

func showCPU(milli int64) string {
	return resource.NewMilliQuantity(milli, resource.DecimalSI).String()
}
