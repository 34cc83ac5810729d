package cmd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/translate"
)

// machine is the engine as preflight sees it.
type machine struct {
	version  podmanapi.Version
	limits   podmanapi.Limits
	networks []string
	err      error
	asked    []string
}

func (m *machine) HasNetwork(_ context.Context, name string) (bool, error) {
	m.asked = append(m.asked, "network "+name)
	return slices.Contains(m.networks, name), m.err
}

func (m *machine) Version(context.Context) (podmanapi.Version, error) {
	m.asked = append(m.asked, "version")
	return m.version, m.err
}

func (m *machine) Limits(context.Context) (podmanapi.Limits, error) {
	m.asked = append(m.asked, "limits")
	return m.limits, m.err
}

// listenTCP takes a free port for the time of the test.
func listenTCP(t *testing.T, host string) uint16 {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return uint16(listener.Addr().(*net.TCPAddr).Port)
}

func listenUDP(t *testing.T) uint16 {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return uint16(conn.LocalAddr().(*net.UDPAddr).Port)
}

// starting is a comparison whose plan starts these pods, and nothing else.
func starting(pods ...translate.Pod) comparison {
	c := comparison{want: translate.Project{Name: "shop", Pods: pods}}
	for _, pod := range pods {
		c.plan.Steps = append(c.plan.Steps, plan.Step{Op: plan.CreatePod{Pod: pod}}, plan.Step{Op: plan.StartPod{Pod: pod.Name}})
	}
	return c
}

func podWithPort(port translate.Port) translate.Pod {
	return translate.Pod{Name: "web", Ports: []translate.Port{port}}
}

func TestPortsAreTriedBeforeAnythingIsTouched(t *testing.T) {
	taken, takenUDP := listenTCP(t, "127.0.0.1"), listenUDP(t)
	local := podmanapi.Version{Local: true}
	running := map[string]plan.PodState{"web": {Name: "web", Infra: plan.ContainerState{
		Status: plan.Running, Ports: []translate.Port{{HostPort: taken, Protocol: "tcp"}},
	}}}
	for name, test := range map[string]struct {
		port    translate.Port
		change  func(*comparison)
		version podmanapi.Version
		want    string
	}{
		"a port nobody has": {
			port: translate.Port{HostIP: "127.0.0.2", HostPort: taken, Protocol: "tcp"}, version: local,
		},
		"a port another program has": {
			port: translate.Port{HostPort: taken, Protocol: "tcp"}, version: local,
			want: fmt.Sprintf("pod/web: hostPort %d/tcp is taken by another program or pod", taken),
		},
		"a port another program has on the same address": {
			port: translate.Port{HostIP: "127.0.0.1", HostPort: taken, Protocol: "tcp"}, version: local,
			want: fmt.Sprintf("pod/web: hostPort 127.0.0.1:%d/tcp is taken", taken),
		},
		"a UDP port another program has": {
			port: translate.Port{HostPort: takenUDP, Protocol: "udp"}, version: local,
			want: fmt.Sprintf("pod/web: hostPort %d/udp is taken", takenUDP),
		},
		"an address of another machine": {
			port: translate.Port{HostIP: "192.0.2.7", HostPort: 18080, Protocol: "tcp"}, version: local,
			want: "pod/web: hostPort 192.0.2.7:18080/tcp: this machine has no address 192.0.2.7",
		},
		"a taken port on another machine": {
			port: translate.Port{HostPort: taken, Protocol: "tcp"}, version: podmanapi.Version{Local: false},
		},
		"a port the pod has itself, and gives up": {
			port: translate.Port{HostPort: taken, Protocol: "tcp"}, version: local,
			change: func(c *comparison) {
				c.actual.Pods = running
				c.plan.Steps = append([]plan.Step{{Op: plan.RemovePod{Pod: "web"}}}, c.plan.Steps...)
			},
		},
		"a port of a pod of the project that stays": {
			port: translate.Port{HostPort: taken, Protocol: "tcp"}, version: local,
			change: func(c *comparison) { c.actual.Pods = map[string]plan.PodState{"old": running["web"]} },
			want:   fmt.Sprintf("pod/web: hostPort %d/tcp is held by pod/old of this project, which this up leaves as it is", taken),
		},
		"a port of a pod of the project that has another name now": {
			port: translate.Port{HostPort: taken, Protocol: "tcp"}, version: local,
			change: func(c *comparison) {
				c.actual.Pods = map[string]plan.PodState{"front": running["web"]}
				c.plan.Orphans = []string{"front"}
			},
			want: fmt.Sprintf("pod/web: hostPort %d/tcp is held by pod/front of this project, which is no longer in the manifests: --prune removes it", taken),
		},
		"a port of a pod whose name is taken, which is told of": {
			port: translate.Port{HostPort: taken, Protocol: "tcp"}, version: local,
			change: func(c *comparison) {
				c.plan.Conflicts = []plan.Conflict{{Object: "pod/web", Owner: "not made by podup"}}
			},
		},
		"a port of a pod one of whose volumes has a name that is taken": {
			port: translate.Port{HostPort: taken, Protocol: "tcp"}, version: local,
			change: func(c *comparison) {
				c.plan.Conflicts = []plan.Conflict{{Object: "volume/web", Owner: "not made by podup"}}
			},
			want: "is taken",
		},
		"a port of a pod that had stopped": {
			port: translate.Port{HostPort: taken, Protocol: "tcp"}, version: local,
			change: func(c *comparison) {
				stopped := running["web"]
				stopped.Infra.Status = plan.Exited
				c.actual.Pods = map[string]plan.PodState{"web": stopped}
			},
			want: "is taken",
		},
		"a pod on the host's own network": {
			port: translate.Port{HostPort: taken, Protocol: "tcp"}, version: local,
			change: func(c *comparison) { c.want.Pods[0].Network = "host" },
		},
		"a pod that is not started": {
			port: translate.Port{HostPort: taken, Protocol: "tcp"}, version: local,
			change: func(c *comparison) { c.plan.Steps = nil },
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := starting(podWithPort(test.port))
			if test.change != nil {
				test.change(&c)
			}
			findings, err := preflight(t.Context(), &machine{version: test.version}, c)
			if err != nil {
				t.Fatal(err)
			}
			checkFinding(t, findings, test.want)
		})
	}
}

func checkFinding(t *testing.T, findings error, want string) {
	t.Helper()
	switch {
	case want == "" && findings != nil:
		t.Errorf("found %q, want nothing", findings)
	case want != "" && (findings == nil || !strings.Contains(findings.Error(), want)):
		t.Errorf("found %v, want %q", findings, want)
	}
}

func TestALowPortIsRefusedForRootlessPodmanWithTheWayOut(t *testing.T) {
	port := podPort{"web", translate.Port{HostIP: "127.0.0.3", HostPort: 1023, Protocol: "tcp"}}
	checkFinding(t, errors.Join(checkPorts(t.Context(), []podPort{port}, 1024, comparison{})...),
		"pod/web: hostPort 127.0.0.3:1023/tcp: rootless Podman cannot publish ports below 1024: use a higher hostPort, or allow it with sysctl net.ipv4.ip_unprivileged_port_start=1023")
	checkFinding(t, errors.Join(checkPorts(t.Context(), []podPort{port}, 1023, comparison{})...), "")
}

func TestHostPathsAreLookedAtAsAKubeletDoes(t *testing.T) {
	dir := t.TempDir()
	file, socket := filepath.Join(dir, "file"), filepath.Join(dir, "socket")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if err := os.Symlink(file, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing")
	for name, test := range map[string]struct{ path, kind, want string }{
		"a directory for no type":                {dir, "", ""},
		"a missing path for no type":             {missing, "", "does not exist: create it, or set type: DirectoryOrCreate"},
		"a directory":                            {dir, "Directory", ""},
		"a file for a directory":                 {file, "Directory", "is a file, not what type Directory says"},
		"a missing directory":                    {missing, "Directory", "does not exist, and type Directory does not create it"},
		"a missing directory that may be made":   {missing, "DirectoryOrCreate", ""},
		"a file where a directory would be made": {file, "DirectoryOrCreate", "is a file, not what type DirectoryOrCreate says"},
		"a file":                                 {file, "File", ""},
		"a link to a file":                       {filepath.Join(dir, "link"), "File", ""},
		"a directory for a file":                 {dir, "File", "is a directory, not what type File says"},
		"a missing file":                         {missing, "File", "does not exist, and type File does not create it"},
		"a missing file that may be made":        {missing, "FileOrCreate", ""},
		"a missing file in a missing directory":  {filepath.Join(missing, "file"), "FileOrCreate", "cannot be made: its directory does not exist"},
		"a path through a file":                  {filepath.Join(file, "x"), "Directory", "lies below something that is no directory"},
		"a socket":                               {socket, "Socket", ""},
		"a file for a socket":                    {file, "Socket", "is a file, not what type Socket says"},
		"a character device":                     {"/dev/null", "CharDevice", ""},
		"a character device for a block device":  {"/dev/null", "BlockDevice", "is a character device, not what type BlockDevice says"},
		"a socket for a file":                    {socket, "File", "is a socket, not what type File says"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := checkPath(test.path, test.kind); got != test.want {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}

func TestAllFindingsComeAtOnceAndNameTheirObject(t *testing.T) {
	port := listenTCP(t, "127.0.0.1")
	c := starting(podWithPort(translate.Port{HostPort: port, Protocol: "tcp"}))
	mount := translate.Mount{Path: "/data", HostPath: "/nonexistent/a", HostPathType: "Directory"}
	for _, name := range []string{"app", "side"} { // the same path is said once
		c.plan.Steps = append(c.plan.Steps, plan.Step{Op: plan.CreateContainer{Name: "web-" + name, Container: translate.Container{
			Pod: "web", Name: name, Image: "localhost/web:1", Mounts: []translate.Mount{mount, {Path: "/v", Volume: "web-v"}},
		}}})
	}
	for range 300 {
		c.plan.Steps = append(c.plan.Steps, plan.Step{Op: plan.CreateVolume{}})
	}
	m := &machine{version: podmanapi.Version{Local: true}, limits: podmanapi.Limits{FreeLocks: 100}}
	findings, err := preflight(t.Context(), m, c)
	if err != nil {
		t.Fatal(err)
	}
	found := flatten(findings)
	if len(found) != 3 {
		t.Fatalf("%d findings: %v", len(found), findings)
	}
	checkFinding(t, findings, "pod/web: container app: hostPath /nonexistent/a does not exist")
	checkFinding(t, findings, fmt.Sprintf("pod/web: hostPort %d/tcp is taken", port))
	checkFinding(t, findings, "this takes 304 locks of the engine")
	checkFinding(t, findings, "and 100 are free")
}

func TestASmallPlanAsksTheEngineNothing(t *testing.T) {
	m := &machine{err: errors.New("gone")}
	if findings, err := preflight(t.Context(), m, starting(translate.Pod{Name: "web"})); findings != nil || err != nil || len(m.asked) != 0 {
		t.Errorf("found %v, %v; asked %q", findings, err, m.asked)
	}
}

func TestAnEngineThatDoesNotAnswerIsNoFinding(t *testing.T) {
	gone := errors.New("gone")
	c := starting(podWithPort(translate.Port{HostPort: 18080, Protocol: "tcp"}))
	if findings, err := preflight(t.Context(), &machine{err: gone}, c); findings != nil || !errors.Is(err, gone) {
		t.Errorf("found %v, %v", findings, err)
	}
}

func TestANetworkIsLookedForBeforeAnythingIsTouched(t *testing.T) {
	for _, test := range []struct {
		name, network string
		own           bool
		asked         bool
		refused       bool
	}{
		{name: "the engine's default", network: ""},
		{name: "a mode", network: "host"},
		{name: "a mode with options", network: "pasta:--ipv4-only"},
		{name: "the project's own, made by the plan", network: "podup.shop", own: true},
		{name: "one that is there", network: "lan", asked: true},
		{name: "one that is not", network: "lna", asked: true, refused: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			pod := translate.Pod{Project: "shop", Name: "web", Network: test.network}
			c := comparison{want: translate.Project{Name: "shop", Pods: []translate.Pod{pod, pod}}}
			if test.own {
				c.want.Network = &translate.Network{Project: "shop", Name: test.network}
			}
			c.plan.Steps = []plan.Step{{Op: plan.CreatePod{Pod: pod}}, {Op: plan.CreatePod{Pod: pod}}}
			m := &machine{networks: []string{"lan"}}
			findings, err := preflight(t.Context(), m, c)
			if err != nil {
				t.Fatal(err)
			}
			if asked := slices.Contains(m.asked, "network "+test.network); asked != test.asked || len(m.asked) > 1 {
				t.Errorf("asked %v", m.asked)
			}
			if refused := findings != nil && strings.Contains(findings.Error(), test.network); refused != test.refused {
				t.Errorf("findings: %v", findings)
			}
		})
	}
}
