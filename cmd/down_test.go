package cmd

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

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
	s.contains(s.podup(0, "down").err, "project shop: nothing to remove; the data of orders stays")
	s.nothingLeft("orders")
	s.contains(s.podup(0, "down", "--volumes").err, "project shop: removed 1 volume")
	s.nothingLeft()
}

func TestAManifestThatIsNotThereNamesNoProject(t *testing.T) {
	s := newStory(t)
	s.write("pod.yaml", webManifest)
	s.podup(0, "up", "-d")
	for _, args := range [][]string{{"down"}, {"ps"}, {"logs"}, {"history"}, {"rollback"}} {
		got := s.podup(exitManifest, append(args, "--file", "nosuch/web.yaml")...)
		s.contains(got.err, "nosuch/web.yaml: no such file or directory: --project names one without a manifest")
	}
	s.podup(exitManifest, "exec", "--file", "nosuch/web.yaml", "web", "--", "id")
	s.podup(0, "ps", "-f", "-")
	s.podup(0, "down", "-f", ".")
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
	s.podup(0, "down", "-v")
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
