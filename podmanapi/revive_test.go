package podmanapi

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"sync"
	"testing"
)

// somebody listens on a socket until the test closes it.
func somebody(t *testing.T, path string) net.Listener {
	t.Helper()
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

func TestAServiceThatHasEndedIsStartedAgainOnce(t *testing.T) {
	first, second := filepath.Join(t.TempDir(), "first"), filepath.Join(t.TempDir(), "second")
	listener := somebody(t, first)
	started := 0
	s := &unixSocket{path: first, start: func(context.Context) (string, error) {
		started++
		somebody(t, second)
		return second, nil
	}}
	reach := func() {
		conn, err := s.dial(t.Context())
		if err != nil {
			t.Error(err)
			return
		}
		conn.Close()
	}
	reach()
	if started != 0 {
		t.Fatal("somebody listened and a service was started")
	}
	listener.Close()
	var all sync.WaitGroup
	for range 8 {
		all.Go(reach)
	}
	all.Wait()
	if started != 1 {
		t.Errorf("%d services were started, want 1", started)
	}
}

func TestAServiceThatCannotBeStartedIsAskedForAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nobody")
	asked := 0
	s := &unixSocket{path: path, start: func(context.Context) (string, error) {
		if asked++; asked == 1 {
			return "", errors.New("not now")
		}
		somebody(t, path)
		return path, nil
	}}
	if _, err := s.dial(t.Context()); !nobodyThere(err) {
		t.Errorf("the error is %v, want that of the socket", err)
	}
	conn, err := s.dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func TestAnEngineThatWasNamedIsNotStarted(t *testing.T) {
	s := &unixSocket{path: filepath.Join(t.TempDir(), "nobody")}
	if _, err := s.dial(t.Context()); !nobodyThere(err) {
		t.Errorf("the error is %v", err)
	}
}
