package cmd

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/podup/podup/release"
)

func TestAPastDefinitionComesBackByDifference(t *testing.T) {
	s := newStory(t)
	if got := s.podup(0, "history"); got.out != "" || !strings.Contains(got.err, "project shop has no releases") {
		t.Errorf("history says %+v", got)
	}
	s.contains(s.podup(1, "rollback").err, "it has no releases: podup up makes one")

	s.write("pod.yaml", webManifest)
	s.podup(0, "up", "-d")
	s.contains(s.podup(1, "rollback").err, "there is no earlier release that came up")
	side := s.actual().Pods["web"].Containers["web-side"].ID
	s.write("pod.yaml", strings.Replace(webManifest, "localhost/web:1", "localhost/web:2", 1))
	s.podup(0, "up", "-d")

	s.service.Forget()
	history := s.podup(0, "history")
	lines := strings.Split(strings.TrimSpace(history.out), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[1], "2 ") || !strings.Contains(lines[1], "deployed") || !strings.Contains(lines[2], "superseded") {
		t.Errorf("history says\n%s", history.out)
	}
	s.contains(lines[1], filepath.Join("shop", "pod.yaml"))
	s.contains(s.podup(0, "rollback", "--dry-run").out, "replace container/web-app", "localhost/web:2", "localhost/web:1")
	s.noWrites("history and rollback --dry-run")

	// The manifest is not needed.
	if err := os.Remove("pod.yaml"); err != nil {
		t.Fatal(err)
	}
	s.contains(s.podup(1, "rollback", "7").err, "there is no release 7; those kept are 2, 1")
	s.podup(0, "rollback")
	web := s.actual().Pods["web"]
	if web.Containers["web-app"].Image != "localhost/web:1" || web.Containers["web-side"].ID != side {
		t.Errorf("rolled back to %+v", web)
	}
	var document struct {
		Project  string
		Releases []struct {
			Number  int
			Status  string
			Sources []string
		}
	}
	if err := json.Unmarshal([]byte(s.podup(0, "history", "-o", "json").out), &document); err != nil {
		t.Fatal(err)
	}
	if document.Project != "shop" || len(document.Releases) != 3 || document.Releases[0].Number != 3 || document.Releases[0].Status != "deployed" || len(document.Releases[0].Sources) != 1 {
		t.Errorf("history -o json says %+v", document)
	}
	s.podup(0, "rollback", "2")
	if image := s.actual().Pods["web"].Containers["web-app"].Image; image != "localhost/web:2" {
		t.Errorf("rolled back to %s", image)
	}
	s.podup(0, "down")
	s.nothingLeft()
}

func TestAFailedChangeIsKeptInTheHistory(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", fmt.Sprintf(initManifest, "exit, '0'"))
	s.podup(0, "up", "-d")
	s.service.Fail("POST /containers/create", 500, "no space left on device", 1)
	s.write("pod.yaml", strings.Replace(fmt.Sprintf(initManifest, "exit, '0'"), "{name: app,", "{name: app, workingDir: /tmp,", 1))
	s.contains(s.podup(1, "up", "-d").err, "no space left on device")
	s.contains(s.podup(0, "history").out, "failed", "deployed")
	s.podup(0, "up", "-d")
	if got := s.podup(0, "history").out; strings.Contains(got, "failed") {
		t.Errorf("history says\n%s", got)
	}
	s.podup(0, "down")
	s.nothingLeft()
}

func TestADamagedReleaseIsSaidAndStopsNothing(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", webManifest)
	s.podup(0, "up", "-d")
	files := s.connected().Releases("shop")
	if err := files.Write(t.Context(), "release-0001.json.gz", []byte("garbage")); err != nil {
		t.Fatal(err)
	}
	got := s.podup(0, "diff") // labels say that all is as wanted
	s.contains(got.err, "podup: warning: read release 1: it is no gzip file")
	if strings.Count(got.err, "release 1") != 1 {
		t.Errorf("said more than once:\n%s", got.err)
	}
	s.contains(s.podup(1, "history").err, "read release 1: it is no gzip file")
	s.podup(0, "up", "-d")
	if latest, found, err := (release.Store{Files: files}).Latest(t.Context()); err != nil || !found || latest.Number != 2 {
		t.Errorf("latest release %d, %v, %v", latest.Number, found, err)
	}
	s.podup(0, "down")
	s.nothingLeft()
}

func TestAReleaseVolumeThatIsGoneIsMadeAgain(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", webManifest)
	s.podup(0, "up", "-d")
	if err := s.connected().RemoveReleases(t.Context(), "shop"); err != nil {
		t.Fatal(err)
	}
	// Labels say that all is as wanted: up writes a release again, and nothing else is done.
	before := s.actual()
	s.podup(0, "diff")
	s.contains(s.podup(0, "up", "-d").err, "web: up to date")
	if now := s.actual(); !reflect.DeepEqual(now.Pods, before.Pods) {
		t.Errorf("pods became %+v, were %+v", now.Pods, before.Pods)
	}
	s.podup(0, "diff")
	s.contains(s.podup(0, "up", "-d").err, "web: up to date")
	s.contains(s.podup(0, "history").out, "deployed")
	s.podup(0, "down")
	s.nothingLeft()
}
