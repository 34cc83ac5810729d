package cmd

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi/podmantest"
)

const initManifest = `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 3
  initContainers:
  - name: migrate
    image: localhost/web:1
    args: [%s]
  containers:
  - {name: app, image: localhost/web:1}
`

// unstartable is initManifest with a program that is not in its image.
func unstartable(s *story) string {
	s.service.Image("localhost/web:1", podmantest.TestImage())
	return strings.Replace(fmt.Sprintf(initManifest, "exit, '0'"), "args: ", "command: [/nosuch]\n    args: ", 1)
}

func TestAFirstUpThatCannotStartLeavesNothing(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", unstartable(s))
	failed := s.podup(1, "up", "-d")
	s.contains(failed.err, "migrate", "/nosuch", "taken back: ", "pod/web")
	s.nothingLeft()

	s.write("pod.yaml", fmt.Sprintf(initManifest, "exit, '0'"))
	s.podup(0, "up", "-d")
	s.podup(0, "down")
	s.nothingLeft()
}

func TestAnInitContainerThatFailsLeavesAFailedPodThatTheNextUpMends(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", fmt.Sprintf(initManifest, "print, no such table, then, exit, '3'"))
	failed := s.podup(1, "up", "-d")
	s.contains(failed.err, "migrate", "exit code 3", "no such table")
	if strings.Contains(failed.err, "taken back") {
		t.Errorf("a pod that lived was taken back:\n%s", failed.err)
	}
	s.contains(s.podup(0, "get", "-o", "json").out, `"phase": "Failed"`, `"exitCode": 3`)

	s.write("pod.yaml", fmt.Sprintf(initManifest, "exit, '0'"))
	s.podup(0, "up", "-d")
	s.contains(s.podup(0, "get", "-o", "json").out, `"phase": "Running"`)
	s.podup(0, "down")
	s.nothingLeft()
}

func TestAPodThatCameUpStaysWhenAnotherCannotStart(t *testing.T) {
	s := newStory(t)
	good := "apiVersion: v1\nkind: Pod\nmetadata: {name: good}\nspec:\n  containers:\n  - {name: app, image: localhost/web:1}\n---\n"
	s.write("pod.yaml", good+unstartable(s))
	s.contains(s.podup(1, "up", "-d").err, "/nosuch")
	actual := s.actual()
	if len(actual.Pods) != 1 || actual.Pods["good"].Infra.Status != plan.Running || !actual.Release {
		t.Errorf("left %+v", actual)
	}
	s.contains(s.podup(0, "history").out, "failed")
	app := actual.Pods["good"].Containers["good-app"].ID
	s.write("pod.yaml", good+fmt.Sprintf(initManifest, "exit, '0'"))
	s.podup(0, "up", "-d")
	if now := s.actual(); len(now.Pods) != 2 || now.Pods["good"].Containers["good-app"].ID != app {
		t.Errorf("mended to %+v", now)
	}
	s.podup(0, "diff")
	s.podup(0, "down")
	s.nothingLeft()
}

func TestAnEngineThatGoesAwayInTheMiddleIsAFailureTheNextUpMends(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", webManifest)
	release := s.service.Hang("POST /containers/create")
	r := s.start(t.Context(), "up", "-d")
	until(t, "a container is being created", func() bool {
		return slices.ContainsFunc(s.service.Writes(), func(r podmantest.Request) bool { return r.Path == "/containers/create" })
	})
	s.service.Disappear()
	release()
	if code := <-r.code; code != 1 && code != 4 {
		t.Errorf("exit code %d\n%s", code, r.err)
	}
	s.service.Return()
	s.podup(0, "up", "-d")
	s.podup(0, "diff")
	s.podup(0, "down")
	s.nothingLeft()
}

func TestAnInterruptedFirstUpLeavesNothing(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", fmt.Sprintf(initManifest, "sleep, forever"))
	ctx, cancel := context.WithCancel(t.Context())
	r := s.start(ctx, "up", "-d")
	until(t, "the init container runs", func() bool {
		return s.actual().Pods["web"].Containers["web-migrate"].Status == plan.Running
	})
	cancel()
	if code := <-r.code; code != 130 {
		t.Errorf("exit code %d\n%s", code, r.err)
	}
	s.nothingLeft()
}

func TestWhatCannotWorkIsSaidBeforeAnythingIsTouched(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", webManifest)
	s.podup(0, "up", "-d", "--project", "other")
	taken := listenTCP(t, "127.0.0.1")
	var many strings.Builder
	for i := range 260 {
		fmt.Fprintf(&many, "  - {name: c%d, image: localhost/web:1}\n", i)
	}
	head := "apiVersion: v1\nkind: Pod\nmetadata: {name: mine}\nspec:\n  containers:\n"
	for name, test := range map[string]struct {
		manifest string
		args     []string
		want     []string
	}{
		"a name of another project": {webManifest, nil, []string{"pod/web exists and is not this project's (project other)"}},
		"an image that may not be pulled": {
			head + "  - {name: app, image: localhost/nowhere:1, imagePullPolicy: Never}\n", nil,
			[]string{"image localhost/nowhere:1 is not in the engine's store and may not be pulled"},
		},
		"an image that --pull never keeps away": {
			head + "  - {name: app, image: localhost/nowhere:1}\n", []string{"--pull", "never"},
			[]string{"image localhost/nowhere:1 is not in the engine's store"},
		},
		"an image no registry has": {head + "  - {name: app, image: localhost/nowhere:1}\n", nil, []string{"localhost/nowhere:1"}},
		"a taken port and a missing path at once": {
			head + fmt.Sprintf("  - name: app\n    image: localhost/web:1\n    ports: [{containerPort: 80, hostPort: %d}]\n    volumeMounts: [{name: v, mountPath: /v}]\n  volumes: [{name: v, hostPath: {path: /nonexistent/v, type: Directory}}]\n", taken), nil,
			[]string{fmt.Sprintf("pod/mine: hostPort %d/tcp is taken", taken), "hostPath /nonexistent/v does not exist"},
		},
		"more containers than the engine has locks for": {head + many.String(), nil, []string{"this takes 262 locks of the engine", "are free"}},
	} {
		t.Run(name, func(t *testing.T) {
			s.t = t
			s.service.Locks(250)
			defer s.service.Locks(2048)
			s.write("pod.yaml", test.manifest)
			s.service.Forget()
			got := s.podup(1, append([]string{"up", "-d"}, test.args...)...)
			s.contains(got.err, test.want...)
			for _, write := range s.service.Writes() {
				if write.Path != "/images/pull" {
					t.Errorf("it wrote %s", write)
				}
			}
		})
	}
}

func TestAnEngineThatIsNotThereIsExitCode4(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", webManifest)
	s.service.Disappear()
	for _, args := range [][]string{{"up", "-d"}, {"up", "--dry-run"}, {"diff"}, {"down"}, {"history"}, {"rollback"}, {"ps"}} {
		got := s.podup(4, args...)
		s.contains(got.err, "podup: ")
	}
	s.service.Return()
	s.service.Version("4.9.3")
	s.contains(s.podup(4, "diff").err, "4.9.3", "5.0")
}

func TestAnyOtherFailureOfDiffIsExitCode5(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", webManifest)
	s.service.Fail("GET /containers/json", 500, "database is locked", 10)
	s.contains(s.podup(5, "diff").err, "database is locked")
	s.podup(1, "up", "--dry-run")
}

func TestAPortOfTheProjectsOwnIsNotTaken(t *testing.T) {
	s := newStory(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	manifest := "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  terminationGracePeriodSeconds: 3\n  containers:\n  - name: app\n    image: localhost/web:1\n    args: [serve, '80', hello]\n    ports: [{containerPort: 80, hostPort: %d}, {containerPort: %d}]\n"
	s.write("pod.yaml", fmt.Sprintf(manifest, port, 81))
	s.podup(0, "up", "-d")
	s.write("pod.yaml", strings.Replace(fmt.Sprintf(manifest, port, 81), "containerPort: 80,", "containerPort: 81,", 1))
	s.contains(s.podup(1, "diff").out, "replace pod/web")
	s.podup(0, "up", "-d")
	s.podup(0, "down")
	s.nothingLeft()
}
