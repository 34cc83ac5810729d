package podmanapi_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/podup/podup/translate"
)

type sentMount struct{ source, destination string }

// sentMounts are the binds of the last container that was made.
func (s *shop) sentMounts() []sentMount {
	s.Helper()
	var body struct {
		Mounts []struct{ Source, Destination string }
	}
	for _, request := range s.service.Requests() {
		if strings.HasSuffix(request.String(), "POST /containers/create") {
			s.must(json.Unmarshal(request.Body, &body))
		}
	}
	var sent []sentMount
	for _, m := range body.Mounts {
		sent = append(sent, sentMount{m.Source, m.Destination})
	}
	return sent
}

// mounted gives the text of what a container has mounted at a path.
func (s *shop) mounted(path string) string {
	s.Helper()
	var source string
	for _, m := range s.sentMounts() {
		if m.destination == path {
			source = m.source
		}
	}
	text, err := os.ReadFile(source)
	if err != nil {
		s.Fatalf("at %s: %v", path, err)
	}
	return string(text)
}

func TestContainersFindNamesAsTheirPodSays(t *testing.T) {
	s := newShop(t)
	s.pod.Hostname = "front"
	s.pod.Names = translate.Names{
		Domain: "shop.default.svc.cluster.local", Aliases: []translate.HostAlias{{IP: "192.0.2.9", Names: []string{"db"}}},
		DNS: &translate.DNS{Only: true, Servers: []string{"192.0.2.1"}},
	}
	s.up()
	hosts := s.mounted("/etc/hosts")
	for _, line := range []string{"# Kubernetes-managed hosts file.", "\tfront.shop.default.svc.cluster.local\tfront\n", "192.0.2.9\tdb\n"} {
		if !strings.Contains(hosts, line) {
			t.Errorf("no %q in\n%s", line, hosts)
		}
	}
	if got := s.mounted("/etc/resolv.conf"); got != "nameserver 192.0.2.1\n" {
		t.Errorf("resolv.conf is %q", got)
	}
}

func TestNamesAreWrittenAgainWhenThePodStartsAgain(t *testing.T) {
	s := newShop(t)
	s.up()
	before := s.mounted("/etc/hosts")
	for _, m := range s.sentMounts() {
		if err := os.WriteFile(m.source, []byte("spoilt"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.must(s.client.StartPod(s.Context(), "web"))
	if got := s.mounted("/etc/hosts"); got != before || got == "" {
		t.Errorf("got\n%s\nwant\n%s", got, before)
	}
}
