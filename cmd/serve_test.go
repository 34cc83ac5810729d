package cmd

import (
	"context"
	"errors"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/podup/podup/plan"
)

// serviceManager is who started a service: the other end of its NOTIFY_SOCKET.
type serviceManager struct {
	mu   sync.Mutex
	told []string // assignments, without times
}

func (s *story) serviceManager() *serviceManager {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		s.t.Fatal(err)
	}
	m, over := &serviceManager{}, make(chan struct{})
	go func() {
		defer close(over)
		message := make([]byte, 1<<16)
		for {
			length, err := conn.Read(message)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			m.mu.Lock()
			for line := range strings.SplitSeq(string(message[:length]), "\n") {
				if !strings.HasPrefix(line, "MONOTONIC_USEC=") {
					m.told = append(m.told, line)
				}
			}
			m.mu.Unlock()
		}
	}()
	s.t.Cleanup(func() {
		conn.Close()
		<-over
	})
	s.environment["NOTIFY_SOCKET"] = path
	return m
}

// aside runs a command line that is not the service's.
func (s *story) aside(code int, more map[string]string, args ...string) outcome {
	s.t.Helper()
	other := *s
	other.environment = maps.Clone(s.environment)
	delete(other.environment, "NOTIFY_SOCKET")
	maps.Copy(other.environment, more)
	return other.podup(code, args...)
}

func (m *serviceManager) all() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.told)
}

// hears waits for these assignments, one behind the other, after the first so many.
func (m *serviceManager) hears(t *testing.T, after int, want ...string) (seen int) {
	t.Helper()
	until(t, "told "+strings.Join(want, ", then "), func() bool {
		seen = after
		told := m.all()
		for _, line := range want {
			i := slices.Index(told[min(seen, len(told)):], line)
			if i < 0 {
				return false
			}
			seen += i + 1
		}
		return true
	})
	return seen
}

func TestAServiceTellsHowItsPodsAreUntilItIsStopped(t *testing.T) {
	s := newStory(t)
	manager := s.serviceManager()
	s.environment["WATCHDOG_USEC"] = "200000"
	s.write("pod.yaml", webManifest)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := s.start(ctx, "up")
	seen := manager.hears(t, 0, "STATUS=creating pod/web", "READY=1", "STATUS=1 of 1 pod ready", "WATCHDOG=1", "WATCHDOG=1")
	if pid, ok := (runtimeDir{path: filepath.Join(s.environment["XDG_RUNTIME_DIR"], "podup", "shop")}).supervised(); !ok || pid != os.Getpid() {
		t.Errorf("the pods are led by %d, %v", pid, ok)
	}

	s.write("pod.yaml", strings.Replace(webManifest, "info", "debug", 1))
	s.aside(0, nil, "up", "-d")
	manager.hears(t, seen, "RELOADING=1", "STATUS=1 of 1 pod ready")
	seen = manager.hears(t, seen, "RELOADING=1", "READY=1")

	cancel()
	if code := <-r.code; code != 0 {
		t.Errorf("exit code %d\n%s", code, r.err)
	}
	manager.hears(t, seen, "STOPPING=1", "STATUS=stopping the pods")
	if told := manager.all(); !slices.Contains(told, "EXTEND_TIMEOUT_USEC=36000000") { // 3 s, and 3 + 30 beside them
		t.Errorf("told %q", told[seen:])
	}
	if web := s.actual().Pods["web"]; web.Infra.Status == plan.Running {
		t.Error("the pod still runs")
	}
	s.aside(0, nil, "down")
	s.nothingLeft()
}

func TestAServiceEndsWellWhenItsPodsAreGone(t *testing.T) {
	s := newStory(t)
	manager := s.serviceManager()
	s.write("pod.yaml", webManifest)
	r := s.start(t.Context(), "up")
	seen := manager.hears(t, 0, "READY=1")
	if err := s.connected().RemovePod(t.Context(), plan.RemovePod{Pod: "web"}); err != nil {
		t.Fatal(err)
	}
	if code := <-r.code; code != 0 {
		t.Errorf("exit code %d\n%s", code, r.err)
	}
	manager.hears(t, seen, "STOPPING=1", "STATUS=the project is down")
	s.aside(0, nil, "down")
	s.nothingLeft()
}

const jobsManifest = `apiVersion: v1
kind: Pod
metadata: {name: %NAME}
spec:
  restartPolicy: Never
  containers:
  - {name: one, image: localhost/web:1, args: [print, done, then, exit, '%CODE']}
---
`

func aJob(name, code string) string {
	return strings.NewReplacer("%NAME", name, "%CODE", code).Replace(jobsManifest)
}

func TestWhatHasFailedForGoodIsNotWaitedFor(t *testing.T) {
	for name, test := range map[string]struct {
		manifest string
		ready    string // empty: it never is
		status   string
	}{
		"pods that have succeeded are up": {aJob("one", "0") + aJob("two", "0"), "STATUS=2 of 2 pods ready", ""},
		"beside others a failed pod is named": {
			aJob("one", "0") + aJob("two", "3"), "STATUS=1 of 2 pods ready: container two/one ended with exit code 3 (Error)", "",
		},
		"a service of which no pod will be up has failed": {
			aJob("one", "3"), "", "STATUS=failed: every pod has failed for good: container one/one ended with exit code 3 (Error)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t)
			manager := s.serviceManager()
			s.write("pod.yaml", test.manifest)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r := s.start(ctx, "up")
			says := func(want string) bool {
				return slices.ContainsFunc(manager.all(), func(line string) bool { return want != "" && strings.HasPrefix(line, want) })
			}
			want := exitPods
			if test.ready != "" {
				want = exitDone
				manager.hears(t, 0, "READY=1")
				until(t, test.ready, func() bool { return says(test.ready) })
				cancel()
			}
			if code := <-r.code; code != want {
				t.Errorf("exit code %d, want %d\n%s", code, want, r.err)
			}
			if test.status != "" {
				until(t, test.status, func() bool { return says(test.status) })
				if says("READY=1") {
					t.Errorf("told %q", manager.all())
				}
			}
			s.aside(0, nil, "down")
			s.nothingLeft()
		})
	}
}

func TestAServiceOfInvalidManifestsFailsUnlessItsPodsRun(t *testing.T) {
	s := newStory(t)
	manager := s.serviceManager()
	s.write("good.yaml", webManifest)
	s.write("pod.yaml", strings.Replace(webManifest, "image: localhost/web:1", "imag: x", 1))
	s.podup(exitManifest, "up")
	problem := `invalid: pod.yaml:9:5: spec.containers[0].imag there is no field "imag" here: did you mean image?`
	manager.hears(t, 0, "STATUS=failed: "+problem)
	if told := manager.all(); slices.Contains(told, "READY=1") {
		t.Errorf("told %q", told)
	}
	s.noWrites("an up of invalid manifests")

	s.aside(0, nil, "up", "-d", "-f", "good.yaml")
	seen := len(manager.all())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := s.start(ctx, "up")
	manager.hears(t, seen, "STATUS="+problem+"; what was applied before runs on (1 of 1 pod ready)")
	manager.hears(t, seen, "READY=1")
	cancel()
	if code := <-r.code; code != 0 {
		t.Errorf("exit code %d\n%s", code, r.err)
	}
	s.aside(0, nil, "down")
	s.nothingLeft()
}

func TestAReloadThatFailsSaysWhyInTheStatusOfItsService(t *testing.T) {
	s := newStory(t)
	manager := s.serviceManager()
	s.environment["MAINPID"] = "1"
	s.write("pod.yaml", strings.Replace(webManifest, "image: localhost/web:1", "imag: x", 1))
	s.podup(exitManifest, "up", "-d")
	manager.hears(t, 0, `STATUS=reload failed: invalid: pod.yaml:9:5: spec.containers[0].imag there is no field "imag" here: did you mean image?`)
}
