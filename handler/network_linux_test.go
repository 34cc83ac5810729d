package handler_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

func portOf(t *testing.T, address string) int {
	t.Helper()
	if at, err := url.Parse(address); err == nil && at.Host != "" {
		address = at.Host
	}
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func httpGet(port int, path string, headers ...corev1.HTTPHeader) *corev1.HTTPGetAction {
	return &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt(port), Scheme: corev1.URISchemeHTTP, HTTPHeaders: headers}
}

// knows says whether this machine has the name: not every one has localhost.
func knows(t *testing.T, name string) bool {
	t.Helper()
	_, err := net.DefaultResolver.LookupHost(t.Context(), name)
	return err == nil
}

// freePort is one nobody listens on.
func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return portOf(t, listener.Addr().String())
}

// site answers /CODE with that code, and tells what it was asked.
func site(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/headers":
		fmt.Fprintf(w, "agent=%s accept=%s x=%s host=%s connection=%s encoding=%s", r.UserAgent(), strings.Join(r.Header["Accept"], "+"), strings.Join(r.Header["X"], "+"),
			strings.Split(r.Host, ":")[0], r.Header.Get("Connection"), r.Header.Get("Accept-Encoding"))
	case "/hangs":
		<-r.Context().Done()
	case "/long":
		fmt.Fprint(w, strings.Repeat("x", 30000))
	case "/here":
		http.Redirect(w, r, "/418", http.StatusFound)
	case "/there":
		http.Redirect(w, r, "http://elsewhere.invalid/", http.StatusFound)
	case "/round":
		http.Redirect(w, r, "/round", http.StatusFound)
	case "/query":
		fmt.Fprint(w, r.URL.RawQuery)
	default:
		code, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		if err != nil {
			code = 500
		}
		w.WriteHeader(code)
	}
}

func TestHTTPProbes(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(site))
	defer plain.Close()
	secure := httptest.NewTLSServer(http.HandlerFunc(site))
	defer secure.Close()
	h := newHandler(t)
	closed := freePort(t)
	https := func(port int, path string) *corev1.HTTPGetAction {
		get := httpGet(port, path)
		get.Scheme = corev1.URISchemeHTTPS
		return get
	}
	named := httpGet(portOf(t, plain.URL), "/200")
	named.Host = "localhost"
	known := knows(t, "localhost")
	for _, c := range []struct {
		name    string
		get     *corev1.HTTPGetAction
		success bool
		output  string // contained
	}{
		{"200 is success", httpGet(portOf(t, plain.URL), "/200"), true, ""},
		{"399 is success", httpGet(portOf(t, plain.URL), "/399"), true, ""},
		{"302 without a location is success", httpGet(portOf(t, plain.URL), "/302"), true, ""},
		{"400 is failure", httpGet(portOf(t, plain.URL), "/400"), false, "HTTP probe failed with statuscode: 400"},
		{"503 is failure", httpGet(portOf(t, plain.URL), "/503"), false, "503"},
		{"a redirect on the same host is followed", httpGet(portOf(t, plain.URL), "/here"), false, "418"},
		{"a redirect to another host is success", httpGet(portOf(t, plain.URL), "/there"), true, "terminated redirects"},
		{"a redirect without an end is failure", httpGet(portOf(t, plain.URL), "/round"), false, "stopped after 10 redirects"},
		{"nobody listening is failure", httpGet(closed, "/"), false, "connection refused"},
		{"no answer in time is failure", httpGet(portOf(t, plain.URL), "/hangs"), false, "Client.Timeout exceeded"},
		{"https takes any certificate", https(portOf(t, secure.URL), "/200"), true, ""},
		{"https does not fall back to http", https(portOf(t, plain.URL), "/200"), false, "server gave HTTP response to HTTPS client"},
		{"a query stays one", httpGet(portOf(t, plain.URL), "/query?a=b"), true, "a=b"},
		{"a host's name is looked up", named, known, ""},
		{"the request is a kubelet's", httpGet(portOf(t, plain.URL), "/headers"), true, "agent=kube-probe/1.36 accept=*/* x= host=127.0.0.1 connection=close encoding="},
		{"the manifest's headers win", httpGet(portOf(t, plain.URL), "/headers", corev1.HTTPHeader{Name: "user-agent", Value: "me"}, corev1.HTTPHeader{Name: "X", Value: "1"},
			corev1.HTTPHeader{Name: "X", Value: "2"}, corev1.HTTPHeader{Name: "Host", Value: "shop"}, corev1.HTTPHeader{Name: "Accept", Value: ""}), true, "agent=me accept= x=1+2 host=shop"},
	} {
		t.Run(c.name, func(t *testing.T) {
			probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: c.get}, TimeoutSeconds: 1}
			success, output, err := h.Probe(t.Context(), running(), here(), probe)
			if success != c.success || !strings.Contains(output, c.output) || err != nil {
				t.Errorf("%t, %q, %v", success, output, err)
			}
		})
	}
	probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: httpGet(portOf(t, plain.URL), "/long")}, TimeoutSeconds: 1}
	if success, output, err := h.Probe(t.Context(), running(), here(), probe); !success || err != nil || len(output) != 10240 {
		t.Errorf("a long answer: %t, %d bytes, %v", success, len(output), err)
	}
}

func TestHTTPHooks(t *testing.T) {
	agents := make(chan string, 100)
	handle := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		agents <- r.UserAgent() + r.Header.Get("Authorization")
		site(w, r)
	})
	plain := httptest.NewServer(handle)
	defer plain.Close()
	secure := httptest.NewTLSServer(handle)
	defer secure.Close()
	h := newHandler(t)
	hook := func(ctx context.Context, get *corev1.HTTPGetAction) error {
		return h.Hook(ctx, running(), here(), &corev1.LifecycleHandler{HTTPGet: get})
	}
	if err := hook(t.Context(), httpGet(portOf(t, plain.URL), "/500")); err != nil {
		t.Errorf("500: %v", err)
	}
	if got := <-agents; got != "kube-lifecycle/1.36" {
		t.Errorf("User-Agent %q", got)
	}
	if err := hook(t.Context(), httpGet(freePort(t), "/")); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("nobody listening: %v", err)
	}
	get := httpGet(portOf(t, secure.URL), "/404")
	get.Scheme = corev1.URISchemeHTTPS
	if err := hook(t.Context(), get); err != nil {
		t.Errorf("https: %v", err)
	}
	<-agents
	get = httpGet(portOf(t, plain.URL), "/200", corev1.HTTPHeader{Name: "Authorization", Value: "secret"})
	get.Scheme = corev1.URISchemeHTTPS
	if err := hook(t.Context(), get); err != nil {
		t.Errorf("https to a plain server: %v", err)
	}
	if got := <-agents; got != "kube-lifecycle/1.36" {
		t.Errorf("without https the server is told %q", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-agents; cancel() }()
	if err := hook(ctx, httpGet(portOf(t, plain.URL), "/hangs")); err == nil {
		t.Error("a hook that was given up succeeds")
	}
}

func TestTCPProbes(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	h := newHandler(t)
	for _, c := range []struct {
		name    string
		socket  corev1.TCPSocketAction
		success bool
	}{
		{"a port that is listened on", corev1.TCPSocketAction{Port: intstr.FromInt(portOf(t, listener.Addr().String()))}, true},
		{"the same by a host's name", corev1.TCPSocketAction{Host: "localhost", Port: intstr.FromInt(portOf(t, listener.Addr().String()))}, knows(t, "localhost")},
		{"a port nobody listens on", corev1.TCPSocketAction{Port: intstr.FromInt(freePort(t))}, false},
		{"a host there is not", corev1.TCPSocketAction{Host: "nobody.invalid", Port: intstr.FromInt(1)}, false},
	} {
		probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &c.socket}, TimeoutSeconds: 1}
		if success, output, err := h.Probe(t.Context(), running(), here(), probe); success != c.success || err != nil || success == (output != "") {
			t.Errorf("%s: %t, %q, %v", c.name, success, output, err)
		}
	}
}

func TestGRPCProbes(t *testing.T) {
	serve := func(register func(*grpc.Server)) int {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		server := grpc.NewServer()
		register(server)
		go server.Serve(listener)
		t.Cleanup(server.Stop)
		return portOf(t, listener.Addr().String())
	}
	checks := health.NewServer()
	checks.SetServingStatus("down", grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	healthy := serve(func(s *grpc.Server) { grpc_health_v1.RegisterHealthServer(s, checks) })
	bare := serve(func(*grpc.Server) {})
	other := httptest.NewServer(http.HandlerFunc(site))
	defer other.Close()
	h := newHandler(t)
	for _, c := range []struct {
		name    string
		port    int
		service *string
		success bool
		output  string
	}{
		{"a server that serves", healthy, nil, true, "service healthy"},
		{"the same with an empty service", healthy, ptr.To(""), true, "service healthy"},
		{"a service that does not", healthy, ptr.To("down"), false, "NOT_SERVING"},
		{"a service it does not know", healthy, ptr.To("unknown"), false, "unknown service"},
		{"a server without the health service", bare, nil, false, "does not implement the grpc health protocol"},
		{"a server that speaks no gRPC", portOf(t, other.URL), nil, false, "error: failed to connect service"},
		{"nobody listening", freePort(t), nil, false, "refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: int32(c.port), Service: c.service}}, TimeoutSeconds: 1}
			success, output, err := h.Probe(t.Context(), running(), here(), probe)
			if success != c.success || err != nil || !strings.Contains(output, c.output) {
				t.Errorf("%t, %q, %v", success, output, err)
			}
		})
	}
}
