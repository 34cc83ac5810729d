package podmantest

import (
	"cmp"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Request is one request the service got.
type Request struct {
	Method string
	Path   string // without the version and "/libpod", names in place of IDs: "/containers/web-app/start"
	Query  url.Values
	Header http.Header
	Body   []byte // as it came; empty for archives
}

// String is the method and the path.
func (r Request) String() string { return r.Method + " " + r.Path }

func (c *call) readBody() error {
	if strings.HasSuffix(c.r.URL.Path, "/import") || c.r.Method == http.MethodPut {
		return nil
	}
	var err error
	c.body, err = io.ReadAll(c.r.Body)
	return err
}

// readable puts the name of an object in place of its ID.
func (s *Service) readable(path string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	parts := strings.Split(path, "/")
	if len(parts) < 3 {
		return path
	}
	names := map[string]string{}
	switch parts[1] {
	case "containers":
		for _, one := range s.containers {
			names[one.id] = one.name
		}
	case "pods":
		for _, one := range s.pods {
			names[one.id] = one.name
		}
	case "secrets":
		for _, one := range s.secrets {
			names[one.id] = one.name
		}
	case "networks":
		for _, one := range s.networks {
			names[one.id] = one.name
		}
	}
	parts[2] = cmp.Or(names[parts[2]], parts[2])
	return strings.Join(parts, "/")
}

func (s *Service) record(c *call, path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, Request{
		Method: c.r.Method,
		Path:   path,
		Query:  maps.Clone(c.query),
		Header: c.r.Header.Clone(),
		Body:   c.body,
	})
}

// Requests are all requests so far, in the order they came.
func (s *Service) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Writes are the requests so far that could change something.
func (s *Service) Writes() []Request {
	return slices.DeleteFunc(s.Requests(), func(r Request) bool {
		return r.Method == http.MethodGet || r.Method == http.MethodHead || strings.HasSuffix(r.Path, "/wait")
	})
}

// Forget empties Requests and Writes, so that a test sees only what comes after.
func (s *Service) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}
