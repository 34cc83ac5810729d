package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func serve(t *testing.T, handler http.HandlerFunc, connState func(net.Conn, http.ConnState)) load {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ConnState = connState
	server.Start()
	t.Cleanup(server.Close)
	return load{address: server.Listener.Addr().String(), path: "/page?size=3", connections: 3, length: 100 * time.Millisecond}
}

func TestLoadAsksOverAsManyConnectionsAsItShallAndKeepsThem(t *testing.T) {
	var asked, made atomic.Int64
	l := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.RequestURI != "/page?size=3" {
			t.Errorf("asked for %s", r.RequestURI)
		}
		fmt.Fprint(w, "yes")
	}, func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			made.Add(1)
		}
	})
	var out bytes.Buffer
	if err := loadCommand(t.Context(), l.args()[1:], &out); err != nil {
		t.Fatal(err)
	}
	var got pace
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if made.Load() != 4 { // one to see whether the page is there
		t.Errorf("%d connections were made, want 4", made.Load())
	}
	if counted := got.Rate * l.length.Seconds(); counted < 1 || counted >= float64(asked.Load()) {
		t.Errorf("%v answers counted of %d: those of the warm-up are none", counted, asked.Load())
	}
	if int64(got.Answers) != asked.Load()-1 { // but for the first
		t.Errorf("%d answers of %d", got.Answers, asked.Load())
	}
	if got.Median <= 0 || got.P99 < got.Median {
		t.Errorf("pace %+v", got)
	}
}

func TestLoadFailsWhenAnAnswerIsNotThePage(t *testing.T) {
	var asked atomic.Int64
	for _, test := range []struct {
		name, says string
		handler    http.HandlerFunc
	}{
		{"another status", "502 Bad Gateway", func(w http.ResponseWriter, _ *http.Request) {
			if asked.Add(1) > 50 {
				w.WriteHeader(http.StatusBadGateway)
			}
		}},
		{"a server that ends", "EOF", func(http.ResponseWriter, *http.Request) {
			if asked.Add(1) > 50 {
				panic(http.ErrAbortHandler)
			}
		}},
		{"a connection that is not kept", "not kept", func(w http.ResponseWriter, _ *http.Request) {
			if asked.Add(1) > 50 {
				w.Header().Set("Connection", "close")
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			asked.Store(0)
			_, err := serve(t, test.handler, nil).run(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v, want one that says %q", err, test.says)
			}
		})
	}
}

func TestLoadWaitsForWhatIsNotUpYet(t *testing.T) {
	var asked atomic.Int64
	l := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 1 {
			w.WriteHeader(http.StatusBadGateway)
		}
	}, nil)
	if _, err := l.run(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestLoadEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	l := serve(t, func(http.ResponseWriter, *http.Request) { cancel() }, nil)
	l.length = time.Hour
	if _, err := l.run(ctx); err == nil {
		t.Error("no error")
	}
}
