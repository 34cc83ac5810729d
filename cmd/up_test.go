package cmd

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestUpAgainChangesNothingAndDiffNeverDoes(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", webManifest)

	s.service.Forget()
	differs := s.podup(1, "diff")
	s.contains(differs.out, "create pod/web", "create container/web-app")
	dry := s.podup(0, "up", "--dry-run")
	if dry.out != differs.out {
		t.Errorf("up --dry-run says\n%s\nand diff\n%s", dry.out, differs.out)
	}
	s.noWrites("diff before the first up")

	first := s.podup(0, "up", "-d")
	s.contains(first.out, "web", "app", "side")
	before := s.actual().Pods["web"]

	s.service.Forget()
	again := s.podup(0, "up", "-d")
	s.contains(again.err, "web: up to date\n")
	s.podup(0, "diff")
	s.podup(0, "up", "--dry-run")
	s.noWrites("an unchanged up")

	s.write("pod.yaml", strings.Replace(webManifest, "value: info", "value: debug", 1))
	differs = s.podup(1, "diff")
	s.contains(differs.out, "replace container/web-app", "LOG", "info", "debug")
	if strings.Contains(differs.out, "side") {
		t.Errorf("diff speaks of what stays:\n%s", differs.out)
	}
	if dry := s.podup(0, "up", "--dry-run"); dry.out != differs.out {
		t.Errorf("up --dry-run says\n%s\nand diff\n%s", dry.out, differs.out)
	}
	var document struct {
		FormatVersion string
		Changes       []struct {
			Action, Object string
			Reasons        []string
		}
	}
	asJSON := s.podup(1, "diff", "-o", "json")
	if err := json.Unmarshal([]byte(asJSON.out), &document); err != nil {
		t.Fatal(err)
	}
	if document.FormatVersion != "1.0" || len(document.Changes) != 1 || document.Changes[0].Action != "replace" || document.Changes[0].Object != "container/web-app" || len(document.Changes[0].Reasons) == 0 {
		t.Errorf("diff -o json says %+v", document)
	}
	s.noWrites("diff of a change")

	s.podup(0, "up", "-d")
	after := s.actual().Pods["web"]
	if after.Infra.ID != before.Infra.ID || !reflect.DeepEqual(after.Containers["web-side"], before.Containers["web-side"]) {
		t.Errorf("what had not changed was touched:\n%+v\n%+v", before, after)
	}
	if after.Containers["web-app"].ID == before.Containers["web-app"].ID {
		t.Error("the changed container was not replaced")
	}
	s.podup(0, "diff")
	s.podup(0, "down")
	s.nothingLeft()
}

func TestAnUpWaitsForAnother(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", webManifest)
	held := mustAcquire(t, environment(s.environment), "shop")
	s.podup(1, "diff") // does not wait
	r := s.start(t.Context(), "up", "-d")
	r.says(t, fmt.Sprintf("waiting for another podup (pid %d) on project shop", os.Getpid()))
	if len(s.actual().Pods) > 0 {
		t.Error("it did not wait")
	}
	held.release()
	if code := <-r.code; code != 0 {
		t.Errorf("exit code %d\n%s", code, r.err)
	}
	s.podup(0, "down")
}
