package program

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// dir is a directory that stands for the root of a container.
type dir string

func (d dir) at(path string) string                      { return filepath.Join(string(d), path) }
func (d dir) ReadFile(path string) ([]byte, error)       { return os.ReadFile(d.at(path)) }
func (d dir) WriteFile(path string, data []byte) error   { return os.WriteFile(d.at(path), data, 0o644) }
func (d dir) Remove(path string) error                   { return os.Remove(d.at(path)) }
func (d dir) Stat(path string) (os.FileInfo, error)      { return os.Stat(d.at(path)) }
func (d dir) ReadDir(string) (names []string, err error) { return nil, fs.ErrNotExist }
func (d dir) Append(path string, data []byte) (err error) {
	file, err := os.OpenFile(d.at(path), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Close())
}

// started is a command line that runs.
type started struct {
	files dir
	term  chan struct{}
	err   bytes.Buffer
	ports sync.Map // the real port behind each port
	code  chan int
}

func start(t *testing.T, files dir, line string) *started {
	t.Helper()
	s := &started{files: files, term: make(chan struct{}), code: make(chan int, 1)}
	listen := func(port int) (net.Listener, error) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err == nil {
			s.ports.Store(port, listener.Addr().String())
		}
		return listener, err
	}
	p := &Process{Args: strings.Fields(line), Files: files, Out: io.Discard, Err: &s.err, Term: s.term, Listen: listen, ListenLocal: listen}
	go func() { s.code <- Main(t.Context(), p) }()
	return s
}

func newRoot(t *testing.T) dir {
	t.Helper()
	root := dir(t.TempDir())
	if err := os.Mkdir(root.at("/events"), 0o755); err != nil {
		t.Fatal(err)
	}
	return root
}

func (s *started) ends(t *testing.T, want int) {
	t.Helper()
	if got := <-s.code; got != want {
		t.Errorf("exit code %d, want %d: %s", got, want, &s.err)
	}
}

func (s *started) address(t *testing.T, port int) string {
	t.Helper()
	s.term <- struct{}{} // taken by "term": by then the ones before it have been carried out
	address, ok := s.ports.Load(port)
	if !ok {
		t.Fatalf("nobody listens on %d", port)
	}
	text, _ := address.(string)
	return text
}

func TestNotesStandInTheOrderTheyWereMade(t *testing.T) {
	root := newRoot(t)
	s := start(t, root, "note a start then term then note a term then obey 3 then beat 1ms a")
	s.term <- struct{}{}
	for { // the first beats
		if data, _ := root.ReadFile(journal); bytes.Contains(data, []byte(" a 2\n")) {
			break
		}
	}
	s.term <- struct{}{}
	s.ends(t, 3)
	data, err := root.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^\d+\.\d{3} a start\n\d+\.\d{3} a term\n\d+\.\d{3} a 1\n\d+\.\d{3} a 2\n`).Match(data) {
		t.Errorf("journal:\n%s", data)
	}
}

func TestFailGivesUpAfterSoManyTimes(t *testing.T) {
	root := newRoot(t)
	for _, want := range []int{7, 7, 0, 0} {
		start(t, root, "fail /events/count 2 7").ends(t, want)
	}
}

func TestWebDoesWhatTheAddressSays(t *testing.T) {
	root := newRoot(t)
	if err := root.WriteFile("/there", nil); err != nil {
		t.Fatal(err)
	}
	s := start(t, root, "web 80 then web 443 tls then term then sleep forever")
	address := s.address(t, 80)
	client := &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	}
	defer client.CloseIdleConnections()
	for _, c := range []struct {
		name, path string
		code       int
		location   string
		size       int
	}{
		{"a code", "/404", 404, "", 0},
		{"no code", "/", 200, "", 0},
		{"a page", "/200?size=1000", 200, "", 1000},
		{"a file that is there", "/200?if=/there", 200, "", 0},
		{"a file that is not", "/200?if=/nowhere", 503, "", 0},
		{"a header that is not", "/200?header=X-Who", 403, "", 0},
		{"a redirect", "/302?to=/else", 302, "/else", 0},
		{"a redirect to nowhere", "/302", 302, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+c.path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			response, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			page, err := io.ReadAll(response.Body)
			response.Body.Close()
			if err != nil || len(page) != c.size {
				t.Errorf("a page of %d bytes (%v), want %d", len(page), err, c.size)
			}
			if response.StatusCode != c.code || response.Header.Get("Location") != c.location {
				t.Errorf("%s to %q, want %d to %q", response.Status, response.Header.Get("Location"), c.code, c.location)
			}
		})
	}
	secure, _ := s.ports.Load(443)
	text, _ := secure.(string)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+text+"/200?note=asked", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if data, _ := root.ReadFile(journal); !bytes.HasSuffix(data, []byte(" asked\n")) {
		t.Errorf("journal: %q", data)
	}
	s.term <- struct{}{}
	s.ends(t, Terminated)
}

func TestHealthSpeaksGRPC(t *testing.T) {
	root := newRoot(t)
	s := start(t, root, "health 1 /there then term then sleep forever")
	address := s.address(t, 1)
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	ask := func() (status byte) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/grpc.health.v1.Health/Check", strings.NewReader("\x00\x00\x00\x00\x00"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/grpc")
		response, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil || len(body) != 7 || response.Trailer.Get("Grpc-Status") != "0" {
			t.Fatalf("body %x, trailer %v: %v", body, response.Trailer, err)
		}
		return body[6]
	}
	if got := ask(); got != 2 {
		t.Errorf("status %d, want 2, NOT_SERVING", got)
	}
	if err := root.WriteFile("/there", nil); err != nil {
		t.Fatal(err)
	}
	if got := ask(); got != 1 {
		t.Errorf("status %d, want 1, SERVING", got)
	}
	s.term <- struct{}{}
	s.ends(t, Terminated)
}
