package cmd

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi/podmantest"
)

const jobManifest = `apiVersion: v1
kind: Pod
metadata: {name: job}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 60
  containers:
  - {name: one, image: localhost/web:1, args: [%s]}
  - {name: two, image: localhost/web:1, args: [print, second]}
`

func TestAForegroundUpEndsWhenAllContainersHaveEnded(t *testing.T) {
	for name, test := range map[string]struct {
		args string
		code int
		want string
	}{
		"well":  {"print, first", 0, ""},
		"badly": {"print, first, then, exit, '4'", 1, "podup: container job/one ended with exit code 4\n"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t)
			s.write("pod.yaml", fmt.Sprintf(jobManifest, test.args))
			got := s.podup(test.code, "up")
			s.contains(got.out, "job/one | first\n", "job/two | second\n")
			s.contains(got.err, test.want)
			if status := s.actual().Pods["job"].Infra.Status; status == plan.Running {
				t.Error("the pod still runs")
			}
			s.podup(0, "down")
			s.nothingLeft()
		})
	}
}

func TestAForegroundUpStopsItsPodsOnInterrupt(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", fmt.Sprintf(jobManifest, "obey, '7', then, print, first, then, sleep, forever"))
	ctx, cancel := context.WithCancel(t.Context())
	r := s.start(ctx, "up")
	r.says(t, "job/one | first")
	// Others may work on the project while the logs are followed.
	mustAcquire(t, environment(s.environment), "shop").release()
	cancel()
	if code := <-r.code; code != 130 {
		t.Errorf("exit code %d\n%s", code, r.err)
	}
	s.contains(r.err.String(), "stopping the pods; press Ctrl-C again to kill them")
	job := s.actual().Pods["job"]
	if job.Infra.Status == plan.Running || job.Containers["job-one"].Status != plan.Exited || job.Containers["job-one"].ExitCode != 7 {
		t.Errorf("stopped: %+v", job)
	}
	// Stopped is not gone: the next up starts it again.
	s.podup(0, "down")
	s.nothingLeft()
}

func TestASecondInterruptKills(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", fmt.Sprintf(jobManifest, "ignore, then, print, first, then, sleep, forever"))
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt)
	defer stop()
	r := s.start(ctx, "up")
	r.says(t, "job/one | first")
	began := time.Now()
	interrupt := func() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
	}
	interrupt()
	r.says(t, "press Ctrl-C again to kill them")
	until(t, "the container is asked to stop", func() bool {
		return slices.ContainsFunc(s.service.Writes(), func(r podmantest.Request) bool {
			return strings.HasSuffix(r.Path, "/stop") || strings.HasSuffix(r.Path, "/kill")
		})
	})
	until(t, "an interrupt counts as a second one", func() bool {
		interrupt()
		return strings.Contains(r.err.String(), "killing the pods")
	})
	if code := <-r.code; code != 130 {
		t.Errorf("exit code %d\n%s", code, r.err)
	}
	s.contains(r.err.String(), "killing the pods")
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %s of the 60 s the pod has", took)
	}
	if job := s.actual().Pods["job"]; job.Containers["job-one"].ExitCode != 137 {
		t.Errorf("killed: %+v", job)
	}
	s.podup(0, "down")
	s.nothingLeft()
}
