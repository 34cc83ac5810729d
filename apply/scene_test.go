package apply_test

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// scene is a world with a project in it, and what is wanted next.
type scene struct {
	*world
	want   translate.Project
	opts   plan.Options
	exempt map[string]bool // init containers somebody pruned or ran by hand while the pod was up
	story  []string
}

func (s *scene) copy() *scene {
	return &scene{world: s.clone(), want: s.want, opts: s.opts, exempt: s.exempt, story: s.story}
}

// up is what the command does, without a registry that can fail.
func (s *scene) up(run func(plan.Plan) apply.Result) (plan.Plan, apply.Result) {
	s.settled = s.serial
	p := plan.Diff(s.want, s.observe(s.want, nil), s.opts)
	pulled := map[string]bool{}
	pulls := p.Pulls()
	if !pulls.Empty() {
		if result := run(pulls); result.Err != nil {
			return p, result
		}
		for _, step := range pulls.Steps {
			if pull, ok := step.Op.(plan.PullImage); ok {
				pulled[pull.Image] = true
			}
		}
		p = plan.Diff(s.want, s.observe(s.want, pulled), s.opts)
	}
	s.releases = append(s.releases, worldRelease{project: s.want})
	result := run(p)
	if result.Err == nil {
		s.releases[len(s.releases)-1].finished = true
	}
	return p, result
}

func (s *scene) execute(ctx context.Context, parallel int) func(plan.Plan) apply.Result {
	return func(p plan.Plan) apply.Result {
		return (&apply.Executor{Engine: s.world, Parallel: parallel}).Run(ctx, p)
	}
}

// kill carries out some steps of a plan in a random order that the plan allows, and then half of
// another, as a podup that is killed.
func (s *scene) kill(ctx context.Context, r *rand.Rand, p plan.Plan, steps int) error {
	done := make([]bool, len(p.Steps))
	for n := 0; ; n++ {
		var ready []int
		for i, step := range p.Steps {
			if !done[i] && !slices.ContainsFunc(step.After, func(j int) bool { return !done[j] }) {
				ready = append(ready, i)
			}
		}
		if len(ready) == 0 {
			return nil
		}
		i := pick(r, ready...)
		op := p.Steps[i].Op
		if n == steps {
			if r.IntN(2) == 0 {
				s.half(ctx, r, op)
			}
			return nil
		}
		if err := s.execute(ctx, 1)(plan.Plan{Steps: []plan.Step{{Op: op}}}).Err; err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
		done[i] = true
	}
}

// half leaves an operation in the middle.
func (s *scene) half(ctx context.Context, r *rand.Rand, op plan.Op) {
	switch op := op.(type) {
	case plan.RunPod:
		op.Start = op.Start[:r.IntN(len(op.Start))]
		_, _ = s.RunPod(ctx, op, func(string) {})
	case plan.RunInit:
		_ = s.StartContainer(ctx, op.Name)
		if r.IntN(2) == 0 {
			s.finish(s.containers[op.Name])
		}
	case plan.CreateVolume:
		op.Volume.Files = nil
		_ = s.CreateVolume(ctx, op.Volume)
	case plan.RemovePod:
		for _, name := range slices.Sorted(maps.Keys(s.containers)) {
			if c := s.containers[name]; c.pod == op.Pod {
				switch r.IntN(3) {
				case 0:
					delete(s.containers, name)
				case 1:
					if !c.holder() {
						c.status, c.byItself = plan.Exited, false
					}
				}
			}
		}
	}
}

// disturb is what happens to a project behind podup's back.
func (s *scene) disturb(r *rand.Rand) {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(s.containers)) {
		if !s.containers[name].holder() {
			names = append(names, name)
		}
	}
	pod := pick(r, slices.Sorted(maps.Keys(s.pods))...)
	c := &worldContainer{}
	if len(names) > 0 {
		c = s.containers[pick(r, names...)]
	}
	what := r.IntN(11)
	s.story = append(s.story, fmt.Sprintf("disturbance %d of pod %s or container %s", what, pod, c.name))
	s.seconds++
	switch what {
	case 0, 1:
		if c.alive() && !regular(c.def) {
			c.status, c.code, c.byItself = plan.Exited, r.IntN(2), true
		}
	case 2, 3:
		delete(s.containers, c.name)
		if regular(c.def) && s.appsUp(c.pod) {
			s.exempt[c.name] = true
		}
	case 4: // a reboot
		for _, p := range s.pods {
			p.running = false
		}
		for _, c := range s.containers {
			if c.alive() || c.holder() {
				c.status = plan.Lost
			}
		}
		s.dropMemory()
	case 5: // an infra container dies alone
		s.pods[pod].running = false
	case 6: // and is brought back by a start of something else
		s.pods[pod].running, s.pods[pod].started = true, s.seconds
		for _, name := range names {
			if s.containers[name].pod == pod && regular(s.containers[name].def) {
				s.exempt[name] = true // of two app containers one may have been started since
			}
		}
	case 7:
		s.removePod(pod)
		if r.IntN(2) == 0 { // a holder outlives its pod where it is not in it
			s.serial++
			name := translate.HolderName(pod)
			s.containers[name] = &worldContainer{id: s.serial, name: name, pod: pod, holds: []string{"gone"}, status: plan.Created}
		}
	case 8:
		for _, image := range images() {
			s.serial++
			s.registry[image] = fmt.Sprintf("sha256:%012d", s.serial)
			if r.IntN(2) == 0 && s.store[image] != "" {
				s.store[image] = s.registry[image]
			}
		}
	case 9:
		if c.status == plan.Running {
			c.status = plan.Paused
		}
	case 10:
		delete(s.containers, translate.HolderName(pod))
		s.dropMemory()
	}
}

func (w *world) appsUp(pod string) bool {
	p := w.pods[pod]
	for _, c := range w.containers {
		if c.pod == pod && !c.def.Init && c.alive() && p != nil && p.running && c.started >= p.started {
			return true
		}
	}
	return false
}

// wrong lists what keeps the world from being what is wanted.
func (s *scene) wrong() []string {
	var wrong []string
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	volumes := map[string]bool{}
	for _, v := range s.want.Volumes {
		volumes[v.Name] = true
		have := s.volumes[v.Name]
		switch {
		case have == nil:
			say("volume %s is missing", v.Name)
		case have.volume.Kind != v.Kind:
			say("volume %s is %s, not %s", v.Name, have.volume.Kind, v.Kind)
		case !slices.Equal(have.volume.Files, v.Files):
			say("volume %s has other files", v.Name)
		case v.Kind == translate.Memory && have.volume.Size != v.Size:
			say("volume %s has another size", v.Name)
		}
	}
	names, pods := map[string]bool{}, map[string]bool{}
	for _, pod := range s.want.Pods {
		pods[pod.Name] = true
		have := s.pods[pod.Name]
		if have == nil {
			say("pod %s is missing", pod.Name)
			continue
		}
		if stays := (have.pod.Network == translate.ProjectObject("shop")) && len(s.want.Pods) == 1; stays && s.want.Network == nil {
			pod.Network = have.pod.Network // a pod that becomes the only one stays on the network
		}
		if have.pod.Hash() != pod.Hash() {
			say("pod %s is another", pod.Name)
		}
		up, first := false, int64(1<<62)
		for _, app := range pod.Apps {
			names[app.EngineName()] = true
			c := s.containers[app.EngineName()]
			if c == nil {
				say("container %s is missing", app.EngineName())
				continue
			}
			finished := c.status == plan.Exited && c.byItself && !app.Lifecycle.Restarts(c.code)
			if !c.alive() && !finished {
				say("container %s is %s", c.name, c.status)
			}
			if c.alive() {
				up, first = true, min(first, c.started)
				if !have.running || c.started < have.started {
					say("container %s is on no network", c.name)
				}
			}
			s.same(say, app, c)
		}
		last := have.started
		for _, init := range pod.Init {
			names[init.EngineName()] = true
			c := s.containers[init.EngineName()]
			if c != nil {
				s.same(say, init, c)
			}
			if init.Sidecar {
				if c == nil || up && (!c.alive() || !have.running || c.started < have.started) {
					say("sidecar %s is not up: %+v", init.EngineName(), c)
				}
				continue
			}
			if !up || s.exempt[init.EngineName()] {
				continue
			}
			switch {
			case c == nil:
				say("init container %s is missing", init.EngineName())
			case c.status != plan.Exited || c.code != 0:
				say("init container %s is %s %d", c.name, c.status, c.code)
			case c.started < last || c.started > first:
				say("init container %s ran at %d, not after %d and before %d", c.name, c.started, last, first)
			default:
				last = c.started
			}
		}
		if len(pod.Held) > 0 {
			names[translate.HolderName(pod.Name)] = true
			h := s.containers[translate.HolderName(pod.Name)]
			if up && (h == nil || h.status != plan.Created || !slices.Equal(h.holds, pod.Held)) {
				say("pod %s holds %+v, not %v", pod.Name, h, pod.Held)
			}
		}
	}
	for name, c := range s.containers {
		if !names[name] && (pods[c.pod] || s.opts.Prune) {
			say("container %s is left", name)
		}
	}
	for name := range s.pods {
		if !pods[name] && s.opts.Prune {
			say("pod %s is left", name)
		}
	}
	for name, v := range s.volumes {
		if !volumes[name] && v.volume.Pod != "" && (pods[v.volume.Pod] || s.opts.Prune) {
			say("volume %s is left", name)
		}
	}
	if orphans := len(s.pods) > len(pods); !orphans {
		for name := range s.secrets {
			if !slices.ContainsFunc(s.want.Secrets, func(w translate.Secret) bool { return w.Name == name }) {
				say("secret %s is left", name)
			}
		}
		for name := range s.networks {
			used := slices.ContainsFunc(slices.Collect(maps.Values(s.pods)), func(p *worldPod) bool { return p.pod.Network == name })
			if !used && (s.want.Network == nil || s.want.Network.Name != name) {
				say("network %s is left", name)
			}
		}
	}
	slices.Sort(wrong)
	return append(wrong, s.broken...)
}

func (s *scene) same(say func(string, ...any), want translate.Container, have *worldContainer) {
	if have.def.Hash() != want.Hash() {
		say("container %s is of another definition", have.name)
	} else if have.imageID != s.store[want.Image] {
		say("container %s is of another image", have.name)
	} else if have.def.Resources != want.Resources {
		say("container %s has the sizes %+v, not %+v", have.name, have.def.Resources, want.Resources)
	}
}

// newScene brings a random project up, disturbs it and changes its manifests. It is nil where what is
// wanted cannot be had: the change takes a name from an object of another kind.
func newScene(t *testing.T, r *rand.Rand) *scene {
	t.Helper()
	was := randomSpec(r)
	s := &scene{world: newWorld(), want: was.project(), exempt: map[string]bool{}}
	for i, image := range images() {
		s.registry[image] = fmt.Sprintf("sha256:%012d", i)
	}
	p, result := s.up(s.execute(t.Context(), 3))
	if wrong := s.wrong(); result.Err != nil || len(wrong) > 0 {
		t.Fatalf("first up: %v\n%s\n%s", result.Err, strings.Join(wrong, "\n"), p.Script())
	}
	if again := plan.Diff(s.want, s.observe(s.want, everything()), s.opts); !again.Empty() {
		t.Fatalf("second up is not empty:\n%s", again)
	}
	next := was.clone()
	for range r.IntN(4) {
		s.story = append(s.story, change(r, &next))
	}
	if !valid(next) {
		return nil
	}
	for range r.IntN(4) {
		if len(s.pods) > 0 {
			s.disturb(r)
		}
	}
	s.want = next.project()
	s.opts = plan.Options{Prune: r.IntN(2) == 0, Recreate: r.IntN(10) == 0, RenewVolumes: r.IntN(8) == 0}
	if p := plan.Diff(s.want, s.observe(s.want, nil), s.opts); len(p.Conflicts) > 0 {
		return nil
	}
	if s.portTaken() {
		return nil
	}
	return s
}

// portTaken says that an orphan that stays has a port some pod wants.
func (s *scene) portTaken() bool {
	if s.opts.Prune {
		return false
	}
	for name, p := range s.pods {
		for _, want := range s.want.Pods {
			orphan := !slices.ContainsFunc(s.want.Pods, func(w translate.Pod) bool { return w.Name == name })
			if orphan && slices.ContainsFunc(want.Ports, func(port translate.Port) bool { return slices.Contains(p.pod.Ports, port) }) {
				return true
			}
		}
	}
	return false
}

// valid is what validate would say.
func valid(s spec) bool {
	names := map[string]bool{}
	ports := map[int]bool{}
	for _, p := range s.pods {
		if p.port > 0 && ports[p.port] {
			return false
		}
		ports[p.port] = true
		for _, c := range append(slices.Clone(p.inits), p.apps...) {
			name := p.name + "-" + c.name
			if names[name] {
				return false
			}
			names[name] = true
		}
		seen := map[string]bool{}
		for _, v := range p.volumes {
			if seen[v.name] {
				return false
			}
			seen[v.name] = true
		}
	}
	claims := map[string]bool{}
	for _, c := range s.claims {
		if claims[c] {
			return false
		}
		claims[c] = true
	}
	return true
}

// everything has just been pulled.
func everything() map[string]bool {
	pulled := map[string]bool{}
	for _, image := range images() {
		pulled[image] = true
	}
	return pulled
}

// finishes wants the next up to reach the wanted state, and one more to have nothing to do.
func (s *scene) finishes(t *testing.T, label string, earlier ...plan.Plan) {
	t.Helper()
	p, result := s.up(s.execute(t.Context(), 3))
	wrong := s.wrong()
	opts := s.opts
	opts.Recreate = false
	again := plan.Diff(s.want, s.observe(s.want, everything()), opts)
	if result.Err == nil && len(wrong) == 0 && again.Empty() {
		return
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %v\nstory: %s\noptions %+v\n", label, result.Err, strings.Join(s.story, "; "), s.opts)
	fmt.Fprintf(&text, "wrong:\n  %s\n", strings.Join(wrong, "\n  "))
	for _, e := range append(earlier, p) {
		fmt.Fprintf(&text, "plan:\n%s%s", e, e.Script())
	}
	fmt.Fprintf(&text, "journal:\n  %s\nand then:\n%s", strings.Join(s.journal, "\n  "), again)
	t.Fatal(text.String())
}

// scenes gives the scenes of all seeds, each with its source of chance.
func scenes(t *testing.T) iter.Seq2[*rand.Rand, *scene] {
	t.Helper()
	return func(yield func(*rand.Rand, *scene) bool) {
		made := 0
		for seed := range *seeds {
			if *onlySeed >= 0 && seed != *onlySeed {
				continue
			}
			r := rand.New(rand.NewPCG(uint64(seed), 1))
			s := newScene(t, r)
			if s == nil {
				continue
			}
			made++
			s.story = append([]string{fmt.Sprintf("seed %d", seed)}, s.story...)
			s.journal = nil
			if !yield(r, s) {
				return
			}
		}
		if *onlySeed < 0 && made < *seeds*3/4 {
			t.Errorf("only %d of %d seeds make a scene", made, *seeds)
		}
	}
}
