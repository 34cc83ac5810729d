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

func TestAFailedPullSaysWhatWasBuiltHere(t *testing.T) {
	for name, test := range map[string]struct{ image, want, unwanted string }{
		"a name that only a build gives": {
			"localhost/absent:1", "podup: image localhost/absent:1 is not in this engine's store, and no registry has images of that name", "Hub",
		},
		"a short name of an image built here": {
			"web:1", "podup: image docker.io/library/web:1 is Docker Hub's, and this engine has localhost/web:1: write that to use it", "no registry",
		},
		"a short name of nothing": {"absent:1", "manifest unknown", "is Docker Hub's"},
		"another registry's":      {"quay.io/me/web:1", "manifest unknown", "localhost/web:1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t)
			s.write("pod.yaml", strings.Replace(webManifest, "localhost/web:1", test.image, 1))
			got := s.podup(1, "up", "-d")
			s.contains(got.err, test.want)
			if strings.Contains(got.err, test.unwanted) {
				t.Errorf("%q is in\n%s", test.unwanted, got.err)
			}
			s.nothingLeft()
		})
	}
}

func TestTheLatestBuildOfThisMachineNeedsNoRegistry(t *testing.T) {
	s := newStory(t)
	s.service.Image("localhost/web:latest", podmantest.Image{Entrypoint: []string{podmantest.TestProgram}, Command: []string{"sleep", "forever"}})
	s.write("pod.yaml", strings.Replace(webManifest, "localhost/web:1", "localhost/web", 1))
	if got := s.podup(0, "up", "-d"); strings.Contains(got.err, "pull") {
		t.Errorf("a pull:\n%s", got.err)
	}
}
