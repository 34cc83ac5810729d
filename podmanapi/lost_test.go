package podmanapi_test

import "testing"

func TestALostRunIsToldAsOne(t *testing.T) {
	s := newShop(t)
	s.up()
	before, err := s.client.Inspect(t.Context(), "web-app")
	if err != nil || !before.Running() {
		t.Fatalf("%+v, %v", before, err)
	}
	s.service.Lose("web-app")
	if err := s.client.Ended(t.Context(), before); err != nil {
		t.Errorf("its end: %v", err)
	}
	run, err := s.client.Inspect(t.Context(), "web-app")
	if err != nil || !run.Lost || run.Running() || run.ExitCode != 137 {
		t.Errorf("%+v, %v", run, err)
	}
	if err := s.client.StartContainer(t.Context(), "web-app"); err != nil {
		t.Fatal(err)
	}
	if run, err := s.client.Inspect(t.Context(), "web-app"); err != nil || !run.Running() || run.Lost {
		t.Errorf("started again: %+v, %v", run, err)
	}
}

func TestAWaitForAnEndOutlivesTheService(t *testing.T) {
	s := newShop(t)
	s.up()
	run, err := s.client.Inspect(t.Context(), "web-app")
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan error, 1)
	go func() { told <- s.client.Ended(t.Context(), run) }()
	poll(t, "it is waited for", func() bool {
		for _, request := range s.service.Requests() {
			if request.String() == "POST /containers/web-app/wait" {
				return true
			}
		}
		return false
	})
	s.service.Disappear()
	s.service.Return()
	s.service.Crash("web-app", 9)
	if err := <-told; err != nil {
		t.Error(err)
	}
	if run, err := s.client.Inspect(t.Context(), "web-app"); err != nil || run.ExitCode != 9 {
		t.Errorf("%+v, %v", run, err)
	}
}
