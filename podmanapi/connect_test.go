package podmanapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// listen serves connections on a unix socket until the test ends.
func listen(t *testing.T, serve func(net.Conn)) (url string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "podup") // a socket's path has 108 bytes at most
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		listener.Close()
		os.RemoveAll(dir)
	})
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return "unix://" + path
}

// answers gives each request the same bytes.
func answers(text string) func(net.Conn) {
	return func(conn net.Conn) {
		defer conn.Close()
		buffer := make([]byte, 4096)
		if _, err := conn.Read(buffer); err == nil {
			_, _ = io.WriteString(conn, text)
		}
	}
}

func podmanSays(version string) func(net.Conn) {
	return answers(fmt.Sprintf("HTTP/1.1 200 OK\r\nLibpod-Api-Version: %s\r\nContent-Length: 2\r\n\r\nOK", version))
}

func TestWhatIsWrongWithAnEngine(t *testing.T) {
	dir := t.TempDir()
	dead := filepath.Join(dir, "dead.sock")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: dead, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	listener.SetUnlinkOnClose(false)
	listener.Close()
	html := "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"
	cases := []struct {
		name, url string
		want      []string
	}{
		{"there is no socket", "unix://" + dir + "/none.sock", []string{"there is no such socket", "systemctl --user start podman.socket"}},
		{"nobody listens", "unix://" + dead, []string{"nobody listens there"}},
		{"it hangs", listen(t, func(net.Conn) {}), []string{"has not answered", "podman.service"}},
		{"it hangs up", listen(t, func(c net.Conn) { c.Close() }), []string{"does not answer as Podman does"}},
		{"it answers a web page", listen(t, answers(html)), []string{"not Podman", "Libpod-Api-Version"}},
		{"it answers noise", listen(t, answers("220 mail ESMTP\r\n")), []string{"does not answer as Podman does"}},
		{"it is Podman 4", listen(t, podmanSays("4.9.3")), []string{"Podman 4.9.3", "too old", "needs Podman 5.0 or newer"}},
		{"its version is none", listen(t, podmanSays("new")), []string{`"new", which is no version`}},
		{"the URL has no scheme", "podman.sock", []string{"no URL such as unix:///"}},
		{"the scheme is another", "npipe:////./pipe/podman", []string{`not "npipe"`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := dial(t.Context(), address{url: c.url, from: "--url"}, nil, time.Second)
			if err == nil {
				t.Fatal("connected")
			}
			if !Unreachable(err) {
				t.Errorf("not Unreachable: %v", err)
			}
			if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "http://d/") {
				t.Errorf("not one clear line: %v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v\nlacks %q", err, want)
				}
			}
		})
	}
}

func TestASocketOfAnotherUser(t *testing.T) {
	// Root may open every socket, so that the message alone can be tested everywhere.
	got := dialError(t.Context(), address{url: "unix:///run/podman/podman.sock", from: "CONTAINER_HOST"}, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", os.ErrPermission)})
	if !Unreachable(got) || !strings.Contains(got.Error(), "permission denied") || !strings.Contains(got.Error(), "CONTAINER_HOST") {
		t.Error(got)
	}
}

func TestAnInterruptWhileConnectingIsNoEngineFailure(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url := listen(t, func(net.Conn) { cancel() })
	_, err := dial(ctx, address{url: url, from: "--url"}, nil, 10*time.Second)
	if !errors.Is(err, context.Canceled) || Unreachable(err) {
		t.Error(err)
	}
}

func TestAnEngineThatWillDo(t *testing.T) {
	for _, version := range []string{"5.0.0", "5.8.6", "6.0.0-rc1"} {
		c, err := dial(t.Context(), address{url: listen(t, podmanSays(version)), from: "--url"}, nil, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if c.version != version {
			t.Errorf("version %q, want %q", c.version, version)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestErrorsOfTheEngine(t *testing.T) {
	cases := []struct {
		name, body string
		status     int
		want       string
	}{
		{"libpod's own", `{"cause":"no such container","message":"no container with name \"x\" found: no such container","response":404}`, 404,
			`start container/x: no container with name "x" found: no such container`},
		{"of several lines", `{"message":"pasta failed with exit code 1:\nListen failed\n"}`, 500, "start container/x: pasta failed with exit code 1:; Listen failed"},
		{"plain text", "Method Not Allowed\n", 405, "start container/x: the engine answers 405: Method Not Allowed"},
		{"a web page", "<html><h1>Bad Gateway</h1></html>", 502, "start container/x: the engine answers 502 Bad Gateway"},
		{"nothing", "", 500, "start container/x: the engine answers 500 Internal Server Error"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := replyError("start container/x", &http.Response{StatusCode: c.status, Body: io.NopCloser(strings.NewReader(c.body))})
			if err.Error() != c.want || status(err) != c.status {
				t.Errorf("got %q with %d", err.Error(), status(err))
			}
			if Unreachable(err) {
				t.Error("an engine that answers is reachable")
			}
		})
	}
}

// client speaks to a handler.
func client(t *testing.T, handle http.HandlerFunc) *Client {
	t.Helper()
	dir, err := os.MkdirTemp("", "podup")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Libpod-Api-Version", "5.8.2")
		if strings.HasSuffix(r.URL.Path, "/_ping") {
			return
		}
		handle(w, r)
	})}
	go func() { _ = server.Serve(listener) }() // ends with the listener
	c, err := dial(t.Context(), address{url: "unix://" + path, from: "--url"}, func(string) {}, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Close()
		os.RemoveAll(dir)
	})
	return c
}

func drop(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		conn.Close()
	}
}

func TestAQuestionIsAskedAgainWhereTheServiceWasKilled(t *testing.T) {
	var asked atomic.Int32
	c := client(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 3 {
			drop(w)
			return
		}
		_, _ = io.WriteString(w, "[]")
	})
	if _, err := c.list(t.Context(), "list", nil); err != nil || asked.Load() != 3 {
		t.Errorf("asked %d times: %v", asked.Load(), err)
	}
}

func TestAChangeIsAskedForOnce(t *testing.T) {
	var asked atomic.Int32
	c := client(t, func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); drop(w) })
	err := c.call(t.Context(), post("start container/x", "/containers/x/start", nil, struct{}{}), nil)
	if asked.Load() != 1 || !Unreachable(err) || !strings.HasPrefix(err.Error(), "start container/x: the connection to Podman at unix://") {
		t.Errorf("asked %d times: %v", asked.Load(), err)
	}
}

func TestAnInterruptedCallSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := client(t, func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	begun := time.Now()
	err := c.call(ctx, post("stop container/x", "/containers/x/stop", nil, nil), nil)
	if !errors.Is(err, context.Canceled) || Unreachable(err) {
		t.Error(err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestAnAnswerThatIsNoJSON(t *testing.T) {
	c := client(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") })
	_, err := c.list(t.Context(), "list containers", nil)
	if err == nil || !strings.HasPrefix(err.Error(), "list containers: the engine's answer is no JSON") {
		t.Error(err)
	}
}

func TestABeginningOfAnIDIsNoName(t *testing.T) {
	c := client(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"Id":"cafe4711","Name":"somebody-elses","Labels":{"io.podup.project":"p"}}`)
	})
	if _, err := c.inspect(t.Context(), pod, "cafe", "remove pod/cafe"); !missing(err) {
		t.Errorf("got %v, want no such pod", err)
	}
}
