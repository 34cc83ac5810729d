package cmd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/podmanapi/podmantest"
	"github.com/podup/podup/translate"
)

// story is a directory called shop with manifests, and an in-memory Podman. Every command line goes
// through Main and the real client.
type story struct {
	t           *testing.T
	service     *podmantest.Service
	environment map[string]string
}

func newStory(t *testing.T) *story {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shop")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	s := &story{t: t, service: podmantest.Start(t)}
	s.environment = map[string]string{"XDG_RUNTIME_DIR": t.TempDir(), "CONTAINER_HOST": s.service.URL(), "HOME": t.TempDir()}
	for _, image := range []string{"localhost/web:1", "localhost/web:2", "localhost/side:1"} {
		s.service.Image(image, podmantest.Image{Entrypoint: []string{podmantest.TestProgram}, Command: []string{"sleep", "forever"}})
	}
	return s
}

func (s *story) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// podup runs a command line and wants an exit code.
func (s *story) podup(code int, args ...string) outcome {
	s.t.Helper()
	return s.podupIn(s.t.Context(), code, args...)
}

func (s *story) podupIn(ctx context.Context, code int, args ...string) outcome {
	s.t.Helper()
	got := runMainIn(ctx, s.t, s.environment, Podman, "", args...)
	if got.code != code {
		s.t.Fatalf("podup %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got.code, code, got.out, got.err)
	}
	return got
}

// underway is a command line that is being carried out, with what it has printed so far.
type underway struct {
	out, err *syncBuffer
	code     chan int
}

func (s *story) start(ctx context.Context, args ...string) *underway {
	r := &underway{out: &syncBuffer{written: make(chan struct{}, 1)}, err: &syncBuffer{written: make(chan struct{}, 1)}, code: make(chan int, 1)}
	env := Env{In: strings.NewReader(""), Out: r.out, Err: r.err, Getenv: environment(s.environment), Connect: Podman}
	go func() { r.code <- Main(ctx, env, args) }()
	return r
}

// until waits for a condition.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func (r *underway) says(t *testing.T, text string) {
	t.Helper()
	until(t, fmt.Sprintf("%q in\n%s\n%s", text, r.out, r.err), func() bool {
		return strings.Contains(r.out.String()+r.err.String(), text)
	})
}

// connected opens the engine beside podup.
func (s *story) connected() Engine {
	s.t.Helper()
	engine, err := Podman(s.t.Context(), podmanapi.Options{URL: s.service.URL(), Getenv: environment(s.environment), Warn: func(string) {}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { engine.Close() })
	return engine
}

func (s *story) actual() plan.Actual {
	s.t.Helper()
	actual, err := s.connected().Observe(s.t.Context(), translate.Project{Name: "shop"})
	if err != nil {
		s.t.Fatal(err)
	}
	return actual
}

// nothingLeft wants no trace of the project but these claims.
func (s *story) nothingLeft(claims ...string) {
	s.t.Helper()
	actual := s.actual()
	var volumes []string
	for name := range actual.Volumes {
		volumes = append(volumes, name)
	}
	slices.Sort(volumes)
	if len(actual.Pods)+len(actual.Networks)+len(actual.Secrets) > 0 || actual.Release || !slices.Equal(volumes, claims) {
		s.t.Errorf("left: %+v", actual)
	}
	locks, err := filepath.Glob(filepath.Join(s.environment["XDG_RUNTIME_DIR"], "podup", "*"))
	if err != nil || len(locks) > 0 {
		s.t.Errorf("left: %q, %v", locks, err)
	}
}

func (s *story) noWrites(during string) {
	s.t.Helper()
	if writes := s.service.Writes(); len(writes) > 0 {
		s.t.Errorf("%s wrote %v", during, writes)
	}
}

func (s *story) contains(text string, wants ...string) {
	s.t.Helper()
	// Columns are as wide as what is in them.
	squeezed := regexp.MustCompile(` {2,}`).ReplaceAllString(text, " ")
	for _, want := range wants {
		if !strings.Contains(text, want) && !strings.Contains(squeezed, want) {
			s.t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

const webManifest = `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  terminationGracePeriodSeconds: 3
  containers:
  - name: app
    image: localhost/web:1
    env:
    - name: LOG
      value: info
    volumeMounts:
    - {name: data, mountPath: /data}
  - name: side
    image: localhost/side:1
  volumes:
  - name: data
    emptyDir: {}
`
