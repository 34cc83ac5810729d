package handler

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/component-base/version"
	"k8s.io/kubernetes/pkg/probe"
	httpprobe "k8s.io/kubernetes/pkg/probe/http"
	tcpprobe "k8s.io/kubernetes/pkg/probe/tcp"
)

// The User-Agents of a kubelet of this Kubernetes version. Its own functions take the version from its
// build, which a library has not.
const (
	probeAgent = "kube-probe/" + version.DefaultKubeBinaryVersion
	hookAgent  = "kube-lifecycle/" + version.DefaultKubeBinaryVersion
)

// httpRequest is kubelet: probe/http NewRequestForHTTPGetAction.
func httpRequest(ctx context.Context, get *corev1.HTTPGetAction, podIP, agent string) (*http.Request, error) {
	// The container is for the names of ports, which are numbers here.
	r, err := httpprobe.NewRequestForHTTPGetAction(get, &corev1.Container{}, podIP, "")
	if err != nil {
		return nil, err
	}
	own := func(h corev1.HTTPHeader) bool { return strings.EqualFold(h.Name, "User-Agent") }
	named := false
	for _, h := range get.HTTPHeaders {
		named = named || own(h)
	}
	if !named {
		r.Header.Set("User-Agent", agent)
	}
	return r.WithContext(ctx), nil
}

// probeHTTP is kubelet: probe/http, whose prober has a dialer of its own.
func probeHTTP(ctx context.Context, in *entered, a action) result {
	r, err := httpRequest(ctx, a.HTTP, a.PodIP, probeAgent)
	if err != nil {
		return failed(err)
	}
	transport := utilnet.SetTransportDefaults(&http.Transport{
		TLSClientConfig:    &tls.Config{InsecureSkipVerify: true},
		DisableKeepAlives:  true,
		Proxy:              http.ProxyURL(nil),
		DisableCompression: true, // no Accept-Encoding
		DialContext:        in.dialContext,
	})
	defer transport.CloseIdleConnections()
	client := &http.Client{Timeout: a.Timeout, Transport: transport, CheckRedirect: httpprobe.RedirectChecker(false)}
	outcome, output, err := httpprobe.DoHTTPProbe(r, client)
	return probed(ctx, outcome, output, err)
}

func (e *entered) dialContext(ctx context.Context, _, address string) (net.Conn, error) {
	return e.dial(ctx, probe.ProbeDialer(), address)
}

// hookHTTP is kubelet: lifecycle/handlers.go runHTTPHandler: any status is success.
func hookHTTP(ctx context.Context, in *entered, a action) result {
	r, err := httpRequest(ctx, a.HookHTTP, a.PodIP, hookAgent)
	if err != nil {
		return failed(err)
	}
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			return in.dial(ctx, &net.Dialer{}, address)
		},
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, CheckRedirect: httpprobe.RedirectChecker(false)}
	reply, err := client.Do(r)
	discard(reply)
	var outer *url.Error
	if errors.As(err, &outer) && strings.Contains(outer.Err.Error(), "server gave HTTP response to HTTPS client") {
		plain := r.Clone(ctx)
		plain.URL.Scheme = "http"
		plain.Header.Del("Authorization")
		reply, err = client.Do(plain)
		discard(reply)
	}
	if err != nil {
		return failed(err)
	}
	return result{Success: true}
}

// discard reads an answer whose end the server may wait for.
func discard(reply *http.Response) {
	if reply == nil {
		return
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(reply.Body, outputLimit))
	reply.Body.Close()
}

// probeTCP is kubelet: probe/tcp.
func probeTCP(ctx context.Context, in *entered, a action) result {
	host := a.TCP.Host
	if host == "" {
		host = a.PodIP
	}
	port, err := probe.ResolveContainerPort(a.TCP.Port, &corev1.Container{})
	if err != nil {
		return failed(err)
	}
	limited, cancel := context.WithTimeout(ctx, a.Timeout)
	defer cancel()
	hosts, number, err := lookup(limited, net.JoinHostPort(host, fmt.Sprint(port)))
	if err != nil {
		return probed(ctx, probe.Failure, err.Error(), nil)
	}
	deadline, _ := limited.Deadline()
	var outcome probe.Result
	var output string
	for _, host := range hosts {
		err = in.inside(func() (err error) {
			outcome, output, err = tcpprobe.DoTCPProbe(net.JoinHostPort(host, number), max(time.Until(deadline), time.Millisecond))
			return err
		})
		if err != nil || outcome == probe.Success {
			break
		}
	}
	return probed(ctx, outcome, output, err)
}

// probed is the result of a probe. Once ctx has ended nobody may count it.
func probed(ctx context.Context, outcome probe.Result, output string, err error) result {
	switch {
	case ctx.Err() != nil:
		return failed(context.Cause(ctx))
	case err != nil:
		return failed(err)
	}
	if len(output) > outputLimit {
		output = output[:outputLimit]
	}
	return result{Success: outcome == probe.Success || outcome == probe.Warning, Output: output}
}
