package podmanapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi/podmantest"
	"github.com/podup/podup/translate"
)

// brings puts an image with labels under the reference of the shop's container.
func (s *shop) brings(labels map[string]string) {
	image := podmantest.TestImage()
	image.Labels = labels
	s.service.Image("localhost/app:1", image)
}

func TestAnImageWithTheLabelsOfUnitsMakesNoContainerOfUnits(t *testing.T) {
	s := newShop(t)
	s.brings(map[string]string{translate.LabelUnit: "other", translate.LabelRole: translate.RoleClaim})
	s.up()
	if objects, err := s.client.UnitObjects(t.Context(), "other"); err != nil || len(objects) > 0 {
		t.Errorf("of the units: %q, %v", objects, err)
	}
	if err := s.client.RemoveUnitObject(t.Context(), "other", "container/web-app"); err == nil || !strings.Contains(err.Error(), "it is of project shop") {
		t.Errorf("an uninstall removes it: %v", err)
	}
	taken, err := s.client.UnitTaken(t.Context(), "other", []string{"container/web-app"})
	if want := map[string]string{"container/web-app": "project shop"}; err != nil || !maps.Equal(taken, want) {
		t.Errorf("taken: %v, %v, want %v", taken, err, want)
	}
	projects, err := s.client.Inventory(t.Context())
	s.must(err)
	if len(projects) != 1 || projects[0].Name != "shop" || projects[0].Pods != 1 || projects[0].Containers != 1 || projects[0].Units {
		t.Errorf("projects: %+v", projects)
	}
}

func TestAContainerMadeBeforeItHadBothLabelsIsOfItsProject(t *testing.T) {
	s := newShop(t)
	s.up()
	// As an older podup made it from such an image.
	s.post("/containers/create", map[string]any{
		"name": "web-old", "image": "localhost/app:1", "pod": "web",
		"labels": map[string]string{translate.LabelProject: "shop", translate.LabelUnit: "other", translate.LabelPod: "web", translate.LabelContainer: "old", translate.LabelRole: translate.RoleApp},
	})
	if objects, err := s.client.UnitObjects(t.Context(), "other"); err != nil || len(objects) > 0 {
		t.Errorf("of the units: %q, %v", objects, err)
	}
	projects, err := s.client.Inventory(t.Context())
	s.must(err)
	if len(projects) != 1 || projects[0].Containers != 2 || projects[0].Units {
		t.Errorf("projects: %+v", projects)
	}
	s.must(s.client.RemoveContainer(t.Context(), "web-old"))
}

func TestAStrangersContainerWithTheLabelsOfAClaimIsNotTouched(t *testing.T) {
	s := newShop(t)
	s.brings(map[string]string{translate.LabelUnit: "shop", translate.LabelRole: translate.RoleClaim})
	s.post("/containers/create", map[string]any{"name": "web-app", "image": "localhost/app:1"})
	actual, err := s.client.Observe(t.Context(), translate.Project{Name: "shop", Pods: []translate.Pod{s.pod}})
	s.must(err)
	if want := map[string]string{"container/web-app": "units of shop"}; !maps.Equal(actual.Taken, want) {
		t.Errorf("taken: %v, want %v", actual.Taken, want)
	}
	for what, err := range map[string]error{
		"stop":   s.client.StopContainer(t.Context(), plan.StopContainer{Name: "web-app"}),
		"remove": s.client.RemoveContainer(t.Context(), "web-app"),
	} {
		if err == nil || !strings.Contains(err.Error(), "it is of units of shop") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := s.client.CreateContainer(t.Context(), s.app, "web-app"); err == nil {
		t.Error("it passes for the container that was to be made")
	}
}

func TestAnImageOfACommittedContainerMakesUnitsOfNoProject(t *testing.T) {
	s := newShop(t)
	s.brings(map[string]string{translate.LabelProject: "shop", translate.LabelPod: "web", translate.LabelRole: translate.RoleApp})
	mine := map[string]string{translate.LabelUnit: "units", translate.LabelProject: ""}
	s.post("/pods/create", map[string]any{"name": "db", "labels": map[string]string{translate.LabelUnit: "units"}})
	s.post("/containers/create", map[string]any{"name": "db-app", "image": "localhost/app:1", "pod": "db", "labels": mine})
	actual, err := s.client.Observe(t.Context(), translate.Project{Name: "shop"})
	if err != nil || len(actual.Pods) > 0 {
		t.Errorf("of the project: %+v, %v", actual.Pods, err)
	}
	if objects, err := s.client.UnitObjects(t.Context(), "units"); err != nil || !slices.Equal(objects, []string{"pod/db", "container/db-app"}) {
		t.Errorf("of the units: %q, %v", objects, err)
	}
	projects, err := s.client.Inventory(t.Context())
	s.must(err)
	if len(projects) != 1 || projects[0].Name != "units" || projects[0].Containers != 1 || projects[0].Pods != 1 || !projects[0].Units {
		t.Errorf("projects: %+v", projects)
	}
}

// post asks the service for something past the client.
func (s *shop) post(path string, body any) {
	s.Helper()
	socket := strings.TrimPrefix(s.service.URL(), "unix://")
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	text, err := json.Marshal(body)
	s.must(err)
	request, err := http.NewRequestWithContext(s.Context(), http.MethodPost, "http://d/v5.0.0/libpod"+path, bytes.NewReader(text))
	s.must(err)
	request.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(request)
	s.must(err)
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		said, _ := io.ReadAll(answer.Body)
		s.Fatalf("%s: %s %s", path, answer.Status, said)
	}
}
