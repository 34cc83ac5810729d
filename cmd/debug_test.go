package cmd

import (
	"bytes"
	"context"
	"io/fs"
	"strings"
	"testing"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/release"
	"github.com/podup/podup/translate"
)

// debugged is an engine to whose pods containers are added.
type debugged struct {
	*still
	images    map[string]string
	calls     []string
	made      translate.Container
	ends      int
	attachErr error
}

func (e *debugged) History(string) release.Reader { return release.Reader{Files: nothingReleased{}} }

func (e *debugged) Observe(ctx context.Context, want translate.Project) (plan.Actual, error) {
	actual, err := e.still.Observe(ctx, want)
	actual.Images = e.images
	return actual, err
}

func (e *debugged) PullImage(_ context.Context, image string, _ func(plan.PullProgress)) error {
	e.calls = append(e.calls, "pull "+image)
	return nil
}

func (e *debugged) CreateContainer(_ context.Context, c translate.Container, name string) ([]string, error) {
	e.made = c
	e.calls = append(e.calls, "create")
	return nil, nil
}

func (e *debugged) StartContainer(context.Context, string) error {
	e.calls = append(e.calls, "start")
	return nil
}

func (e *debugged) Attach(_ context.Context, _ string, _ podmanapi.ExecOptions) (int, error) {
	e.calls = append(e.calls, "attach")
	return e.ends, e.attachErr
}

func (e *debugged) RemoveContainer(context.Context, string) error {
	e.calls = append(e.calls, "remove")
	return nil
}

// nothingReleased is a project of which nobody knows what it was made from.
type nothingReleased struct{ release.Files }

func (nothingReleased) List(context.Context) ([]string, error) { return nil, nil }
func (nothingReleased) Read(context.Context, string) ([]byte, error) {
	return nil, fs.ErrNotExist
}

func TestDebugAddsAContainer(t *testing.T) {
	for _, test := range []struct {
		name  string
		args  []string
		code  int
		calls string
		err   string
	}{
		{"and leaves it alone", []string{"web", "--image", "here:1"}, 0, "create start", "container web/debugger-"},
		{"and stays with it to the end", []string{"web", "-i", "--image", "here:1", "--", "sh"}, 7, "create attach remove", ""},
		{"of a name", []string{"web", "--attach", "-c", "look", "--image", "here:1"}, 7, "create attach remove", "container web/look\n"},
		{"whose image has to be pulled", []string{"web", "--image", "away:1"}, 0, "pull docker.io/library/away:1 create start", ""},
		{"whose image is of no version", []string{"web", "--image", "here"}, 0, "pull docker.io/library/here:latest create start", ""},
		{"whose image is of this machine", []string{"web", "--image", "localhost/here"}, 0, "create start", ""},
		{"whose image may not be pulled", []string{"web", "--image", "away:1", "--image-pull-policy", "Never"}, 125, "", "the policy is Never"},
		{"beside a container that runs", []string{"web", "--image", "here:1", "--target", "app"}, 0, "create start", ""},
		{"but not beside one that has ended", []string{"web", "--image", "here:1", "--target", "migrate"}, 125, "", "container web/migrate is not running: it is exited"},
		{"but not beside one that is not there", []string{"web", "--image", "here:1", "--target", "ap"}, 125, "", `no container "ap": there is web/migrate`},
		{"but not of a name that is taken", []string{"web", "--image", "here:1", "-c", "app"}, exitUsage, "", "pod web has a container app"},
		{"but not of a name that is none", []string{"web", "--image", "here:1", "-c", "A_b"}, exitUsage, "", "lowercase RFC 1123 label"},
		{"but not of an image that is none", []string{"web", "--image", "Here:1"}, exitUsage, "", `"Here:1" is not an image reference`},
		{"but not without an image", []string{"web"}, exitUsage, "", "say with --image"},
		{"but not to a pod that is not there", []string{"wbe", "--image", "here:1"}, 125, "", `no pod "wbe"`},
		{"but not to two pods", []string{"web", "db", "--image", "here:1"}, exitUsage, "", "one POD is named"},
	} {
		t.Run(test.name, func(t *testing.T) {
			engine := &debugged{still: &still{actual: shop(newClock().now())}, ends: 7, images: map[string]string{
				"docker.io/library/here:1": "1", "docker.io/library/here:latest": "2", "localhost/here:latest": "3",
			}}
			code, _, err := podupOn(t, engine, append([]string{"debug"}, test.args...)...)
			if code != test.code || strings.Join(engine.calls, " ") != test.calls || !strings.Contains(err, test.err) {
				t.Errorf("exit code %d, calls %q\n%s", code, engine.calls, err)
			}
			if len(engine.calls) > 0 && (!engine.made.Ephemeral || engine.made.Pod != "web" || engine.made.Labels()[translate.LabelRole] != translate.RoleDebug) {
				t.Errorf("made %+v", engine.made)
			}
		})
	}
}

func TestDebugPassesOnWhatItWasGiven(t *testing.T) {
	engine := &debugged{still: &still{actual: shop(newClock().now())}, images: map[string]string{"docker.io/library/here:1": "1"}}
	podupOn(t, engine, "debug", "web", "--image", "here:1", "--target", "app", "-e", "A=$(B)", "-e", "PODUP_PROJECT", "--", "sh", "-c", "id")
	c := engine.made
	if strings.Join(c.Entrypoint, " ") != "sh -c id" || c.Command == nil || len(c.Command) > 0 || c.Target != "app" || len(c.Env) != 2 ||
		c.Env[0].Value != "$(B)" || c.Env[1].Value != "shop" || strings.Join(c.Security.CapAdd, " ") != "SYS_PTRACE" {
		t.Errorf("%+v", c)
	}
}

// podupOn runs a command line on an engine.
func podupOn(t *testing.T, engine Engine, args ...string) (code int, out, err string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	runtime := t.TempDir()
	env := Env{
		In: &bytes.Buffer{}, Out: &stdout, Err: &stderr,
		Getenv:  environment(map[string]string{"PODUP_PROJECT": "shop", "XDG_RUNTIME_DIR": runtime}),
		Connect: func(context.Context, podmanapi.Options) (Engine, error) { return engine, nil },
	}
	code = Main(t.Context(), env, args)
	return code, stdout.String(), stderr.String()
}
