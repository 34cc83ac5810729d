package podmanapi

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/podup/podup/translate"
)

func TestHostPathTypes(t *testing.T) {
	dir, err := os.MkdirTemp("", "podup")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	const fits = ""
	cases := []struct{ name, path, kind, err string }{
		{"no type, a directory", dir, "", fits},
		{"no type, nothing there", dir + "/none", "", "DirectoryOrCreate would make it"},
		{"Directory", dir, "Directory", fits},
		{"Directory, a file", file, "Directory", "not what type Directory asks for"},
		{"Directory, nothing there", dir + "/none", "Directory", "does not exist"},
		{"File", file, "File", fits},
		{"File, a directory", dir, "File", "not what type File"},
		{"FileOrCreate, a directory", dir, "FileOrCreate", "not what type"},
		{"FileOrCreate, its directory missing", dir + "/none/file", "FileOrCreate", "no such file"},
		{"DirectoryOrCreate, a file", file, "DirectoryOrCreate", "not what type"},
		{"Socket", socket, "Socket", fits},
		{"Socket, a file", file, "Socket", "not what type"},
		{"CharDevice", "/dev/null", "CharDevice", fits},
		{"CharDevice, a file", file, "CharDevice", "not what type"},
		{"BlockDevice, a character device", "/dev/null", "BlockDevice", "not what type"},
	}
	for _, c := range cases {
		err := checkHostPath(c.path, c.kind)
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.err)
		}
	}
	made := filepath.Join(dir, "a", "b")
	for range 2 {
		if err := checkHostPath(made, "DirectoryOrCreate"); err != nil {
			t.Fatal(err)
		}
		if err := checkHostPath(made+"/f", "FileOrCreate"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSubPathsOfAHostDirectory(t *testing.T) {
	base, outside := t.TempDir(), t.TempDir()
	for path, target := range map[string]string{"out": outside, "in": "real", "abs": filepath.Join(base, "real")} {
		if err := os.Symlink(target, filepath.Join(base, path)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(base, "real"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(base, "real", "f"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	real, err := filepath.EvalSymlinks(base)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, sub, want, err string }{
		{"a file", "real/f", real + "/real/f", ""},
		{"through a link that stays inside", "in/f", real + "/real/f", ""},
		{"missing directories are made", "real/x/y", real + "/real/x/y", ""},
		{"made through a link that stays inside", "in/new", real + "/real/new", ""},
		{"a link that leads out", "out", "", "escapes"},
		{"below a link that leads out", "out/new", "", "escapes"},
		{"a file in the way", "real/f/x", "", "not a directory"},
	} {
		c2, err := (&Client{local: true}).hostSource(translate.Mount{HostPath: base, SubPath: c.sub})
		if c2 != c.want {
			t.Errorf("%s: got %q, want %q", c.name, c2, c.want)
		}
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.err)
		}
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) != 0 {
		t.Errorf("outside there is now %v, %v", left, err)
	}
}

func TestNewSubPathsHaveTheVolumesMode(t *testing.T) {
	base := t.TempDir()
	if err := os.Chmod(base, 0o777); err != nil { //nolint:gosec // as an emptyDir's
		t.Fatal(err)
	}
	if err := makeBelow(base, "a/b/"); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"a", "a/b"} {
		info, err := os.Stat(filepath.Join(base, path))
		if err != nil || info.Mode().Perm() != 0o777 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

func TestARemoteEnginesFilesAreRefusedWithAReason(t *testing.T) {
	c := &Client{url: "ssh://dev@box"}
	for name, err := range map[string]error{
		"a volume":             c.CreateVolume(t.Context(), translate.Volume{Name: "v", Kind: translate.EmptyDir}),
		"a volume's files":     c.WriteVolume(t.Context(), translate.Volume{Name: "v", Kind: translate.Files}),
		"a release":            c.Releases("p").Write(t.Context(), "key", nil),
		"a typed hostPath":     second(c.hostSource(translate.Mount{HostPath: "/x", HostPathType: "File"})),
		"a hostPath's subPath": second(c.hostSource(translate.Mount{HostPath: "/x", SubPath: "y"})),
	} {
		if err == nil || !strings.Contains(err.Error(), "needs an engine on this machine, and ssh://dev@box is another") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if path, err := c.hostSource(translate.Mount{HostPath: "/x"}); err != nil || path != "/x" {
		t.Errorf("a plain hostPath: %q, %v", path, err)
	}
}

func second(_ string, err error) error { return err }
