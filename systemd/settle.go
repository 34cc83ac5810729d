package systemd

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/podup/podup/quadlet"
)

// Trouble is a service that does not run as it should.
type Trouble struct {
	Service string
	Text    string   // "has failed (exit-code, 1)"
	Lines   []string // the last ones it has written
	Before  bool     // it had failed before
}

// states are those of the set's services.
func (in *Installer) states(ctx context.Context, set quadlet.Set) (map[string]State, error) {
	states := map[string]State{}
	if in.Manager == nil {
		return states, nil
	}
	for _, u := range set.Units {
		state, err := in.Manager.State(ctx, u.Service)
		if err != nil {
			return nil, err
		}
		states[u.Service] = state
	}
	return states, nil
}

// stop stops services, each after what depends on it. The service manager sees to the order and to the
// grace of each.
func (in *Installer) stop(ctx context.Context, services []string) error {
	if len(services) == 0 {
		return nil
	}
	if err := in.do("stop " + fmt.Sprint(services)); err != nil {
		return err
	}
	jobs := map[string]<-chan string{}
	for _, service := range services {
		job, err := in.Manager.Stop(ctx, service)
		if err != nil {
			return err
		}
		jobs[service] = job
	}
	for _, service := range services {
		select {
		case result := <-jobs[service]:
			if result != "done" {
				return fmt.Errorf("stop %s: %s: see %s", service, result, in.Host.Journal(service))
			}
		case <-ctx.Done():
			return fmt.Errorf("stop %s: %w", service, context.Cause(ctx))
		}
	}
	return nil
}

// startAll starts what is to run and does not, and tells what has been started by it.
func (in *Installer) startAll(ctx context.Context, set quadlet.Set, d Difference, before map[string]State) ([]Trouble, error) {
	now, err := in.states(ctx, set)
	if err != nil {
		return nil, err
	}
	var services []string
	for _, u := range set.Units {
		// What ran before has been stopped with what it needs.
		if starts(u.Name) && !now[u.Service].Up() && (before[u.Service].Up() || !over(u, set, d, now)) {
			services = append(services, u.Service)
		}
	}
	// A pod first: it wants its containers, and one that is started before it brings it up, too.
	slices.SortStableFunc(services, func(a, b string) int { return rank(set, a) - rank(set, b) })
	troubles, err := in.start(ctx, services)
	if err != nil {
		return troubles, err
	}
	var watched []string
	for _, u := range set.Units {
		troubled := slices.ContainsFunc(troubles, func(t Trouble) bool { return t.Service == u.Service })
		if starts(u.Name) && !troubled && (slices.Contains(services, u.Service) || now[u.Service].Restarts > 0) {
			watched = append(watched, u.Service)
		}
	}
	short, err := in.settle(ctx, watched)
	for _, trouble := range short {
		trouble.Before = !slices.Contains(services, trouble.Service)
		troubles = append(troubles, trouble)
	}
	if err != nil {
		return troubles, err
	}
	after, err := in.states(ctx, set)
	if err != nil {
		return troubles, err
	}
	for _, u := range set.Units {
		was, is := before[u.Service], after[u.Service]
		switch {
		case slices.ContainsFunc(troubles, func(t Trouble) bool { return t.Service == u.Service }):
		case starts(u.Name) && is.Failing():
			trouble := in.trouble(ctx, u.Service, is)
			trouble.Before = !slices.Contains(services, u.Service)
			troubles = append(troubles, trouble)
		case !starts(u.Name) || is.Invocation == "" || is.Invocation == was.Invocation:
		case was.Active == "active":
			in.Report("restarted", u.Service)
		default:
			in.Report("started", u.Service)
		}
	}
	return troubles, nil
}

// settle watches services that run until they have done so for as long as counts, and finds those that fail before.
// What ends well or has to wait is not watched any longer.
func (in *Installer) settle(ctx context.Context, services []string) ([]Trouble, error) {
	if in.Host.Settle == 0 {
		return nil, nil
	}
	var troubles []Trouble
	runs := map[string]string{}
	ticks := time.NewTicker(pollTime)
	defer ticks.Stop()
	settled := time.NewTimer(in.Host.Settle)
	defer settled.Stop()
	for {
		var running []string
		for _, service := range services {
			state, err := in.Manager.State(ctx, service)
			if err != nil {
				return troubles, err
			}
			run, seen := runs[service]
			runs[service] = state.Invocation
			switch {
			case state.Failing(), seen && run != state.Invocation && state.Restarts > 0:
				troubles = append(troubles, in.trouble(ctx, service, state))
			case state.Active == "active":
				running = append(running, service)
			}
		}
		if services = running; len(services) == 0 {
			return troubles, nil
		}
		select {
		case <-ticks.C:
		case <-settled.C:
			return troubles, nil
		case <-ctx.Done():
			return troubles, fmt.Errorf("wait for %s: %w", services[0], context.Cause(ctx))
		}
	}
}

func rank(set quadlet.Set, service string) int {
	if slices.ContainsFunc(set.Units, func(u quadlet.Unit) bool { return u.Service == service && path.Ext(u.Name) == ".pod" }) {
		return 0
	}
	return 1
}

// over says of a service that does not run whether it has ended for good in its pod's present life: its
// restart policy does not want it again.
func over(u quadlet.Unit, set quadlet.Set, d Difference, now map[string]State) bool {
	if slices.Contains(d.Restart, u.Service) {
		return false
	}
	policy := value(u.Text, "Restart")
	state := now[u.Service]
	if policy == "always" || policy == "on-failure" && state.Active == "failed" {
		return false
	}
	i := slices.IndexFunc(set.Units, func(pod quadlet.Unit) bool { return pod.Name == value(u.Text, "Pod") })
	if i < 0 {
		return false
	}
	pod := now[set.Units[i].Service]
	return pod.Active == "active" && state.Ran > 0 && state.Ran >= pod.Entered
}

// patience is how long a start may take before it is said what is waited for.
const patience = 10 * time.Second

// pollTime is how often services are looked at that are being started.
const pollTime = 200 * time.Millisecond

// start starts services and waits until each is up or has failed for the first time. One that pulls an
// image is waited for as long as that takes; one that waits for what keeps failing is not.
func (in *Installer) start(ctx context.Context, services []string) ([]Trouble, error) {
	if len(services) == 0 {
		return nil, nil
	}
	if err := in.do("start " + fmt.Sprint(services)); err != nil {
		return nil, err
	}
	pending := map[string]<-chan string{}
	for _, service := range services {
		// A failure of the past would be taken for one of this start.
		if err := in.Manager.Reset(ctx, service); err != nil {
			return nil, err
		}
		job, err := in.Manager.Start(ctx, service)
		if err != nil {
			return nil, err
		}
		pending[service] = job
	}
	var troubles []Trouble
	ticks := time.NewTicker(pollTime)
	defer ticks.Stop()
	long := time.NewTimer(patience)
	defer long.Stop()
	for {
		queued := true // nothing is being started: all wait for others
		for _, service := range slices.Sorted(maps.Keys(pending)) {
			var result string
			select {
			case result = <-pending[service]:
			default:
			}
			state, err := in.Manager.State(ctx, service)
			switch {
			case err != nil:
				return troubles, err
			case result == "done":
				delete(pending, service)
			case result == "dependency":
				delete(pending, service)
				troubles = append(troubles, Trouble{Service: service, Text: "has not been started: what it needs has failed"})
			case result != "", state.Failing(), state.Active == "activating" && state.Restarts > 0:
				delete(pending, service)
				troubles = append(troubles, in.trouble(ctx, service, state))
			default:
				queued = queued && state.Active == "inactive"
			}
		}
		if len(pending) == 0 {
			return troubles, nil
		}
		if queued && len(troubles) > 0 {
			for _, service := range slices.Sorted(maps.Keys(pending)) {
				troubles = append(troubles, Trouble{Service: service, Text: "waits for what has failed"})
			}
			return troubles, nil
		}
		select {
		case <-ticks.C:
		case <-long.C:
			in.Report("waiting for", strings.Join(slices.Sorted(maps.Keys(pending)), ", "))
		case <-ctx.Done():
			return troubles, fmt.Errorf("wait for %s: %w", slices.Sorted(maps.Keys(pending))[0], context.Cause(ctx))
		}
	}
}

// lastLines are as many as an error shows.
const lastLines = 5

func (in *Installer) trouble(ctx context.Context, service string, state State) Trouble {
	text := "has failed"
	switch {
	case state.Result == "exit-code":
		text += fmt.Sprintf(" with exit code %d", state.Exit)
	case state.Result != "" && state.Result != "success":
		text += " (" + state.Result + ")"
	}
	if state.Active != "failed" {
		text += " and is tried again"
	}
	return Trouble{Service: service, Text: text, Lines: in.Manager.Lines(ctx, service, lastLines)}
}
