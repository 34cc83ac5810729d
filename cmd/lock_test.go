package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func runtimeAt(dir string) func(string) string {
	return func(name string) string {
		if name == "XDG_RUNTIME_DIR" {
			return dir
		}
		return ""
	}
}

func mustAcquire(t *testing.T, getenv func(string) string, project string) *lock {
	t.Helper()
	l, err := acquire(t.Context(), getenv, project, "podup down", func(text string) { t.Errorf("waited: %s", text) })
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestASecondPodupWaitsForTheFirstAndSaysForWhom(t *testing.T) {
	getenv := runtimeAt(t.TempDir())
	first := mustAcquire(t, getenv, "shop")
	other := mustAcquire(t, getenv, "another") // does not wait
	other.release()

	notes := make(chan string, 10)
	second := make(chan error)
	go func() {
		l, err := acquire(t.Context(), getenv, "shop", "podup up", func(text string) { notes <- text })
		if err == nil {
			l.release()
		}
		second <- err
	}()
	if got, want := <-notes, fmt.Sprintf("waiting for podup down (pid %d) on project shop", os.Getpid()); got != want {
		t.Errorf("said %q, want %q", got, want)
	}
	select {
	case err := <-second:
		t.Fatalf("it did not wait: %v", err)
	default:
	}
	first.release()
	if err := <-second; err != nil {
		t.Error(err)
	}
	if len(notes) != 0 {
		t.Errorf("said it again: %q", <-notes)
	}
}

func TestWaitingEndsWithTheInterrupt(t *testing.T) {
	getenv := runtimeAt(t.TempDir())
	defer mustAcquire(t, getenv, "shop").release()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := acquire(ctx, getenv, "shop", "podup up", func(string) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestALockThatWasLeftBehindMeansNothing(t *testing.T) {
	dir := t.TempDir()
	getenv := runtimeAt(dir)
	mustAcquire(t, getenv, "shop").release()
	path := filepath.Join(dir, "podup", "shop.lock")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("%v, %v", info, err)
	}
	if err := mustAcquire(t, getenv, "shop").remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
}

// Removal and acquisition interleave as they like; at no moment may two hold the lock.
func TestOnlyOneHoldsALockThatIsRemovedOverAndOverAgain(t *testing.T) {
	getenv := runtimeAt(t.TempDir())
	var holders, times atomic.Int32
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 25 {
				l, err := acquire(t.Context(), getenv, "shop", "podup up", func(string) {})
				if err != nil {
					t.Error(err)
					return
				}
				if holders.Add(1) != 1 {
					t.Error("two hold the lock")
				}
				times.Add(1)
				holders.Add(-1)
				if err := l.remove(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if times.Load() != 200 {
		t.Errorf("acquired %d times", times.Load())
	}
}

func TestADirectoryOthersCanReachIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		make func(path string) error
		want string
	}{
		"one open to all": {func(path string) error {
			return errors.Join(os.Mkdir(path, 0o700), os.Chmod(path, 0o755))
		}, "must have mode 0700"},
		"a link to elsewhere": {func(path string) error { return os.Symlink(os.TempDir(), path) }, "is no directory"},
		"a file":              {func(path string) error { return os.WriteFile(path, nil, 0o600) }, "is no directory"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := test.make(filepath.Join(dir, "podup")); err != nil {
				t.Fatal(err)
			}
			_, err := acquire(t.Context(), runtimeAt(dir), "shop", "podup up", func(string) {})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func TestALockFileThatIsALinkIsNotFollowed(t *testing.T) {
	dir := t.TempDir()
	getenv := runtimeAt(dir)
	mustAcquire(t, getenv, "other").release()
	victim := filepath.Join(dir, "victim")
	if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, filepath.Join(dir, "podup", "shop.lock")); err != nil {
		t.Fatal(err)
	}
	if _, err := acquire(t.Context(), getenv, "shop", "podup up", func(string) {}); err == nil {
		t.Error("it was followed")
	}
	if text, err := os.ReadFile(victim); err != nil || string(text) != "precious" {
		t.Errorf("the victim holds %q, %v", text, err)
	}
}

func TestARuntimeDirectoryThatIsNotThereIsNotUsed(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dir, err := stateDir(runtimeAt("/nonexistent/run"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(dir, "/nonexistent") {
		t.Errorf("state in %s", dir)
	}
	if dir, _ := stateDir(runtimeAt("relative")); strings.HasPrefix(dir, "relative") {
		t.Errorf("state in %s", dir)
	}
}

func TestALookAtALockTakesNothingFromAnyone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "supervisor.lock")
	if isHeld(path) {
		t.Error("a lock that is not there is held")
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("looking has made it")
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	held, err := tryAcquire(dir, path)
	if err != nil {
		t.Fatal(err)
	}
	if !isHeld(path) {
		t.Error("it is held and does not look so")
	}
	held.release()
	if isHeld(path) {
		t.Error("it is free and does not look so")
	}
	if holderPid(path) != os.Getpid() {
		t.Error("looking has changed it")
	}
}

func TestRootHasOnePlaceWhetherItHasLoggedInOrNot(t *testing.T) {
	if os.Getuid() != 0 {
		t.Log("of other users the one place is the runtime directory of their login")
		dir, err := stateDir(runtimeAt(t.TempDir()))
		if err != nil || filepath.Base(dir) != "podup" {
			t.Errorf("state in %s, %v", dir, err)
		}
		return
	}
	for _, runtime := range []string{"", "/run/user/0", "/run/user/0/"} {
		if dir, err := stateDir(runtimeAt(runtime)); err != nil || dir != "/run/podup" {
			t.Errorf("with XDG_RUNTIME_DIR=%q: state in %s, %v", runtime, dir, err)
		}
	}
	own := t.TempDir()
	if dir, err := stateDir(runtimeAt(own)); err != nil || dir != filepath.Join(own, "podup") {
		t.Errorf("what was chosen is not used: state in %s, %v", dir, err)
	}
}
