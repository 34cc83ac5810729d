package podmanapi_test

import (
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/podmanapi/podmantest"
	"github.com/podup/podup/translate"
)

func TestAnEngineThatDisappearsEndsWhatWaitsForIt(t *testing.T) {
	s := newShop(t)
	s.up()
	waits := map[string]func() error{
		"wait": func() error { _, err := s.client.Wait(t.Context(), "web-app"); return err },
		"follow": func() error {
			return s.client.Logs(t.Context(), "web-app", podmanapi.LogOptions{Follow: true, Tail: -1}, func(podmanapi.LogLine) {})
		},
	}
	type end struct {
		name string
		err  error
	}
	ends := make(chan end)
	for name, wait := range waits {
		go func() { ends <- end{name, wait()} }()
	}
	poll(t, "both are waiting", func() bool {
		waiting := map[string]bool{}
		for _, request := range s.service.Requests() {
			waiting[request.String()] = true
		}
		return waiting["POST /containers/web-app/wait"] && waiting["GET /containers/web-app/logs"]
	})
	s.service.Disappear()
	for range waits {
		select {
		case got := <-ends:
			if got.err == nil || !podmanapi.Unreachable(got.err) {
				t.Errorf("%s: error %v", got.name, got.err)
			}
		case <-time.After(soon):
			t.Fatal("somebody waits for ever")
		}
	}
	if _, err := s.client.Observe(t.Context(), translate.Project{Name: "shop"}); !podmanapi.Unreachable(err) {
		t.Errorf("error %v", err)
	}
	// The containers have run on, and the same client finds them again.
	s.service.Return()
	if got := s.observe().Pods["web"].Containers["web-app"]; got.Status != plan.Running {
		t.Errorf("container %+v", got)
	}
}

func TestAServiceThatRestartsIsAskedAgain(t *testing.T) {
	s := newShop(t)
	s.up()
	s.service.Drop("GET /containers/json", 1)
	if got := s.observe().Pods["web"].Containers["web-app"]; got.Status != plan.Running {
		t.Errorf("container %+v", got)
	}
}

func TestAnEngineThatIsTooOldIsUnreachable(t *testing.T) {
	for _, version := range []string{"4.9.3", "3.4.4", "", "banana"} {
		t.Run("version "+version, func(t *testing.T) {
			service := podmantest.Start(t)
			service.Version(version)
			client, err := podmanapi.Connect(t.Context(), podmanapi.Options{URL: service.URL(), Getenv: func(string) string { return "" }})
			if err == nil {
				client.Close()
				t.Fatal("connected")
			}
			if !podmanapi.Unreachable(err) {
				t.Errorf("error %v", err)
			}
			if version == "4.9.3" && (!strings.Contains(err.Error(), "4.9.3") || !strings.Contains(err.Error(), "5.0")) {
				t.Errorf("the error does not say what is needed: %v", err)
			}
		})
	}
}

func TestAddressesWithoutAPodmanAreUnreachable(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "other.sock")
	listener, err := net.Listen("unix", other)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })}
	go server.Serve(listener)
	defer server.Close()
	for name, address := range map[string]string{
		"there is nothing":           "unix://" + filepath.Join(dir, "none.sock"),
		"there is something else":    "unix://" + other,
		"there is no server":         "tcp://127.0.0.1:1",
		"the scheme is none we know": "gopher://x",
	} {
		t.Run(name, func(t *testing.T) {
			client, err := podmanapi.Connect(t.Context(), podmanapi.Options{URL: address, Getenv: func(string) string { return "" }})
			if err == nil {
				client.Close()
				t.Fatal("connected")
			}
			if !podmanapi.Unreachable(err) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v", err)
			}
		})
	}
}
