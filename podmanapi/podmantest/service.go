// Package podmantest is a Podman service for tests: it speaks the libpod REST API over a unix
// socket, keeps everything in memory and behaves, quirks included, as Podman 5.8 and 5.4 were seen
// to. Containers run Go functions. Run is the suite that a client passes on it and on a real Podman
// alike, which is what keeps the two from drifting apart.
package podmantest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Service is an in-memory Podman. Its methods may be called from any goroutine.
type Service struct {
	t   testing.TB
	dir string // volumes, root file systems, hosts files

	lifetime context.Context // of the processes of all containers
	end      context.CancelFunc
	work     sync.WaitGroup // processes, sessions and requests

	mu         sync.Mutex
	changed    chan struct{} // closed and replaced whenever a state changes
	server     *http.Server
	hijacked   map[net.Conn]bool
	version    string
	warnings   []string
	freeLocks  int
	sequence   int
	subnets    int
	images     map[string]*image // by reference
	registry   map[string]*image // by reference: what a pull finds
	pods       []*pod            // in order of creation, as the others
	containers []*container
	volumes    []*volume
	secrets    []*secret
	networks   []*network
	sessions   map[string]*session
	faults     []*fault
	requests   []Request

	owners    sync.Map   // by path on the host: the user whose process made the file
	appending sync.Mutex // over one append to a file
}

// Start runs a service until the test ends.
func Start(t testing.TB) *Service {
	t.Helper()
	// A socket's path may have 108 bytes at most, and t.TempDir holds the test's whole name.
	dir, err := os.MkdirTemp("", "podmantest")
	if err != nil {
		t.Fatalf("podmantest: %v", err)
	}
	s := &Service{
		t:         t,
		dir:       dir,
		changed:   make(chan struct{}),
		hijacked:  map[net.Conn]bool{},
		version:   "5.8.2",
		freeLocks: 2048,
		images:    map[string]*image{},
		registry:  map[string]*image{},
		sessions:  map[string]*session{},
	}
	s.lifetime, s.end = context.WithCancel(context.Background())
	s.networks = append(s.networks, &network{id: s.newID(), name: "podman", driver: "bridge", subnet: 88})
	s.Return()
	t.Cleanup(func() {
		s.Disappear()
		s.end()
		s.closePorts()
		s.work.Wait()
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("podmantest: %v", err)
		}
	})
	return s
}

// URL is where the service listens, unix:///….
func (s *Service) URL() string { return "unix://" + s.socket() }

func (s *Service) socket() string { return filepath.Join(s.dir, "podman.sock") }

// Version sets what the service says it is, "5.8.2" by default. Before 5.6 it has no volume import,
// and log times are whole seconds.
func (s *Service) Version(version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version = version
}

// Warn makes every container created from now on come with these warnings.
func (s *Service) Warn(warnings ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warnings = warnings
}

// Locks sets how many pods, containers and volumes may exist, 2048 by default.
func (s *Service) Locks(locks int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.freeLocks = locks
}

// Disappear takes the service away in the middle of whatever it does: connections break and the
// socket is gone. Containers run on, as they do when Podman's service is killed.
func (s *Service) Disappear() {
	s.mu.Lock()
	server := s.server
	s.server = nil
	for conn := range s.hijacked {
		conn.Close()
	}
	s.mu.Unlock()
	if server != nil {
		server.Close()
	}
}

// Return brings the service back after Disappear, with all it had.
func (s *Service) Return() {
	listener, err := net.Listen("unix", s.socket())
	if err != nil {
		s.t.Fatalf("podmantest: %v", err)
	}
	server := &http.Server{Handler: s}
	s.mu.Lock()
	s.server = server
	s.mu.Unlock()
	s.work.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.t.Errorf("podmantest: %v", err)
		}
	})
}

// newID gives IDs that look like Podman's and are the same in every run.
func (s *Service) newID() string {
	s.sequence++
	sum := sha256.Sum256(fmt.Append(nil, "podmantest ", s.sequence))
	return hex.EncodeToString(sum[:])
}

// change wakes everybody who waits for a state. The caller holds mu.
func (s *Service) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// until waits for condition, which is called with mu held, and gives its error, or that of ctx.
func (s *Service) until(ctx context.Context, condition func() (bool, error)) error {
	for {
		s.mu.Lock()
		done, err := condition()
		changed := s.changed
		s.mu.Unlock()
		if done || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.lifetime.Done():
			return s.lifetime.Err()
		}
	}
}

// checkLocks refuses one more object where the engine has no lock for it. The caller holds mu.
func (s *Service) checkLocks() error {
	if len(s.pods)+len(s.containers)+len(s.volumes) < s.freeLocks {
		return nil
	}
	return &failure{http.StatusInternalServerError, "allocation failed; exceeded num_locks (" + fmt.Sprint(s.freeLocks) + ")", "allocating lock for new object"}
}
