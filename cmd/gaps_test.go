package cmd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/plan"
)

func TestHistoryShowsWhatARollbackBroughtBack(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", webManifest)
	s.podup(0, "up", "-d")
	s.write("pod.yaml", strings.Replace(webManifest, "localhost/web:1", "localhost/web:2", 1))
	s.podup(0, "up", "-d")
	s.podup(0, "rollback")
	s.contains(s.podup(0, "history").out, "deployed release 1 again: /")
	s.contains(s.podup(0, "history", "-o", "json").out, `"rollback": 1`)
	s.write("pod.yaml", webManifest)
	s.service.Forget()
	s.contains(s.podup(0, "up", "-d").err, "web: up to date")
	s.noWrites("an up of what a rollback had brought back")
	s.podup(0, "down")
}

func TestTheLastLineOfAFailureNamesItsCause(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", webManifest)
	s.service.Fail("POST /containers/web-side/start", 500, "no such device", 1)
	said := strings.Split(strings.TrimSpace(s.podup(1, "up", "-d").err), "\n")
	last := said[len(said)-1]
	if !strings.HasPrefix(last, "podup: taken back: pod/web, ") || !strings.HasSuffix(last, ", because of: start container/web-side: no such device") {
		t.Errorf("the last line is %q", last)
	}
	s.nothingLeft()
}

func TestTwoPodsOfOneNameAreEachToldOnce(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", webManifest+"---\n"+webManifest)
	got := s.podup(exitManifest, "validate")
	if strings.Count(got.err, "metadata.name: ") != 2 || strings.Contains(got.err, "podup-name-collision") {
		t.Errorf("it says\n%s", got.err)
	}
}

func TestHelpOnAWordThatIsNoCommand(t *testing.T) {
	s := newStory(t)
	s.contains(s.podup(exitUsage, "help", "stat").err, `unknown command "stat" for "podup"`)
	s.contains(s.podup(exitUsage, "help", "histroy").err, "did you mean history?")
	s.contains(s.podup(0, "help", "up").out, "podup up [-f FILE]")
	s.contains(s.podup(0, "help").out, "Available Commands:")
}

func TestPlainProgressSaysWhatItWaitsFor(t *testing.T) {
	out := &syncBuffer{written: make(chan struct{}, 1)}
	v := newPlainProgress(out, palette{}, time.Now)
	p := plan.Plan{
		Changes: []plan.Change{{Action: plan.ActionRemove, Object: "pod/web"}, {Action: plan.ActionRemove, Object: "pod/db"}},
		Steps:   []plan.Step{{Op: plan.RemovePod{Pod: "web", Grace: 30 * time.Second}}, {Op: plan.RemovePod{Pod: "db"}, Change: 1}},
	}
	v.Begin(p)
	for i, step := range p.Steps {
		v.Event(apply.Event{Index: i, Step: step, State: apply.Working})
	}
	const reminder = "waiting for pod/web, which has 30s to stop before it is killed\n"
	until(t, "a reminder", func() bool { return strings.Contains(out.String(), reminder) })
	for i, step := range p.Steps {
		v.Event(apply.Event{Index: i, Step: step, State: apply.Done})
	}
	v.End(apply.Result{})
	if got := fmt.Sprint(out); strings.Count(got, "waiting for") != 1 {
		t.Errorf("it says\n%s", got)
	}
}

func TestAForegroundUpOfAFinishedJobSaysSo(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", fmt.Sprintf(jobManifest, "print, first"))
	s.podup(0, "up", "-d")
	until(t, "the job has finished", func() bool {
		return finished(projectContainers(s.actual()))
	})
	s.contains(s.podup(0, "up").err, "all containers have finished, and are left so; podup up --force-recreate runs them again")
	s.podup(0, "down")
	s.nothingLeft()
}
