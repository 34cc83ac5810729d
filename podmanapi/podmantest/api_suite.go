package podmantest

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// RunAPI checks the facts about an engine that clients are built on, with plain HTTP requests. A fact
// that Service pretends and a real Podman does not show fails here. The engine is at a unix socket
// and has the test program in image.
func RunAPI(t *testing.T, address, image string) {
	for _, fact := range facts() {
		t.Run(fact.name, func(t *testing.T) {
			b := &bench{raw: newRaw(t, address), image: image, prefix: uniqueName()}
			t.Cleanup(b.clear)
			fact.check(b)
		})
	}
}

var names atomic.Int64

// uniqueName is a prefix for the objects of one test that no other test of any process has.
func uniqueName() string {
	return fmt.Sprintf("podmantest%d-%d-%d", os.Getpid(), time.Now().UnixNano()%1e6, names.Add(1))
}

type fact struct {
	name  string
	check func(b *bench)
}

// bench is one test's corner of an engine.
type bench struct {
	raw
	image  string
	prefix string
}

func (b *bench) name(suffix string) string { return b.prefix + suffix }

type object = map[string]any

// pod makes a pod with an infra container.
func (b *bench) pod(more object) string {
	name := b.name("p")
	spec := object{"name": name, "infra_name": name + "-infra", "exit_policy": "continue", "labels": object{"podmantest": b.prefix}}
	for key, value := range more {
		spec[key] = value
	}
	b.must("POST", "/pods/create", spec, nil)
	return name
}

// container makes a container of the test program in the pod.
func (b *bench) make(suffix string, more object, command ...string) string {
	b.t.Helper()
	name := b.name(suffix)
	spec := object{
		"name": name, "image": b.image, "pod": b.name("p"), "command": command, "labels": object{"podmantest": b.prefix},
		"log_configuration": object{"driver": "k8s-file"},
	}
	for key, value := range more {
		spec[key] = value
	}
	b.must("POST", "/containers/create", spec, nil)
	return name
}

func (b *bench) start(name string) {
	b.t.Helper()
	b.must("POST", "/containers/"+name+"/start", nil, nil)
}

// wait gives the exit code of a container's run when it ends.
func (b *bench) wait(name string) string {
	b.t.Helper()
	answer, err := b.do("POST", "/containers/"+name+"/wait?condition=exited", nil)
	if err != nil || answer.status != http.StatusOK {
		b.t.Fatalf("wait for %s: %v %d %s", name, err, answer.status, answer.text)
	}
	return strings.TrimSpace(answer.text)
}

// expect makes a request that must fail or succeed just so; text must be in the message.
func (b *bench) expect(status int, text, method, path string, body any) {
	b.t.Helper()
	code, message := b.raw.status(method, path, body)
	if code != status || !strings.Contains(message, text) {
		b.t.Errorf("%s %s: %d %q, want %d %q", method, path, code, message, status, text)
	}
}

func (b *bench) state(name string) string { b.t.Helper(); return b.container(name).State.Status }

func (b *bench) eventually(what string, condition func() bool) {
	b.t.Helper()
	eventually(b.t, what, condition)
}

func (b *bench) clear() {
	for _, kind := range []string{"pods", "containers", "volumes", "networks", "secrets"} {
		for _, name := range b.named(kind) {
			if kind == "containers" && strings.HasSuffix(name, "-infra") {
				continue
			}
			b.must("DELETE", "/"+kind+"/"+name+"?force=true&timeout=0", nil, nil)
		}
	}
}

// named lists the objects of a kind whose names begin with the test's prefix.
func (b *bench) named(kind string) []string {
	query := url.Values{"all": {"true"}, "filters": {fmt.Sprintf(`{"name":[%q]}`, "^"+b.prefix)}}
	var list []struct {
		Name  string
		Names []string
		Lower string `json:"name"`
		Spec  struct{ Name string }
	}
	b.must("GET", "/"+kind+"/json?"+query.Encode(), nil, &list)
	found := []string{}
	for _, one := range list {
		name := one.Name + one.Lower + one.Spec.Name
		if len(one.Names) > 0 {
			name = one.Names[0]
		}
		found = append(found, name)
	}
	return found
}

// eventually asks until condition holds; ten seconds are for ever.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !condition() {
		select {
		case <-deadline.C:
			t.Fatalf("%s: not within ten seconds", what)
		case <-again.C:
		}
	}
}
