package e2e

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// journals is where the kubelet's machine has the notes.
const journals = "/tmp/podup-reference"

// recordReference writes the traces anew. Few run at once: the kubelet's own times are what is wanted.
func recordReference(t *testing.T, command string) {
	archive := filepath.Join(t.TempDir(), "podup-test.tar")
	dockerArchive(t, archive)
	kubelet := kubeletCommand(command)
	if _, err := kubelet.run(t.Context(), "image", archive); err != nil {
		t.Fatal(err)
	}
	version, err := kubelet.run(t.Context(), "root", "kubelet", "--version")
	if err != nil {
		t.Fatal(err)
	}
	inParallel(t, experiments(t), 5, func(ctx context.Context, dir string, x experiment) (trace, error) {
		s := &withKubelet{kubeletCommand: kubelet, x: x, dir: dir, uid: newUID()}
		defer s.forget()
		seen, err := watch(ctx, x, s)
		seen.origin = "What " + strings.TrimSpace(version) + " did; recorded by `make reference`."
		return seen, err
	}, func(t *testing.T, x experiment, seen trace) {
		if err := os.WriteFile(x.traceFile(), []byte(seen.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	})
}

// kubeletCommand is the command that leads the reference; testdata/reference/README.md says how.
type kubeletCommand string

func (k kubeletCommand) run(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, string(k), args...).Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %s", k, strings.Join(args, " "), reason(err))
	}
	return string(out), nil
}

// withKubelet runs an experiment as a static pod.
type withKubelet struct {
	kubeletCommand
	x   experiment
	dir string
	uid string
}

func newUID() string {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails (crypto/rand)
	return fmt.Sprintf("%x-%x-%x-%x-%x", random[:4], random[4:6], random[6:8], random[8:10], random[10:])
}

func (s *withKubelet) events() string { return journals + "/" + s.uid }

func (s *withKubelet) run(ctx context.Context) error {
	if _, err := s.kubeletCommand.run(ctx, "root", "mkdir", "-p", "-m", "777", s.events()); err != nil {
		return err
	}
	file := filepath.Join(s.dir, s.x.name+".yaml")
	if err := os.WriteFile(file, []byte(s.x.placed(s.events(), s.uid)), 0o644); err != nil {
		return err
	}
	_, err := s.kubeletCommand.run(ctx, "run", file)
	return err
}

// journal reads what may not be there yet.
func (s *withKubelet) journal(ctx context.Context) (string, error) {
	return s.kubeletCommand.run(ctx, "root", "sh", "-c", "cat "+s.events()+"/log 2>/dev/null || true")
}

// status wants a moment at which nothing changes: what a second before and after is not the same would
// be another on a slower machine.
func (s *withKubelet) status(ctx context.Context) (*corev1.Pod, error) {
	now, err := s.statusNow(ctx)
	if err != nil {
		return nil, err
	}
	if err := until(ctx, time.Now().Add(700*time.Millisecond)); err != nil {
		return nil, err
	}
	later, err := s.statusNow(ctx)
	if err != nil {
		return nil, err
	}
	if difference := compareStatus(statusLines(now), statusLines(later)); len(difference) > 0 {
		return nil, fmt.Errorf("it changes within a second, choose another moment:\n%s", strings.Join(difference, "\n"))
	}
	return now, nil
}

func (s *withKubelet) statusNow(ctx context.Context) (*corev1.Pod, error) {
	out, err := s.kubeletCommand.run(ctx, "pods")
	if err != nil {
		return nil, err
	}
	var list corev1.PodList
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		return nil, fmt.Errorf("%s pods: %w", s.kubeletCommand, err)
	}
	i := slices.IndexFunc(list.Items, func(pod corev1.Pod) bool { return pod.UID == types.UID(s.uid) })
	if i < 0 {
		return nil, fmt.Errorf("%s pods: %s is not among them", s.kubeletCommand, s.x.name)
	}
	return &list.Items[i], nil
}

// takeAway waits as long as the manifest says: a static pod leaves the list at once, and nothing tells
// when its containers have ended.
func (s *withKubelet) takeAway(ctx context.Context) error {
	if _, err := s.kubeletCommand.run(ctx, "rm", s.x.name); err != nil {
		return err
	}
	return until(ctx, time.Now().Add(s.x.after+2*time.Second))
}

// forget runs whatever became of the test.
func (s *withKubelet) forget() {
	_, _ = s.kubeletCommand.run(context.Background(), "rm", s.x.name)
	_, _ = s.kubeletCommand.run(context.Background(), "root", "rm", "-rf", s.events())
}
