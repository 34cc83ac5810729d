package podmantest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

func createCases() []scenario {
	return []scenario{
		{"what is created is observed with its hashes, roles and labels", func(c *trial) {
			data := c.volume(translate.EmptyDir, "data")
			claim := c.volume(translate.Claim, "claim")
			first := c.app("first", "exit", "0")
			first.Init = true
			app := c.app("app", "sleep", "forever")
			app.Mounts = []translate.Mount{mounts(data, "/data"), mounts(claim, "/claim")}
			p := c.pod(first, app)
			c.must("create a volume", c.CreateVolume(c.ctx, data))
			c.must("create a claim", c.CreateVolume(c.ctx, claim))
			c.up(p)
			want := translate.Project{Name: c.project, Pods: []translate.Pod{p}, Volumes: []translate.Volume{data, claim}}
			actual := c.observe(want)

			pod := actual.Pods[p.Name]
			if pod.Name != p.Name || pod.ID == "" || pod.Hash != p.Hash() || pod.Infra.Status != plan.Running || pod.Infra.Name != translate.InfraName(p.Name) {
				c.Errorf("pod %+v", pod)
			}
			if len(pod.Containers) != 2 {
				c.Errorf("containers %+v", pod.Containers)
			}
			for _, one := range []struct {
				of     translate.Container
				role   string
				status plan.Status
			}{{first, translate.RoleInit, plan.Created}, {app, translate.RoleApp, plan.Running}} {
				got := pod.Containers[one.of.EngineName()]
				if got.ID == "" || got.Pod != p.Name || got.Container != one.of.Name || got.Role != one.role || got.Hash != one.of.Hash() ||
					got.Status != one.status || got.Image != c.image || got.ImageID == "" || got.CreatedAt.IsZero() {
					c.Errorf("container %+v", got)
				}
				if got.ImageID != actual.Images[c.image] {
					c.Errorf("image ID %s, that of the image is %v", got.ImageID, actual.Images)
				}
			}
			if v := actual.Volumes[data.Name]; v.Pod != p.Name || v.Role != translate.RoleVolume || v.Kind != translate.EmptyDir {
				c.Errorf("volume %+v", v)
			}
			if v := actual.Volumes[claim.Name]; v.Pod != "" || v.Role != translate.RoleClaim || v.Kind != translate.Claim {
				c.Errorf("claim %+v", v)
			}
			if len(actual.Taken) > 0 {
				c.Errorf("taken: %v", actual.Taken)
			}
		}},
		{"creating again what is there with the same hash is no error and changes nothing", func(c *trial) {
			v := c.volume(translate.EmptyDir, "data")
			s := translate.Secret{Project: c.project, Name: c.podName(".secret"), Value: translate.Conceal([]byte("key"), "hush")}
			n := translate.Network{Project: c.project, Name: c.podName(".net")}
			app := c.app("app", "sleep", "forever")
			p := c.pod(app)
			make := func() {
				c.Helper()
				c.must("network", c.CreateNetwork(c.ctx, n))
				c.must("secret", c.CreateSecret(c.ctx, s))
				c.must("volume", c.CreateVolume(c.ctx, v))
				c.must("pod", c.CreatePod(c.ctx, p))
				_, err := c.CreateContainer(c.ctx, app, app.EngineName())
				c.must("container", err)
			}
			make()
			before := c.now()
			make()
			after := c.now()
			if before.Pods[p.Name].ID != after.Pods[p.Name].ID || before.Pods[p.Name].Containers[app.EngineName()].ID != after.Pods[p.Name].Containers[app.EngineName()].ID {
				c.Errorf("before %+v\nafter %+v", before.Pods, after.Pods)
			}
		}},
		{"creating over something with another hash is an error", func(c *trial) {
			app := c.app("app", "sleep", "forever")
			p := c.pod(app)
			c.create(p)
			app.Command = []string{"exit", "1"}
			if _, err := c.CreateContainer(c.ctx, app, app.EngineName()); err == nil {
				c.Error("a container took the place of another")
			}
			p.Hostname = "other"
			if err := c.CreatePod(c.ctx, p); err == nil {
				c.Error("a pod took the place of another")
			}
		}},
		{"creating over a foreign object is an error and the object stays", func(c *trial) {
			app := c.app("app", "sleep", "forever")
			p := c.pod(app)
			v := c.volume(translate.EmptyDir, "data")
			n := translate.Network{Project: c.project, Name: c.podName(".net")}
			s := translate.Secret{Project: c.project, Name: c.podName(".secret"), Value: translate.Conceal([]byte("key"), "hush")}
			c.stranger("volumes", v.Name, object{"Name": v.Name})
			c.stranger("networks", n.Name, object{"name": n.Name, "driver": "bridge"})
			c.stranger("secrets", s.Name, "theirs")
			c.refused("volume", c.CreateVolume(c.ctx, v))
			c.refused("network", c.CreateNetwork(c.ctx, n))
			c.refused("secret", c.CreateSecret(c.ctx, s))

			c.must("pod", c.CreatePod(c.ctx, p))
			c.stranger("containers", app.EngineName(), object{"name": app.EngineName(), "image": c.image})
			_, err := c.CreateContainer(c.ctx, app, app.EngineName())
			c.refused("container", err)
			other := p
			other.Name = c.podName("-theirs")
			c.stranger("pods", other.Name, object{"name": other.Name})
			c.refused("pod", c.CreatePod(c.ctx, other))
			for _, path := range c.foreign {
				kind, name, _ := strings.Cut(path, "/")
				if !c.raw.exists(kind, name) {
					c.Errorf("%s is gone", path)
				}
			}
			// Taken names are known before anything is done.
			actual := c.observe(translate.Project{
				Name: c.project, Network: &n, Volumes: []translate.Volume{v}, Secrets: []translate.Secret{s},
				Pods: []translate.Pod{p, other},
			})
			for _, taken := range []string{"volume/" + v.Name, "network/" + n.Name, "container/" + app.EngineName(), "pod/" + other.Name} {
				if actual.Taken[taken] != "not made by podup" {
					c.Errorf("%s is taken by %q", taken, actual.Taken[taken])
				}
			}
		}},
		{"a missing image is an error that names it", func(c *trial) {
			app := c.app("app", "sleep", "forever")
			app.Image = "localhost/nosuch:1"
			c.create(c.pod())
			if _, err := c.CreateContainer(c.ctx, app, app.EngineName()); err == nil || !strings.Contains(err.Error(), app.Image) {
				c.Errorf("error %v", err)
			}
			if err := c.PullImage(c.ctx, "localhost:1/nosuch:1", nil); err == nil {
				c.Error("a pull from nowhere succeeded")
			}
		}},
		{"command, environment, user, directory and hostname are as wanted", func(c *trial) {
			app := c.app("app", "args", "then", "pwd", "then", "hostname", "then", "id", "then", "env", "LOG", "then", "env", "EMPTY")
			app.WorkingDir = "/work/deep"
			app.Env = []translate.EnvVar{{Name: "LOG", Value: "a=b c"}, {Name: "EMPTY"}}
			user, group := int64(1234), int64(55)
			app.Security.RunAsUser, app.Security.RunAsGroup = &user, &group
			p := c.pod(app)
			c.create(p)
			want := strings.Join(append(app.Command, "/work/deep", "web", "1234:55", "a=b c", ""), "\n")
			if got := c.output(app.EngineName()); strings.TrimRight(got, "\n") != strings.TrimRight(want, "\n") {
				c.Errorf("output %q, want %q", got, want)
			}
		}},
		{"an image's command is run where the manifest has none, and entrypoint replaces it", func(c *trial) {
			plain := c.app("plain")
			entry := c.app("entry")
			entry.Entrypoint, entry.Command = []string{TestProgram, "print"}, []string{"hello"}
			p := c.pod(plain, entry)
			c.up(p)
			c.eventually("the image's command runs", func() bool { return c.container(plain.EngineName()).Status == plan.Running })
			c.ends(entry.EngineName(), 0)
			if got := c.tail(entry.EngineName()); got != "hello" {
				c.Errorf("output %q", got)
			}
		}},
		{"a secret is in the environment and in no inspection", func(c *trial) {
			s := translate.Secret{Project: c.project, Name: c.podName(".secret"), Value: translate.Conceal([]byte("key"), "hush-hush")}
			app := c.app("app", "env", "TOKEN")
			app.Env = []translate.EnvVar{{Name: "TOKEN", Secret: s.Name}}
			c.must("secret", c.CreateSecret(c.ctx, s))
			p := c.pod(app)
			c.create(p)
			if got := c.output(app.EngineName()); got != "hush-hush" {
				c.Errorf("TOKEN is %q", got)
			}
			for _, path := range []string{"/containers/" + app.EngineName() + "/json", "/pods/" + p.Name + "/json", "/secrets/" + s.Name + "/json"} {
				answer, err := c.raw.do("GET", path, nil)
				if err != nil || answer.status != http.StatusOK || strings.Contains(answer.text, "hush") {
					c.Errorf("%s: %v %d shows the secret: %v", path, err, answer.status, strings.Contains(answer.text, "hush"))
				}
			}
			if actual := c.now(); len(actual.Secrets) != 1 || actual.Secrets[0] != s.Name {
				c.Errorf("secrets %v", actual.Secrets)
			}
		}},
		{"a published port reaches the container and is observed", func(c *trial) {
			port := freePort(c)
			app := c.app("app", "serve", "8080", "hello")
			p := c.pod(app)
			p.Ports = []translate.Port{{HostIP: "127.0.0.1", HostPort: port, ContainerPort: 8080, Protocol: "tcp"}}
			c.up(p)
			c.eventually("the port answers", func() bool { return httpGet(port) == "hello\n" })
			infra := c.now().Pods[p.Name].Infra
			if len(infra.Ports) != 1 || infra.Ports[0] != p.Ports[0] {
				c.Errorf("ports %+v", infra.Ports)
			}
		}},
		{"a port somebody has fails when the pod starts, and the error names it", func(c *trial) {
			taken, err := net.Listen("tcp", "127.0.0.1:0")
			c.must("listen", err)
			defer taken.Close()
			port := uint16(taken.Addr().(*net.TCPAddr).Port)
			p := c.pod()
			p.Ports = []translate.Port{{HostIP: "127.0.0.1", HostPort: port, ContainerPort: 8080, Protocol: "tcp"}}
			c.must("create the pod", c.CreatePod(c.ctx, p))
			if err := c.StartPod(c.ctx, p.Name); err == nil || !strings.Contains(err.Error(), fmt.Sprint(port)) {
				c.Errorf("error %v", err)
			}
		}},
		{"a started pod has facts: its addresses and the machine's size", func(c *trial) {
			p := c.pod()
			c.create(p)
			facts, err := c.Facts(c.ctx, p.Name)
			c.must("facts", err)
			if len(facts.PodIPs) == 0 || net.ParseIP(facts.PodIPs[0]) == nil || len(facts.HostIPs) == 0 || net.ParseIP(facts.HostIPs[0]) == nil ||
				facts.AllocatableCPU <= 0 || facts.AllocatableMemory <= 0 {
				c.Errorf("facts %+v", facts)
			}
		}},
		{"a pod on a network of the project has an address there", func(c *trial) {
			n := translate.Network{Project: c.project, Name: translate.ProjectObject(c.project)}
			c.must("network", c.CreateNetwork(c.ctx, n))
			p := c.pod()
			p.Network = n.Name
			c.create(p)
			facts, err := c.Facts(c.ctx, p.Name)
			c.must("facts", err)
			if len(facts.PodIPs) == 0 || !strings.HasPrefix(facts.PodIPs[0], "10.") {
				c.Errorf("pod IPs %v", facts.PodIPs)
			}
			if actual := c.now(); len(actual.Networks) != 1 || actual.Networks[0] != n.Name {
				c.Errorf("networks %v", actual.Networks)
			}
		}},
		{"a name with dots leads to all pods that have it and run", func(c *trial) {
			n := translate.Network{Project: c.project, Name: translate.ProjectObject(c.project)}
			c.must("network", c.CreateNetwork(c.ctx, n))
			member := func(suffix string, aliases []string, command ...string) (pod translate.Pod, address string) {
				app := c.app("app", command...)
				pod = c.pod(app)
				pod.Name, pod.Network, pod.Aliases = c.podName(suffix), n.Name, aliases
				pod.Hostname = "host" + suffix
				pod.Apps[0].Pod = pod.Name
				c.up(pod)
				facts, err := c.Facts(c.ctx, pod.Name)
				c.must("facts", err)
				return pod, facts.PodIPs[0]
			}
			client, _ := member("-client", nil, "sleep", "forever")
			one, oneIP := member("-one", []string{"db", "db.default.svc.cluster.local"}, "serve", "8080", "one")
			_, twoIP := member("-two", []string{"db", "db.default.svc.cluster.local", "two.db"}, "serve", "8080", "two")
			ask := func(words ...string) func() string {
				return func() string {
					output, _ := c.exec(client.Apps[0].EngineName(), words...)
					return strings.Join(strings.Fields(output), " ")
				}
			}
			says := func(want string, words ...string) {
				c.Helper()
				c.eventually(strings.Join(words, " ")+": "+want, func() bool { return ask(words...)() == want })
			}
			both := []string{oneIP, twoIP}
			slices.Sort(both)
			for _, name := range []string{"db", "DB", "db.default.svc.cluster.local"} {
				says(strings.Join(both, " "), "lookup", name)
			}
			says(twoIP, "lookup", "two.db")
			says(oneIP, "lookup", "host-one")
			says(oneIP, "lookup", one.Name)
			says("two", "get", "two.db:8080")
			if _, code := c.exec(client.Apps[0].EngineName(), "lookup", "other.default.svc.cluster.local"); code == 0 {
				c.Error("a name that nobody has is found")
			}
			c.must("stop a pod", c.StopPod(c.ctx, plan.StopPod{Pod: one.Name}))
			says(twoIP, "lookup", "db")
			says("two", "get", "db:8080")
		}},
	}
}

// stranger makes an object that is not podup's.
func (c *trial) stranger(kind, name string, spec any) {
	c.Helper()
	path := "/" + kind + "/create"
	if kind == "secrets" {
		path += "?name=" + name
	}
	c.foreign = append(c.foreign, kind+"/"+name)
	c.raw.must("POST", path, spec, nil)
}

func freePort(c *trial) uint16 {
	c.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	c.must("listen", err)
	defer listener.Close()
	return uint16(listener.Addr().(*net.TCPAddr).Port)
}

// httpGet gives the body of an answer, or nothing.
func httpGet(port uint16) string {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/", port))
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return ""
	}
	return string(body)
}
