package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/podup/podup/translate"
)

// verdict is what becomes of a wanted container of a pod that stays.
type verdict int

const (
	leave   verdict = iota
	create          // it is missing
	replace         // made under another name, then swapped with the present one
	remake          // removed, where it is there, and made only after a volume it mounts was renewed
	start           // as it is; of an init container: run
	restart         // stop and start as it is
)

// fate is a wanted container of a pod that stays, beside what plays its part now.
type fate struct {
	want    translate.Container
	name    string
	now     *ContainerState // nil is missing
	at      string          // the name now has: its own, or that of a predecessor
	right   bool            // now was made from what is wanted
	renewed bool            // a volume it mounts is made anew
	verdict verdict
	reasons []string

	// Leftovers of a run that was cut short.
	successor   bool // was made and never took over
	predecessor bool // stays beside now until that one has been started
	impostor    bool // has the name, never ran and is not what is wanted: the predecessor is the one
	renamed     bool // now has the predecessor's name and is the one

	change  int
	after   []int // repairs to wait for
	created int
	vacated int // the present one has made room
	last    int // the container is as wanted, but for what is removed
}

// made says whether the plan makes a container.
func (f *fate) made() bool { return f.verdict == create || f.verdict == replace || f.verdict == remake }

// regular says that it is an init container that runs to its end, not a sidecar.
func (f *fate) regular() bool { return f.want.Init && !f.want.Sidecar }

// starts says whether the plan starts the container, which it does not for one that merely stays.
func (f *fate) starts() bool { return f.verdict != leave }

func (f *fate) settle(v verdict, reasons ...string) { f.verdict, f.reasons = v, reasons }

// decide says for each wanted container of a kept pod, init containers first, what becomes of it.
func (d *differ) decide(p *podPlan) []*fate {
	renewed := d.renewedVolumes(p.pod.Name)
	down := !p.state.Infra.alive()
	var fates []*fate
	for _, c := range p.pod.Containers() {
		f := d.identify(p, c)
		fates = append(fates, f)
		f.renewed = mounted(c.Mounts, renewed) != ""
		if f.now == nil {
			f.settle(create, "does not exist")
			if f.renewed {
				f.verdict = remake
			}
			continue
		}
		reasons := d.replaceReasons(c, *f.now)
		f.right = len(reasons) == 0
		switch volume := d.blocks(*f.now, c, renewed); {
		case volume != "":
			f.settle(remake, append(reasons, "volume "+volume+" is renewed")...)
			f.right = false
		case len(reasons) > 0:
			f.settle(replace, reasons...)
		case f.regular():
		default:
			d.decideRun(p, f, down)
		}
	}
	restSidecars(p, fates)
	d.decideInits(p, fates, down)
	if d.startsOver(p, fates) {
		renew(fates)
	}
	return fates
}

// restSidecars leaves the sidecars of a pod that has finished as they are: they do not keep it alive
// (kubelet: kuberuntime_manager.go, computePodActions).
func restSidecars(p *podPlan, fates []*fate) {
	inits, apps := fates[:len(p.pod.Init)], fates[len(p.pod.Init):]
	if slices.ContainsFunc(apps, func(f *fate) bool { return f.starts() || f.now != nil && f.now.alive() }) {
		return
	}
	for _, f := range inits {
		if !f.regular() && (f.verdict == start || f.verdict == restart) {
			f.settle(leave)
		}
	}
}

// renew lets the containers of a pod that starts over be made anew where the ones there would have to
// be stopped first, or were: with a new network a kubelet makes new containers, too. What is made
// and never ran is owed a start however a plan is cut short, whatever the restart policy.
func renew(fates []*fate) {
	for _, f := range fates {
		if f.verdict == restart || f.verdict == start && f.renamed {
			f.verdict = replace
		}
	}
}

// identify finds what plays a container's part now. While a container is replaced, or stopped only
// to be started again, it has its predecessor's name: found under that name alone, it is owed a
// start whatever its restart policy.
func (d *differ) identify(p *podPlan, c translate.Container) *fate {
	f := &fate{want: c, name: c.EngineName(), change: none, created: none, vacated: none, last: none}
	f.at = f.name
	_, f.successor = p.state.Containers[translate.SuccessorName(f.name)]
	e, found := p.state.Containers[f.name]
	old, hasOld := p.state.Containers[translate.PredecessorName(f.name)]
	switch {
	case found && hasOld && e.Status == Created && len(d.replaceReasons(c, e)) > 0:
		f.impostor, f.renamed = true, true
	case found:
		f.now, f.predecessor = &e, hasOld
		return f
	case hasOld:
		f.renamed = true
	default:
		return f
	}
	f.now, f.at = &old, translate.PredecessorName(f.name)
	return f
}

// replaceReasons say why a container cannot stay. Nothing means it was made from what is wanted.
func (d *differ) replaceReasons(c translate.Container, e ContainerState) []string {
	reasons := d.definitionDiffers(c, e)
	if d.opts.Recreate {
		reasons = append(reasons, "asked for")
	}
	return reasons
}

func (d *differ) definitionDiffers(c translate.Container, e ContainerState) []string {
	var reasons []string
	if e.Hash != c.Hash() {
		if old, ok := d.actual.madeFrom(e, c.EngineName()); ok {
			reasons = translate.Differences(old.Identity(), c.Identity())
		}
		if len(reasons) == 0 {
			reasons = []string{"definition changed"}
		}
		return reasons
	}
	return d.imageMoved(c, e)
}

// decideRun says what an app container or a sidecar that is right needs to run. One that waits to be
// started again by its supervisor is started now.
func (d *differ) decideRun(p *podPlan, f *fate, down bool) {
	switch e := *f.now; {
	case e.alive() && down:
		f.settle(restart, "the pod's infra container is not running")
	case e.alive() && stale(p.state, e):
		f.settle(restart, "its network went with an earlier infra container")
	case e.alive(): // one that is paused was paused by somebody, and is told of in a note
	case f.renamed:
		f.settle(start, "left stopped by an interrupted run")
	case e.Status == Created:
		f.settle(start, "never started")
	case e.Status == Lost:
		f.settle(start, "its process is gone")
	case f.want.Lifecycle.Restarts(e.ExitCode):
		f.settle(start, fmt.Sprintf("exited with code %d", e.ExitCode))
	case down && stoppedWithPod(p.state, e, f.want.Grace):
		f.settle(start, "was stopped with its pod")
	}
}

// stoppedWithPod says whether a container that ended did so because its pod was stopped, as a Ctrl-C
// does: a pod's containers get at most their grace period before the infra container follows them.
// Such a container did not finish its work, whatever its exit code says.
func stoppedWithPod(state PodState, e ContainerState, grace time.Duration) bool {
	end := state.Infra.ExitedAt
	const (
		rounding = 2 * time.Second // a container list has whole seconds
		least    = 2 * time.Second // supervise.MinimumGrace
	)
	grace = max(grace, least)
	return !end.IsZero() && !e.ExitedAt.IsZero() && e.ExitedAt.After(end.Add(-grace-rounding))
}

// stale says whether a container belongs to an earlier life of the pod. A new infra container has a
// new network, and containers started before it are not on it, although all look running. (Podman
// 5.4 to 5.8: the next start of any container of the pod brings up a dead infra container.)
func stale(state PodState, e ContainerState) bool {
	began, started := state.Infra.StartedAt, e.StartedAt
	return !began.IsZero() && !started.IsZero() && started.Truncate(time.Second).Before(began.Truncate(time.Second))
}

// blocks gives the volume among the renewed ones that a present container mounts, by the definition
// it was made from. One whose definition is lost may mount any.
func (d *differ) blocks(e ContainerState, c translate.Container, renewed []string) string {
	if len(renewed) == 0 || e.Hash == c.Hash() {
		return mounted(c.Mounts, renewed)
	}
	old, known := d.actual.madeFrom(e, c.EngineName())
	if !known {
		return renewed[0]
	}
	return mounted(slices.Concat(old.Mounts, c.Mounts), renewed)
}

// mounted gives the first volume of mounts that is among some.
func mounted(mounts []translate.Mount, volumes []string) string {
	for _, m := range mounts {
		if slices.Contains(volumes, m.Volume) {
			return m.Volume
		}
	}
	return ""
}

// renewedVolumes are the volumes of a kept pod that can only be made anew.
func (d *differ) renewedVolumes(pod string) []string {
	var names []string
	for _, v := range d.podVolumes(pod) {
		if e, found := d.actual.Volumes[v.Name]; found && e.Role != translate.RoleClaim && e.Pod == pod && d.renewal(v, e) != "" {
			names = append(names, v.Name)
		}
	}
	return names
}

// plays says whether a container of the engine is one of the wanted, its leftover, or the holder.
func (p *podPlan) plays(name string) bool {
	if name == translate.HolderName(p.pod.Name) {
		return true
	}
	name = strings.TrimSuffix(strings.TrimSuffix(name, translate.SuccessorName("")), translate.PredecessorName(""))
	for _, c := range p.pod.Containers() {
		if c.EngineName() == name {
			return true
		}
	}
	return false
}
