package podmantest

import (
	"fmt"
	"slices"
	"strings"
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
