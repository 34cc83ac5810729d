package cmd

import (
	"context"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/podup/podup/podmanapi/podmantest"
)

func TestASecondInterruptEndsWhatTakesChangesBack(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", webManifest)
	stuck := s.service.Hang("DELETE /pods/*")
	defer stuck()
	release := s.service.Hang("POST /containers/*/start")
	defer release()

	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	codes := make(chan int, 8)
	out := &syncBuffer{written: make(chan struct{}, 1)}
	env := Env{
		In: strings.NewReader(""), Out: out, Err: out, Getenv: environment(s.environment), Connect: Podman,
		Exit: func(code int) { codes <- code },
	}
	done := make(chan struct{})
	go func() {
		Main(ctx, env, []string{"up", "-d"})
		close(done)
	}()
	until(t, "a start hangs", func() bool { return s.asked("POST /containers/web-infra/start") })
	interrupt()
	until(t, "the pod is being taken back", func() bool { return s.asked("DELETE /pods/web") })

	kill := func() {
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
	}
	kill() // the echo of the first
	<-time.After(echoTime)
	select {
	case code := <-codes:
		t.Fatalf("the echo of the first interrupt ended podup with %d:\n%s", code, out)
	default:
	}
	kill()
	if code := <-codes; code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	if want := "podup: cut short; podup up or podup down finishes it\n"; !strings.Contains(out.String(), want) {
		t.Errorf("%q is not in\n%s", want, out)
	}
	release()
	stuck()
	<-done
	if strings.Contains(out.String(), "interrupt signal") || !strings.Contains(out.String(), "podup: interrupted\n") {
		t.Errorf("it says\n%s", out)
	}
}

// asked says whether the service got a request.
func (s *story) asked(request string) bool {
	return slices.ContainsFunc(s.service.Requests(), func(r podmantest.Request) bool { return r.String() == request })
}
