package podmantest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

type secret struct {
	id      string
	name    string
	labels  map[string]string
	data    []byte
	created time.Time
	updated time.Time
}

// maxSecret is Podman's limit, exclusive (common/pkg/secrets).
const maxSecret = 512000

func createSecret(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	labels := map[string]string{}
	if text := c.query.Get("labels"); text != "" {
		if err := json.Unmarshal([]byte(text), &labels); err != nil {
			return answer{}, &failure{http.StatusBadRequest, err.Error(), "failed to parse labels"}
		}
	}
	if len(c.body) == 0 || len(c.body) >= maxSecret {
		return answer{}, internal("secret data must be larger than 0 and less than 512000 bytes", "")
	}
	name := c.query.Get("name")
	now := time.Now()
	made := &secret{id: s.newID()[:25], name: name, labels: labels, data: c.body, created: now, updated: now}
	if i := s.secretIndex(name); i >= 0 {
		switch {
		case flag(c.query, "replace"):
			// The ID changes, and with it what a container created before can find.
			made.created = s.secrets[i].created
			s.secrets[i] = made
			return answer{status: http.StatusOK, body: map[string]any{"ID": made.id}}, nil
		case flag(c.query, "ignore") && s.atLeast(5, 8):
			return answer{status: http.StatusOK, body: map[string]any{"ID": s.secrets[i].id}}, nil
		}
		return answer{}, internal("secret name in use", "%s", name)
	}
	s.secrets = append(s.secrets, made)
	return answer{status: http.StatusOK, body: map[string]any{"ID": made.id}}, nil
}

// atLeast compares the version the service shows. The caller holds mu.
func (s *Service) atLeast(major, minor int) bool {
	var haveMajor, haveMinor int
	fmt.Sscanf(s.version, "%d.%d", &haveMajor, &haveMinor)
	return haveMajor > major || haveMajor == major && haveMinor >= minor
}

func (s *Service) secretIndex(nameOrID string) int {
	return slices.IndexFunc(s.secrets, func(one *secret) bool { return one.name == nameOrID || one.id == nameOrID })
}

func noSecret(name string) error {
	return notFound("no such secret", "no secret with name or id %q", name)
}

func (x *secret) report(show bool) map[string]any {
	report := map[string]any{
		"ID": x.id, "CreatedAt": x.created, "UpdatedAt": x.updated,
		"Spec": map[string]any{
			"Name": x.name, "Labels": x.labels,
			"Driver": map[string]any{"Name": "file", "Options": map[string]string{"path": "/secrets/filedriver"}},
		},
	}
	if show {
		report["SecretData"] = string(x.data)
	}
	return report
}

// listSecrets knows the filters name and id only: Podman 5.8 and 5.4 answer 500 to a label, as soon as
// there is a secret to hold it against.
func listSecrets(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	filters, err := c.filters("name", "id")
	if err != nil && len(s.secrets) > 0 {
		return answer{}, err
	}
	list := []any{}
	for _, one := range s.secrets {
		if named(one.name, filters["name"]) && named(one.id, filters["id"]) {
			list = append(list, one.report(false))
		}
	}
	return answer{status: http.StatusOK, body: list}, nil
}

func inspectSecret(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.secretIndex(c.name)
	if i < 0 {
		return answer{}, noSecret(c.name)
	}
	return answer{status: http.StatusOK, body: s.secrets[i].report(flag(c.query, "showsecret"))}, nil
}

func secretExists(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.secretIndex(c.name) < 0 {
		return answer{}, notFound("no such secret", "")
	}
	return answer{status: http.StatusNoContent}, nil
}

// removeSecret succeeds for a secret in use, too: the container that names it can never start again.
func removeSecret(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.secretIndex(c.name)
	if i < 0 {
		return answer{}, noSecret(c.name)
	}
	s.secrets = slices.Delete(s.secrets, i, i+1)
	return answer{status: http.StatusNoContent}, nil
}
