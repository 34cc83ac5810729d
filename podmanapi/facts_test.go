package podmanapi

import (
	"strings"
	"testing"
)

func TestThePodsAddressesInItsHostsFile(t *testing.T) {
	hosts := `127.0.0.1	localhost
::1	localhost
169.254.1.2	host.containers.internal host.docker.internal
# 10.0.0.1	comment
192.0.2.2	web web-infra
127.0.0.1	web-app
192.0.2.2	again
fd00::2	web
garbage
`
	if got := strings.Join(hostsIPs([]byte(hosts)), " "); got != "192.0.2.2 fd00::2" {
		t.Error(got)
	}
}

func TestGlobalIPv6AddressesOfANamespace(t *testing.T) {
	table := `00000000000000000000000000000001 01 80 10 80       lo
fe80000000000000fc739dfffee891e0 02 40 20 c2     eth0
fd000000000000000000000000000002 02 40 00 82     eth0
not a line of it
`
	if got := strings.Join(inet6([]byte(table)), " "); got != "fd00::2" {
		t.Error(got)
	}
}

func TestTheMachinesMemory(t *testing.T) {
	got, ok := memTotal([]byte("MemTotal:       24684096 kB\nMemFree:        1 kB\n"))
	if !ok || got != 24684096<<10 {
		t.Error(got, ok)
	}
	if _, ok := memTotal([]byte("MemFree: 1 kB\n")); ok {
		t.Error("found where there is none")
	}
}

func TestWhatAFailureToStartAPodMeans(t *testing.T) {
	cases := []struct{ name, message, want string }{
		{"pasta of 5.8, port taken", "pasta failed with exit code 1:\nListen failed for HOST TCP port */18999: Address already in use\nCouldn't listen on requested ports\n", "port 18999/tcp of this machine is taken"},
		{"pasta of 5.8, a UDP port of one address", "pasta failed with exit code 1:\nListen failed for HOST UDP port 127.0.0.1/53: Address already in use\n", "port 53/udp of this machine is taken"},
		{"pasta of 5.4, port taken", "pasta failed with exit code 1:\nFailed to bind port 18140 (Address already in use) for option '-t 18140-18140:80-80'\n", "port 18140 of this machine is taken"},
		{"rootful, port taken", "cannot listen on the TCP port: listen tcp4 :18141: bind: address already in use", "port 18141/tcp of this machine is taken"},
		{"rootful, port of one address", "cannot listen on the TCP port: listen tcp4 127.0.0.1:18141: bind: address already in use", "port 18141/tcp of this machine is taken"},
		{"pasta of 5.8, a low port", "pasta failed with exit code 1:\nListen failed for HOST TCP port */80: Permission denied\n", "port 80/tcp may not be published: without root"},
		{"pasta of 5.4, a low port", "pasta failed with exit code 1:\nFailed to bind port 80 (Permission denied) for option '-t 80-80:80-80'", "port 80 may not be published"},
		{"a foreign address", "cannot listen on the TCP port: listen tcp4 9.9.9.9:18080: bind: cannot assign requested address", "a hostIP is no address of this machine"},
		{"something else", "crun: the sysctl `vm.swappiness` is not namespaced", "start container/web-infra: crun: the sysctl"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := explainStart("web", &Error{"start container/web-infra", 500, oneLine(c.message)})
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nlacks %q", err, c.want)
			}
			if strings.Contains(c.want, "is taken") != portTaken(err) {
				t.Error("taken for another kind of failure")
			}
			if status(err) != 500 {
				t.Error("the engine's error is no longer in it")
			}
		})
	}
}

func TestReportsOfAPull(t *testing.T) {
	cases := []struct{ name, stream, failure, err string }{
		{"done", `{"stream":"Copying blob a\n"}{"images":["sha256:1"],"id":"sha256:1"}`, "", ""},
		{"failed with status 200", `{"stream":"Trying to pull x...\n"}{"error":"unable to pull:\nno such host"}`, "unable to pull:; no such host", ""},
		{"the service died", `{"stream":"Copying blob a\n"}`, "", "ends in the middle"},
		{"cut within a line", `{"stream":"Copy`, "", "unexpected EOF"},
		{"no JSON", `<html>`, "", "invalid character"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			failure, err := pullStream(strings.NewReader(c.stream), nil)
			if failure != c.failure {
				t.Errorf("failure %q, want %q", failure, c.failure)
			}
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("error %v, want %q", err, c.err)
			}
		})
	}
}
