package podmanapi

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.podman.io/common/pkg/config"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestTheEngineTheUserHasChosen(t *testing.T) {
	home := t.TempDir()
	writeConf(t, filepath.Join(home, ".config", "containers", "containers.conf"), "[engine.service_destinations.x]\nuri = \"unix:///x\"\n")
	conf := &config.Config{Engine: config.EngineConfig{
		ActiveService: "default",
		ServiceDestinations: map[string]config.Destination{
			"default": {URI: "ssh://dev@box/run/podman.sock", Identity: "/key", IsMachine: true},
			"other":   {URI: "unix:///other.sock"},
		},
	}}
	t.Setenv("PODMAN_CONNECTIONS_CONF", filepath.Join(home, "none.json")) // GetConnection reads the real environment
	cases := []struct {
		name string
		url  string
		env  []string
		want address
		err  string
	}{
		{"--url wins over everything", "unix:///a", []string{"CONTAINER_HOST", "unix:///b", "HOME", home}, address{url: "unix:///a", from: "--url"}, ""},
		{"a path is a unix socket", "/run/x.sock", nil, address{url: "unix:///run/x.sock", from: "--url"}, ""},
		{"CONTAINER_HOST wins over containers.conf, with its key", "", []string{"CONTAINER_HOST", "ssh://b", "CONTAINER_SSHKEY", "/k", "HOME", home},
			address{url: "ssh://b", from: "CONTAINER_HOST", identity: "/k"}, ""},
		{"the default connection of containers.conf", "", []string{"HOME", home},
			address{url: "ssh://dev@box/run/podman.sock", from: `connection "default" of containers.conf`, identity: "/key", machine: true}, ""},
		{"CONTAINER_CONNECTION names another", "", []string{"HOME", home, "CONTAINER_CONNECTION", "other"},
			address{url: "unix:///other.sock", from: `connection "other" of containers.conf`}, ""},
		{"a connection that is not there", "", []string{"HOME", home, "CONTAINER_CONNECTION", "nope"}, address{}, `CONTAINER_CONNECTION: connection "nope" not found`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := explicit(c.url, env(c.env...), func() (*config.Config, error) { return conf, nil })
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("error %v, want %q", err, c.err)
			}
		})
	}
}

func TestContainersConfIsReadOnlyWhereItNamesAConnection(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere the engine is always a connection")
	}
	if exists("/etc/containers/podman-connections.json") {
		t.Skip("this machine names a connection for every user")
	}
	loaded := errors.New("loaded")
	load := func() (*config.Config, error) { return nil, loaded }
	home := t.TempDir()
	if got, err := explicit("", env("HOME", home), load); err != nil || got != (address{}) {
		t.Errorf("without a connection: %+v, %v", got, err)
	}
	writeConf(t, filepath.Join(home, ".config", "containers", "podman-connections.json"), "{}")
	if _, err := explicit("", env("HOME", home), load); !errors.Is(err, loaded) {
		t.Errorf("with podman-connections.json: %v", err)
	}
}

func writeConf(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestSocketsOfThisMachine(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere there are none")
	}
	runtimeDir := t.TempDir()
	for _, c := range []struct {
		name string
		uid  int
		env  []string
		want []string
	}{
		{"of a user", 1000, []string{"XDG_RUNTIME_DIR", runtimeDir}, []string{runtimeDir + "/podman/podman.sock", runtimeDir + "/podup/podman.sock"}},
		{"of root, whatever XDG_RUNTIME_DIR", 0, []string{"XDG_RUNTIME_DIR", runtimeDir}, []string{"/run/podman/podman.sock", "/run/podup/podman.sock"}},
		{"of a user without a session", 4711, nil, []string{"/run/user/4711/podman/podman.sock", filepath.Join(os.TempDir(), "podup-4711", "podman.sock")}},
	} {
		if got := sockets(c.uid, env(c.env...)); strings.Join(got, " ") != strings.Join(c.want, " ") {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestSocketPath(t *testing.T) {
	for url, want := range map[string]string{
		"unix:///run/podman.sock": "/run/podman.sock",
		"unix://run/podman.sock":  "/run/podman.sock",
		"unix:/run/podman.sock":   "/run/podman.sock",
	} {
		if got := socketPath(url); got != want {
			t.Errorf("%s: %s", url, got)
		}
	}
}

func TestInstallHints(t *testing.T) {
	for _, c := range []struct{ name, release, want string }{
		{"Debian", "NAME=\"Debian GNU/Linux\"\nID=debian\n", "apt install podman"},
		{"Linux Mint, like Ubuntu", "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "apt install podman"},
		{"Rocky, like RHEL", "ID='rocky'\nID_LIKE='rhel centos fedora'\n", "dnf install podman"},
		{"Arch", "ID=arch\n", "pacman -S podman"},
		{"Tumbleweed", "ID=\"opensuse-tumbleweed\"\nID_LIKE=\"opensuse suse\"\n", "zypper install podman"},
		{"something unheard of", "ID=plan9\n", "podman.io"},
		{"no os-release", "", "podman.io"},
	} {
		if got := installHint(distributions([]byte(c.release))); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q in it", c.name, got, c.want)
		}
	}
	if got := installHint([]string{"darwin"}); !strings.Contains(got, "brew install podman") {
		t.Error(got)
	}
}
