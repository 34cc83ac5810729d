//go:build unix

package podmanapi

import (
	"os"
	"path/filepath"
	"testing"
)

func TestASocketOthersMayHavePutThereIsNotTried(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	nowhere := filepath.Join(t.TempDir(), "gone")
	getenv := func(name string) string { return map[string]string{"XDG_RUNTIME_DIR": nowhere}[name] }
	const uid = 4711
	own, shared := filepath.Join(nowhere, "podman", "podman.sock"), privateSocket(uid, getenv)
	if trusted(shared, uid, getenv) {
		t.Error("a directory that is not there is trusted")
	}
	for mode, want := range map[os.FileMode]bool{0o700: true, 0o755: false, 0o777: false} {
		if err := os.MkdirAll(filepath.Dir(shared), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Dir(shared), mode); err != nil {
			t.Fatal(err)
		}
		if got := trusted(shared, uid, getenv); got != want {
			t.Errorf("in a directory of mode %o: %t, want %t", mode, got, want)
		}
	}
	if !trusted(own, uid, getenv) {
		t.Error("Podman's own socket is not trusted")
	}
}
