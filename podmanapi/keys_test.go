package podmanapi_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/podup/podup/translate"
)

// pullsWith gives the logins of the pulls so far, in order; "" is a pull without one.
func (s *shop) pullsWith() []string {
	s.Helper()
	var logins []string
	for _, request := range s.service.Requests() {
		if request.String() != "POST /images/pull" {
			continue
		}
		login, err := base64.URLEncoding.DecodeString(request.Header.Get("X-Registry-Auth"))
		s.must(err)
		logins = append(logins, string(login))
	}
	return logins
}

func TestPullsTryTheLoginsOfTheManifestsFirst(t *testing.T) {
	const image, me, you = "registry.example/none:1", `{"username":"me"}`, `{"username":"you"}`
	s := newShop(t)
	s.client.UseCredentials([]translate.Credential{
		{Image: image, Login: translate.Conceal(nil, me)},
		{Image: "registry.example/other:1", Login: translate.Conceal(nil, `{"username":"other"}`)},
		{Image: image, Login: translate.Conceal(nil, you)},
	})
	err := s.client.PullImage(t.Context(), image, nil)
	if err == nil || strings.Contains(err.Error(), "username") {
		t.Errorf("error %v", err)
	}
	if got, want := s.pullsWith(), []string{me, you, ""}; !slices.Equal(got, want) {
		t.Errorf("logins %q, want %q", got, want)
	}
	s.client.UseCredentials(nil)
	if err := s.client.PullImage(t.Context(), image, nil); err == nil {
		t.Error("an image nobody has was pulled")
	}
	if got := s.pullsWith(); len(got) != 4 || got[3] != "" {
		t.Errorf("logins %q", got)
	}
}
