package cmd

import (
	"os"
	"strings"
	"testing"

	"github.com/podup/podup/translate"
)

func TestAnotherDirectoryOfTheSameNameIsToldOf(t *testing.T) {
	s := newStory(t)
	for _, dir := range []string{"a/app", "b/app"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	const warning = "warning: project app was last made from"
	s.write("a/app/pod.yaml", webManifest)
	s.write("b/app/pod.yaml", strings.ReplaceAll(webManifest, "name: web\n", "name: other\n"))
	s.write("b/app/both.yaml", webManifest)
	if got := s.podup(0, "up", "-d", "-f", "a/app/pod.yaml"); strings.Contains(got.err, warning) {
		t.Errorf("the first up warns: %s", got.err)
	}
	for _, args := range [][]string{{"-f", "b/app/both.yaml"}, {"-f", "a/app"}} {
		if got := s.podup(0, append([]string{"diff"}, args...)...); strings.Contains(got.err, warning) {
			t.Errorf("%v warns: %s", args, got.err)
		}
	}
	s.contains(s.podup(1, "diff", "-f", "b/app/pod.yaml").err, warning, "/a/app/pod.yaml, and these manifests name none of its pods", "--project")
	s.contains(s.podup(0, "up", "-d", "-f", "b/app/pod.yaml").err, warning)
	s.podup(0, "down", "-f", "a/app/pod.yaml")
	s.nothingLeft()
}

func TestAVolumeOfSomebodyElseInPlaceOfTheReleasesIsToldOnce(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", webManifest)
	claim := translate.Volume{Project: "other", Name: "podup.shop", Kind: translate.Claim}
	if err := s.connected().CreateVolume(t.Context(), claim); err != nil {
		t.Fatal(err)
	}
	s.service.Forget()
	for _, args := range [][]string{{"up", "-d"}, {"diff"}} {
		code := 1
		if args[0] == "diff" {
			code = exitDiffFailed
		}
		got := s.podup(code, args...)
		s.contains(got.err, "volume/podup.shop", "it is of project other: podup keeps its releases in a volume of that name")
		if strings.Count(got.err, "\n") != 1 {
			t.Errorf("%v says\n%s", args, got.err)
		}
	}
	s.noWrites("a refused up")
}

func TestAPodWithoutAnyContainerGoesWithDown(t *testing.T) {
	s := newStory(t)
	s.service.LeavePod("web", map[string]string{translate.LabelProject: "shop"})
	s.service.LeavePod("theirs", map[string]string{translate.LabelProject: "other"})
	s.contains(s.podup(0, "down").err, "removed pod/web in", "project shop: removed 1 pod\n")
	if left, err := s.connected().EmptyPods(t.Context(), "shop"); err != nil || len(left) > 0 {
		t.Errorf("left: %q, %v", left, err)
	}
	if left, err := s.connected().EmptyPods(t.Context(), "other"); err != nil || len(left) != 1 {
		t.Errorf("of another project: %q, %v", left, err)
	}
}
