package podmanapi_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/podmanapi/podmantest"
	"github.com/podup/podup/translate"
)

func TestALostReplyToACreateIsNoFailure(t *testing.T) {
	for route := range newShop(t).creations() {
		t.Run(route, func(t *testing.T) {
			s := newShop(t)
			if route == "POST /containers/create" {
				s.must(s.client.CreatePod(t.Context(), s.pod))
			}
			s.service.DropReply(route, 1)
			s.must(s.creations()[route]())
			s.must(s.creations()[route]())
			count := 0
			for _, request := range s.service.Requests() {
				if request.String() == route {
					count++
				}
			}
			if count != 2 {
				t.Errorf("%d requests for two calls", count)
			}
		})
	}
}

func TestACreateThatNeverArrivedIsAFailureAndWorksTheNextTime(t *testing.T) {
	for route := range newShop(t).creations() {
		t.Run(route, func(t *testing.T) {
			s := newShop(t)
			if route == "POST /containers/create" {
				s.must(s.client.CreatePod(t.Context(), s.pod))
			}
			s.service.Drop(route, 1)
			if err := s.creations()[route](); err == nil {
				t.Error("no error, and nothing was made")
			}
			s.must(s.creations()[route]())
		})
	}
}

func TestAFailedOperationCanBeDoneAgain(t *testing.T) {
	operations := map[string]func(*shop) error{
		"POST /containers/*/start":  func(s *shop) error { return s.client.StartContainer(s.Context(), "web-app") },
		"POST /containers/*/stop":   func(s *shop) error { return s.client.StopContainer(s.Context(), plan.StopContainer{Name: "web-app"}) },
		"POST /containers/*/rename": func(s *shop) error { return s.client.RenameContainer(s.Context(), "web-app", "web-app.old") },
		"DELETE /containers/*":      func(s *shop) error { return s.client.RemoveContainer(s.Context(), "web-app") },
		"DELETE /pods/*":            func(s *shop) error { return s.client.RemovePod(s.Context(), plan.RemovePod{Pod: "web"}) },
	}
	for route, operate := range operations {
		for name, spoil := range map[string]func(*shop){
			"after a lost reply":   func(s *shop) { s.service.DropReply(route, 1) },
			"after a lost request": func(s *shop) { s.service.Drop(route, 1) },
			"after an error":       func(s *shop) { s.service.Fail(route, http.StatusInternalServerError, "database is locked", 1) },
		} {
			t.Run(route+" "+name, func(t *testing.T) {
				s := newShop(t)
				s.up()
				if strings.HasSuffix(route, "/start") {
					s.must(s.client.StopContainer(t.Context(), plan.StopContainer{Name: "web-app"}))
				}
				spoil(s)
				if err := operate(s); err != nil {
					s.must(operate(s))
				}
			})
		}
	}
}

func TestAnErrorOfTheEngineIsToldWithItsObject(t *testing.T) {
	s := newShop(t)
	s.up()
	s.must(s.client.StopContainer(t.Context(), plan.StopContainer{Name: "web-app"}))
	s.service.Fail("POST /containers/web-app/start", http.StatusInternalServerError, "crun: out of luck", 1)
	err := s.client.StartContainer(t.Context(), "web-app")
	if err == nil || !strings.Contains(err.Error(), "crun: out of luck") || !strings.Contains(err.Error(), "web-app") {
		t.Errorf("error %v", err)
	}
	if podmanapi.Unreachable(err) {
		t.Error("an engine that answers is unreachable")
	}
}

func TestAHangingEngineIsBoundedByTheContext(t *testing.T) {
	calls := map[string]func(context.Context, *shop) error{
		"GET /containers/json": func(ctx context.Context, s *shop) error {
			_, err := s.client.Observe(ctx, translate.Project{Name: "shop"})
			return err
		},
		"POST /containers/create": func(ctx context.Context, s *shop) error {
			_, err := s.client.CreateContainer(ctx, s.app, "web-app.new")
			return err
		},
		"POST /containers/*/start": func(ctx context.Context, s *shop) error { return s.client.StartContainer(ctx, "web-app") },
		"POST /containers/*/stop": func(ctx context.Context, s *shop) error {
			return s.client.StopContainer(ctx, plan.StopContainer{Name: "web-app"})
		},
		"POST /containers/*/wait": func(ctx context.Context, s *shop) error {
			_, err := s.client.Wait(ctx, "web-app")
			return err
		},
		"GET /containers/*/logs": func(ctx context.Context, s *shop) error {
			return s.client.Logs(ctx, "web-app", podmanapi.LogOptions{Tail: -1}, func(podmanapi.LogLine) {})
		},
		"POST /images/pull": func(ctx context.Context, s *shop) error {
			return s.client.PullImage(ctx, "localhost/app:1", nil)
		},
		"DELETE /pods/*": func(ctx context.Context, s *shop) error {
			return s.client.RemovePod(ctx, plan.RemovePod{Pod: "web"})
		},
	}
	for route, call := range calls {
		t.Run(route, func(t *testing.T) {
			s := newShop(t)
			s.up()
			release := s.service.Hang(route)
			defer release()
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			began := time.Now()
			err := call(ctx, s)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v", err)
			}
			if took := time.Since(began); took > soon {
				t.Errorf("returned after %s", took)
			}
		})
	}
}

func TestGarbageIsAnErrorAndChangesNothing(t *testing.T) {
	bodies := map[string]string{
		"no JSON": "<html>502 Bad Gateway</html>", "nothing": "", "half of it": `[{"Id":"abc","Names":[`,
		"another shape": `{"Id":7}`, "a list of numbers": "[1,2,3]",
	}
	for name, body := range bodies {
		for _, route := range []string{"GET /containers/json", "GET /volumes/json", "GET /networks/json", "GET /secrets/json"} {
			t.Run(route+" "+name, func(t *testing.T) {
				s := newShop(t)
				s.service.Garble(route, body, -1)
				s.service.Forget()
				_, err := s.client.Observe(t.Context(), translate.Project{Name: "shop"})
				if err == nil || len(err.Error()) > 500 || strings.Contains(err.Error(), "\n") {
					t.Errorf("error %v", err)
				}
				if writes := s.service.Writes(); len(writes) > 0 {
					t.Errorf("writes %v", writes)
				}
			})
		}
	}
}

func TestGarbageInAReplyToACreateIsNotTakenForSuccess(t *testing.T) {
	for route := range newShop(t).creations() {
		t.Run(route, func(t *testing.T) {
			s := newShop(t)
			s.service.Garble(route, "<html>", 1)
			if err := s.creations()[route](); err == nil && route != "POST /secrets/create" && route != "POST /networks/create" {
				t.Error("no error, and nothing was made")
			}
		})
	}
}

func TestLookingWritesNothing(t *testing.T) {
	s := newShop(t)
	s.must(s.client.CreateNetwork(t.Context(), s.network))
	s.must(s.client.CreateSecret(t.Context(), s.secret))
	s.must(s.client.CreateVolume(t.Context(), s.volume))
	s.up()
	s.service.Forget()
	want := translate.Project{
		Name: "shop", Network: &s.network, Secrets: []translate.Secret{s.secret}, Volumes: []translate.Volume{s.volume},
		Pods: []translate.Pod{s.pod, {Project: "shop", Name: "other"}},
	}
	if _, err := s.client.Observe(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	_, err := s.client.Inventory(t.Context())
	s.must(err)
	_, err = s.client.Limits(t.Context())
	s.must(err)
	_, err = s.client.Releases("shop").List(t.Context())
	s.must(err)
	_, err = s.client.Tail(t.Context(), "web-app", 5)
	s.must(err)
	if writes := s.service.Writes(); len(writes) > 0 {
		t.Errorf("writes %v", writes)
	}
	if len(s.service.Requests()) == 0 {
		t.Error("no requests were recorded")
	}
}

func TestRunningIsBelievedOnlyWhereTheProcessExists(t *testing.T) {
	s := newShop(t)
	s.up()
	s.service.Lose("web-app")
	if got := s.observe().Pods["web"].Containers["web-app"]; got.Status != plan.Lost {
		t.Errorf("container %+v", got)
	}
	s.service.Crash("web-infra", 1)
	if got := s.observe().Pods["web"].Infra; got.Status != plan.Exited {
		t.Errorf("infra container %+v", got)
	}
}

func TestWarningsOfTheEngineAreHandedOn(t *testing.T) {
	s := newShop(t)
	s.must(s.client.CreatePod(t.Context(), s.pod))
	want := []string{"Resource limits are not supported and ignored on cgroups V1 rootless systems"}
	s.service.Warn(want...)
	got, err := s.client.CreateContainer(t.Context(), s.app, "web-app")
	s.must(err)
	if !slices.Equal(got, want) {
		t.Errorf("warnings %q", got)
	}
}

func TestAPullShowsItsProgressAndItsError(t *testing.T) {
	s := newShop(t)
	s.service.Registry("registry.example/app:2", podmantest.Image{Program: podmantest.Runs("two")})
	var lines []string
	s.must(s.client.PullImage(t.Context(), "registry.example/app:2", func(p plan.PullProgress) { lines = append(lines, p.Text) }))
	if len(lines) == 0 || !strings.Contains(strings.Join(lines, ""), "Writing manifest") {
		t.Errorf("progress %q", lines)
	}
	err := s.client.PullImage(t.Context(), "registry.example/none:1", nil)
	if err == nil || !strings.Contains(err.Error(), "registry.example/none:1") || !strings.Contains(err.Error(), "manifest unknown") {
		t.Errorf("error %v", err)
	}
}
