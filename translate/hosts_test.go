package translate_test

import (
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/translate"
)

const managed = "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n" +
	"fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n"

func TestHostsFileIsAKubelets(t *testing.T) {
	alias := []translate.HostAlias{{IP: "192.0.2.9", Names: []string{"db", "db.local"}}, {IP: "::9", Names: []string{"six"}}}
	for _, c := range []struct {
		name, hostname, extra string
		names                 translate.Names
		ips                   []string
		want                  string
	}{
		{"an address", "web", "", translate.Names{}, []string{"10.0.0.2"}, managed + "10.0.0.2\tweb\n"},
		{"two addresses", "web", "", translate.Names{}, []string{"10.0.0.2", "fd00::2"}, managed + "10.0.0.2\tweb\nfd00::2\tweb\n"},
		{"a domain", "web", "", translate.Names{Domain: "a.b"}, []string{"10.0.0.2"}, managed + "10.0.0.2\tweb.a.b\tweb\n"},
		{"a domain that is in the hostname", "web.a.b", "", translate.Names{Domain: "a.b"}, []string{"10.0.0.2"}, managed + "10.0.0.2\tweb.a.b\tweb\n"},
		{"aliases after Podman's name of the machine", "web", "169.254.1.2\thost.containers.internal", translate.Names{Aliases: alias}, []string{"10.0.0.2"},
			managed + "10.0.0.2\tweb\n\n# Added by Podman.\n169.254.1.2\thost.containers.internal\n" +
				"\n# Entries added by HostAliases.\n192.0.2.9\tdb\tdb.local\n::9\tsix\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(c.names.ManagedHosts(c.hostname, c.ips, c.extra)); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
	got := string(translate.Names{Aliases: alias[:1]}.NodeHosts([]byte("127.0.0.1 box\n")))
	if want := "# Kubernetes-managed hosts file (host network).\n127.0.0.1 box\n\n# Entries added by HostAliases.\n192.0.2.9\tdb\tdb.local\n"; got != want {
		t.Errorf("of the machine's network:\n%s", got)
	}
}

func TestPodmansNameOfTheMachine(t *testing.T) {
	for name, c := range map[string]struct{ hosts, want string }{
		"is one line":    {"127.0.0.1\tlocalhost\n169.254.1.2\thost.containers.internal host.docker.internal\n10.0.0.2\tweb\n", "169.254.1.2\thost.containers.internal\thost.docker.internal"},
		"is not there":   {"127.0.0.1\tlocalhost\n", ""},
		"has no address": {"host.containers.internal\n", ""},
		"of no file":     {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := translate.PodmansHost([]byte(c.hosts)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestNamesSurviveTheLabel(t *testing.T) {
	pod := fullPod()
	got, err := translate.ReadNames(pod.Labels())
	if err != nil || !reflect.DeepEqual(got, pod.Names) {
		t.Errorf("got %+v, %v", got, err)
	}
	if none, err := translate.ReadNames(map[string]string{}); err != nil || !reflect.DeepEqual(none, translate.Names{}) {
		t.Errorf("without a label: %+v, %v", none, err)
	}
	if _, err := translate.ReadNames(map[string]string{translate.LabelNames: "{"}); err == nil {
		t.Error("a broken label is read")
	}
}

func TestResolvConf(t *testing.T) {
	engine := "# comment\nsearch dns.podman\nnameserver 10.89.0.1\noptions edns0 ndots:1\n"
	for _, c := range []struct {
		name string
		dns  translate.DNS
		want string
	}{
		{"the pod's own alone", translate.DNS{Only: true, Servers: []string{"192.0.2.1"}, Options: []string{"rotate"}},
			"nameserver 192.0.2.1\noptions rotate\n"},
		{"the pod's after the engine's, each once", translate.DNS{Servers: []string{"10.89.0.1", "192.0.2.1"}, Searches: []string{"a.b"}},
			"search dns.podman a.b\nnameserver 10.89.0.1\nnameserver 192.0.2.1\noptions edns0 ndots:1\n"},
		{"an option over the engine's", translate.DNS{Options: []string{"ndots:5"}},
			"search dns.podman\nnameserver 10.89.0.1\noptions edns0 ndots:5\n"},
		{"no more servers than resolvers read", translate.DNS{Servers: []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}},
			"search dns.podman\nnameserver 10.89.0.1\nnameserver 192.0.2.1\nnameserver 192.0.2.2\noptions edns0 ndots:1\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(c.dns.ResolvConf([]byte(engine))); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

// Values of kubelet: qos/policy_test.go, on the machine of 8,000,000,000 bytes it has.
func TestOOMScore(t *testing.T) {
	const capacity = 8_000_000_000
	for _, c := range []struct {
		name      string
		resources translate.Resources
		capacity  int64
		want      int
	}{
		{"of a pod that asks for nothing", translate.Resources{}, capacity, 1000},
		{"of a guaranteed pod", translate.Resources{Class: corev1.PodQOSGuaranteed, MemoryRequest: 1}, capacity, -997},
		{"of half the machine", translate.Resources{Class: corev1.PodQOSBurstable, MemoryRequest: capacity / 2}, capacity, 500},
		{"of next to nothing", translate.Resources{Class: corev1.PodQOSBurstable, MemoryRequest: 1}, capacity, 999},
		{"of nearly all", translate.Resources{Class: corev1.PodQOSBurstable, MemoryRequest: capacity - 1}, capacity, 3},
		{"of more than there is", translate.Resources{Class: corev1.PodQOSBurstable, MemoryRequest: 1 << 62}, capacity, 3},
		{"on a machine of unknown size", translate.Resources{Class: corev1.PodQOSBurstable, MemoryRequest: 1}, 0, 1000},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.resources.OOMScore(c.capacity); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}
