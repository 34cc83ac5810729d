package podmantest

import (
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestServiceBehavesAsPodmanDoes(t *testing.T) {
	s := Start(t)
	RunAPI(t, s.URL(), ImportImage(t, s.URL()))
}

// TestPodmanBehavesAsTheServiceDoes needs a real engine. The end-to-end tests name it every one they
// have, and see to it that the test ran.
func TestPodmanBehavesAsTheServiceDoes(t *testing.T) {
	address := os.Getenv("PODUP_TEST_ENGINE")
	if address == "" {
		t.Skip("PODUP_TEST_ENGINE names no engine")
	}
	RunAPI(t, address, ImportImage(t, address))
}

// corner is a service with one pod "p" to make containers in.
func corner(t *testing.T, program Program) (*Service, *bench) {
	s := Start(t)
	s.Program("localhost/scripted:1", program)
	b := &bench{raw: newRaw(t, s.URL()), image: "localhost/scripted:1"}
	b.pod(nil)
	return s, b
}

func TestFailAnswersWithTheErrorAsOftenAsAsked(t *testing.T) {
	s, b := corner(t, Runs())
	s.Fail("POST /containers/create", http.StatusInsufficientStorage, "disk full", 2)
	spec := object{"name": "c", "image": b.image, "pod": "p"}
	for range 2 {
		b.expect(http.StatusInsufficientStorage, "disk full", "POST", "/containers/create", spec)
	}
	if b.exists("containers", "c") {
		t.Error("a failed create made a container")
	}
	b.expect(http.StatusCreated, "", "POST", "/containers/create", spec)
}

func TestDropReplyDoesTheWorkAndDropDoesNot(t *testing.T) {
	s, b := corner(t, Runs())
	s.DropReply("POST /volumes/create", 1)
	if _, err := b.do("POST", "/volumes/create", object{"Name": "done"}); err == nil {
		t.Error("the reply arrived")
	}
	s.Drop("POST /volumes/create", 1)
	if _, err := b.do("POST", "/volumes/create", object{"Name": "lost"}); err == nil {
		t.Error("the reply arrived")
	}
	if !b.exists("volumes", "done") || b.exists("volumes", "lost") {
		t.Errorf("volumes: done %v, lost %v", b.exists("volumes", "done"), b.exists("volumes", "lost"))
	}
}

func TestHangHoldsARequestUntilItIsReleased(t *testing.T) {
	s, b := corner(t, Runs())
	release := s.Hang("POST /volumes/create")
	done := make(chan error, 1)
	go func() {
		_, err := b.do("POST", "/volumes/create", object{"Name": "v"})
		done <- err
	}()
	b.eventually("the request is there", func() bool {
		return slices.ContainsFunc(s.Requests(), func(r Request) bool { return r.String() == "POST /volumes/create" })
	})
	if b.exists("volumes", "v") {
		t.Error("the volume was made while the request was held")
	}
	release()
	if err := <-done; err != nil || !b.exists("volumes", "v") {
		t.Errorf("after the release: %v", err)
	}
}

func TestGarbleAnswersAnythingAtAll(t *testing.T) {
	s, b := corner(t, Runs())
	s.Garble("GET /info", "<html>", 1)
	if answer, err := b.do("GET", "/info", nil); err != nil || answer.text != "<html>" || answer.status != http.StatusOK {
		t.Errorf("%v %+v", err, answer)
	}
	b.must("GET", "/info", nil, &object{})
}

func TestDisappearBreaksConnectionsAndReturnKeepsEverything(t *testing.T) {
	s, b := corner(t, Runs("up"))
	b.start(b.make("c", nil))
	done := make(chan error, 1)
	go func() {
		_, err := b.do("POST", "/containers/c/wait", nil)
		done <- err
	}()
	b.eventually("somebody waits", func() bool {
		return slices.ContainsFunc(s.Requests(), func(r Request) bool { return strings.HasSuffix(r.Path, "/wait") })
	})
	s.Disappear()
	if err := <-done; err == nil {
		t.Error("the wait survived")
	}
	if _, err := b.do("GET", "/_ping", nil); err == nil {
		t.Error("the service is still there")
	}
	s.Return()
	if state := b.state("c"); state != "running" {
		t.Errorf("the container is %s", state)
	}
}

func TestRequestsHaveNamesAndWritesLeaveOutLooking(t *testing.T) {
	s, b := corner(t, Runs())
	b.make("c", nil)
	id := b.container("c").ID
	s.Forget()
	b.must("GET", "/containers/"+id+"/json", nil, nil)
	b.must("POST", "/containers/"+id+"/start", nil, nil)
	b.must("POST", "/containers/"+id+"/wait?condition=running", nil, nil)
	b.must("DELETE", "/containers/"+id+"?force=true&timeout=0", nil, nil)
	want := []string{"GET /containers/c/json", "POST /containers/c/start", "POST /containers/c/wait", "DELETE /containers/c"}
	if got := texted(s.Requests()); !slices.Equal(got, want) {
		t.Errorf("requests %v", got)
	}
	if got := texted(s.Writes()); !slices.Equal(got, []string{want[1], want[3]}) {
		t.Errorf("writes %v", got)
	}
	if query := s.Writes()[1].Query; query.Get("force") != "true" {
		t.Errorf("query %v", query)
	}
}

func texted(requests []Request) []string {
	list := []string{}
	for _, request := range requests {
		list = append(list, request.String())
	}
	return list
}

func TestScriptedProgramsPrintAndEndAsTheySay(t *testing.T) {
	for name, one := range map[string]struct {
		program Program
		stop    bool
		code    string
	}{
		"a program that exits":              {program: Exits(3, "hello"), code: "3"},
		"a program that runs until stopped": {program: Runs("hello"), stop: true, code: "143"},
		"a program that must be killed":     {program: Ignores("hello"), stop: true, code: "137"},
		"a function": {program: func(_ context.Context, p *Process) int {
			p.Out.Write([]byte("hello\n"))
			return len(p.Args)
		}, code: "2"},
	} {
		t.Run(name, func(t *testing.T) {
			_, b := corner(t, one.program)
			b.start(b.make("c", object{"entrypoint": []string{"any"}}, "two", "arguments"))
			b.eventually("the line is there", func() bool { return strings.Contains(b.logs("c", ""), "hello\n") })
			if one.stop {
				b.must("POST", "/containers/c/stop?timeout=1", nil, nil)
			}
			if code := b.wait("c"); code != one.code {
				t.Errorf("exit code %s", code)
			}
		})
	}
}

func TestAnImageHasItsOwnExec(t *testing.T) {
	s, b := corner(t, Runs())
	s.Image("localhost/shell:1", Image{Program: Runs(), Exec: func(_ context.Context, p *Process) int {
		p.Out.Write([]byte(strings.Join(p.Args, " ")))
		return 5
	}})
	b.image = "localhost/shell:1"
	b.start(b.make("c", nil))
	var made struct {
		ID string `json:"Id"`
	}
	b.must("POST", "/containers/c/exec", object{"Cmd": []string{"sh", "-c", "true"}, "AttachStdout": true}, &made)
	if answer, err := b.do("POST", "/exec/"+made.ID+"/start", object{}); err != nil || !strings.HasSuffix(answer.text, "sh -c true") {
		t.Errorf("%v %q", err, answer.text)
	}
	var found struct{ ExitCode int }
	b.must("GET", "/exec/"+made.ID+"/json", nil, &found)
	if found.ExitCode != 5 {
		t.Errorf("exit code %d", found.ExitCode)
	}
}

func TestCrashIsAnEndTheRestartPolicyMends(t *testing.T) {
	s, b := corner(t, Runs("run"))
	b.start(b.make("c", object{"restart_policy": "on-failure"}))
	b.start(b.make("d", nil))
	first := b.container("c").State.StartedAt
	s.Crash("c", 9)
	s.Crash("d", 9)
	b.eventually("c runs again", func() bool {
		found := b.container("c")
		return found.State.Status == "running" && found.State.StartedAt.After(first)
	})
	b.eventually("d is over", func() bool { return b.state("d") == "exited" })
	if code := b.container("d").State.ExitCode; code != 9 {
		t.Errorf("exit code %d", code)
	}
}

func TestALostContainerIsRunningWithoutAProcess(t *testing.T) {
	s, b := corner(t, Runs())
	b.start(b.make("c", nil))
	s.Lose("c")
	found := b.container("c").State
	if found.Status != "running" || found.Pid == os.Getpid() || found.Pid == 0 {
		t.Errorf("state %+v", found)
	}
	b.must("DELETE", "/containers/c?force=true", nil, nil)
}

func TestAPullFindsWhatTheRegistryHasAndNothingElse(t *testing.T) {
	s, b := corner(t, Runs())
	s.Registry("registry.example/app:1", Image{Program: Exits(4)})
	if b.exists("images", "registry.example/app:1") {
		t.Error("an image in the registry is in the store")
	}
	b.must("POST", "/images/pull?policy=always&reference=registry.example/app:1", nil, nil)
	b.image = "registry.example/app:1"
	b.start(b.make("c", nil))
	if code := b.wait("c"); code != "4" {
		t.Errorf("exit code %s", code)
	}
	before := b.container("c")
	s.Registry("registry.example/app:1", Image{Program: Exits(5)})
	b.must("POST", "/images/pull?policy=always&reference=registry.example/app:1", nil, nil)
	b.start(b.make("d", nil))
	if code := b.wait("d"); code != "5" || before.ID == b.container("d").ID {
		t.Errorf("exit code %s after the image was replaced", code)
	}
}

func TestTooFewLocksAreAnError(t *testing.T) {
	s, b := corner(t, Runs())
	s.Locks(3) // the pod and its infra container have two
	b.make("c", nil)
	b.expect(http.StatusInternalServerError, "exceeded num_locks", "POST", "/containers/create", object{"name": "d", "image": b.image})
}

// An old engine: whole seconds in logs, no import of volumes, ignore for secrets not known.
func TestTheVersionDecidesWhatThereIs(t *testing.T) {
	s, b := corner(t, Exits(0, "hello"))
	b.must("POST", "/volumes/create", object{"Name": "v"}, nil)
	b.must("POST", "/secrets/create?name=s", "value", nil)
	b.expect(http.StatusOK, "", "POST", "/secrets/create?name=s&ignore=true", "value")
	s.Version("5.4.2")
	b.expect(http.StatusNotFound, "", "POST", "/volumes/v/import", []byte{})
	b.expect(http.StatusInternalServerError, "secret name in use", "POST", "/secrets/create?name=s&ignore=true", "value")
	b.start(b.make("c", nil))
	b.wait("c")
	line := b.logs("c", "&timestamps=true")
	if _, err := time.Parse(time.RFC3339, strings.Fields(line[8:])[0]); err != nil || strings.Contains(line, ".") {
		t.Errorf("log line %q: %v", line, err)
	}
}

func TestAnUnknownEndpointFailsTheTest(t *testing.T) {
	watched := &failures{TB: t}
	s := Start(watched)
	newRaw(t, s.URL()).status("GET", "/no/such/endpoint", nil)
	if watched.count != 1 {
		t.Errorf("%d failures", watched.count)
	}
}

// failures counts what would fail a test.
type failures struct {
	testing.TB
	count int
}

func (f *failures) Errorf(string, ...any) { f.count++ }

func TestWaitingEndsWithItsContext(t *testing.T) {
	s := Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.until(ctx, func() (bool, error) { return false, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
