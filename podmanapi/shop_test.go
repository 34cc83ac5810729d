package podmanapi_test

import (
	"testing"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/podmanapi/podmantest"
	"github.com/podup/podup/translate"
)

// soon bounds what must not wait for anything; a busy machine needs some of it.
const soon = 20 * time.Second

// shop is a project with one object of each kind, and a service to make it in.
type shop struct {
	*testing.T
	service *podmantest.Service
	client  *podmanapi.Client

	pod     translate.Pod
	app     translate.Container
	volume  translate.Volume
	secret  translate.Secret
	network translate.Network
}

func newShop(t *testing.T) *shop {
	service := podmantest.Start(t)
	service.Image("localhost/app:1", podmantest.TestImage())
	s := &shop{T: t, service: service, client: connect(t, service.URL())}
	s.app = translate.Container{
		Project: "shop", Pod: "web", Name: "app", Image: "localhost/app:1",
		Command: []string{"print", "up", "then", "sleep", "forever"}, Grace: time.Second,
	}
	s.pod = translate.Pod{Project: "shop", Name: "web", Hostname: "web", Grace: time.Second, Apps: []translate.Container{s.app}}
	s.volume = translate.Volume{Project: "shop", Name: "web-conf", Pod: "web", Kind: translate.Files, Files: []translate.File{{Path: "a", Mode: 0o644, Data: translate.Plain("alpha")}}}
	s.secret = translate.Secret{Project: "shop", Name: "podup.shop.0123", Value: translate.Conceal([]byte("key"), "hush")}
	s.network = translate.Network{Project: "shop", Name: "podup.shop"}
	return s
}

func (s *shop) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// up makes the pod and runs its container.
func (s *shop) up() {
	s.Helper()
	s.must(s.client.CreatePod(s.Context(), s.pod))
	s.must(s.client.StartPod(s.Context(), "web"))
	_, err := s.client.CreateContainer(s.Context(), s.app, "web-app")
	s.must(err)
	s.must(s.client.StartContainer(s.Context(), "web-app"))
}

func (s *shop) observe() plan.Actual {
	s.Helper()
	actual, err := s.client.Observe(s.Context(), translate.Project{Name: "shop"})
	s.must(err)
	return actual
}

// creations are the five ways to make something, by the route they take.
func (s *shop) creations() map[string]func() error {
	ctx := s.Context()
	return map[string]func() error{
		"POST /networks/create": func() error { return s.client.CreateNetwork(ctx, s.network) },
		"POST /secrets/create":  func() error { return s.client.CreateSecret(ctx, s.secret) },
		"POST /volumes/create":  func() error { return s.client.CreateVolume(ctx, s.volume) },
		"POST /pods/create":     func() error { return s.client.CreatePod(ctx, s.pod) },
		"POST /containers/create": func() error {
			_, err := s.client.CreateContainer(ctx, s.app, "web-app")
			return err
		},
	}
}

// poll waits for a condition.
func poll(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(soon)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline:
			t.Fatalf("%s: not within %s", what, soon)
		case <-tick.C:
		}
	}
}
