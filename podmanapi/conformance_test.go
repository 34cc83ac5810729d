package podmanapi_test

import (
	"cmp"
	"context"
	"io"
	"os"
	"testing"

	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/podmanapi/podmantest"
)

// engineVariable names a real engine for the suite, unix:///run/user/1000/podman/podman.sock. The
// end-to-end tests set it for every engine they have and see to it that the test ran.
const engineVariable = "PODUP_TEST_ENGINE"

func TestClientConformsOnTheService(t *testing.T) {
	t.Parallel()
	s := podmantest.Start(t)
	conformance(t, s.URL(), true)
}

func TestClientConformsOnAnOldService(t *testing.T) {
	t.Parallel()
	s := podmantest.Start(t)
	s.Version("5.4.2")
	conformance(t, s.URL(), true)
}

func TestClientConformsOnPodman(t *testing.T) {
	address := os.Getenv(engineVariable)
	if address == "" {
		t.Skipf("%s names no engine", engineVariable)
	}
	conformance(t, address, false)
}

func conformance(t *testing.T, address string, parallel bool) {
	podmantest.Run(t, podmantest.Fixture{
		URL:      address,
		Parallel: parallel,
		Image:    podmantest.ImportImage(t, address),
		Connect: func(t *testing.T) podmantest.Engine {
			return engine{connect(t, address)}
		},
	})
}

// connect fails the test where there is no engine.
func connect(t *testing.T, address string) *podmanapi.Client {
	t.Helper()
	client, err := podmanapi.Connect(t.Context(), podmanapi.Options{
		URL:    address,
		Getenv: func(string) string { return "" },
		Warn:   func(text string) { t.Errorf("warning: %s", text) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

// engine gives the client the suite's types, so that the suite need not import the client.
type engine struct{ *podmanapi.Client }

func (e engine) Releases(project string) podmantest.Releases { return e.Client.Releases(project) }

func (e engine) Inventory(ctx context.Context) ([]podmantest.Project, error) {
	found, err := e.Client.Inventory(ctx)
	all := make([]podmantest.Project, len(found))
	for i, p := range found {
		all[i] = podmantest.Project(p)
	}
	return all, err
}

func (e engine) Logs(ctx context.Context, container string, o podmantest.LogOptions, each func(podmantest.LogLine)) error {
	return e.Client.Logs(ctx, container, podmanapi.LogOptions(o), func(line podmanapi.LogLine) { each(podmantest.LogLine(line)) })
}

func (e engine) Exec(ctx context.Context, container string, o podmantest.ExecOptions) (int, error) {
	return e.Client.Exec(ctx, container, execOptions(ctx, o))
}

func (e engine) Attach(ctx context.Context, container string, o podmantest.ExecOptions) (int, error) {
	return e.Client.Attach(ctx, container, execOptions(ctx, o))
}

func execOptions(ctx context.Context, o podmantest.ExecOptions) podmanapi.ExecOptions {
	opts := podmanapi.ExecOptions{
		Command: o.Command, Env: o.Env, TTY: o.TTY, In: o.In,
		Out: cmp.Or(o.Out, io.Discard), Err: cmp.Or(o.Err, io.Discard),
	}
	if o.Resize != nil {
		sizes := make(chan podmanapi.TerminalSize)
		opts.Resize = sizes
		go func() {
			for {
				select {
				case size := <-o.Resize:
					select {
					case sizes <- podmanapi.TerminalSize(size):
					case <-ctx.Done():
						return
					}
				case <-ctx.Done():
					return
				}
			}
		}()
	}
	return opts
}
