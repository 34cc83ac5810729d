package translate_test

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/podup/podup/manifest"
	"github.com/podup/podup/translate"
)

var facts = translate.Facts{
	PodIPs:            []string{"10.89.0.5", "fd00::5"},
	HostIPs:           []string{"192.0.2.1", "2001:db8::1"},
	AllocatableCPU:    3500,
	AllocatableMemory: 7 << 30,
}

const asks = `
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: app
    image: app:1
    command: [serve, "--bind=$(IP):80"]
    args: ["$(URL)", "--threads=$(CPUS)"]
    env:
    - {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
    - {name: IPS, valueFrom: {fieldRef: {fieldPath: status.podIPs}}}
    - {name: HOST, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}
    - {name: HOSTS, valueFrom: {fieldRef: {fieldPath: status.hostIPs}}}
    - {name: URL, value: "http://$(IP)/$(HOST)/$(IP)"}
    - {name: CPUS, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
    - {name: MILLI, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1m}}}
    - {name: BYTES, valueFrom: {resourceFieldRef: {resource: limits.memory}}}
    - {name: MEBI, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}
    - {name: GIGA, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1G}}}
    volumeMounts:
    - {name: logs, mountPath: /logs, subPathExpr: "by/$(IP)"}
  volumes:
  - {name: logs, emptyDir: {}}
`

func TestResolvePutsFactsInThePlaceOfTokens(t *testing.T) {
	pod := want(t, asks).Pods[0]
	before := pod.Apps[0]
	if !before.NeedsFacts() || !pod.NeedsFacts() {
		t.Fatal("the container needs no facts")
	}
	hash := before.Hash()
	got := before.Resolve(facts)

	env := map[string]string{}
	for _, v := range got.Env {
		env[v.Name] = v.Value
	}
	for name, value := range map[string]string{
		"IP": "10.89.0.5", "IPS": "10.89.0.5,fd00::5", "HOST": "192.0.2.1", "HOSTS": "192.0.2.1,2001:db8::1",
		"URL":  "http://10.89.0.5/192.0.2.1/10.89.0.5",
		"CPUS": "4", "MILLI": "3500", "BYTES": "7516192768", "MEBI": "7168", "GIGA": "8",
	} {
		if env[name] != value {
			t.Errorf("%s = %q, want %q", name, env[name], value)
		}
	}
	if want := []string{"serve", "--bind=10.89.0.5:80"}; !reflect.DeepEqual(got.Entrypoint, want) {
		t.Errorf("entrypoint %q, want %q", got.Entrypoint, want)
	}
	if want := []string{"http://10.89.0.5/192.0.2.1/10.89.0.5", "--threads=4"}; !reflect.DeepEqual(got.Command, want) {
		t.Errorf("command %q, want %q", got.Command, want)
	}
	if got.Mounts[0].SubPath != "by/10.89.0.5" {
		t.Errorf("sub-path %q", got.Mounts[0].SubPath)
	}
	if got.NeedsFacts() {
		t.Error("the resolved container needs facts")
	}
	if !before.NeedsFacts() || before.Hash() != hash {
		t.Error("Resolve changed its receiver")
	}
}

func TestResolveKeepsTheHash(t *testing.T) {
	container := want(t, asks).Pods[0].Apps[0]
	resolved := container.Resolve(facts)
	if resolved.Hash() != container.Hash() {
		t.Errorf("hash %s, after Resolve %s", container.Hash(), resolved.Hash())
	}
	if label := resolved.Labels()[translate.LabelHash]; label != container.Hash() {
		t.Errorf("label %s, want %s", label, container.Hash())
	}
	if again := resolved.Resolve(translate.Facts{}); again.Hash() != container.Hash() {
		t.Error("resolving twice forgets the first hash")
	}
}

func TestMissingFactsAreEmpty(t *testing.T) {
	got := want(t, asks).Pods[0].Apps[0].Resolve(translate.Facts{})
	if got.Env[0].Value != "" || got.Env[4].Value != "http:////" || got.Env[5].Value != "0" {
		t.Errorf("got %q", got.Env)
	}
}

func TestResolveKeepsNoArgumentsApartFromTheImages(t *testing.T) {
	none := translate.Container{Entrypoint: []string{"serve"}, Command: []string{}}.Resolve(facts)
	if none.Command == nil {
		t.Error("no arguments became the image's")
	}
	images := translate.Container{}.Resolve(facts)
	if images.Entrypoint != nil || images.Command != nil {
		t.Error("the image's arguments became none")
	}
}

// TestResolveLeavesNoNUL goes over everything the golden files hold.
func TestResolveLeavesNoNUL(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal(err)
	}
	needed := 0
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		project, problems := translate.Want(loadArchive(t, archive), options)
		if problems.HasErrors() {
			continue
		}
		for _, pod := range project.Pods {
			for _, container := range pod.Containers() {
				if container.NeedsFacts() {
					needed++
				}
				checkResolved(t, path, container)
			}
		}
	}
	if needed < 3 {
		t.Errorf("only %d containers held tokens", needed)
	}
}

func checkResolved(t *testing.T, name string, c translate.Container) {
	t.Helper()
	if strings.Contains(words(c), "\x00") != c.NeedsFacts() {
		t.Errorf("%s: %s: NeedsFacts is %t: %q", name, c.Name, c.NeedsFacts(), words(c))
	}
	resolved := c.Resolve(facts)
	if strings.Contains(words(resolved), "\x00") || resolved.NeedsFacts() {
		t.Errorf("%s: %s: a token is left: %q", name, c.Name, words(resolved))
	}
	for _, field := range c.Identity() {
		if strings.Contains(field.Name+field.Value, "\x00") {
			t.Errorf("%s: %s: %q shows a token's marks", name, c.Name, field)
		}
	}
}

// words are all strings of a value, by reflection so that none is forgotten.
func words(v any) string {
	var all []string
	var walk func(reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			all = append(all, v.String())
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i))
			}
		}
	}
	walk(reflect.ValueOf(v))
	return strings.Join(all, "\n")
}

func loadArchive(t *testing.T, archive *txtar.Archive) manifest.Set {
	t.Helper()
	var documents []string
	for _, file := range archive.Files {
		if strings.HasSuffix(file.Name, ".yaml") {
			documents = append(documents, string(file.Data))
		}
	}
	return load(t, documents...)
}
