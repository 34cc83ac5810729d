package apply_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/translate"
)

// podIP is the token translate puts where a manifest refers to status.podIP.
const podIP = "\x00status.podIP\x00"

// spec is a project as plain data that random changes are easy on.
type spec struct {
	pods   []podSpec
	claims []string
	bridge bool // also for a single pod
}

type podSpec struct {
	name        string
	port        int
	inits, apps []containerSpec
	volumes     []volumeSpec
}

type containerSpec struct {
	name, image, env, secret string
	restart                  corev1.RestartPolicy
	pull                     translate.PullPolicy
	mounts                   []string // volumes of the pod, then claims
	facts, fails             bool
	sidecar                  bool  // of an init container
	memory                   int64 // limit
}

type volumeSpec struct {
	name    string
	kind    translate.VolumeKind
	size    int64
	content string
}

func (s spec) clone() spec {
	s.claims = slices.Clone(s.claims)
	s.pods = slices.Clone(s.pods)
	for i := range s.pods {
		p := &s.pods[i]
		p.volumes = slices.Clone(p.volumes)
		p.inits, p.apps = slices.Clone(p.inits), slices.Clone(p.apps)
		for _, list := range [][]containerSpec{p.inits, p.apps} {
			for j := range list {
				list[j].mounts = slices.Clone(list[j].mounts)
			}
		}
	}
	return s
}

func (s spec) project() translate.Project {
	project := translate.Project{Name: "shop"}
	network := ""
	if s.bridge || len(s.pods) > 1 {
		network = translate.ProjectObject("shop")
		project.Network = &translate.Network{Project: "shop", Name: network}
	}
	secrets := map[string]translate.Secret{}
	for _, name := range s.claims {
		project.Volumes = append(project.Volumes, translate.Volume{Project: "shop", Name: name, Kind: translate.Claim})
	}
	for _, p := range s.pods {
		pod := translate.Pod{Project: "shop", Name: p.name, Hostname: p.name, Network: network, Grace: 30 * time.Second}
		if p.port > 0 {
			pod.Ports = []translate.Port{{HostPort: uint16(p.port), ContainerPort: 80, Protocol: "tcp"}}
		}
		mounted := map[string]bool{}
		container := func(c containerSpec, init bool) translate.Container {
			out := translate.Container{
				Project: "shop", Pod: p.name, Name: c.name, Init: init, Image: c.image, Pull: c.pull,
				Grace: 30 * time.Second, Env: []translate.EnvVar{{Name: "VERSION", Value: c.env}},
				Lifecycle: translate.Lifecycle{Restart: c.restart},
				Resources: translate.Resources{MemoryLimit: c.memory},
			}
			switch {
			case init && c.sidecar:
				out.Sidecar, out.Lifecycle.Restart = true, corev1.RestartPolicyAlways
			case init:
				out.Lifecycle.Restart = corev1.RestartPolicyOnFailure
			}
			if c.facts {
				out.Env = append(out.Env, translate.EnvVar{Name: "IP", Value: podIP})
			}
			if c.fails {
				out.Env = append(out.Env, translate.EnvVar{Name: fails, Value: "yes"})
			}
			if c.secret != "" {
				value := translate.Conceal([]byte("key"), c.secret)
				name := translate.SecretName("shop", value.Digest())
				secrets[name] = translate.Secret{Project: "shop", Name: name, Value: value}
				out.Env = append(out.Env, translate.EnvVar{Name: "PASSWORD", Secret: name})
			}
			for _, m := range c.mounts {
				name := m
				if slices.ContainsFunc(p.volumes, func(v volumeSpec) bool { return v.name == m }) {
					mounted[m] = true
					name = translate.VolumeName(p.name, m)
				} else if !slices.Contains(s.claims, m) {
					continue
				}
				out.Mounts = append(out.Mounts, translate.Mount{Path: "/" + m, Volume: name})
			}
			return out
		}
		for _, c := range p.inits {
			pod.Init = append(pod.Init, container(c, true))
		}
		for _, c := range p.apps {
			pod.Apps = append(pod.Apps, container(c, false))
		}
		for _, v := range p.volumes {
			if !mounted[v.name] {
				continue
			}
			volume := translate.Volume{Project: "shop", Name: translate.VolumeName(p.name, v.name), Pod: p.name, Kind: v.kind}
			switch v.kind {
			case translate.Files:
				volume.Files = []translate.File{{Path: "conf", Mode: 0o644, Data: translate.Plain(v.content)}}
			case translate.Memory:
				volume.Size = v.size
				pod.Held = append(pod.Held, volume.Name)
			default:
			}
			project.Volumes = append(project.Volumes, volume)
		}
		slices.Sort(pod.Held)
		project.Pods = append(project.Pods, pod)
	}
	slices.SortFunc(project.Volumes, func(a, b translate.Volume) int { return cmp.Compare(a.Name, b.Name) })
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		project.Secrets = append(project.Secrets, secrets[name])
	}
	return project
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

func images() []string {
	return []string{"docker.io/library/nginx:1", "docker.io/library/nginx:2", "localhost/app:dev"}
}

func randomContainer(r *rand.Rand, name string, p podSpec, claims []string) containerSpec {
	c := containerSpec{
		name: name, image: pick(r, images()...), env: pick(r, "1", "2"), facts: r.IntN(4) == 0,
		restart: pick(r, corev1.RestartPolicyAlways, corev1.RestartPolicyAlways, corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever),
		sidecar: r.IntN(3) == 0,
		pull:    pick(r, translate.PullIfNotPresent, translate.PullIfNotPresent, translate.PullAlways),
	}
	if r.IntN(3) == 0 {
		c.secret = pick(r, "x", "y", "z")
	}
	for _, v := range p.volumes {
		if r.IntN(2) == 0 {
			c.mounts = append(c.mounts, v.name)
		}
	}
	for _, claim := range claims {
		if r.IntN(3) == 0 {
			c.mounts = append(c.mounts, claim)
		}
	}
	return c
}

func randomVolume(r *rand.Rand, name string) volumeSpec {
	return volumeSpec{
		name: name, size: pick[int64](r, 0, 1<<20), content: pick(r, "a", "b"),
		kind: pick(r, translate.EmptyDir, translate.Memory, translate.Files),
	}
}

func randomPod(r *rand.Rand, name string, claims []string) podSpec {
	p := podSpec{name: name}
	if r.IntN(2) == 0 {
		p.port = 8000 + 10*int(name[0]-'a') + r.IntN(2)
	}
	for i := range r.IntN(3) {
		p.volumes = append(p.volumes, randomVolume(r, fmt.Sprintf("v%d", i)))
	}
	for i := range r.IntN(3) {
		p.inits = append(p.inits, randomContainer(r, fmt.Sprintf("init%d", i), p, claims))
	}
	for i := range 1 + r.IntN(3) {
		p.apps = append(p.apps, randomContainer(r, fmt.Sprintf("app%d", i), p, claims))
	}
	return p
}

func randomSpec(r *rand.Rand) spec {
	s := spec{bridge: r.IntN(4) == 0}
	if r.IntN(2) == 0 {
		s.claims = []string{"data"}
	}
	for _, name := range []string{"a", "b", "c"}[:1+r.IntN(3)] {
		s.pods = append(s.pods, randomPod(r, name, s.claims))
	}
	return s
}

// change edits the manifests once.
func change(r *rand.Rand, s *spec) string {
	p := &s.pods[r.IntN(len(s.pods))]
	list := &p.apps
	if len(p.inits) > 0 && r.IntN(2) == 0 {
		list = &p.inits
	}
	c := &(*list)[r.IntN(len(*list))]
	what := r.IntN(23)
	switch what {
	case 0:
		c.image = pick(r, images()...)
	case 1, 2:
		c.env += "+"
	case 3:
		c.secret = pick(r, "", "x", "new")
	case 4:
		c.facts = !c.facts
	case 5:
		c.restart = pick(r, corev1.RestartPolicyAlways, corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever)
	case 6:
		p.port = pick(r, 0, 8000, 8010, 9000+r.IntN(5))
		for i := range s.pods { // a port is taken over from another pod
			if other := &s.pods[i]; other != p && p.port > 0 && other.port == p.port {
				other.port = 9100 + i
			}
		}
	case 7:
		*list = append(*list, randomContainer(r, fmt.Sprintf("%snew%d", (*list)[0].name, len(*list)), *p, s.claims))
	case 8:
		if len(*list) > 1 || list == &p.inits {
			*list = (*list)[1:]
		}
	case 9:
		c.name += "x"
	case 10:
		p.volumes = append(p.volumes, randomVolume(r, fmt.Sprintf("w%d", len(p.volumes))))
		c.mounts = append(c.mounts, p.volumes[len(p.volumes)-1].name)
	case 11, 12:
		if len(p.volumes) > 0 {
			p.volumes[0] = randomVolume(r, p.volumes[0].name)
		}
	case 13:
		if len(c.mounts) > 0 {
			c.mounts = c.mounts[1:]
		}
	case 14:
		if len(s.pods) > 1 {
			s.pods = s.pods[1:]
		}
	case 15:
		name := "d"
		if !slices.ContainsFunc(s.pods, func(p podSpec) bool { return p.name == name }) {
			s.pods = append(s.pods, randomPod(r, name, s.claims))
		}
	case 16:
		slices.Reverse(s.pods)
	case 17:
		s.bridge = !s.bridge
	case 18:
		if len(p.volumes) > 0 && p.volumes[0].kind == translate.Files {
			p.volumes[0].content += "!"
		}
	case 20:
		c.sidecar = !c.sidecar
	case 21, 22:
		c.memory = pick[int64](r, 0, 64, 128)
	case 19:
		// An own volume becomes a claim of the same engine name.
		if len(p.volumes) > 0 {
			was := p.volumes[0].name
			claim := translate.VolumeName(p.name, was)
			p.volumes = p.volumes[1:]
			s.claims = append(s.claims, claim)
			for _, list := range [][]containerSpec{p.inits, p.apps} {
				for i := range list {
					for j, m := range list[i].mounts {
						if m == was {
							list[i].mounts[j] = claim
						}
					}
				}
			}
		}
	}
	return fmt.Sprintf("change %d of %s/%s", what, p.name, strings.TrimSpace(c.name))
}
