package podmantest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

func facts() []fact {
	return slices.Concat(nameFacts(), stateFacts(), volumeFacts(), secretFacts(), outputFacts())
}

func nameFacts() []fact {
	return []fact{
		{"a taken pod name is a conflict and a taken container, volume or secret name an internal error", func(b *bench) {
			b.pod(nil)
			b.make("c", nil)
			b.must("POST", "/volumes/create", object{"Name": b.name("v")}, nil)
			b.must("POST", "/secrets/create?name="+b.name("s"), "value", nil)
			b.expect(409, "pod already exists", "POST", "/pods/create", object{"name": b.name("p")})
			b.expect(500, "that name is already in use", "POST", "/containers/create", object{"name": b.name("c"), "image": b.image})
			b.expect(500, "volume already exists", "POST", "/volumes/create", object{"Name": b.name("v")})
			b.expect(500, "secret name in use", "POST", "/secrets/create?name="+b.name("s"), "value")
		}},
		{"a taken network name is a conflict and a created network answers 200", func(b *bench) {
			spec := object{"name": b.name("n"), "driver": "bridge", "dns_enabled": true, "labels": object{"podmantest": b.prefix}}
			b.expect(200, "", "POST", "/networks/create", spec)
			b.expect(409, "network already exists", "POST", "/networks/create", spec)
		}},
		{"a missing image is 404, a missing pod or secret 500", func(b *bench) {
			b.pod(nil)
			b.expect(404, "image not known", "POST", "/containers/create", object{"name": b.name("c"), "image": "localhost/nosuch:1"})
			b.expect(500, "no such pod", "POST", "/containers/create", object{"name": b.name("c"), "image": b.image, "pod": b.name("q")})
			b.expect(500, "no such secret", "POST", "/containers/create",
				object{"name": b.name("c"), "image": b.image, "pod": b.name("p"), "secret_env": object{"A": b.name("s")}})
		}},
		{"what is not there is 404 with a cause", func(b *bench) {
			for _, path := range []string{"/pods/%s/json", "/containers/%s/json", "/volumes/%s/json", "/networks/%s/json", "/secrets/%s/json"} {
				answer, err := b.do("GET", fmt.Sprintf(path, b.name("x")), nil)
				if err != nil || answer.status != 404 || !strings.Contains(answer.text, `"cause":`) {
					b.t.Errorf("%s: %v %d %s", path, err, answer.status, answer.text)
				}
			}
		}},
		{"unknown fields are ignored without a word", func(b *bench) {
			b.pod(object{"no_such_field": true})
			b.make("c", object{"no_such_field": 1})
		}},
		{"a container is renamed, but not to a used name", func(b *bench) {
			b.pod(nil)
			b.make("c", nil)
			b.make("d", nil)
			b.expect(500, "UNIQUE constraint failed", "POST", "/containers/"+b.name("c")+"/rename?name="+b.name("d"), nil)
			b.must("POST", "/containers/"+b.name("c")+"/rename?name="+b.name("c.new"), nil, nil)
			if b.exists("containers", b.name("c")) || !b.exists("containers", b.name("c.new")) {
				b.t.Error("the container is not called c.new")
			}
		}},
		{"the infra container has the pod's labels and cannot be removed alone", func(b *bench) {
			b.pod(nil)
			if list := b.labelled("containers", "podmantest="+b.prefix); !slices.Equal(list, []string{b.name("p-infra")}) {
				b.t.Errorf("containers with the pod's label: %v", list)
			}
			b.expect(500, "cannot be removed without removing the pod", "DELETE", "/containers/"+b.name("p-infra")+"?force=true", nil)
		}},
		{"a hostname for a container in a pod is refused", func(b *bench) {
			b.pod(nil)
			b.expect(500, "UTS namespace", "POST", "/containers/create", object{"name": b.name("c"), "image": b.image, "pod": b.name("p"), "hostname": "x"})
		}},
		{"a missing bind source fails at create", func(b *bench) {
			b.pod(nil)
			mounts := []object{{"destination": "/x", "type": "bind", "source": "/nosuch"}}
			b.expect(500, "no such file or directory", "POST", "/containers/create", object{"name": b.name("c"), "image": b.image, "pod": b.name("p"), "mounts": mounts})
		}},
	}
}

func stateFacts() []fact {
	return []fact{
		{"starting what runs and stopping what is stopped is 304", func(b *bench) {
			b.pod(nil)
			name := b.make("c", nil)
			b.expect(204, "", "POST", "/containers/"+name+"/start", nil)
			b.expect(304, "", "POST", "/containers/"+name+"/start", nil)
			b.expect(204, "", "POST", "/containers/"+name+"/stop?timeout=5", nil)
			b.expect(304, "", "POST", "/containers/"+name+"/stop?timeout=5", nil)
		}},
		{"starting a container starts the infra container", func(b *bench) {
			b.pod(nil)
			b.start(b.make("c", nil))
			if state := b.state(b.name("p-infra")); state != "running" {
				b.t.Errorf("the infra container is %s", state)
			}
		}},
		{"a created container stays created over a stop, and waiting for it answers 0 at once", func(b *bench) {
			b.pod(nil)
			name := b.make("c", nil)
			b.expect(204, "", "POST", "/containers/"+name+"/stop?timeout=5", nil)
			if state := b.state(name); state != "created" {
				b.t.Errorf("the container is %s", state)
			}
			if code := b.wait(name); code != "0" {
				b.t.Errorf("wait answers %s", code)
			}
		}},
		{"wait answers with the exit code", func(b *bench) {
			b.pod(nil)
			name := b.make("c", nil, "exit", "7")
			b.start(name)
			if code := b.wait(name); code != "7" {
				b.t.Errorf("wait answers %s", code)
			}
			b.eventually("the container is exited", func() bool { return b.state(name) == "exited" })
			if code := b.container(name).State.ExitCode; code != 7 {
				b.t.Errorf("inspect shows exit code %d", code)
			}
		}},
		{"an initialised container has a process, is inited once, and ends with 137", func(b *bench) {
			b.pod(nil)
			name := b.make("c", nil)
			b.expect(204, "", "POST", "/containers/"+name+"/init", nil)
			b.expect(304, "", "POST", "/containers/"+name+"/init", nil)
			if state := b.container(name).State; state.Status != "initialized" || state.Pid == 0 {
				b.t.Errorf("state %+v", state)
			}
			b.must("POST", "/containers/"+name+"/stop?timeout=0", nil, nil)
			if code := b.wait(name); code != "137" {
				b.t.Errorf("exit code %s", code)
			}
		}},
		{"a running container is not removed without force", func(b *bench) {
			b.pod(nil)
			name := b.make("c", nil)
			b.start(name)
			b.expect(500, "container state improper", "DELETE", "/containers/"+name, nil)
			b.expect(200, "", "DELETE", "/containers/"+name+"?force=true&timeout=0", nil)
			b.expect(404, "no such container", "DELETE", "/containers/"+name+"?force=true&timeout=0", nil)
		}},
		{"what does not run cannot be killed or executed in", func(b *bench) {
			b.pod(nil)
			name := b.make("c", nil)
			b.expect(409, "can only kill running containers", "POST", "/containers/"+name+"/kill?signal=TERM", nil)
			b.expect(500, "container state improper", "POST", "/containers/"+name+"/exec", object{"Cmd": []string{TestProgram, "id"}})
		}},
		{"a stop waits its time and then kills", func(b *bench) {
			b.pod(nil)
			name := b.make("c", nil, "ignore", "then", "print", "ready", "then", "sleep", "forever")
			b.start(name)
			b.eventually("the program is ready", func() bool { return strings.Contains(b.logs(name, ""), "ready") })
			began := time.Now()
			b.must("POST", "/containers/"+name+"/stop?timeout=1", nil, nil)
			if took := time.Since(began); took < time.Second {
				b.t.Errorf("stopped after %s", took)
			}
			if code := b.wait(name); code != "137" {
				b.t.Errorf("exit code %s", code)
			}
		}},
		{"a pod is Degraded with one container that is through, and its stop then does nothing", func(b *bench) {
			pod := b.pod(nil)
			through := b.make("c", nil, "exit", "0")
			b.start(through)
			b.wait(through)
			name := b.make("d", nil)
			b.start(name)
			var found struct{ State string }
			b.eventually("the pod is degraded", func() bool {
				b.must("GET", "/pods/"+pod+"/json", nil, &found)
				return found.State == "Degraded"
			})
			b.expect(304, "", "POST", "/pods/"+pod+"/stop?t=1", nil)
			if state := b.state(name); state != "running" {
				b.t.Errorf("the other container is %s", state)
			}
		}},
		{"a pod with running containers is removed only by force", func(b *bench) {
			pod := b.pod(nil)
			b.start(b.make("c", nil))
			b.expect(500, "cannot remove container", "DELETE", "/pods/"+pod, nil)
			b.expect(200, "", "DELETE", "/pods/"+pod+"?force=true&timeout=0", nil)
			b.expect(404, "no such pod", "DELETE", "/pods/"+pod+"?force=true&timeout=0", nil)
		}},
		{"the restart policy always starts a container again, and RestartCount counts", func(b *bench) {
			b.pod(nil)
			name := b.make("c", object{"restart_policy": "always"}, "print", "ran", "then", "sleep", "50ms", "then", "exit", "0")
			b.start(name)
			b.eventually("the second run", func() bool { return strings.Count(b.logs(name, ""), "ran") > 1 })
			b.must("POST", "/containers/"+name+"/stop?timeout=0", nil, nil)
		}},
		{"update changes the restart policy and not the labels", func(b *bench) {
			b.pod(nil)
			name := b.make("c", nil)
			b.expect(201, "", "POST", "/containers/"+name+"/update?restartPolicy=always", object{"labels": object{"podmantest": "other"}})
			found := b.container(name)
			if found.HostConfig.RestartPolicy.Name != "always" || found.Config.Labels["podmantest"] != b.prefix {
				b.t.Errorf("restart policy %q, label %q", found.HostConfig.RestartPolicy.Name, found.Config.Labels["podmantest"])
			}
			b.expect(500, "not a valid restart policy", "POST", "/containers/"+name+"/update?restartPolicy=bogus", object{})
		}},
		{"a command that is not there fails at start", func(b *bench) {
			b.pod(nil)
			name := b.make("c", object{"entrypoint": []string{"/nosuch"}})
			b.expect(500, "executable file `/nosuch` not found", "POST", "/containers/"+name+"/start", nil)
		}},
	}
}

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

func outputFacts() []fact {
	return []fact{
		{"a pull that fails answers 200 with the error in the stream", func(b *bench) {
			answer, err := b.do("POST", "/images/pull?policy=always&reference=localhost:1/nosuch:1", nil)
			if err != nil || answer.status != 200 || !strings.Contains(answer.text, `"error":`) {
				b.t.Errorf("%v %d %s", err, answer.status, answer.text)
			}
		}},
		{"logs need a stream, and come in frames", func(b *bench) {
			b.pod(nil)
			name := b.make("c", nil, "print", "one", "then", "print", "two", "then", "warn", "three")
			b.start(name)
			b.wait(name)
			b.expect(400, "you must choose at least one stream", "GET", "/containers/"+name+"/logs", nil)
			answer, err := b.do("GET", "/containers/"+name+"/logs?stdout=true", nil)
			want := "\x01\x00\x00\x00\x00\x00\x00\x04one\n\x01\x00\x00\x00\x00\x00\x00\x04two\n"
			if err != nil || answer.text != want {
				b.t.Errorf("stdout is %q", answer.text)
			}
			if tail := b.logs(name, "&tail=1"); strings.Contains(tail, "one") {
				b.t.Errorf("the last line is %q", tail)
			}
			if later := b.logs(name, "&since=4102444800"); later != "" {
				b.t.Errorf("logs since the year 2100: %q", later)
			}
		}},
		{"an exec session needs a JSON body to be removed", func(b *bench) {
			b.pod(nil)
			name := b.make("c", nil)
			b.start(name)
			var made struct {
				ID string `json:"Id"`
			}
			b.must("POST", "/containers/"+name+"/exec", object{"Cmd": []string{TestProgram, "exit", "4"}, "AttachStdout": true}, &made)
			b.must("POST", "/exec/"+made.ID+"/start", object{"Detach": true}, nil)
			var found struct {
				Running  bool
				ExitCode int
			}
			b.eventually("the exec is over", func() bool {
				b.must("GET", "/exec/"+made.ID+"/json", nil, &found)
				return !found.Running && found.ExitCode == 4
			})
			b.expect(400, "", "POST", "/exec/"+made.ID+"/remove", nil)
			b.expect(200, "", "POST", "/exec/"+made.ID+"/remove", object{"Force": false})
			b.expect(404, "no such exec session", "GET", "/exec/"+made.ID+"/json", nil)
		}},
	}
}

// logs are the lines of both streams with whatever frames are around them.
func (b *bench) logs(name, query string) string {
	b.t.Helper()
	answer, err := b.do(http.MethodGet, "/containers/"+name+"/logs?stdout=true&stderr=true"+query, nil)
	if err != nil || answer.status != http.StatusOK {
		b.t.Fatalf("logs of %s: %v %d %s", name, err, answer.status, answer.text)
	}
	return answer.text
}
