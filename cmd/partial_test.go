package cmd

import (
	"strings"
	"testing"
)

const twoManifest = `apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {log: info}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - {name: app, image: "localhost/web:1", volumeMounts: [{name: c, mountPath: /c}]}
  volumes: [{name: c, configMap: {name: settings}}]
---
apiVersion: v1
kind: Pod
metadata: {name: db}
spec:
  containers:
  - {name: app, image: "localhost/side:1", volumeMounts: [{name: c, mountPath: /c}]}
  volumes: [{name: c, configMap: {name: settings}}]
`

func TestUpOfSomePodsComesToAnEnd(t *testing.T) {
	s := newStory(t)
	unchanged := func(args ...string) {
		t.Helper()
		s.service.Forget()
		s.contains(s.podup(0, append([]string{"up", "-d"}, args...)...).err, "up to date")
		s.noWrites("an unchanged up " + strings.Join(args, " "))
	}
	s.write("pod.yaml", twoManifest)
	s.podup(0, "up", "-d", "web")
	unchanged("web")
	s.podup(0, "up", "-d")
	unchanged()
	unchanged("web")

	s.write("pod.yaml", strings.Replace(twoManifest, "info", "debug", 1))
	s.contains(s.podup(0, "up", "-d", "web").err, "volume/web-c", "log changed")
	unchanged("web")
	s.contains(s.podup(1, "diff").out, "update volume/db-c log changed", "1 to update")
	s.contains(s.podup(0, "up", "-d").err, "volume/db-c")
	unchanged()

	// More of them than are kept: of web it is no longer known what it got, of db it is.
	for _, level := range []string{"1", "2", "3", "4", "5", "6"} {
		s.write("pod.yaml", strings.Replace(twoManifest, "info", "level-"+level, 1))
		s.podup(0, "up", "-d", "db")
	}
	s.write("pod.yaml", strings.Replace(twoManifest, "info", "debug", 1))
	s.contains(s.podup(1, "diff").out, "update volume/db-c log changed", "update volume/web-c content unknown")
	s.podup(0, "up", "-d")
	unchanged()
}
