package program

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// web answers in the background until the program ends.
func web(ctx context.Context, r *run, args []string) (int, bool) {
	port, err := number(args, 0)
	if err != nil {
		return r.fail("web: %v", err)
	}
	listen := r.Listen
	if slices.Contains(args, "local") {
		listen = r.ListenLocal
	}
	if listen == nil {
		return r.fail("web: no loopback device")
	}
	listener, err := listen(port)
	if err != nil {
		return r.fail("web: %v", err)
	}
	if slices.Contains(args, "tls") {
		certificate, err := selfSigned()
		if err != nil {
			return r.fail("web: %v", err)
		}
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}})
	}
	return r.background(ctx, listener, &http.Server{Handler: http.HandlerFunc(r.answer)})
}

// health is grpc.health.v1.Health/Check. The protocol is HTTP/2 without TLS; a message is a byte for
// "not compressed", its length in four bytes, and a protobuf; how the call went is in the trailer.
func health(ctx context.Context, r *run, args []string) (int, bool) {
	port, err := number(args, 0)
	if err != nil {
		return r.fail("health: %v", err)
	}
	listener, err := r.Listen(port)
	if err != nil {
		return r.fail("health: %v", err)
	}
	condition := text(args[1:])
	server := &http.Server{Protocols: new(http.Protocols)}
	server.Protocols.SetUnencryptedHTTP2(true)
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Trailer", "Grpc-Status")
		code := "12" // Unimplemented
		if request.URL.Path == "/grpc.health.v1.Health/Check" {
			status := byte(1) // SERVING
			if condition != "" && !r.there(condition) {
				status = 2 // NOT_SERVING
			}
			w.Write([]byte{0, 0, 0, 0, 2, 1 << 3, status})
			code = "0"
		}
		w.Header().Set("Grpc-Status", code)
	})
	return r.background(ctx, listener, server)
}

func (r *run) background(ctx context.Context, listener net.Listener, server *http.Server) (int, bool) {
	server.ReadHeaderTimeout = 10 * time.Second
	go server.Serve(listener)
	context.AfterFunc(ctx, func() { server.Close() })
	return 0, false
}

func (r *run) there(path string) bool {
	_, err := r.Files.Stat(path)
	return err == nil
}

// answer is told by the address what to do: /CODE?note=EVENT&if=PATH&header=NAME&after=DURATION&to=ADDRESS&size=BYTES.
func (r *run) answer(w http.ResponseWriter, request *http.Request) {
	query := request.URL.Query()
	if event := query.Get("note"); event != "" {
		if err := r.note(event); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	if after, err := time.ParseDuration(query.Get("after")); err == nil {
		select {
		case <-request.Context().Done():
			return
		case <-time.After(after):
		}
	}
	code, err := strconv.Atoi(strings.Trim(request.URL.Path, "/"))
	if err != nil {
		code = http.StatusOK
	}
	if path := query.Get("if"); path != "" && !r.there(path) {
		code = http.StatusServiceUnavailable
	}
	if header := query.Get("header"); header != "" && request.Header.Get(header) == "" {
		code = http.StatusForbidden
	}
	if to := query.Get("to"); to != "" {
		w.Header().Set("Location", to)
	}
	w.WriteHeader(code)
	if size, err := strconv.Atoi(query.Get("size")); err == nil && size > 0 {
		w.Write(bytes.Repeat([]byte("."), size))
	}
}

// selfSigned is a certificate nobody has reason to trust.
func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour), DNSNames: []string{"test"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
