package podmantest

import (
	"strings"
	"time"
)

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
		{"a paused container is not stopped, and one that is not paused is not unpaused", func(b *bench) {
			b.pod(nil)
			name := b.make("c", nil)
			b.start(name)
			b.expect(500, "is not paused, can't unpause", "POST", "/containers/"+name+"/unpause", nil)
			status, message := b.raw.status("POST", "/containers/"+name+"/pause", nil)
			if status == 500 && strings.Contains(message, "cgroup V1") {
				return // a rootless engine there has no paused containers
			}
			if status != 204 {
				b.t.Fatalf("pause: %d %s", status, message)
			}
			b.expect(500, "is running or paused, refusing to clean up", "POST", "/containers/"+name+"/stop?timeout=1", nil)
			b.expect(204, "", "POST", "/containers/"+name+"/unpause", nil)
			b.expect(204, "", "POST", "/containers/"+name+"/stop?timeout=1", nil)
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
		{"an update of a container without a health check has to say so", func(b *bench) {
			b.pod(nil)
			name := b.make("c", object{"healthconfig": object{"Test": []string{"NONE"}}})
			limits := object{"cpu": object{"quota": -1}}
			b.expect(500, "healthcheck-timeout must be at least 1 second", "POST", "/containers/"+name+"/update", limits)
			limits["no_healthcheck"] = true
			b.expect(201, "", "POST", "/containers/"+name+"/update", limits)
		}},
		{"a command that is not there fails at start", func(b *bench) {
			b.pod(nil)
			name := b.make("c", object{"entrypoint": []string{"/nosuch"}})
			b.expect(500, "executable file `/nosuch` not found", "POST", "/containers/"+name+"/start", nil)
		}},
	}
}
