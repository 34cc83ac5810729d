package podmanapi

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/containers/podman/v5/pkg/bindings"
	"go.podman.io/common/pkg/config"
)

// Options say which engine to use. Getenv is os.Getenv where nil; containers.conf is always read from
// where the real environment has it. Warn takes one line about something the user should know; it
// may be nil.
type Options struct {
	URL    string // --url; empty: CONTAINER_HOST, containers.conf, the user's podman.socket, else a service is started
	Getenv func(string) string
	Warn   func(string)
}

// connectTimeout is how long an engine may take to accept a connection and answer its first question.
const connectTimeout = 10 * time.Second

// connections is how many requests may be under way without a new connection each.
const connections = 16

// Connect finds the engine and checks that it is a Podman podup can use. Where the local engine has
// no service, one is started. An error for which Unreachable holds says what to do.
func Connect(ctx context.Context, opts Options) (*Client, error) {
	getenv, warn := opts.Getenv, opts.Warn
	if getenv == nil {
		getenv = os.Getenv
	}
	if warn == nil {
		warn = func(string) {}
	}
	at, err := explicit(opts.URL, getenv, func() (*config.Config, error) { return config.New(nil) })
	if err != nil {
		return nil, err
	}
	if at.url != "" {
		return dial(ctx, at, warn, connectTimeout)
	}
	uid := os.Getuid()
	again := func(ctx context.Context) (string, error) { return start(ctx, uid, getenv) }
	for _, socket := range sockets(uid, getenv) {
		if !trusted(socket, uid, getenv) {
			continue
		}
		client, err := dial(ctx, address{url: "unix://" + socket, from: "the default socket"}, warn, connectTimeout)
		if err == nil {
			client.revive(again)
		}
		if err == nil || !nobodyThere(err) {
			return client, err
		}
	}
	socket, err := again(ctx)
	if err != nil {
		return nil, err
	}
	client, err := dial(ctx, address{url: "unix://" + socket, from: "a service podup started"}, warn, connectTimeout)
	if err == nil {
		client.revive(again)
	}
	return client, err
}

// trusted says that a socket podup tries of its own accord is not somebody else's: the private one may
// lie below the temporary directory, where anybody can make one of that name.
func trusted(socket string, uid int, getenv func(string) string) bool {
	return socket != privateSocket(uid, getenv) || private(filepath.Dir(socket)) == nil
}

// nobodyThere says that no process listens, as opposed to one that does not do.
func nobodyThere(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED)
}

// dial connects to one address. patience bounds all of it.
func dial(ctx context.Context, at address, warn func(string), patience time.Duration) (*Client, error) {
	where, err := url.Parse(at.url)
	if err != nil || where.Scheme == "" {
		return nil, &unreachable{fmt.Sprintf("engine %q, from %s, is no URL such as unix:///run/podman/podman.sock or ssh://user@host/run/podman/podman.sock", at.url, at.from), err}
	}
	c := &Client{base: "http://d/" + apiVersion + "/libpod", url: at.url, warn: warn, peer: peer{uid: -1}}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	switch where.Scheme {
	case "unix":
		if c.peer, err = knock(limited, socketPath(at.url)); err != nil {
			return nil, dialError(ctx, at, err)
		}
		c.local, c.socket = runtime.GOOS == "linux", &unixSocket{path: socketPath(at.url)}
		c.http = &http.Client{Transport: &http.Transport{
			DialContext:         func(ctx context.Context, _, _ string) (net.Conn, error) { return c.socket.dial(ctx) },
			DisableCompression:  true,
			MaxIdleConnsPerHost: connections,
		}}
	case "tcp", "ssh":
		if c.http, err = remote(limited, at); err != nil {
			return nil, dialError(ctx, at, err)
		}
		if where.Scheme == "tcp" {
			scheme := "http"
			if at.ca != "" || at.cert != "" {
				scheme = "https"
			}
			c.base = scheme + "://" + where.Host + strings.TrimSuffix(where.Path, "/") + "/" + apiVersion + "/libpod"
		}
	default:
		return nil, &unreachable{fmt.Sprintf("engine %s, from %s: podup speaks to unix, ssh and tcp sockets, not %q", at.url, at.from, where.Scheme), nil}
	}
	if c.version, err = c.ping(limited); err != nil {
		c.http.CloseIdleConnections()
		return nil, dialError(ctx, at, err)
	}
	if err := checkVersion(at, c.version); err != nil {
		return nil, err
	}
	return c, nil
}

// socketPath takes unix:///path and the unix://path that Podman's own bindings forgive.
func socketPath(url string) string {
	return "/" + strings.TrimLeft(strings.TrimPrefix(url, "unix:"), "/")
}

// knock opens a connection to see whether somebody listens, and who.
func knock(ctx context.Context, path string) (peer, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err != nil {
		return peer{}, err
	}
	defer conn.Close()
	return credentials(conn), nil
}

// remote connects by ssh or TLS as podman --remote does. The bindings neither watch ctx while ssh
// shakes hands nor bound it: a host that does not answer leaves one goroutine behind.
func remote(ctx context.Context, at address) (*http.Client, error) {
	type result struct {
		client *http.Client
		err    error
	}
	done := make(chan result, 1)
	go func() {
		connected, err := bindings.NewConnectionWithOptions(ctx, bindings.Options{
			URI: at.url, Identity: at.identity, Machine: at.machine,
			TLSCertFile: at.cert, TLSKeyFile: at.key, TLSCAFile: at.ca,
		})
		if err != nil {
			done <- result{nil, err}
			return
		}
		connection, err := bindings.GetClient(connected)
		if err != nil {
			done <- result{nil, err}
			return
		}
		if transport, ok := connection.Client.Transport.(*http.Transport); ok {
			transport.MaxIdleConnsPerHost = connections
		}
		done <- result{connection.Client, nil}
	}()
	select {
	case r := <-done:
		return r.client, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
