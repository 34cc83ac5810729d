package podmanapi

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"go.podman.io/common/pkg/config"
)

// address is where an engine may be.
type address struct {
	url      string
	from     string // who says so: "--url", "CONTAINER_HOST", …
	identity string // ssh key
	machine  bool   // a podman machine: its host key is not checked
	cert     string
	key      string
	ca       string
}

// explicit gives the address the user has chosen, in Podman's own order: the flag, CONTAINER_HOST,
// CONTAINER_CONNECTION, the default connection of containers.conf or podman-connections.json. The
// zero address means that there is none and the local sockets are to be tried.
func explicit(url string, getenv func(string) string, load func() (*config.Config, error)) (address, error) {
	if url != "" {
		return address{url: absolute(url), from: "--url"}, nil
	}
	if host := getenv("CONTAINER_HOST"); host != "" {
		return address{url: absolute(host), from: "CONTAINER_HOST", identity: getenv("CONTAINER_SSHKEY")}, nil
	}
	name := getenv("CONTAINER_CONNECTION")
	if name == "" && !connectionsConfigured(getenv) {
		return address{}, nil
	}
	conf, err := load()
	if err != nil {
		return address{}, fmt.Errorf("read containers.conf: %w", err)
	}
	connection, err := conf.GetConnection(name, name == "")
	if err != nil {
		if name == "" {
			return address{}, nil // no default connection
		}
		return address{}, fmt.Errorf("CONTAINER_CONNECTION: %w: podman system connection list shows those there are", err)
	}
	return address{
		url:      connection.URI,
		from:     fmt.Sprintf("connection %q of containers.conf", connection.Name),
		identity: connection.Identity,
		machine:  connection.IsMachine,
		cert:     connection.TLSCert,
		key:      connection.TLSKey,
		ca:       connection.TLSCA,
	}, nil
}

// absolute makes a path of a socket an URL.
func absolute(url string) string {
	if strings.HasPrefix(url, "/") {
		return "unix://" + url
	}
	return url
}

// connectionsConfigured says whether there may be a connection at all: reading all of containers.conf
// takes milliseconds that every command would pay.
func connectionsConfigured(getenv func(string) string) bool {
	if runtime.GOOS != "linux" {
		return true
	}
	for _, name := range []string{"PODMAN_CONNECTIONS_CONF", "CONTAINERS_CONF", "CONTAINERS_CONF_OVERRIDE"} {
		if getenv(name) != "" {
			return true
		}
	}
	directories := []string{"/etc/containers", "/usr/share/containers"}
	if home := getenv("XDG_CONFIG_HOME"); home != "" {
		directories = append(directories, filepath.Join(home, "containers"))
	} else if home := getenv("HOME"); home != "" {
		directories = append(directories, filepath.Join(home, ".config", "containers"))
	}
	for _, directory := range directories {
		if exists(filepath.Join(directory, "podman-connections.json")) {
			return true
		}
		files, _ := filepath.Glob(filepath.Join(directory, "containers.conf.d", "*.conf"))
		for _, file := range append(files, filepath.Join(directory, "containers.conf")) {
			text, err := os.ReadFile(file)
			if err == nil && strings.Contains(string(text), "service_destinations") {
				return true
			}
		}
	}
	return false
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// sockets are where the engine of this machine may listen, the user's own first: Podman's, then the
// one of a service that podup has started and that still lives.
func sockets(uid int, getenv func(string) string) []string {
	if runtime.GOOS != "linux" {
		return nil
	}
	own := "/run/podman/podman.sock"
	if uid != 0 {
		own = filepath.Join(runtimeDir(uid, getenv), "podman", "podman.sock")
	}
	return []string{own, privateSocket(uid, getenv)}
}

// runtimeDir is the user's XDG_RUNTIME_DIR, or what it would be under systemd.
func runtimeDir(uid int, getenv func(string) string) string {
	if dir := getenv("XDG_RUNTIME_DIR"); dir != "" {
		return dir
	}
	return fmt.Sprintf("/run/user/%d", uid)
}

// privateSocket is that of a service podup starts itself.
func privateSocket(uid int, getenv func(string) string) string {
	if uid == 0 {
		return "/run/podup/podman.sock"
	}
	if dir := runtimeDir(uid, getenv); exists(dir) {
		return filepath.Join(dir, "podup", "podman.sock")
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("podup-%d", uid), "podman.sock")
}
