package apply_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// world is a model of an engine with one project in it. It is stricter than Podman: what a plan must
// not rely on is an error here, such as starting a container under a dead infra container, or making
// a container whose volume does not exist.
type world struct {
	mu         sync.Mutex
	seconds    int64 // every call takes one
	serial     int
	settled    int // of serial when the present up began: claims older than that are never removed
	pods       map[string]*worldPod
	containers map[string]*worldContainer // without infra containers
	volumes    map[string]*worldVolume
	networks   map[string]bool
	secrets    map[string]bool
	store      map[string]string // image IDs by reference
	registry   map[string]string

	releases []worldRelease
	calls    int
	fault    func(call int, name string) (before, after error)
	journal  []string
	broken   []string // what no plan may ever cause
}

type worldRelease struct {
	project  translate.Project
	finished bool
}

type worldPod struct {
	pod     translate.Pod
	running bool
	started int64
}

type worldContainer struct {
	id       int
	name     string
	pod      string
	def      translate.Container
	holds    []string // of a holder
	imageID  string
	status   plan.Status
	code     int
	started  int64
	ended    int64
	byItself bool // ended without anybody stopping it
}

type worldVolume struct {
	volume translate.Volume
	data   int // another number is other data
}

func newWorld() *world {
	return &world{
		seconds: 1000, pods: map[string]*worldPod{}, containers: map[string]*worldContainer{},
		volumes: map[string]*worldVolume{}, networks: map[string]bool{}, secrets: map[string]bool{},
		store: map[string]string{}, registry: map[string]string{},
	}
}

var _ apply.Engine = (*world)(nil)

func (c *worldContainer) alive() bool  { return c.status == plan.Running || c.status == plan.Paused }
func (c *worldContainer) holder() bool { return c.holds != nil }

func (c *worldContainer) mounts(volume string) bool {
	return slices.Contains(c.holds, volume) ||
		slices.ContainsFunc(c.def.Mounts, func(m translate.Mount) bool { return m.Volume == volume })
}

// call runs one engine call, with the fault that is planned for it: before its work, or after it,
// when the answer is lost.
func (w *world) call(ctx context.Context, name string, do func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	w.seconds++
	w.calls++
	w.journal = append(w.journal, name)
	var before, after error
	if w.fault != nil {
		before, after = w.fault(w.calls, name)
	}
	if before != nil {
		return before
	}
	err := do()
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
		if !errors.Is(err, errInit) {
			w.broken = append(w.broken, err.Error())
		}
	}
	w.dropMemory()
	if err == nil {
		err = after
	}
	return err
}

var errInit = errors.New("init")

// dropMemory is what happens to a tmpfs that nobody mounts any more.
func (w *world) dropMemory() {
	for name, v := range w.volumes {
		if v.volume.Kind != translate.Memory {
			continue
		}
		mounted := false
		for _, c := range w.containers {
			mounted = mounted || c.mounts(name) && (c.alive() || c.holder() && c.status == plan.Created)
		}
		if !mounted {
			w.serial++
			v.data = w.serial
		}
	}
}

func (w *world) PullImage(ctx context.Context, image string, report func(apply.PullProgress)) error {
	report(apply.PullProgress{Text: "one half"})
	return w.call(ctx, "pull "+image, func() error {
		id, ok := w.registry[image]
		if !ok {
			return errors.New("no such image")
		}
		w.store[image] = id
		return nil
	})
}

func (w *world) CreateNetwork(ctx context.Context, n translate.Network) error {
	return w.call(ctx, "create network "+n.Name, func() error { w.networks[n.Name] = true; return nil })
}

func (w *world) CreateSecret(ctx context.Context, s translate.Secret) error {
	return w.call(ctx, "create secret "+s.Name, func() error { w.secrets[s.Name] = true; return nil })
}

func (w *world) CreateVolume(ctx context.Context, v translate.Volume) error {
	return w.call(ctx, "create volume "+v.Name, func() error {
		if old, ok := w.volumes[v.Name]; ok {
			if old.volume.Kind != v.Kind || old.volume.Pod != v.Pod {
				return errors.New("another volume has the name")
			}
			return nil
		}
		w.serial++
		w.volumes[v.Name] = &worldVolume{volume: v, data: w.serial}
		return nil
	})
}

func (w *world) WriteVolume(ctx context.Context, v translate.Volume) error {
	return w.call(ctx, "write volume "+v.Name, func() error {
		old, ok := w.volumes[v.Name]
		if !ok || old.volume.Kind != translate.Files {
			return errors.New("no such volume")
		}
		old.volume.Files = v.Files
		return nil
	})
}

func (w *world) CreatePod(ctx context.Context, p translate.Pod) error {
	return w.call(ctx, "create pod "+p.Name, func() error {
		if old, ok := w.pods[p.Name]; ok {
			if old.pod.Hash() != p.Hash() {
				return errors.New("another pod has the name")
			}
			return nil
		}
		if p.Network != "" && !w.networks[p.Network] {
			return errors.New("no such network")
		}
		if _, taken := w.containers[translate.InfraName(p.Name)]; taken {
			return errors.New("a container has the infra container's name")
		}
		w.pods[p.Name] = &worldPod{pod: p}
		return nil
	})
}

func (w *world) StartPod(ctx context.Context, name string) error {
	return w.call(ctx, "start pod "+name, func() error {
		p, ok := w.pods[name]
		if !ok {
			return errors.New("no such pod")
		}
		if p.running {
			return nil
		}
		for other, o := range w.pods {
			for _, port := range o.pod.Ports {
				if other != name && o.running && slices.Contains(p.pod.Ports, port) {
					return fmt.Errorf("port %s is taken by %s", port, other)
				}
			}
		}
		p.running, p.started = true, w.seconds
		return nil
	})
}

func (w *world) Facts(ctx context.Context, name string) (translate.Facts, error) {
	var facts translate.Facts
	err := w.call(ctx, "facts "+name, func() error {
		p, ok := w.pods[name]
		if !ok || !p.running {
			return errors.New("the pod does not run")
		}
		facts = translate.Facts{PodIPs: []string{fmt.Sprintf("10.0.0.%d", p.started)}, HostIPs: []string{"192.0.2.1"}}
		return nil
	})
	return facts, err
}

func (w *world) HoldVolumes(ctx context.Context, p translate.Pod) error {
	return w.call(ctx, "hold "+p.Name, func() error {
		if _, ok := w.pods[p.Name]; !ok {
			return errors.New("no such pod")
		}
		name := translate.HolderName(p.Name)
		if old, ok := w.containers[name]; ok { // made before: only started over
			old.status = plan.Created
			return nil
		}
		for _, v := range p.Held {
			if w.volumes[v] == nil || w.volumes[v].volume.Kind != translate.Memory {
				return fmt.Errorf("no volume %s in memory", v)
			}
		}
		w.serial++
		w.containers[name] = &worldContainer{id: w.serial, name: name, pod: p.Name, holds: slices.Clone(p.Held), status: plan.Created}
		return nil
	})
}

func (w *world) CreateContainer(ctx context.Context, c translate.Container, name string) ([]string, error) {
	err := w.call(ctx, "create "+name, func() error {
		if c.NeedsFacts() {
			return errors.New("unresolved facts")
		}
		p, ok := w.pods[c.Pod]
		if !ok {
			return errors.New("no such pod")
		}
		def := w.unresolved(c)
		if old, ok := w.containers[name]; ok {
			if old.def.Hash() != def.Hash() {
				return errors.New("another container has the name")
			}
			return nil
		}
		if p == nil || name == translate.InfraName(c.Pod) {
			return errors.New("the infra container has the name")
		}
		if w.store[c.Image] == "" {
			return errors.New("no such image")
		}
		for _, m := range c.Mounts {
			if m.Volume != "" && w.volumes[m.Volume] == nil {
				return fmt.Errorf("no volume %s", m.Volume)
			}
		}
		for _, e := range c.Env {
			if e.Secret != "" && !w.secrets[e.Secret] {
				return fmt.Errorf("no secret %s", e.Secret)
			}
		}
		w.serial++
		w.containers[name] = &worldContainer{
			id: w.serial, name: name, pod: c.Pod, def: def,
			imageID: w.store[c.Image], status: plan.Created,
		}
		return nil
	})
	return []string{"memory limits are not enforced"}, err
}

// unresolved gives the definition whose hash the engine has in a label: that with the tokens.
func (w *world) unresolved(c translate.Container) translate.Container {
	for i, e := range c.Env {
		if strings.HasPrefix(e.Value, "10.0.0.") {
			c.Env = slices.Clone(c.Env)
			c.Env[i].Value = podIP
		}
	}
	return c
}

func (w *world) ResizeContainer(ctx context.Context, c translate.Container, name string) ([]string, error) {
	return nil, w.call(ctx, "resize "+name, func() error {
		there, ok := w.containers[name]
		switch {
		case !ok:
			return errors.New("no such container")
		case there.def.Hash() != c.Hash():
			return errors.New("the container is of another definition")
		}
		there.def.Resources = c.Resources
		return nil
	})
}

func (w *world) StartContainer(ctx context.Context, name string) error {
	return w.call(ctx, "start "+name, func() error {
		c, ok := w.containers[name]
		if !ok {
			return errors.New("no such container")
		}
		if c.alive() {
			return nil
		}
		p := w.pods[c.pod]
		if p == nil || !p.running {
			return errors.New("the infra container does not run")
		}
		for _, e := range c.def.Env {
			if e.Secret != "" && !w.secrets[e.Secret] {
				return fmt.Errorf("no secret %s", e.Secret)
			}
		}
		for _, other := range w.containers {
			if other.pod != c.pod || other == c || !other.alive() || other.holder() {
				continue
			}
			if regular(c.def) && !other.def.Init {
				return fmt.Errorf("%s runs beside an init container", other.name)
			}
			if !c.def.Sidecar && regular(other.def) && other.started >= p.started {
				return fmt.Errorf("init container %s still runs", other.name)
			}
			if other.def.Name == c.def.Name {
				return fmt.Errorf("%s still runs", other.name)
			}
		}
		c.status, c.started, c.byItself = plan.Running, w.seconds, false
		return nil
	})
}

// fails is how a definition says that its init container does.
const fails = "FAILS"

func (w *world) Wait(ctx context.Context, name string) (int, error) {
	code := 0
	err := w.call(ctx, "wait "+name, func() error {
		c, ok := w.containers[name]
		if !ok {
			return errors.New("no such container")
		}
		w.finish(c)
		code = c.code
		return nil
	})
	return code, err
}

// finish lets an init container come to its end.
func (w *world) finish(c *worldContainer) {
	if c.alive() {
		c.status, c.code, c.ended, c.byItself = plan.Exited, 0, w.seconds, true
		if slices.ContainsFunc(c.def.Env, func(e translate.EnvVar) bool { return e.Name == fails }) {
			c.code = 3
		}
	}
}

func (w *world) Tail(context.Context, string, int) ([]string, error) {
	return []string{"no such table"}, nil
}

func (w *world) StopContainer(ctx context.Context, op plan.StopContainer) error {
	return w.call(ctx, "stop "+op.Name, func() error {
		c, ok := w.containers[op.Name]
		if !ok {
			return errors.New("no such container")
		}
		if c.alive() {
			c.status, c.code, c.ended, c.byItself = plan.Exited, 0, w.seconds, false
		}
		return nil
	})
}

func (w *world) RenameContainer(ctx context.Context, from, to string) error {
	return w.call(ctx, "rename "+from+" "+to, func() error {
		c, ok := w.containers[from]
		_, taken := w.containers[to]
		switch {
		case !ok && taken:
			return nil
		case !ok:
			return errors.New("no such container")
		case taken:
			return errors.New("the name is taken")
		}
		delete(w.containers, from)
		c.name = to
		w.containers[to] = c
		return nil
	})
}

func (w *world) RemoveContainer(ctx context.Context, name string) error {
	return w.call(ctx, "remove "+name, func() error { delete(w.containers, name); return nil })
}

func regular(c translate.Container) bool { return c.Init && !c.Sidecar }

// RunPod does the calls of a pod that is led, one after another; any of them may fail.
func (w *world) RunPod(ctx context.Context, op plan.RunPod, report func(string)) ([]string, error) {
	for _, c := range op.Pod.Containers() {
		if !slices.Contains(op.Start, c.EngineName()) {
			continue
		}
		report(c.Name)
		start := w.StartContainer
		if regular(c) {
			start = func(ctx context.Context, name string) error { return apply.RunInit(ctx, w, name) }
		}
		if err := start(ctx, c.EngineName()); err != nil {
			return nil, err
		}
	}
	return []string{"led"}, nil
}

func (w *world) StopPod(ctx context.Context, op plan.StopPod) error {
	return w.call(ctx, "stop pod "+op.Pod, func() error { return errors.New("no plan of these tests stops a pod") })
}

func (w *world) RemovePod(ctx context.Context, op plan.RemovePod) error {
	return w.call(ctx, "remove pod "+op.Pod, func() error { w.removePod(op.Pod); return nil })
}

func (w *world) removePod(name string) {
	delete(w.pods, name)
	maps.DeleteFunc(w.containers, func(_ string, c *worldContainer) bool { return c.pod == name })
}

func (w *world) RemoveVolume(ctx context.Context, name string) error {
	return w.call(ctx, "remove volume "+name, func() error {
		for _, c := range w.containers {
			if c.mounts(name) {
				return fmt.Errorf("%s mounts it", c.name)
			}
		}
		if v := w.volumes[name]; v != nil && v.volume.Kind == translate.Claim && v.data <= w.settled {
			w.broken = append(w.broken, "claim "+name+" removed")
		}
		delete(w.volumes, name)
		return nil
	})
}

func (w *world) RemoveSecret(ctx context.Context, name string) error {
	return w.call(ctx, "remove secret "+name, func() error {
		for _, c := range w.containers {
			if slices.ContainsFunc(c.def.Env, func(e translate.EnvVar) bool { return e.Secret == name }) {
				return fmt.Errorf("%s uses it", c.name)
			}
		}
		delete(w.secrets, name)
		return nil
	})
}

func (w *world) RemoveNetwork(ctx context.Context, name string) error {
	return w.call(ctx, "remove network "+name, func() error {
		for _, p := range w.pods {
			if p.pod.Network == name {
				return fmt.Errorf("pod %s is on it", p.pod.Name)
			}
		}
		delete(w.networks, name)
		return nil
	})
}

// observe is what podmanapi would see. Times are of whole seconds, as in an engine's list.
func (w *world) observe(want translate.Project, pulled map[string]bool) plan.Actual {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := plan.Actual{
		Project: "shop", Pods: map[string]plan.PodState{}, Volumes: map[string]plan.VolumeState{},
		Images: map[string]string{}, Pulled: pulled,
	}
	for name, p := range w.pods {
		infra := plan.ContainerState{Name: translate.InfraName(name), Pod: name, Status: plan.Exited, Ports: p.pod.Ports}
		if p.running {
			infra.Status = plan.Running
		}
		if p.started == 0 {
			infra.Status = plan.Created
		} else {
			infra.StartedAt = time.Unix(p.started, 0)
		}
		a.Pods[name] = plan.PodState{Name: name, ID: "id-" + name, Hash: p.pod.Hash(), Infra: infra, Containers: map[string]plan.ContainerState{}}
	}
	for name, c := range w.containers {
		if _, ok := a.Pods[c.pod]; !ok {
			a.Pods[c.pod] = plan.PodState{Name: c.pod, Containers: map[string]plan.ContainerState{}}
		}
		role := translate.RoleApp
		hash := c.def.Hash()
		switch {
		case c.holder():
			role, hash = translate.RoleHolder, ""
		case c.def.Sidecar:
			role = translate.RoleSidecar
		case c.def.Init:
			role = translate.RoleInit
		}
		e := plan.ContainerState{
			Name: name, ID: fmt.Sprint(c.id), Pod: c.pod, Container: c.def.Name, Role: role, Hash: hash,
			Image: c.def.Image, ImageID: c.imageID, Status: c.status, ExitCode: c.code,
		}
		if c.started > 0 {
			e.StartedAt = time.Unix(c.started, 0)
		}
		a.Pods[c.pod].Containers[name] = e
	}
	for name, v := range w.volumes {
		role := translate.RoleVolume
		if v.volume.Pod == "" {
			role = translate.RoleClaim
		}
		a.Volumes[name] = plan.VolumeState{Name: name, Pod: v.volume.Pod, Role: role, Kind: v.volume.Kind}
	}
	a.Networks = slices.Sorted(maps.Keys(w.networks))
	a.Secrets = slices.Sorted(maps.Keys(w.secrets))
	for _, p := range want.Pods {
		for _, c := range p.Containers() {
			if id, ok := w.store[c.Image]; ok {
				a.Images[c.Image] = id
			}
		}
	}
	for _, r := range slices.Backward(w.releases) {
		a.Applied = append(a.Applied, r.project)
	}
	for _, r := range slices.Backward(w.releases) {
		if r.finished {
			break
		}
		a.Unfinished++
	}
	return a
}

func (w *world) clone() *world {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := newWorld()
	c.seconds, c.serial, c.settled = w.seconds, w.serial, w.settled
	for name, p := range w.pods {
		copied := *p
		c.pods[name] = &copied
	}
	for name, k := range w.containers {
		copied := *k
		c.containers[name] = &copied
	}
	for name, v := range w.volumes {
		copied := *v
		c.volumes[name] = &copied
	}
	c.networks, c.secrets = maps.Clone(w.networks), maps.Clone(w.secrets)
	c.store, c.registry = maps.Clone(w.store), maps.Clone(w.registry)
	c.releases = slices.Clone(w.releases)
	return c
}
