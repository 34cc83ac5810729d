package e2e

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"testing"

	"github.com/podup/podup/podmanapi/podmantest"
)

// What the in-memory service of the other tests pretends, real engines do: the facts podup is built on,
// and podup's client on top of them.
func TestConformance(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, e *engine) {
		address := "unix://" + e.socket
		t.Setenv(podmantest.ProgramVariable, testProgram(t))
		t.Run("engine", func(t *testing.T) {
			podmantest.RunAPI(t, address, podmantest.ImportImage(t, address))
		})
		t.Run("client", func(t *testing.T) {
			cases := ""
			if e.storyOnly { // what the cgroup version has a part in
				cases = "/(limit|paused)"
			}
			runClientSuite(t, address, cases)
		})
	})
}

// clientSuite is the test of package podmanapi that takes an engine. It lives there because it needs
// what is not exported; here its binary is run.
const clientSuite = "TestClientConformsOnPodman"

// runClientSuite runs its cases, "" all, else those that match behind a slash.
func runClientSuite(t *testing.T, address, cases string) {
	t.Helper()
	program, err := filepath.Abs(testProgram(t))
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), clientBinary(t), "-test.v", "-test.run=^"+clientSuite+"$"+cases)
	command.Env = append(os.Environ(), "PODUP_TEST_ENGINE="+address, podmantest.ProgramVariable+"="+program)
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = command.Stdout
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	reader, writer := io.Pipe()
	go func() {
		writer.CloseWithError(rename(writer, out, clientSuite, t.Name()))
	}()
	ran := relay(os.Stdout, reader, t.Name(), testing.Verbose())
	if err := command.Wait(); err != nil {
		t.Fatalf("%s: %v", clientSuite, err)
	}
	if ran == 0 {
		t.Fatalf("%s: no case ran", clientSuite)
	}
}

// rename copies text with one name in the place of another. The names are in one line each.
func rename(to io.Writer, from io.Reader, old, name string) error {
	text, err := io.ReadAll(from)
	if err != nil {
		return err
	}
	_, err = io.WriteString(to, strings.ReplaceAll(string(text), old, name))
	return err
}

// clientBinary is the test binary of package podmanapi.
func clientBinary(t *testing.T) string {
	t.Helper()
	if os.Getenv(insideVar) != "" {
		return "./podmanapi.test"
	}
	file, err := buildClientTests()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

var buildClientTests = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "podup-e2e-")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "podmanapi.test")
	args := []string{"test", "-c", "-o", file}
	if raceEnabled() {
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, "../podmanapi")...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("go test -c ../podmanapi: %w\n%s", err, out)
	}
	return file, nil
})

// raceEnabled says whether this binary was built with the race detector.
func raceEnabled() bool {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return false
	}
	for _, setting := range info.Settings {
		if setting.Key == "-race" {
			return setting.Value == "true"
		}
	}
	return false
}
