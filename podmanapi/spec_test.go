package podmanapi

import (
	"reflect"
	"strings"
	"testing"

	"github.com/podup/podup/translate"
)

func number(n int64) *int64 { return &n }

func TestUserOfAContainer(t *testing.T) {
	for _, c := range []struct {
		name, imageUser string
		security        translate.Security
		want            string
	}{
		{"nothing asked: the image's", "nginx", translate.Security{}, ""},
		{"a user: its group is the image's to say", "nginx", translate.Security{RunAsUser: number(1234)}, "1234"},
		{"user and group", "", translate.Security{RunAsUser: number(1234), RunAsGroup: number(55)}, "1234:55"},
		{"user 0", "nginx", translate.Security{RunAsUser: number(0)}, "0"},
		{"a group beside the image's user", "nginx", translate.Security{RunAsGroup: number(55)}, "nginx:55"},
		{"a group where the image names no user", "", translate.Security{RunAsGroup: number(55)}, "0:55"},
	} {
		if got := userOf(c.security, c.imageUser); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestRunAsNonRoot(t *testing.T) {
	for _, c := range []struct {
		name, imageUser string
		security        translate.Security
		err             string
	}{
		{"not asked for", "", translate.Security{}, ""},
		{"a user is given", "root", translate.Security{RunAsNonRoot: true, RunAsUser: number(1)}, ""},
		{"root is given", "nginx", translate.Security{RunAsNonRoot: true, RunAsUser: number(0)}, "runAsUser is 0"},
		{"the image's user is a number", "101", translate.Security{RunAsNonRoot: true}, ""},
		{"the image's user is 0", "0", translate.Security{RunAsNonRoot: true}, "image runs as root"},
		{"the image names no user", "", translate.Security{RunAsNonRoot: true}, "image runs as root"},
		{"the image's user is a name", "nginx", translate.Security{RunAsNonRoot: true}, `user "nginx" is no number`},
		{"the image's user is the name root", "root", translate.Security{RunAsNonRoot: true}, `user "root" is no number`},
	} {
		err := checkNonRoot(c.security, c.imageUser)
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.err)
		}
	}
}

func TestResourcesThatAreNotSetAreNotSent(t *testing.T) {
	for _, c := range []struct {
		name string
		in   translate.Resources
		want *resources
	}{
		{"none", translate.Resources{}, nil},
		{"a period alone limits nothing", translate.Resources{CPUPeriod: 100000}, nil},
		{"memory without more swap", translate.Resources{MemoryLimit: 64}, &resources{Memory: &memoryLimit{64, 64}}},
		{"shares", translate.Resources{CPUShares: 2}, &resources{CPU: &cpuLimit{Shares: 2}}},
		{"huge pages", translate.Resources{HugePages2Mi: 4}, &resources{Huge: []hugeLimit{{"2MB", 4}}}},
		{"a quota", translate.Resources{CPUQuota: 50000, CPUPeriod: 100000}, &resources{CPU: &cpuLimit{Quota: 50000, Period: 100000}}},
	} {
		if got := resourcesOf(c.in); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestVolumesInMemoryAreFileSystemsOfTheirOwn(t *testing.T) {
	for _, c := range []struct {
		name string
		in   translate.Volume
		want map[string]string
	}{
		{"a tmpfs", translate.Volume{Kind: translate.Memory, Size: 64}, map[string]string{"type": "tmpfs", "device": "tmpfs", "o": "size=64,mode=1777"}},
		{"a tmpfs of a group", translate.Volume{Kind: translate.Memory, Group: number(7)}, map[string]string{"type": "tmpfs", "device": "tmpfs", "o": "mode=3777,gid=7"}},
		{"huge pages", translate.Volume{Kind: translate.Memory, Page: 1 << 30}, map[string]string{"type": "hugetlbfs", "device": "nodev", "o": "pagesize=1024M,mode=0777"}},
		{"huge pages of a group", translate.Volume{Kind: translate.Memory, Page: 2 << 20, Group: number(7)}, map[string]string{"type": "hugetlbfs", "device": "nodev", "o": "pagesize=2M,mode=2777,gid=7"}},
	} {
		if got := volumeOptionsOf(c.in); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestAVariableCalledContainerStays(t *testing.T) {
	var spec containerSpec
	addEnv(&spec, []translate.EnvVar{{Name: "container", Value: "mine"}, {Name: "S", Secret: "podup.p.1"}})
	if spec.UnsetEnv != nil || spec.Env["container"] != "mine" || spec.EnvSecrets["S"] != "podup.p.1" || len(spec.Env) != 1 {
		t.Errorf("%+v", spec)
	}
}

func TestNetworksOfAPod(t *testing.T) {
	port := []translate.Port{{HostPort: 8080, ContainerPort: 80, Protocol: "tcp"}, {ContainerPort: 81, Protocol: "tcp"}}
	for _, c := range []struct {
		name, network string
		mode          string
		networks      map[string]networkOptions
		options       map[string][]string
		ports         int
	}{
		{"the engine's default", "", "", nil, nil, 1},
		{"the project's", "podup.shop", "bridge", map[string]networkOptions{"podup.shop": {Aliases: []string{"web", "front"}}}, nil, 1},
		{"pasta with options", "pasta:-a,10.88.7.3", "pasta", nil, map[string][]string{"pasta": {"-a", "10.88.7.3"}}, 1},
		{"the host's: ports mean nothing", "host", "host", nil, nil, 0},
		{"none", "none", "none", nil, nil, 0},
	} {
		spec := specOf(translate.Pod{Name: "web", Hostname: "front", Network: c.network, Ports: port})
		mode := ""
		if spec.NetNS != nil {
			mode = spec.NetNS.Mode
		}
		if mode != c.mode || !reflect.DeepEqual(spec.Networks, c.networks) || !reflect.DeepEqual(spec.NetworkOptions, c.options) || len(spec.PortMappings) != c.ports {
			t.Errorf("%s: %+v", c.name, spec)
		}
	}
}
