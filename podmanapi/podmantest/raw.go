package podmantest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// raw speaks to an engine without any client's help: to make what is foreign to the client, and to
// see what the client left behind.
type raw struct {
	t    testing.TB
	http *http.Client
}

func newRaw(t testing.TB, address string) raw {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil || parsed.Scheme != "unix" {
		t.Fatalf("podmantest: the suite needs an engine at a unix socket, not %q", address)
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", parsed.Path)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return raw{t: t, http: &http.Client{Transport: transport}}
}

// reply is what came back: JSON where the engine says so, else text.
type reply struct {
	status int
	text   string
}

// message is the engine's error.
func (r reply) message() string {
	var body struct{ Message string }
	json.Unmarshal([]byte(r.text), &body)
	return body.Message
}

// do makes one request. A body that is no string is sent as JSON.
func (r raw) do(method, path string, body any) (reply, error) {
	var reader io.Reader
	kind := "application/json"
	switch body := body.(type) {
	case nil:
	case string:
		reader, kind = strings.NewReader(body), "application/octet-stream"
	case []byte:
		reader, kind = bytes.NewReader(body), "application/x-tar"
	default:
		data, err := json.Marshal(body)
		if err != nil {
			return reply{}, err
		}
		reader = bytes.NewReader(data)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, "http://d/v5.0.0/libpod"+path, reader)
	if err != nil {
		return reply{}, err
	}
	request.Header.Set("Content-Type", kind)
	response, err := r.http.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, string(text)}, err
}

// must makes a request that has to answer 2xx or 304 and decodes the answer into out, unless it is nil.
func (r raw) must(method, path string, body, out any) {
	r.t.Helper()
	answer, err := r.do(method, path, body)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, path, err)
	}
	if answer.status >= 300 && answer.status != http.StatusNotModified {
		r.t.Fatalf("%s %s: %d %s", method, path, answer.status, answer.text)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal([]byte(answer.text), out); err != nil {
		r.t.Fatalf("%s %s: %v in %q", method, path, err, answer.text)
	}
}

// status makes a request and gives the status and message of the answer.
func (r raw) status(method, path string, body any) (int, string) {
	r.t.Helper()
	answer, err := r.do(method, path, body)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer.status, answer.message()
}

// inspected is the part of a container's inspection the suite looks at.
type inspected struct {
	ID    string `json:"Id"`
	Name  string
	State struct {
		Status     string
		Pid        int
		ExitCode   int
		StartedAt  time.Time
		FinishedAt time.Time
	}
	Config struct {
		Labels map[string]string
		Env    []string
	}
	HostConfig struct {
		RestartPolicy struct{ Name string }
	}
}

func (r raw) container(name string) inspected {
	r.t.Helper()
	var found inspected
	r.must("GET", "/containers/"+name+"/json", nil, &found)
	return found
}

// exists asks for an object of a kind: "containers", "pods", "volumes", "networks", "secrets".
func (r raw) exists(kind, name string) bool {
	r.t.Helper()
	code, message := r.status("GET", "/"+kind+"/"+name+"/exists", nil)
	switch code {
	case http.StatusNoContent:
		return true
	case http.StatusNotFound:
		return false
	}
	r.t.Fatalf("does %s %s exist: %d %s", kind, name, code, message)
	return false
}

// labelled lists the names of all objects of a kind that carry a label.
func (r raw) labelled(kind, label string) []string {
	r.t.Helper()
	query := url.Values{"all": {"true"}}
	if kind != "secrets" { // Podman has no label filter for them
		query.Set("filters", fmt.Sprintf(`{"label":[%q]}`, label))
	}
	var list []struct {
		Name  string
		Names []string
		Lower string `json:"name"`
		Spec  struct {
			Name   string
			Labels map[string]string
		}
	}
	r.must("GET", "/"+kind+"/json?"+query.Encode(), nil, &list)
	names := []string{}
	for _, one := range list {
		switch {
		case kind == "secrets":
			if key, value, _ := strings.Cut(label, "="); one.Spec.Labels[key] == value {
				names = append(names, one.Spec.Name)
			}
		case len(one.Names) > 0:
			names = append(names, one.Names...)
		default:
			names = append(names, one.Name+one.Lower)
		}
	}
	return names
}
