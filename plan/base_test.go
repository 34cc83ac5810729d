package plan_test

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// situation is what a case of TestDiff changes one thing of.
type situation struct {
	want   *project
	actual plan.Actual
	opts   plan.Options
}

// project is what is wanted, in few words. Its volumes and secrets follow from its containers.
type project struct {
	pods   []*pod
	claims []string
	bridge bool
}

type pod struct {
	name       string
	ports      []uint16
	hostname   string
	aliases    []string
	init, apps []*container
	volumes    []volume
}

type container struct {
	name, image string
	pull        translate.PullPolicy
	restart     corev1.RestartPolicy
	sidecar     bool
	period      int32 // of a liveness probe, in seconds
	env         map[string]string
	secret      string
	mounts      []string          // of a volume of the pod, a claim or an image volume ("image:" and the reference)
	subPaths    map[string]string // by mount
	grace       time.Duration
	podIP       bool
	memory      int64 // limit
	shares      uint64
	restarts    bool // for another memory limit
}

type volume struct {
	name  string
	kind  translate.VolumeKind
	size  int64
	files map[string]string
}

// base is a project with one pod that has one of everything, and stands as wanted.
func base() *project {
	return &project{
		claims: []string{"data"},
		pods: []*pod{{
			name: "web", hostname: "web", ports: []uint16{8080},
			volumes: []volume{
				{name: "cache", kind: translate.EmptyDir},
				{name: "conf", kind: translate.Files, files: map[string]string{"nginx.conf": "a", "mime.types": "b"}},
			},
			init: []*container{{name: "setup", image: "docker.io/library/busybox:1", mounts: []string{"cache"}}},
			apps: []*container{
				{name: "app", image: "docker.io/library/nginx:1.26", mounts: []string{"cache", "conf", "data"}, env: map[string]string{"LOG": "a"}},
				{name: "side", image: "localhost/side:dev"},
			},
		}},
	}
}

func (p *project) web() *pod        { return p.pods[0] }
func (p *project) app() *container  { return p.pods[0].apps[0] }
func (p *project) side() *container { return p.pods[0].apps[1] }

// second adds a pod, and so a network.
func (p *project) second() *pod {
	db := &pod{name: "db", hostname: "db", apps: []*container{{name: "pg", image: "docker.io/library/postgres:17", mounts: []string{"data"}}}}
	p.pods = append(p.pods, db)
	return db
}

func (p *project) translated() translate.Project {
	out := translate.Project{Name: "shop"}
	network := ""
	if p.bridge || len(p.pods) > 1 {
		network = translate.ProjectObject("shop")
		out.Network = &translate.Network{Project: "shop", Name: network}
	}
	for _, claim := range p.claims {
		out.Volumes = append(out.Volumes, translate.Volume{Project: "shop", Name: claim, Kind: translate.Claim})
	}
	for _, pod := range p.pods {
		t := translate.Pod{Project: "shop", Name: pod.name, Hostname: pod.hostname, Network: network, Aliases: pod.aliases, Grace: 30 * time.Second}
		for _, port := range pod.ports {
			t.Ports = append(t.Ports, translate.Port{HostPort: port, ContainerPort: 80, Protocol: "tcp"})
		}
		for _, c := range pod.init {
			t.Init = append(t.Init, pod.container(c, true, &out))
		}
		for _, c := range pod.apps {
			t.Apps = append(t.Apps, pod.container(c, false, &out))
		}
		for _, v := range pod.volumes {
			tv := translate.Volume{Project: "shop", Name: translate.VolumeName(pod.name, v.name), Pod: pod.name, Kind: v.kind, Size: v.size}
			for path, data := range v.files {
				tv.Files = append(tv.Files, translate.File{Path: path, Mode: 0o644, Data: translate.Plain(data)})
			}
			slices.SortFunc(tv.Files, func(a, b translate.File) int { return cmp.Compare(a.Path, b.Path) })
			if v.kind == translate.Memory {
				t.Held = append(t.Held, tv.Name)
			}
			out.Volumes = append(out.Volumes, tv)
		}
		out.Pods = append(out.Pods, t)
	}
	slices.SortFunc(out.Volumes, func(a, b translate.Volume) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func (p *pod) container(c *container, init bool, out *translate.Project) translate.Container {
	t := translate.Container{
		Project: "shop", Pod: p.name, Name: c.name, Init: init, Image: c.image,
		Pull:      cmp.Or(c.pull, translate.PullIfNotPresent),
		Grace:     cmp.Or(c.grace, 30*time.Second),
		Sidecar:   c.sidecar,
		Lifecycle: translate.Lifecycle{Restart: cmp.Or(c.restart, corev1.RestartPolicyAlways)},
	}
	t.Resources = translate.Resources{MemoryLimit: c.memory, CPUShares: c.shares}
	t.RestartForMemory = c.restarts
	if init && !c.sidecar {
		t.Lifecycle.Restart = corev1.RestartPolicyOnFailure
	}
	if c.period > 0 {
		t.Lifecycle.Liveness = &corev1.Probe{PeriodSeconds: c.period}
	}
	for name, value := range c.env {
		t.Env = append(t.Env, translate.EnvVar{Name: name, Value: value})
	}
	if c.podIP {
		t.Env = append(t.Env, translate.EnvVar{Name: "IP", Value: "\x00status.podIP\x00"})
	}
	if c.secret != "" {
		s := secret(c.secret)
		t.Env = append(t.Env, translate.EnvVar{Name: "PASSWORD", Secret: s.Name})
		if !slices.ContainsFunc(out.Secrets, func(o translate.Secret) bool { return o.Name == s.Name }) {
			out.Secrets = append(out.Secrets, s)
		}
	}
	slices.SortFunc(t.Env, func(a, b translate.EnvVar) int { return cmp.Compare(a.Name, b.Name) })
	for _, m := range c.mounts {
		mount := translate.Mount{Path: "/" + m, Volume: m, SubPath: c.subPaths[m]}
		if image, ok := cutImage(m); ok {
			mount = translate.Mount{Path: "/image", Image: image, ImagePull: translate.PullIfNotPresent}
		}
		if slices.ContainsFunc(p.volumes, func(v volume) bool { return v.name == m }) {
			mount.Volume = translate.VolumeName(p.name, m)
		}
		t.Mounts = append(t.Mounts, mount)
	}
	return t
}

func cutImage(mount string) (string, bool) {
	const prefix = "image:"
	if len(mount) > len(prefix) && mount[:len(prefix)] == prefix {
		return mount[len(prefix):], true
	}
	return "", false
}

func secret(text string) translate.Secret {
	v := translate.Conceal([]byte("key"), text)
	return translate.Secret{Project: "shop", Name: translate.SecretName("shop", v.Digest()), Value: v, Source: "login key password"}
}

// The infra container starts at 100, init containers end before the app containers start at 200.
func at(seconds int64) time.Time { return time.Unix(seconds, 0) }

// standing is what an engine holds of a project that stands as wanted.
func standing(p *project) plan.Actual {
	t := p.translated()
	a := plan.Actual{
		Project: "shop", Pods: map[string]plan.PodState{}, Volumes: map[string]plan.VolumeState{},
		Images: map[string]string{}, Taken: map[string]string{}, Release: true, Applied: []translate.Project{t},
	}
	for _, pod := range t.Pods {
		state := plan.PodState{
			Name: pod.Name, ID: "1" + pod.Name, Hash: pod.Hash(), Containers: map[string]plan.ContainerState{},
			Infra: plan.ContainerState{Name: translate.InfraName(pod.Name), Pod: pod.Name, Status: plan.Running, StartedAt: at(100), Ports: pod.Ports},
		}
		for _, c := range pod.Containers() {
			e := plan.ContainerState{
				Name: c.EngineName(), ID: "1" + c.EngineName(), Pod: pod.Name, Container: c.Name, Role: translate.RoleApp,
				Hash: c.Hash(), Image: c.Image, ImageID: imageID(c.Image), Status: plan.Running, StartedAt: at(200),
			}
			switch {
			case c.Sidecar:
				e.Role, e.StartedAt = translate.RoleSidecar, at(130)
			case c.Init:
				e.Role, e.Status, e.StartedAt, e.ExitedAt = translate.RoleInit, plan.Exited, at(110), at(120)
			}
			a.Images[c.Image] = e.ImageID
			state.Containers[e.Name] = e
		}
		if len(pod.Held) > 0 {
			name := translate.HolderName(pod.Name)
			state.Containers[name] = plan.ContainerState{Name: name, ID: "1" + name, Pod: pod.Name, Role: translate.RoleHolder, Status: plan.Created}
		}
		a.Pods[pod.Name] = state
	}
	for _, v := range t.Volumes {
		role := translate.RoleVolume
		if v.Kind == translate.Claim {
			role = translate.RoleClaim
		}
		a.Volumes[v.Name] = plan.VolumeState{Name: v.Name, Pod: v.Pod, Role: role, Kind: v.Kind}
	}
	if t.Network != nil {
		a.Networks = []string{t.Network.Name}
	}
	a.Sources = map[string]string{}
	for _, s := range t.Secrets {
		a.Secrets = append(a.Secrets, s.Name)
		a.Sources[s.Name] = s.Source
	}
	return a
}

func imageID(image string) string { return "sha256:1111" + image }

// sidecar adds one behind the first init container.
func (s *situation) sidecar() {
	s.want.web().init = append(s.want.web().init, &container{name: "proxy", image: "localhost/side:dev", sidecar: true})
}

// set changes a container of the engine.
func (s *situation) set(name string, edit func(*plan.ContainerState)) {
	for _, pod := range s.actual.Pods {
		if e, ok := pod.Containers[name]; ok {
			edit(&e)
			pod.Containers[name] = e
			return
		}
	}
	panic("no container " + name)
}

func (s *situation) exit(name string, code int) {
	s.set(name, func(e *plan.ContainerState) { e.Status, e.ExitCode = plan.Exited, code })
}

func (s *situation) gone(names ...string) {
	for _, name := range names {
		for _, pod := range s.actual.Pods {
			delete(pod.Containers, name)
		}
	}
}

func (s *situation) rename(from, to string) {
	for _, pod := range s.actual.Pods {
		if e, ok := pod.Containers[from]; ok {
			delete(pod.Containers, from)
			e.Name = to
			pod.Containers[to] = e
		}
	}
}

// copyAs puts a copy of a container beside it.
func (s *situation) copyAs(from, to string, edit func(*plan.ContainerState)) {
	for _, pod := range s.actual.Pods {
		if e, ok := pod.Containers[from]; ok {
			e.Name = to
			edit(&e)
			pod.Containers[to] = e
		}
	}
}

func (s *situation) pod(name string, edit func(*plan.PodState)) {
	p := s.actual.Pods[name]
	edit(&p)
	s.actual.Pods[name] = p
}

// reboot ends everything.
func (s *situation) reboot() {
	for name := range s.actual.Pods {
		s.pod(name, func(p *plan.PodState) { p.Infra.Status = plan.Lost })
		for c, e := range s.actual.Pods[name].Containers {
			if e.Status == plan.Running || e.Role == translate.RoleHolder {
				e.Status = plan.Lost
				s.actual.Pods[name].Containers[c] = e
			}
		}
	}
}

// forget loses the releases.
func (s *situation) forget() { s.actual.Applied = nil }

// attempt puts a release of what is wanted before the others, one that did not end.
func (s *situation) attempt() {
	s.actual.Applied = append([]translate.Project{s.want.translated()}, s.actual.Applied...)
	s.actual.Unfinished++
}
