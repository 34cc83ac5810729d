package podmantest

import (
	"strings"
)

func volumeFacts() []fact {
	return []fact{
		{"a volume that is not there is made, without labels, and is in use", func(b *bench) {
			b.pod(nil)
			b.make("c", object{"volumes": []object{{"Name": b.name("v"), "Dest": "/d"}}})
			b.expect(409, "volume is being used", "DELETE", "/volumes/"+b.name("v"), nil)
			var found struct{ Labels map[string]string }
			b.must("GET", "/volumes/"+b.name("v")+"/json", nil, &found)
			if len(found.Labels) > 0 {
				b.t.Errorf("labels %v", found.Labels)
			}
		}},
		{"a tmpfs volume loses its content with its last holder and keeps it with another", func(b *bench) {
			b.pod(nil)
			options := object{"type": "tmpfs", "device": "tmpfs", "o": "size=64k,mode=0777"}
			b.must("POST", "/volumes/create", object{"Name": b.name("v"), "Options": options}, nil)
			volumes := object{"volumes": []object{{"Name": b.name("v"), "Dest": "/d"}}}
			run := func(suffix string, command ...string) string {
				name := b.make(suffix, volumes, command...)
				b.start(name)
				code := b.wait(name)
				b.eventually("the container is cleaned up", func() bool { return b.state(name) == "exited" })
				return code
			}
			run("c1", "write", "/d/file", "x")
			if run("c2", "cat", "/d/file") == "0" {
				b.t.Error("the content outlived its last holder")
			}
			holder := b.make("hold", volumes)
			b.must("POST", "/containers/"+holder+"/init", nil, nil)
			run("c3", "write", "/d/file", "x")
			if code := run("c4", "cat", "/d/file"); code != "0" {
				b.t.Errorf("the content did not survive with a holder: exit code %s", code)
			}
			if code := run("c5", "write", "/d/big", strings.Repeat("x", 80<<10)); code == "0" {
				b.t.Error("80 KiB fit into a volume of 64 KiB")
			}
		}},
		{"a missing subPath fails at start", func(b *bench) {
			b.pod(nil)
			b.must("POST", "/volumes/create", object{"Name": b.name("v")}, nil)
			name := b.make("c", object{"volumes": []object{{"Name": b.name("v"), "Dest": "/d", "SubPath": "a/b"}}})
			b.expect(500, "no such file or directory", "POST", "/containers/"+name+"/start", nil)
		}},
		{"a network in use is not removed", func(b *bench) {
			b.must("POST", "/networks/create", object{"name": b.name("n"), "driver": "bridge"}, nil)
			b.pod(object{"netns": object{"nsmode": "bridge"}, "Networks": object{b.name("n"): object{}}})
			b.expect(500, "network is being used", "DELETE", "/networks/"+b.name("n"), nil)
			b.start(b.name("p-infra"))
			var found struct {
				NetworkSettings struct {
					Networks map[string]struct{ IPAddress string }
				}
			}
			b.must("GET", "/containers/"+b.name("p-infra")+"/json", nil, &found)
			if found.NetworkSettings.Networks[b.name("n")].IPAddress == "" {
				b.t.Error("the infra container has no address on the network")
			}
		}},
	}
}

func secretFacts() []fact {
	return []fact{
		{"secrets cannot be filtered by label", func(b *bench) {
			b.must("POST", "/secrets/create?name="+b.name("s"), "value", nil) // without any, the filter is not looked at
			b.expect(500, `invalid filter "label"`, "GET", "/secrets/json?filters=%7B%22label%22%3A%5B%22a%3Db%22%5D%7D", nil)
		}},
		{"an empty secret is refused", func(b *bench) {
			b.expect(500, "larger than 0", "POST", "/secrets/create?name="+b.name("s"), "")
		}},
		{"a container whose secret is deleted cannot start", func(b *bench) {
			b.pod(nil)
			b.must("POST", "/secrets/create?name="+b.name("s"), "value", nil)
			name := b.make("c", object{"secret_env": object{"A": b.name("s")}}, "env", "A")
			b.start(name)
			if code, log := b.wait(name), b.logs(name, ""); code != "0" || !strings.Contains(log, "value") {
				b.t.Errorf("exit code %s, log %q", code, log)
			}
			b.expect(204, "", "DELETE", "/secrets/"+b.name("s"), nil)
			b.expect(500, "no secret with name or id", "POST", "/containers/"+name+"/start", nil)
		}},
	}
}
