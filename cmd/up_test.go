package cmd

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
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
	r.says(t, fmt.Sprintf("waiting for podup down (pid %d) on project shop", os.Getpid()))
	if len(s.actual().Pods) > 0 {
		t.Error("it did not wait")
	}
	held.release()
	if code := <-r.code; code != 0 {
		t.Errorf("exit code %d\n%s", code, r.err)
	}
	s.podup(0, "down")
}

func TestContainersThatDoNotStayUpAreNamedAtTheEndOfAnUp(t *testing.T) {
	app := func(name string, status plan.Status, code, restarts int) plan.ContainerState {
		return plan.ContainerState{
			Name: "web-" + name, Pod: "web", Container: name, Role: translate.RoleApp, Status: status, ExitCode: code, Restarts: restarts,
		}
	}
	init := app("e-init", plan.Exited, 1, 0)
	init.Role = translate.RoleInit
	containers := map[string]plan.ContainerState{}
	for i, c := range []plan.ContainerState{
		app("a", plan.Exited, 1, 0), app("b", plan.Exited, 2, 1), app("c", plan.Running, 0, 3),
		app("d", plan.Lost, 0, 0), app("done", plan.Exited, 0, 0), app("fine", plan.Running, 0, 0), init,
	} {
		c.Order = i
		containers[c.Name] = c
	}
	actual := plan.Actual{Project: "shop", Pods: map[string]plan.PodState{"web": {Name: "web", Containers: containers}}}
	want := []string{
		"container web/a has ended with exit code 1: see podup logs web/a",
		"container web/b has ended with exit code 2 and been restarted once: see podup logs web/b",
		"container web/c has been restarted 3 times: see podup logs web/c",
		"container web/d has ended: see podup logs web/d",
	}
	if got := troubles(actual, nil); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := troubles(actual, []string{"other"}); len(got) > 0 {
		t.Errorf("got %q of a pod that was not asked for", got)
	}
}
