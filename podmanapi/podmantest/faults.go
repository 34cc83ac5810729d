package podmantest

import (
	"context"
	"io"
	"net/http"
	"path"
	"strings"
	"sync"
)

// fault spoils the next requests that match.
type fault struct {
	method    string // or "*"
	pattern   string // as path.Match has it, without the version and "/libpod"
	times     int    // left
	before    func(c *call) (handled bool)
	dropReply bool
}

// Fail answers the next requests on route ("POST /containers/create", "* /pods/web/*") with status
// and an error message instead of doing anything, times times.
func (s *Service) Fail(route string, status int, message string, times int) {
	s.arm(route, times, &fault{before: func(c *call) bool {
		c.send(answerTo(&failure{status: status, cause: message}))
		return true
	}})
}

// Garble answers the next requests on route with status 200 and body, which need not be JSON.
func (s *Service) Garble(route, body string, times int) {
	s.arm(route, times, &fault{before: func(c *call) bool {
		c.w.Header().Set("Content-Type", "application/json")
		io.WriteString(c.w, body)
		return true
	}})
}

// Hang lets requests on route wait, before anything is done, until release is called or the client
// gives up. A released request is then done as usual.
func (s *Service) Hang(route string) (release func()) {
	held, let := context.WithCancel(context.Background())
	s.arm(route, -1, &fault{before: func(c *call) bool {
		select {
		case <-held.Done():
			return c.r.Context().Err() != nil
		case <-c.r.Context().Done():
		case <-c.s.lifetime.Done():
		}
		return true
	}})
	return sync.OnceFunc(let)
}

// DropReply does what the next requests on route ask for and then breaks the connection, times times.
func (s *Service) DropReply(route string, times int) {
	s.arm(route, times, &fault{dropReply: true})
}

// Drop breaks the connection of the next requests on route without doing anything, times times.
func (s *Service) Drop(route string, times int) {
	s.arm(route, times, &fault{before: func(*call) bool { panic(http.ErrAbortHandler) }})
}

// arm puts a fault in wait; a negative times is for ever.
func (s *Service) arm(route string, times int, f *fault) {
	method, pattern, ok := strings.Cut(route, " ")
	if _, err := path.Match(pattern, ""); !ok || err != nil {
		s.t.Fatalf("podmantest: a route is \"METHOD /path\", not %q", route)
	}
	f.method, f.pattern, f.times = method, pattern, times
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
}

// fault takes the first fault in wait for a request.
func (s *Service) fault(method, requestPath string) *fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.times == 0 || f.method != "*" && f.method != method {
			continue
		}
		if ok, err := path.Match(f.pattern, requestPath); err != nil || !ok {
			continue
		}
		f.times--
		return f
	}
	return nil
}
