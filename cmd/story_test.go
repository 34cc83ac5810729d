package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/podmanapi/podmantest"
	"github.com/podup/podup/release"
	"github.com/podup/podup/translate"
)

// story is a directory called shop with manifests, and an in-memory Podman. Every command line goes
// through Main and the real client.
type story struct {
	t           *testing.T
	service     *podmantest.Service
	environment map[string]string
}

func newStory(t *testing.T) *story {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shop")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	s := &story{t: t, service: podmantest.Start(t)}
	s.environment = map[string]string{"XDG_RUNTIME_DIR": t.TempDir(), "CONTAINER_HOST": s.service.URL(), "HOME": t.TempDir()}
	for _, image := range []string{"localhost/web:1", "localhost/web:2", "localhost/side:1"} {
		s.service.Image(image, podmantest.Image{Entrypoint: []string{podmantest.TestProgram}, Command: []string{"sleep", "forever"}})
	}
	return s
}

func (s *story) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// podup runs a command line and wants an exit code.
func (s *story) podup(code int, args ...string) outcome {
	s.t.Helper()
	return s.podupIn(s.t.Context(), code, args...)
}

func (s *story) podupIn(ctx context.Context, code int, args ...string) outcome {
	s.t.Helper()
	got := runMainIn(ctx, s.t, s.environment, Podman, "", args...)
	if got.code != code {
		s.t.Fatalf("podup %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got.code, code, got.out, got.err)
	}
	return got
}

// underway is a command line that is being carried out, with what it has printed so far.
type underway struct {
	out, err *syncBuffer
	code     chan int
}

func (s *story) start(ctx context.Context, args ...string) *underway {
	r := &underway{out: &syncBuffer{written: make(chan struct{}, 1)}, err: &syncBuffer{written: make(chan struct{}, 1)}, code: make(chan int, 1)}
	env := Env{In: strings.NewReader(""), Out: r.out, Err: r.err, Getenv: environment(s.environment), Connect: Podman}
	go func() { r.code <- Main(ctx, env, args) }()
	return r
}

// until waits for a condition.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func (r *underway) says(t *testing.T, text string) {
	t.Helper()
	until(t, fmt.Sprintf("%q in\n%s\n%s", text, r.out, r.err), func() bool {
		return strings.Contains(r.out.String()+r.err.String(), text)
	})
}

// connected opens the engine beside podup.
func (s *story) connected() Engine {
	s.t.Helper()
	engine, err := Podman(s.t.Context(), podmanapi.Options{URL: s.service.URL(), Getenv: environment(s.environment), Warn: func(string) {}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { engine.Close() })
	return engine
}

func (s *story) actual() plan.Actual {
	s.t.Helper()
	actual, err := s.connected().Observe(s.t.Context(), translate.Project{Name: "shop"})
	if err != nil {
		s.t.Fatal(err)
	}
	return actual
}

// nothingLeft wants no trace of the project but these claims.
func (s *story) nothingLeft(claims ...string) {
	s.t.Helper()
	actual := s.actual()
	var volumes []string
	for name := range actual.Volumes {
		volumes = append(volumes, name)
	}
	if len(actual.Pods)+len(actual.Networks)+len(actual.Secrets) > 0 || actual.Release || !slices.Equal(volumes, claims) {
		s.t.Errorf("left: %+v", actual)
	}
	locks, err := filepath.Glob(filepath.Join(s.environment["XDG_RUNTIME_DIR"], "podup", "*"))
	if err != nil || len(locks) > 0 {
		s.t.Errorf("left: %q, %v", locks, err)
	}
}

func (s *story) noWrites(during string) {
	s.t.Helper()
	if writes := s.service.Writes(); len(writes) > 0 {
		s.t.Errorf("%s wrote %v", during, writes)
	}
}

func (s *story) contains(text string, wants ...string) {
	s.t.Helper()
	// Columns are as wide as what is in them.
	squeezed := regexp.MustCompile(` {2,}`).ReplaceAllString(text, " ")
	for _, want := range wants {
		if !strings.Contains(text, want) && !strings.Contains(squeezed, want) {
			s.t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

const webManifest = `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  terminationGracePeriodSeconds: 3
  containers:
  - name: app
    image: localhost/web:1
    env:
    - name: LOG
      value: info
    volumeMounts:
    - {name: data, mountPath: /data}
  - name: side
    image: localhost/side:1
  volumes:
  - name: data
    emptyDir: {}
`

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

const claimManifest = `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: orders}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: v1
kind: Secret
metadata: {name: login}
stringData: {password: swordfish}
---
apiVersion: v1
kind: Pod
metadata: {name: db}
spec:
  terminationGracePeriodSeconds: 3
  containers:
  - name: app
    image: localhost/web:1
    env:
    - name: PASSWORD
      valueFrom: {secretKeyRef: {name: login, key: password}}
    volumeMounts:
    - {name: orders, mountPath: /orders}
    - {name: login, mountPath: /login}
  volumes:
  - name: orders
    persistentVolumeClaim: {claimName: orders}
  - name: login
    secret: {secretName: login}
---
apiVersion: v1
kind: Pod
metadata: {name: api}
spec:
  terminationGracePeriodSeconds: 3
  containers:
  - {name: app, image: localhost/web:1}
`

func TestDownLeavesOnlyClaimsAndSaysSo(t *testing.T) {
	s := newStory(t)
	s.contains(s.podup(0, "down").err, "project shop: nothing to remove\n")
	s.nothingLeft()

	s.write("pod.yaml", claimManifest)
	s.podup(0, "up", "-d")
	if actual := s.actual(); len(actual.Pods) != 2 || len(actual.Networks) != 1 || len(actual.Secrets) != 1 || !actual.Release {
		t.Fatalf("up made %+v", actual)
	}
	s.contains(s.podup(1, "down", "web", "cache").err, `no pod "web": there is api, db`, `no pod "cache"`)

	s.contains(s.podup(0, "down", "api").err, "project shop: removed 1 pod")
	if actual := s.actual(); len(actual.Pods) != 1 || !actual.Release {
		t.Errorf("down of one pod left %+v", actual)
	}
	if err := os.Remove("pod.yaml"); err != nil {
		t.Fatal(err)
	}
	s.contains(s.podup(0, "down").err, "project shop: removed 1 pod", "the data of orders stays (--volumes removes it)")
	s.nothingLeft("orders")
	s.contains(s.podup(0, "down", "-f", "gone.yaml").err, "project shop: nothing to remove; the data of orders stays")
	s.nothingLeft("orders")
	s.contains(s.podup(0, "down", "--volumes").err, "project shop: removed 1 volume")
	s.nothingLeft()
}

func TestASecretValueIsNowhereButWhereItBelongs(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", claimManifest)
	said := s.podup(1, "diff").out + s.podup(0, "up", "-d", "--progress", "json").err
	s.write("pod.yaml", strings.Replace(claimManifest, "swordfish", "hunter2", 1))
	said += s.podup(1, "diff").out + s.podup(0, "up", "-d").err + s.podup(0, "history", "-o", "json").out
	said += s.podup(0, "rollback").err
	if strings.Contains(said, "swordfish") || strings.Contains(said, "hunter2") {
		t.Errorf("a secret value was said:\n%s", said)
	}
	kept := 0
	for _, request := range s.service.Requests() {
		if request.Path == "/secrets/create" {
			kept++
			continue
		}
		if bytes.Contains(request.Body, []byte("swordfish")) || strings.Contains(request.Query.Encode(), "swordfish") {
			t.Errorf("a secret value went to %s", request)
		}
	}
	if kept == 0 {
		t.Error("no secret was made")
	}
	s.podup(0, "down", "--volumes")
	s.nothingLeft()
}

func TestAPodThatLeftTheManifestsIsReportedAndPruned(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", claimManifest)
	s.podup(0, "up", "-d")
	s.write("pod.yaml", claimManifest[:strings.LastIndex(claimManifest, "---")])
	s.contains(s.podup(0, "up", "-d").err, "no longer in the manifests of project shop: api (--prune removes them)")
	if pods := s.actual().Pods; len(pods) != 2 {
		t.Errorf("%d pods", len(pods))
	}
	s.contains(s.podup(1, "diff", "--prune").out, "remove pod/api")
	s.podup(0, "up", "-d", "--prune")
	if pods := s.actual().Pods; len(pods) != 1 {
		t.Errorf("%d pods", len(pods))
	}
	s.podup(0, "diff", "--prune")
	s.podup(0, "down", "--volumes")
}

func TestUpOfSomePodsLeavesTheOthersAlone(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", claimManifest)
	s.contains(s.podup(1, "up", "-d", "web").err, `no pod "web": there is db, api`)
	s.podup(0, "up", "-d", "api")
	if pods := s.actual().Pods; len(pods) != 1 || pods["api"].Name != "api" {
		t.Errorf("pods %+v", pods)
	}
	s.contains(s.podup(0, "history").out, "partial")
	s.podup(0, "up", "-d")
	s.contains(s.podup(0, "history").out, "deployed")
	if pods := s.actual().Pods; len(pods) != 2 {
		t.Errorf("pods %+v", pods)
	}
	s.podup(0, "down", "db", "api", "--volumes")
	s.nothingLeft()
}

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

func TestAFirstUpThatFailsLeavesNothing(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", fmt.Sprintf(initManifest, "print, no such table, then, exit, '3'"))
	failed := s.podup(1, "up", "-d")
	s.contains(failed.err, "migrate", "exit code 3", "no such table", "taken back: ", "pod/web")
	s.nothingLeft()

	s.write("pod.yaml", fmt.Sprintf(initManifest, "exit, '0'"))
	s.podup(0, "up", "-d")
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
		"a name of another project": {webManifest, nil, []string{"pod/web: the name is taken (project other)"}},
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

func TestAnInvalidManifestIsExitCode3AndTouchesNoEngine(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("pod.yaml", []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - {name: app, image: a, porst: []}\n  restartPolicy: never\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"validate"}, {"up"}, {"up", "-d"}, {"up", "--dry-run"}, {"diff"}} {
		got := runMain(t, noEngine(t), "", args...)
		if got.code != 3 || got.out != "" || !strings.Contains(got.err, "pod.yaml:6:") || !strings.Contains(got.err, "never") {
			t.Errorf("podup %s: exit code %d\n%s%s", strings.Join(args, " "), got.code, got.out, got.err)
		}
	}
}

func TestValidateCountsWhatItFound(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, test := range map[string]struct {
		manifest string
		args     []string
		code     int
		want     string
	}{
		"a valid pod":              {webManifest, nil, 0, "<stdin>: 1 pod: valid\n"},
		"several objects":          {claimManifest, nil, 0, "2 pods, 1 secret, 1 persistentVolumeClaim: valid\n"},
		"errors":                   {strings.Replace(webManifest, "name: side", "name: app", 1), nil, 3, "1 error\n"},
		"nothing":                  {"", nil, 3, "there is no object in it"},
		"a warning":                {webManifest + "  nodeSelector: {a: b}\n", nil, 0, "1 pod: valid, 1 warning\n"},
		"a warning taken strictly": {webManifest + "  nodeSelector: {a: b}\n", []string{"--strict"}, 3, "1 error\n"},
		"a reference into nowhere": {strings.Replace(claimManifest, "name: login, key", "name: gone, key", 1), nil, 3, "gone"},
	} {
		t.Run(name, func(t *testing.T) {
			got := runMain(t, noEngine(t), test.manifest, append([]string{"validate", "-f", "-"}, test.args...)...)
			if got.code != test.code || got.out != "" || !strings.Contains(got.err, test.want) {
				t.Errorf("exit code %d, want %d and %q\n%s%s", got.code, test.code, test.want, got.out, got.err)
			}
		})
	}
}

func TestValidateGivesJSONForEverythingItFinds(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, test := range map[string]struct {
		args     []string
		manifest string
		code     int
		rules    []string
	}{
		"nothing":                {[]string{"-f", "-"}, webManifest, 0, nil},
		"a duplicate name":       {[]string{"-f", "-"}, strings.Replace(webManifest, "name: side", "name: app", 1), 3, []string{"kubernetes-duplicate"}},
		"a file that is missing": {[]string{"-f", "gone.yaml", "-f", "lost.yaml"}, "", 3, []string{ruleUnreadable, ruleUnreadable}},
	} {
		t.Run(name, func(t *testing.T) {
			got := runMain(t, noEngine(t), test.manifest, append([]string{"validate", "-o", "json"}, test.args...)...)
			var document struct {
				FormatVersion string
				Problems      []struct{ File, Rule, Message string }
			}
			if err := json.Unmarshal([]byte(got.out), &document); err != nil {
				t.Fatalf("%v in %q", err, got.out)
			}
			var rules []string
			for _, p := range document.Problems {
				rules = append(rules, p.Rule)
				if p.File == "" || p.Message == "" {
					t.Errorf("problem %+v", p)
				}
			}
			if got.code != test.code || document.FormatVersion != "1.0" || document.Problems == nil || !slices.Equal(rules, test.rules) {
				t.Errorf("exit code %d, document %+v", got.code, document)
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

func TestADamagedReleaseIsSaidAndStopsNothing(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", webManifest)
	s.podup(0, "up", "-d")
	files := s.connected().Releases("shop")
	if err := files.Write(t.Context(), "release-0001.json.gz", []byte("garbage")); err != nil {
		t.Fatal(err)
	}
	got := s.podup(0, "diff")
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
	s.podup(0, "diff")
	s.contains(s.podup(0, "up", "-d").err, "web: up to date")
	s.contains(s.podup(0, "history").out, "deployed")
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

const jobManifest = `apiVersion: v1
kind: Pod
metadata: {name: job}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 60
  containers:
  - {name: one, image: localhost/web:1, args: [%s]}
  - {name: two, image: localhost/web:1, args: [print, second]}
`

func TestAForegroundUpEndsWhenAllContainersHaveEnded(t *testing.T) {
	for name, test := range map[string]struct {
		args string
		code int
		want string
	}{
		"well":  {"print, first", 0, ""},
		"badly": {"print, first, then, exit, '4'", 1, "podup: container job/one ended with exit code 4\n"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t)
			s.write("pod.yaml", fmt.Sprintf(jobManifest, test.args))
			got := s.podup(test.code, "up")
			s.contains(got.out, "job/one | first\n", "job/two | second\n")
			s.contains(got.err, test.want)
			if status := s.actual().Pods["job"].Infra.Status; status == plan.Running {
				t.Error("the pod still runs")
			}
			s.podup(0, "down")
			s.nothingLeft()
		})
	}
}

func TestAForegroundUpStopsItsPodsOnInterrupt(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", fmt.Sprintf(jobManifest, "obey, '7', then, print, first, then, sleep, forever"))
	ctx, cancel := context.WithCancel(t.Context())
	r := s.start(ctx, "up")
	r.says(t, "job/one | first")
	// Others may work on the project while the logs are followed.
	mustAcquire(t, environment(s.environment), "shop").release()
	cancel()
	if code := <-r.code; code != 130 {
		t.Errorf("exit code %d\n%s", code, r.err)
	}
	s.contains(r.err.String(), "stopping the pods; press Ctrl-C again to kill them")
	job := s.actual().Pods["job"]
	if job.Infra.Status == plan.Running || job.Containers["job-one"].Status != plan.Exited || job.Containers["job-one"].ExitCode != 7 {
		t.Errorf("stopped: %+v", job)
	}
	// Stopped is not gone: the next up starts it again.
	s.podup(0, "down")
	s.nothingLeft()
}

func TestASecondInterruptKills(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", fmt.Sprintf(jobManifest, "ignore, then, print, first, then, sleep, forever"))
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt)
	defer stop()
	r := s.start(ctx, "up")
	r.says(t, "job/one | first")
	began := time.Now()
	interrupt := func() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
	}
	interrupt()
	r.says(t, "press Ctrl-C again to kill them")
	until(t, "the container is asked to stop", func() bool {
		return slices.ContainsFunc(s.service.Writes(), func(r podmantest.Request) bool { return strings.HasSuffix(r.Path, "/stop") })
	})
	interrupt()
	if code := <-r.code; code != 130 {
		t.Errorf("exit code %d\n%s", code, r.err)
	}
	s.contains(r.err.String(), "killing the pods")
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %s of the 60 s the pod has", took)
	}
	if job := s.actual().Pods["job"]; job.Containers["job-one"].ExitCode != 137 {
		t.Errorf("killed: %+v", job)
	}
	s.podup(0, "down")
	s.nothingLeft()
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
