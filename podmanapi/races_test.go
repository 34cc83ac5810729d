package podmanapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// A podup that was killed leaves calls behind that the engine carries out.
func TestARemovalThatMeetsAnotherOneSucceeds(t *testing.T) {
	const gone = "no pod with ID 0123 found in database: no such pod"
	for _, test := range []struct{ name, route, message string }{
		{"the pod is removed meanwhile", "DELETE /pods/*", gone},
		{"a member of the pod is removed meanwhile", "DELETE /pods/*", "no container with ID 0123 found in database: no such container"},
		{"a container is removed before it is stopped", "POST /containers/*/stop", "no container with ID 0123 found in database: no such container"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t)
			s.up()
			s.service.Fail(test.route, http.StatusInternalServerError, test.message, 1)
			s.must(s.client.RemovePod(t.Context(), plan.RemovePod{Pod: "web", Grace: -1}))
			if left := s.observe(); len(left.Pods) > 0 {
				t.Errorf("left: %v", left.Pods)
			}
		})
	}
	t.Run("an engine that always says so is believed in the end", func(t *testing.T) {
		s := newShop(t)
		s.up()
		s.service.Fail("DELETE /pods/*", http.StatusInternalServerError, gone, -1)
		err := s.client.RemovePod(t.Context(), plan.RemovePod{Pod: "web", Grace: -1})
		if err == nil || !strings.Contains(err.Error(), gone) {
			t.Errorf("error %v", err)
		}
	})
}

// A claim keeps its own name, which may be that of another project's release volume.
func TestReleasesAreNotKeptInAVolumeOfAnotherProject(t *testing.T) {
	s := newShop(t)
	s.must(s.client.CreateVolume(t.Context(), translate.Volume{Project: "shop", Name: "podup.other", Kind: translate.Claim}))
	fresh := connect(t, s.service.URL())
	files := fresh.Releases("other")
	if _, err := files.Read(t.Context(), "key"); err == nil || !strings.Contains(err.Error(), "of project shop") {
		t.Errorf("read: error %v", err)
	}
	if err := files.Write(t.Context(), "key", []byte("k")); err == nil || !strings.Contains(err.Error(), "of project shop") {
		t.Errorf("write: error %v", err)
	}
}
