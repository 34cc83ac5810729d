package podmantest

import (
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
	Path   string // without the version and "/libpod", "/containers/web-app/start"
	Query  url.Values
	Body   []byte // as it came; empty for a volume import
}

// String is the method and the path.
func (r Request) String() string { return r.Method + " " + r.Path }

func (c *call) readBody() error {
	if strings.HasSuffix(c.r.URL.Path, "/import") {
		return nil
	}
	var err error
	c.body, err = io.ReadAll(c.r.Body)
	return err
}

func (s *Service) record(c *call, path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, Request{
		Method: c.r.Method,
		Path:   path,
		Query:  maps.Clone(c.query),
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
