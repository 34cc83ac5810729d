package cmd

import (
	"strings"
	"testing"

	"github.com/podup/podup/podmanapi/podmantest"
)

const alwaysManifest = `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  terminationGracePeriodSeconds: 3
  containers:
  - {name: app, image: "localhost/web:1", imagePullPolicy: Always}
  - {name: side, image: "localhost/side:1"}
`

func TestAnUnchangedUpNeedsNoRegistry(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", alwaysManifest)
	s.contains(s.podup(1, "up", "-d").err, "localhost/web:1", "manifest unknown") // it would be made from a stale copy
	s.nothingLeft()
	s.podup(0, "up", "-d", "--pull", "missing")
	app := s.actual().Pods["web"].Containers["web-app"].ID

	for _, progress := range []string{"plain", "json", "quiet"} {
		got := s.podup(0, "up", "-d", "--progress", progress)
		s.contains(got.err, "image localhost/web:1: not refreshed: ", "manifest unknown", "; what runs is kept")
		if strings.Contains(got.err, `"ok":false`) {
			t.Errorf("a failure is reported:\n%s", got.err)
		}
	}
	// Another container of the pod changes: this one is not made.
	s.write("pod.yaml", strings.Replace(alwaysManifest, `"localhost/side:1"`, `"localhost/side:1", args: [sleep, forever]`, 1))
	s.contains(s.podup(0, "up", "-d").err, "not refreshed", "web-side")
	if now := s.actual().Pods["web"].Containers["web-app"].ID; now != app {
		t.Error("the container was replaced")
	}

	// It is to be made.
	s.write("pod.yaml", strings.Replace(alwaysManifest, "imagePullPolicy: Always", "imagePullPolicy: Always, args: [sleep, forever]", 1))
	failed := s.podup(1, "up", "-d")
	s.contains(failed.err, "manifest unknown")
	if strings.Contains(failed.err, "not refreshed") {
		t.Errorf("the failure is played down:\n%s", failed.err)
	}
	if now := s.actual().Pods["web"].Containers["web-app"].ID; now != app {
		t.Error("the container was replaced")
	}
}

func TestAPullThatReplacesAContainerNeedsItsOtherImages(t *testing.T) {
	s := newStory(t)
	text := strings.Replace(alwaysManifest, "imagePullPolicy: Always}", "imagePullPolicy: Always, volumeMounts: [{name: files, mountPath: /files}]}", 1) +
		"  volumes:\n  - {name: files, image: {reference: \"localhost/side:1\", pullPolicy: Always}}\n"
	s.write("pod.yaml", text)
	s.podup(0, "up", "-d", "--pull", "missing")
	app := s.actual().Pods["web"].Containers["web-app"].ID
	s.service.Registry("localhost/web:1", podmantest.Image{Entrypoint: []string{podmantest.TestProgram}, Command: []string{"sleep", "forever"}})
	s.contains(s.podup(1, "up", "-d").err, "localhost/side:1", "manifest unknown")
	if now := s.actual().Pods["web"].Containers["web-app"].ID; now != app {
		t.Error("the container was replaced")
	}
}
