package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/podup/podup/translate"
)

// Options narrow or widen what Diff does.
type Options struct {
	Prune        bool     // remove orphans with their volumes
	Recreate     bool     // replace every container, changed or not; with RenewVolumes every pod
	RenewVolumes bool     // a replaced pod starts with new volumes, as in a cluster
	Pods         []string // only these; empty is all
}

// Diff gives the steps from actual to want. What is present and right is left alone. Killed after any
// of its steps, the plan is finished by the one Diff makes of what is there then.
func Diff(want translate.Project, actual Actual, opts Options) Plan {
	d := &differ{
		builder: builder{plan: Plan{Project: want.Name}},
		want:    want, actual: actual, opts: opts,
		pulls: map[string]int{}, secrets: map[string]int{}, volumes: map[string]int{}, removals: map[string]int{}, gone: map[string]int{},
		network: none,
	}
	d.keepNetwork()
	for _, pod := range d.want.Pods {
		if opts.selects(pod.Name) {
			d.pods = append(d.pods, d.compare(pod))
		}
	}
	d.joinScopes()
	d.pullImages()
	d.createNetwork()
	d.createSecrets()
	d.ready = d.ends(0, d.next())
	d.removeOrphans()
	d.createClaims()
	for _, p := range d.pods {
		if p.course == replacePod {
			d.removeReplaced(p)
		}
	}
	for _, p := range d.pods {
		p.first = d.next()
		if p.course == keepPod {
			d.keep(p)
		} else {
			d.makePod(p)
		}
		p.end = d.next()
	}
	for _, p := range d.pods {
		d.removeStaleVolumes(p)
	}
	d.removeShared()
	d.findConflicts()
	return d.plan
}

func (o Options) selects(pod string) bool { return len(o.Pods) == 0 || slices.Contains(o.Pods, pod) }

// differ holds what the parts of one Diff share.
type differ struct {
	builder
	want   translate.Project
	actual Actual
	opts   Options
	pods   []*podPlan // the selected ones of want, in its order

	// Steps that others wait for.
	pulls    map[string]int // by image
	network  int
	secrets  map[string]int // by engine name
	volumes  map[string]int // that made or wrote it, by engine name
	removals map[string]int // that removes a pod, by pod
	gone     map[string]int // that removes a volume of an orphan, by engine name
	ready    []int          // pulls, network, secrets: what can fail before anything is taken away
}

// course is what becomes of a wanted pod as a whole.
type course int

const (
	createPod course = iota
	replacePod
	keepPod
)

// podPlan is a wanted pod beside what there is of it.
type podPlan struct {
	pod       translate.Pod
	state     PodState
	course    course
	reasons   []string
	podChange int    // of the pod itself, none where it is kept
	scope     string // where it is made
	first     int    // of the steps that make or change it
	end       int    // the index after the last of these
	fates     []*fate
}

func (d *differ) compare(pod translate.Pod) *podPlan {
	state, found := d.actual.Pods[pod.Name]
	p := &podPlan{pod: pod, state: state, podChange: none}
	switch {
	case !found || state.ID == "":
		p.course, p.reasons = createPod, []string{"does not exist"}
	case state.Hash != pod.Hash():
		p.course, p.reasons = replacePod, d.podDifferences(pod, state)
	case d.opts.Recreate && d.opts.RenewVolumes:
		p.course, p.reasons = replacePod, []string{"asked for, with new volumes"}
	default:
		p.course = keepPod
		p.fates = d.decide(p)
		renewed := d.renewedVolumes(pod.Name)
		if infra, _, _ := d.reinit(p, p.fates); infra && len(renewed) > 0 {
			// Nothing of it runs that could go on, and the volume is in its way.
			p.course, p.reasons = replacePod, []string{"its infra container is not running, and volume " + renewed[0] + " is renewed"}
		}
	}
	return p
}

func (d *differ) podDifferences(pod translate.Pod, state PodState) []string {
	old, known := d.actual.podMadeFrom(state)
	if !known && elsewhere(pod).Hash() == state.Hash {
		old, known = elsewhere(pod), true
	}
	if !known {
		return []string{"definition changed"}
	}
	reasons := translate.Differences(old.Identity(), pod.Identity())
	for i, reason := range reasons {
		if strings.HasPrefix(reason, "network: ") && d.joins(old, pod) {
			reasons[i] += forPeers
		}
	}
	if len(reasons) == 0 {
		return []string{"definition changed"}
	}
	return reasons
}

// wanted says whether the manifests name a pod.
func (d *differ) wanted(pod string) bool {
	_, ok := findPod(d.want, pod)
	return ok
}

// orphans are the pods of which the engine has something and which the manifests do not name.
func (d *differ) orphans() []string {
	names := slices.Collect(maps.Keys(d.actual.Pods))
	for _, v := range d.actual.Volumes {
		if v.Role != translate.RoleClaim && v.Pod != "" {
			names = append(names, v.Pod)
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool { return d.wanted(name) || !d.opts.selects(name) })
	slices.Sort(names)
	return slices.Compact(names)
}

func (d *differ) removeOrphans() {
	if !d.opts.Prune {
		d.plan.Orphans = d.orphans()
		return
	}
	for _, name := range d.orphans() {
		d.removals[name] = d.removePod(d.actual, name, d.actual.podGrace(name), d.ready, "no longer in the manifests")
		for _, v := range d.actual.ownVolumes(name) {
			d.gone[v.Name] = d.removeVolume(v, []int{d.removals[name]}, "no longer in the manifests")
		}
	}
}

// findConflicts looks at what the steps would make.
func (d *differ) findConflicts() {
	check := func(object string) {
		if owner, ok := d.actual.Taken[object]; ok {
			d.conflict(object, owner)
		}
	}
	for _, step := range d.plan.Steps {
		switch op := step.Op.(type) {
		case CreateNetwork:
			check("network/" + op.Network.Name)
		case CreateSecret:
			check("secret/" + op.Secret.Name)
		case CreateVolume:
			check("volume/" + op.Volume.Name)
		case CreatePod:
			check("pod/" + op.Pod.Name)
			check("container/" + translate.InfraName(op.Pod.Name))
		case HoldVolumes:
			check("container/" + translate.HolderName(op.Pod.Name))
		case CreateContainer:
			check("container/" + op.Name)
		case RenameContainer:
			check("container/" + op.To)
		}
	}
	slices.SortFunc(d.plan.Conflicts, func(a, b Conflict) int { return strings.Compare(a.Object, b.Object) })
	d.plan.Conflicts = slices.Compact(d.plan.Conflicts)
}

func (d *differ) conflict(object, owner string) {
	d.plan.Conflicts = append(d.plan.Conflicts, Conflict{Object: object, Owner: owner})
}
