// Package specgentest holds the requests podup sends against Podman's own types. It is a module of
// its own because those need build tags and do not compile beside Kubernetes' libraries; the requests
// are podmanapi's golden files, outside of this module, so that the go tool's test cache does not see
// them change: run it with -count=1.
package specgentest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/containers/podman/v5/pkg/api/handlers"
	"github.com/containers/podman/v5/pkg/domain/entities/types"
	"github.com/containers/podman/v5/pkg/specgen"
	network "go.podman.io/common/libnetwork/types"
)

const requests = "../testdata/requests"

// bodies says what Podman's service decodes a request into, by the beginning of the golden's name
// (pkg/api/handlers/libpod: PodCreate, CreateContainer, CreateVolume, CreateNetwork; compat:
// ExecCreateHandler, ExecStartHandler, ExecRemoveHandler).
func bodies() map[string]func() any {
	return map[string]func() any{
		"pod-":        func() any { return &specgen.PodSpecGenerator{InfraContainerSpec: &specgen.SpecGenerator{}} },
		"container-":  func() any { return &specgen.SpecGenerator{} },
		"update-":     func() any { return &handlers.UpdateEntities{} },
		"volume-":     func() any { return &types.VolumeCreateOptions{} },
		"network":     func() any { return &network.Network{} },
		"exec-create": func() any { return &handlers.ExecCreateConfig{} },
		"exec-start":  func() any { return &handlers.ExecStartConfig{} },
		"exec-remove": func() any { return &handlers.ExecRemoveConfig{} },
	}
}

// Podman ignores a field it does not know without a word, so that a misspelt one would be a setting
// that silently is not made.
func TestEveryFieldOfARequestIsPodmans(t *testing.T) {
	paths, err := filepath.Glob(requests + "/*.json")
	if err != nil || len(paths) < 10 {
		t.Fatalf("%d golden requests in %s: %v", len(paths), requests, err)
	}
	seen := map[string]bool{}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for prefix, body := range bodies() {
				if strings.HasPrefix(name, prefix) {
					seen[prefix] = true
					check(t, data, body())
					return
				}
			}
			t.Errorf("nothing is known about the type of %s", name)
		})
	}
	for prefix := range bodies() {
		if !seen[prefix] {
			t.Errorf("no golden request begins with %q", prefix)
		}
	}
}

// check decodes a body strictly, and then finds every value of it in what Podman has understood:
// encoding/json takes a field of the wrong case, and types of Podman's with decoders of their own drop
// what they do not know.
func check(t *testing.T, data []byte, body any) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(body); err != nil {
		t.Fatal(err)
	}
	if spec, ok := body.(*specgen.SpecGenerator); ok {
		if err := spec.Validate(); err != nil {
			t.Errorf("Podman finds the container invalid: %v", err)
		}
	}
	if spec, ok := body.(*specgen.PodSpecGenerator); ok {
		if err := spec.Validate(); err != nil {
			t.Errorf("Podman finds the pod invalid: %v", err)
		}
	}
	understood, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	var sent, got any
	if err := json.Unmarshal(data, &sent); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(understood, &got); err != nil {
		t.Fatal(err)
	}
	contains(t, "", got, sent)
}

// contains checks that got has every value of want, zero values aside, which encoders leave out.
func contains(t *testing.T, at string, got, want any) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		object, _ := got.(map[string]any)
		for key, value := range want {
			contains(t, at+"."+key, member(object, key), value)
		}
	case []any:
		list, _ := got.([]any)
		if len(list) != len(want) {
			t.Errorf("%s: sent %v, understood %v", at, want, got)
			return
		}
		for i := range want {
			contains(t, at, list[i], want[i])
		}
	default:
		if !reflect.DeepEqual(got, want) && !(got == nil && reflect.ValueOf(want).IsZero()) {
			t.Errorf("%s: sent %v, understood %v", at, want, got)
		}
	}
}

// member finds a field whatever its case, as encoding/json did.
func member(object map[string]any, key string) any {
	if value, ok := object[key]; ok {
		return value
	}
	for name, value := range object {
		if strings.EqualFold(name, key) {
			return value
		}
	}
	return nil
}
