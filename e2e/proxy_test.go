package e2e

import (
	"context"
	"fmt"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// proxyCommand stands between podup and the engine and writes one line, "METHOD PATH", for each
// request to FILE. With RE, the first request whose line matches takes the engine away: the
// connection breaks before an answer and nobody listens any more.
//
//	proxy FILE [RE]
//
// It sets CONTAINER_HOST. (podup must take a unix socket for the machine's own engine.)
func proxyCommand(ts *testscript.TestScript, neg bool, args []string) {
	notNegated(ts, neg)
	if len(args) != 1 && len(args) != 2 {
		ts.Fatalf("usage: proxy FILE [RE]")
	}
	var fatal *regexp.Regexp
	if len(args) == 2 {
		var err error
		fatal, err = regexp.Compile(args[1])
		ts.Check(err)
	}
	log, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	stop := startProxy(ts, log, func(line string) bool { return fatal != nil && fatal.MatchString(line) })
	ts.Defer(func() {
		stop()
		log.Close()
	})
}

// startProxy forwards requests until one is fatal or stop is called, which waits for all of them. The
// two functions are called for one request at a time.
func startProxy(ts *testscript.TestScript, log io.Writer, fatal func(line string) bool) (stop func()) {
	socket := ts.Getenv("ENGINE_SOCKET")
	forward := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "engine"})
	forward.FlushInterval = -1 // streams are streams
	forward.Transport = &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}
	forward.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	var lock sync.Mutex
	dead := false
	var server *http.Server
	server = &http.Server{
		ErrorLog: stdlog.New(io.Discard, "", 0),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			line := r.Method + " " + r.URL.Path
			lock.Lock()
			fmt.Fprintln(log, line)
			dead = dead || fatal(line)
			gone := dead
			lock.Unlock()
			if gone {
				go server.Close()
				panic(http.ErrAbortHandler)
			}
			forward.ServeHTTP(w, r)
		}),
	}
	return serve(server, listen(ts))
}

// fakeEngine listens in an engine's place and sets CONTAINER_HOST: fake-engine KIND
//
//	hangs    accepts and never answers
//	garbage  answers with bytes that are no HTTP
//	html     answers everything 200 with a web page
//	old      is Podman 4.9
//	absent   is not there
//	closed   is a socket one may not open
func fakeEngine(ts *testscript.TestScript, neg bool, args []string) {
	notNegated(ts, neg)
	if len(args) != 1 {
		ts.Fatalf("usage: fake-engine KIND")
	}
	listener := listen(ts)
	talk := func(each func(net.Conn)) {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			var open []net.Conn
			for {
				conn, err := listener.Accept()
				if err != nil {
					break
				}
				open = append(open, conn)
				go each(conn)
			}
			for _, conn := range open {
				conn.Close()
			}
		}()
		ts.Defer(func() {
			listener.Close()
			<-ended
		})
	}
	answer := func(header map[string]string, body string) {
		ts.Defer(serve(&http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for name, value := range header {
				w.Header().Set(name, value)
			}
			io.WriteString(w, body)
		})}, listener))
	}
	switch args[0] {
	case "hangs":
		talk(func(net.Conn) {})
	case "garbage":
		talk(func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1))
			io.WriteString(conn, "\x00\x01\x02 SSH-2.0-nothing\r\n\r\n")
			conn.Close()
		})
	case "html":
		answer(map[string]string{"Content-Type": "text/html"}, "<html>Welcome to the router</html>")
	case "old":
		answer(map[string]string{"Libpod-Api-Version": "4.9.3", "Api-Version": "1.41", "Content-Type": "text/plain"}, "OK")
	case "absent":
		listener.Close()
	case "closed":
		talk(func(net.Conn) {})
		ts.Check(os.Chmod(listener.Addr().String(), 0))
	default:
		ts.Fatalf("no such engine: %s", args[0])
	}
}

// listen makes a socket and points CONTAINER_HOST at it. Its directory is not the script's own: a
// socket's path may have 107 bytes.
func listen(ts *testscript.TestScript) net.Listener {
	dir, err := os.MkdirTemp("", "podup-e2e-")
	ts.Check(err)
	ts.Defer(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "engine.sock")
	listener, err := net.Listen("unix", socket)
	ts.Check(err)
	ts.Setenv("CONTAINER_HOST", "unix://"+socket)
	return listener
}

// serve answers until stop is called.
func serve(server *http.Server, listener net.Listener) (stop func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	return func() {
		server.Close()
		<-done
	}
}
