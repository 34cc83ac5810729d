package podmanapi_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/podmanapi/podmantest"
	"github.com/podup/podup/translate"
)

var update = flag.Bool("update", false, "write what the tests get into their golden files")

// recording makes one request of a kind: route is the request whose body is golden.
type recording struct {
	name  string
	route string
	make  func(s *shop) error
}

func create(change func(s *shop, c *translate.Container)) func(s *shop) error {
	return func(s *shop) error {
		s.must(s.client.CreatePod(s.Context(), s.pod))
		s.must(s.client.StartPod(s.Context(), "web"))
		c := s.app
		change(s, &c)
		_, err := s.client.CreateContainer(s.Context(), c, "web-"+c.Name)
		return err
	}
}

func recordings() []recording {
	return []recording{
		{"pod-plain", "POST /pods/create", func(s *shop) error { return s.client.CreatePod(s.Context(), s.pod) }},
		{"pod-on-a-network-with-ports", "POST /pods/create", func(s *shop) error {
			s.must(s.client.CreateNetwork(s.Context(), s.network))
			s.pod.Network = s.network.Name
			s.pod.Hostname = "frontend"
			s.pod.Ports = []translate.Port{
				{HostPort: 8080, ContainerPort: 80, Protocol: "tcp"},
				{HostIP: "127.0.0.1", HostPort: 5353, ContainerPort: 53, Protocol: "udp"},
			}
			return s.client.CreatePod(s.Context(), s.pod)
		}},
		{"pod-behind-services", "POST /pods/create", func(s *shop) error {
			s.must(s.client.CreateNetwork(s.Context(), s.network))
			s.pod.Network, s.pod.Hostname = s.network.Name, "zero"
			s.pod.Aliases = []string{"web", "web.default", "zero", "zero.web"}
			return s.client.CreatePod(s.Context(), s.pod)
		}},
		{"pod-on-the-host-network", "POST /pods/create", func(s *shop) error {
			s.pod.Network = "host"
			return s.client.CreatePod(s.Context(), s.pod)
		}},
		{"container-plain", "POST /containers/create", create(func(*shop, *translate.Container) {})},
		{"container-init", "POST /containers/create", create(func(_ *shop, c *translate.Container) {
			c.Name, c.Init, c.Command = "setup", true, []string{"exit", "0"}
		})},
		{"container-with-everything", "POST /containers/create", create(func(s *shop, c *translate.Container) {
			s.must(s.client.CreateSecret(s.Context(), s.secret))
			s.must(s.client.CreateVolume(s.Context(), s.volume))
			s.service.Image("localhost/files:1", podmantest.TestImage())
			user, group := int64(1234), int64(55)
			c.Entrypoint = []string{podmantest.TestProgram, "print"}
			c.WorkingDir = "/srv"
			c.Env = []translate.EnvVar{{Name: "LOG", Value: "debug"}, {Name: "EMPTY"}, {Name: "TOKEN", Secret: s.secret.Name}}
			c.Mounts = []translate.Mount{
				{Path: "/etc/conf", Volume: s.volume.Name, ReadOnly: true},
				{Path: "/etc/one", Volume: s.volume.Name, SubPath: "a", ReadOnly: true},
				{Path: "/host", HostPath: "/usr", HostPathType: "Directory", Propagation: "rslave", Relabel: "z"},
				{Path: "/image", Image: "localhost/files:1", ReadOnly: true, SubPath: "www"},
			}
			c.StopSignal, c.Grace, c.TTY, c.Stdin = "SIGUSR1", 1500*time.Millisecond, true, true
			c.Resources = translate.Resources{CPUShares: 512, CPUQuota: 50_000, CPUPeriod: 100_000, MemoryLimit: 64 << 20, HugePages2Mi: 4 << 20, HugePages1Gi: 1 << 30}
			c.Security = translate.Security{
				RunAsUser: &user, RunAsGroup: &group, SupplementalGroups: []int64{9, 10}, RunAsNonRoot: true,
				NoNewPrivileges: true, CapDrop: []string{"ALL"},
			}
		})},
		{"container-privileged", "POST /containers/create", create(func(_ *shop, c *translate.Container) {
			c.Security = translate.Security{Privileged: true, CapAdd: []string{"NET_ADMIN", "SYS_TIME"}}
		})},
		{"container-with-a-read-only-root", "POST /containers/create", create(func(_ *shop, c *translate.Container) {
			c.Security.ReadOnlyRoot = true
		})},
		{"container-confined", "POST /containers/create", create(func(_ *shop, c *translate.Container) {
			c.HostPID = true
			c.Resources = translate.Resources{Class: "Burstable", MemoryRequest: 1}
			c.Security = translate.Security{
				Seccomp: "/srv/profiles/app.json", AppArmor: "app", SELinux: []string{"level:s0:c1,c2", "type:t"}, Unmasked: true,
			}
		})},
		{"container-ephemeral", "POST /containers/create", create(func(s *shop, c *translate.Container) {
			_, err := s.client.CreateContainer(s.Context(), *c, c.EngineName())
			s.must(err)
			s.must(s.client.StartContainer(s.Context(), c.EngineName()))
			c.Name, c.Ephemeral, c.Target = "debugger", true, "app"
		})},
		{"container-that-mounts-a-socket", "POST /containers/create", create(func(s *shop, c *translate.Container) {
			c.Mounts = []translate.Mount{{Path: "/engine.sock", HostPath: strings.TrimPrefix(s.service.URL(), "unix://"), Relabel: "z"}}
		})},
		{"container-that-mounts-its-own-hosts", "POST /containers/create", create(func(_ *shop, c *translate.Container) {
			c.Mounts = []translate.Mount{{Path: "/etc/hosts", HostPath: "/usr"}}
		})},
		{"container-of-a-pod-with-names", "POST /containers/create", func(s *shop) error {
			s.pod.Names = translate.Names{DNS: &translate.DNS{Only: true, Servers: []string{"192.0.2.1"}}}
			return create(func(*shop, *translate.Container) {})(s)
		}},
		{"pod-with-namespaces", "POST /pods/create", func(s *shop) error {
			s.pod.Namespaces = translate.Namespaces{HostPID: true, HostIPC: true, OwnUsers: true, Sysctls: []translate.Sysctl{{Name: "net.core.somaxconn", Value: "1024"}}}
			s.pod.Names = translate.Names{Domain: "shop.default.svc.cluster.local", Aliases: []translate.HostAlias{{IP: "192.0.2.9", Names: []string{"db"}}}}
			s.pod.Resources = translate.Resources{CPUShares: 512, CPUQuota: 50_000, CPUPeriod: 100_000, MemoryLimit: 64 << 20}
			return s.client.CreatePod(s.Context(), s.pod)
		}},
		{"update-smaller", "POST /containers/web-app/update", resized(translate.Resources{CPUShares: 512, CPUQuota: 50_000, CPUPeriod: 100_000, MemoryLimit: 64 << 20})},
		{"update-without-limits", "POST /containers/web-app/update", resized(translate.Resources{CPUShares: 2})},
		{"container-holder", "POST /containers/create", func(s *shop) error {
			s.pod.Held = []string{"web-cache", "web-run"}
			for _, name := range s.pod.Held {
				s.must(s.client.CreateVolume(s.Context(), translate.Volume{Project: "shop", Name: name, Pod: "web", Kind: translate.Memory}))
			}
			s.must(s.client.CreatePod(s.Context(), s.pod))
			return s.client.HoldVolumes(s.Context(), s.pod)
		}},
		{"volume-emptydir", "POST /volumes/create", volume(translate.Volume{Name: "web-data", Pod: "web", Kind: translate.EmptyDir})},
		{"volume-memory", "POST /volumes/create", volume(translate.Volume{Name: "web-cache", Pod: "web", Kind: translate.Memory, Size: 64 << 10})},
		{"volume-memory-of-a-group", "POST /volumes/create", volume(translate.Volume{Name: "web-cache", Pod: "web", Kind: translate.Memory, Group: new(int64(2000))})},
		{"volume-files", "POST /volumes/create", volume(translate.Volume{Name: "web-conf", Pod: "web", Kind: translate.Files})},
		{"volume-claim", "POST /volumes/create", volume(translate.Volume{Name: "data", Kind: translate.Claim})},
		{"volume-releases", "POST /volumes/create", func(s *shop) error {
			return s.client.Releases("shop").Write(s.Context(), "1", []byte("x"))
		}},
		{"network", "POST /networks/create", func(s *shop) error { return s.client.CreateNetwork(s.Context(), s.network) }},
		{"exec-create", "POST /containers/web-app/exec", exec},
		{"exec-start", "POST /exec/*/start", exec},
		{"exec-remove", "POST /exec/*/remove", exec},
	}
}

func resized(r translate.Resources) func(s *shop) error {
	return func(s *shop) error {
		s.up()
		s.app.Resources = r
		_, err := s.client.ResizeContainer(s.Context(), s.app, "web-app")
		return err
	}
}

func volume(v translate.Volume) func(s *shop) error {
	v.Project = "shop"
	return func(s *shop) error { return s.client.CreateVolume(s.Context(), v) }
}

func exec(s *shop) error {
	s.up()
	sizes := make(chan podmanapi.TerminalSize, 1)
	sizes <- podmanapi.TerminalSize{Width: 80, Height: 24}
	var out bytes.Buffer
	_, err := s.client.Exec(s.Context(), "web-app", podmanapi.ExecOptions{
		Command: []string{podmantest.TestProgram, "id"}, Env: []string{"A=b"}, TTY: true, In: strings.NewReader(""), Out: &out, Err: &out, Resize: sizes,
	})
	return err
}

// TestRequests compares the bodies the client sends with testdata/requests/*.json, which the module
// specgentest holds against Podman's own types.
func TestRequests(t *testing.T) {
	const dir = "testdata/requests"
	known := map[string]bool{}
	for _, one := range recordings() {
		known[one.name+".json"] = true
		t.Run(one.name, func(t *testing.T) {
			s := newShop(t)
			s.must(one.make(s))
			got := s.recorded(one.route)
			path := filepath.Join(dir, one.name+".json")
			if *update {
				s.must(os.MkdirAll(dir, 0o755))
				s.must(os.WriteFile(path, got, 0o644))
				return
			}
			want, err := os.ReadFile(path)
			s.must(err)
			if !bytes.Equal(got, want) {
				t.Errorf("%s: the client sends\n%s\nwant\n%s", path, got, want)
			}
		})
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !known[entry.Name()] {
			t.Errorf("%s/%s: no test makes it", dir, entry.Name())
		}
	}
}

// recorded is the body of the last request on a route, indented.
func (s *shop) recorded(route string) []byte {
	s.Helper()
	var body []byte
	for _, request := range s.service.Requests() {
		before, after, _ := strings.Cut(route, "*")
		if text := request.String(); strings.HasPrefix(text, before) && strings.HasSuffix(text, after) {
			body = request.Body
		}
	}
	if body == nil {
		s.Fatalf("no %s among %v", route, s.service.Requests())
	}
	var decoded any
	s.must(json.Unmarshal(body, &decoded))
	text, err := json.MarshalIndent(steady(decoded), "", "  ")
	s.must(err)
	return append(text, '\n')
}

// steady puts fixed text in place of what is another in every run, or with every change of what
// translate hashes.
func steady(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key := range value {
			value[key] = steady(value[key])
			if key == translate.LabelHash {
				value[key] = "hash"
			}
		}
	case []any:
		for i := range value {
			value[i] = steady(value[i])
		}
	case string:
		if strings.HasPrefix(value, os.TempDir()) {
			return "/tmp/" + filepath.Base(value)
		}
	}
	return value
}
