package podmantest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// call is one request on its way to a handler. Name is what stands for "*" in the route.
type call struct {
	s     *Service
	w     http.ResponseWriter
	r     *http.Request
	name  string
	query url.Values
	body  []byte
}

// answer is what a handler gives back. An empty body is sent as none at all, a string as plain text,
// anything else as JSON. A handler that wrote its reply itself returns streamed.
type answer struct {
	status   int
	body     any
	streamed bool
}

type handler func(c *call) (answer, error)

// route is one endpoint below /libpod, "*" standing for a name, which may hold slashes.
type route struct {
	method  string
	pattern string
	handle  handler
}

func routes() []route {
	return []route{
		{"GET", "/_ping", ping},
		{"GET", "/version", versionInfo},
		{"GET", "/info", info},

		{"POST", "/pods/create", createPod},
		{"GET", "/pods/json", listPods},
		{"GET", "/pods/*/json", inspectPod},
		{"GET", "/pods/*/exists", podExists},
		{"POST", "/pods/*/start", startPod},
		{"POST", "/pods/*/stop", stopPod},
		{"DELETE", "/pods/*", removePod},

		{"POST", "/containers/create", createContainer},
		{"GET", "/containers/json", listContainers},
		{"GET", "/containers/stats", containerStats},
		{"GET", "/containers/*/json", inspectContainer},
		{"GET", "/containers/*/exists", containerExists},
		{"POST", "/containers/*/init", initContainer},
		{"POST", "/containers/*/start", startContainer},
		{"POST", "/containers/*/stop", stopContainer},
		{"POST", "/containers/*/restart", restartContainer},
		{"POST", "/containers/*/kill", killContainer},
		{"POST", "/containers/*/pause", pauseContainer},
		{"POST", "/containers/*/unpause", unpauseContainer},
		{"POST", "/containers/*/wait", waitContainer},
		{"POST", "/containers/*/rename", renameContainer},
		{"POST", "/containers/*/update", updateContainer},
		{"GET", "/containers/*/logs", containerLogs},
		{"GET", "/containers/*/archive", getArchive},
		{"HEAD", "/containers/*/archive", getArchive},
		{"PUT", "/containers/*/archive", putArchive},
		{"POST", "/containers/*/exec", createExec},
		{"POST", "/containers/*/attach", attachContainer},
		{"POST", "/containers/*/resize", resizeContainer},
		{"DELETE", "/containers/*", removeContainer},

		{"POST", "/exec/*/start", startExec},
		{"GET", "/exec/*/json", inspectExec},
		{"POST", "/exec/*/resize", resizeExec},
		{"POST", "/exec/*/remove", removeExec},

		{"POST", "/volumes/create", createVolume},
		{"GET", "/volumes/json", listVolumes},
		{"GET", "/volumes/*/json", inspectVolume},
		{"GET", "/volumes/*/exists", volumeExists},
		{"GET", "/volumes/*/export", exportVolume},
		{"POST", "/volumes/*/import", importVolume},
		{"DELETE", "/volumes/*", removeVolume},

		{"POST", "/secrets/create", createSecret},
		{"GET", "/secrets/json", listSecrets},
		{"GET", "/secrets/*/json", inspectSecret},
		{"GET", "/secrets/*/exists", secretExists},
		{"DELETE", "/secrets/*", removeSecret},

		{"POST", "/networks/create", createNetwork},
		{"GET", "/networks/json", listNetworks},
		{"GET", "/networks/*/json", inspectNetwork},
		{"GET", "/networks/*/exists", networkExists},
		{"DELETE", "/networks/*", removeNetwork},

		{"GET", "/images/json", listImages},
		{"POST", "/images/pull", pullImage},
		{"POST", "/images/import", importImage},
		{"GET", "/images/*/json", inspectImage},
		{"GET", "/images/*/exists", imageExists},
		{"DELETE", "/images/*", removeImage},
	}
}

// prefix is the version and "/libpod" of a path. Podman serves any version (seen on 5.8.6 with
// /v6.0.0), and _ping without any.
var prefix = regexp.MustCompile(`^(/v[0-9.]+)?/libpod`)

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.work.Add(1)
	defer s.work.Done()
	path := prefix.ReplaceAllString(r.URL.Path, "")
	for _, route := range routes() {
		name, ok := match(route.pattern, path)
		if !ok || route.method != r.Method {
			continue
		}
		s.serve(&call{s: s, w: w, r: r, name: name, query: r.URL.Query()}, path, route.handle)
		return
	}
	s.t.Errorf("podmantest: no such endpoint: %s %s", r.Method, r.URL)
	http.Error(w, "Not Found", http.StatusNotFound)
}

// match holds path against a pattern with at most one "*".
func match(pattern, path string) (name string, ok bool) {
	before, after, wild := strings.Cut(pattern, "*")
	if !wild {
		return "", pattern == path
	}
	if len(path) <= len(before)+len(after) || !strings.HasPrefix(path, before) || !strings.HasSuffix(path, after) {
		return "", false
	}
	return path[len(before) : len(path)-len(after)], true
}

// serve records the request, applies the fault that is in wait for it, and handles it.
func (s *Service) serve(c *call, path string, handle handler) {
	if err := c.readBody(); err != nil {
		return // the client is gone
	}
	path = s.readable(path)
	s.record(c, path)
	c.w.Header().Set("Server", "Libpod/"+s.currentVersion()+" (linux)")
	c.w.Header().Set("Libpod-Api-Version", s.currentVersion())
	c.w.Header().Set("Api-Version", "1.44")

	fault := s.fault(c.r.Method, path)
	if fault != nil && fault.before != nil && fault.before(c) {
		return
	}
	reply, err := handle(c)
	if fault != nil && fault.dropReply {
		panic(http.ErrAbortHandler)
	}
	if reply.streamed {
		return
	}
	if err != nil {
		reply = answerTo(err)
	}
	c.send(reply)
}

func (s *Service) currentVersion() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

func (c *call) send(reply answer) {
	if text, ok := reply.body.(string); ok {
		c.w.Header().Set("Content-Type", "text/plain; charset=us-ascii")
		c.w.WriteHeader(reply.status)
		fmt.Fprintln(c.w, text)
		return
	}
	if reply.body == nil {
		c.w.WriteHeader(reply.status)
		return
	}
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(reply.status)
	if err := json.NewEncoder(c.w).Encode(reply.body); err != nil && c.r.Context().Err() == nil {
		c.s.t.Errorf("podmantest: answer to %s %s: %v", c.r.Method, c.r.URL, err)
	}
}

// failure is an error as Podman reports it. Message begins with what was done, cause is the innermost
// error.
type failure struct {
	status  int
	cause   string
	message string // without the cause
}

func (f *failure) Error() string {
	if f.message == "" {
		return f.cause
	}
	return f.message + ": " + f.cause
}

func answerTo(err error) answer {
	failed, ok := errors.AsType[*failure](err)
	if !ok {
		failed = &failure{status: http.StatusInternalServerError, cause: err.Error()}
	}
	return answer{status: failed.status, body: map[string]any{
		"cause":    failed.cause,
		"message":  failed.Error(),
		"response": failed.status,
	}}
}

func notFound(cause, format string, args ...any) error {
	return &failure{http.StatusNotFound, cause, fmt.Sprintf(format, args...)}
}

func internal(cause, format string, args ...any) error {
	return &failure{http.StatusInternalServerError, cause, fmt.Sprintf(format, args...)}
}

// decode reads a JSON body as Podman does: unknown fields are ignored without a word.
func (c *call) decode(into any) error {
	if err := json.Unmarshal(c.body, into); err != nil {
		cause := err.Error()
		if len(c.body) == 0 {
			cause = "EOF"
		}
		return internal(cause, "decode()")
	}
	return nil
}

// filters reads the filters of a list, each a name with the values of which one must match. A name
// Podman does not know is an error, with a status of 500.
func (c *call) filters(known ...string) (map[string][]string, error) {
	filters := map[string][]string{}
	text := c.query.Get("filters")
	if text == "" {
		return filters, nil
	}
	if err := json.Unmarshal([]byte(text), &filters); err != nil {
		return nil, internal(err.Error(), "failed to decode filter parameters for %s", c.r.URL)
	}
	for name := range filters {
		found := false
		for _, one := range known {
			found = found || one == name
		}
		if !found {
			return nil, internal(fmt.Sprintf("invalid filter %q", name), "")
		}
	}
	return filters, nil
}

// labelled reports whether labels satisfy all of the filters, each "name" or "name=value".
func labelled(labels map[string]string, filters []string) bool {
	for _, filter := range filters {
		name, value, valued := strings.Cut(filter, "=")
		have, ok := labels[name]
		if !ok || valued && have != value {
			return false
		}
	}
	return true
}

// named reports whether name matches one of the filters, which are regular expressions; without
// filters everything does.
func named(name string, filters []string) bool {
	for _, filter := range filters {
		if matched, err := regexp.MatchString(filter, name); err == nil && matched {
			return true
		}
	}
	return len(filters) == 0
}

func flag(query url.Values, name string) bool {
	value := query.Get(name)
	return value == "true" || value == "1" || value == "True"
}
