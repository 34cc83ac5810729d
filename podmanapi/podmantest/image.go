package podmantest

import (
	"archive/tar"
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// ProgramVariable names a ready-made test program for machines without Go. It is built with
//
//	CGO_ENABLED=0 go build -o testprogram github.com/podup/podup/podmanapi/podmantest/testprogram
const ProgramVariable = "PODUP_TEST_PROGRAM"

// ImportImage makes an image of the test program in the engine at address, for as long as the test
// runs, and gives its name.
func ImportImage(t testing.TB, address string) string {
	t.Helper()
	binary := os.Getenv(ProgramVariable)
	if binary == "" {
		binary = buildProgram(t)
	}
	data, err := os.ReadFile(binary)
	if err != nil {
		t.Fatalf("podmantest: %v", err)
	}
	engine := newRaw(t, address)
	reference := "localhost/" + uniqueName() + ":1"
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	header := &tar.Header{Name: strings.TrimPrefix(TestProgram, "/"), Mode: 0o755, Size: int64(len(data))}
	if err := writer.WriteHeader(header); err != nil {
		t.Fatalf("podmantest: %v", err)
	}
	if _, err := writer.Write(data); err != nil {
		t.Fatalf("podmantest: %v", err)
	}
	if err := writer.Close(); err != nil {
		t.Fatalf("podmantest: %v", err)
	}
	query := url.Values{"reference": {reference}, "changes": {
		fmt.Sprintf("ENTRYPOINT [%q]", TestProgram), `CMD ["sleep","forever"]`,
	}}
	answer, err := engine.do(http.MethodPost, "/images/import?"+query.Encode(), archive.Bytes())
	if err != nil || answer.status != http.StatusOK {
		t.Fatalf("podmantest: import the test program into %s: %v %d %s", address, err, answer.status, answer.text)
	}
	t.Cleanup(func() { engine.must(http.MethodDelete, "/images/"+reference+"?force=true", nil, nil) })
	return reference
}

// buildProgram compiles the test program for the machine the tests run on.
func buildProgram(t testing.TB) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "testprogram")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, "github.com/podup/podup/podmanapi/podmantest/testprogram")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("podmantest: building the test program (on a machine without Go, set %s to one): %v\n%s", ProgramVariable, err, output)
	}
	return binary
}
