package podmanapi

import (
	"bufio"
	"bytes"
	"os"
	"runtime"
	"strings"
)

// osRelease gives the IDs of this machine's distribution and those it is like, nearest first, from
// os-release(5). Other systems than Linux are named by GOOS.
func osRelease() []string {
	if runtime.GOOS != "linux" {
		return []string{runtime.GOOS}
	}
	for _, path := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		if text, err := os.ReadFile(path); err == nil {
			return distributions(text)
		}
	}
	return nil
}

func distributions(release []byte) []string {
	var id, like string
	lines := bufio.NewScanner(bytes.NewReader(release))
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), "=")
		value = strings.Trim(value, `"'`)
		switch key {
		case "ID":
			id = value
		case "ID_LIKE":
			like = value
		}
	}
	return strings.Fields(id + " " + like)
}

// installHint is the command that installs Podman.
func installHint(distributions []string) string {
	for _, id := range distributions {
		switch id {
		case "debian", "ubuntu":
			return "sudo apt install podman passt uidmap"
		case "fedora", "rhel", "centos":
			return "sudo dnf install podman"
		case "arch":
			return "sudo pacman -S podman"
		case "suse", "opensuse":
			return "sudo zypper install podman"
		case "alpine":
			return "sudo apk add podman"
		case "darwin":
			return "brew install podman && podman machine init && podman machine start"
		case "windows":
			return "winget install RedHat.Podman, then podman machine init and podman machine start"
		}
	}
	return "https://podman.io/docs/installation"
}

// upgradeHint says where a newer Podman comes from.
func upgradeHint(distributions []string) string {
	for _, id := range distributions {
		switch id {
		case "debian":
			return "Debian 13 (trixie) has 5.4"
		case "ubuntu":
			return "Ubuntu 25.04 has 5.4"
		case "fedora":
			return "sudo dnf upgrade podman"
		case "rhel", "centos":
			return "release 9.5 has 5.2: sudo dnf upgrade podman"
		case "arch":
			return "sudo pacman -Syu podman"
		case "suse", "opensuse":
			return "sudo zypper update podman"
		case "darwin", "windows":
			return "upgrade Podman, then podman machine rm and podman machine init"
		}
	}
	return "see https://podman.io/docs/installation"
}
