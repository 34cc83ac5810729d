package podmantest_test

import (
	"os"
	"strings"
	"testing"

	"github.com/podup/podup/podmanapi/podmantest"
)

// The engine under test beside the in-memory one: unix:///run/user/1000/podman/podman.sock.
const engineVariable = "PODUP_TEST_ENGINE"

func TestServiceBehavesAsPodmanDoes(t *testing.T) {
	s := podmantest.Start(t)
	podmantest.RunAPI(t, s.URL(), podmantest.ImportImage(t, s.URL()))
}

func TestPodmanBehavesAsTheServiceDoes(t *testing.T) {
	address := os.Getenv(engineVariable)
	if address == "" {
		// Not silent: the same facts are checked against the service, and the end-to-end tests
		// set the variable and see that this test ran.
		t.Skipf("%s names no engine", engineVariable)
	}
	podmantest.RunAPI(t, address, podmantest.ImportImage(t, address))
}

func TestRequestsAreRecordedByName(t *testing.T) {
	s := podmantest.Start(t)
	if len(s.Requests()) != 0 || !strings.HasPrefix(s.URL(), "unix:///") {
		t.Errorf("%d requests before the first, at %s", len(s.Requests()), s.URL())
	}
}
