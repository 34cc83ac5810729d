package cmd

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/status"
)

func TestTheDigestOfAnImageIsKnownBeforeTheSupervisorHasLooked(t *testing.T) {
	e := newLived(t, twoManifests)
	defer e.supervise()()
	run := running(e, 4002)
	run.ImageDigest = "sha256:aa"
	e.ran("web", "app", run)
	e.remember("web", func(m *status.Memory) {
		m.Containers["app"] = status.Container{Begun: e.ago(0)}
	})
	pod, ok := decode(t, e.podup("get", "web", "-o", "json").out).(*corev1.Pod)
	if !ok {
		t.Fatal("no pod")
	}
	app := pod.Status.ContainerStatuses[0]
	if want := "registry.example.com/shop/app@sha256:aa"; app.Name != "app" || app.ImageID != want || app.State.Running == nil {
		t.Errorf("got %s of %+v, want %s", app.ImageID, app, want)
	}
}
