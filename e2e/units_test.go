package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// manager is the flag of systemctl and the like for the service manager that takes this user's units.
func manager() string {
	if os.Getuid() == 0 {
		return "--system"
	}
	return "--user"
}

// unitDirs are where units of this user's are installed: Quadlet's, and systemd's own.
func unitDirs(getenv func(string) string) (forQuadlet, forSystemd string) {
	if os.Getuid() == 0 {
		return "/etc/containers/systemd", "/etc/systemd/system"
	}
	config := getenv("XDG_CONFIG_HOME")
	if config == "" {
		config = filepath.Join(getenv("HOME"), ".config")
	}
	return filepath.Join(config, "containers", "systemd"), filepath.Join(config, "systemd", "user")
}

// unitsLeft names what an installed project has left: files, and services that systemd still knows.
func unitsLeft(getenv func(string) string, project string) error {
	var left []string
	forQuadlet, forSystemd := unitDirs(getenv)
	for _, pattern := range []string{filepath.Join(forQuadlet, project), filepath.Join(forQuadlet, "."+project+"*"), filepath.Join(forSystemd, "podup-"+project+".service")} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return err
		}
		left = append(left, found...)
	}
	if _, err := exec.LookPath("systemctl"); err == nil {
		services := strings.TrimPrefix(project, projectPrefix) + "-*.service"
		if out, err := exec.Command("systemctl", manager(), "list-units", "--all", "--plain", "--no-legend", services).Output(); err == nil {
			left = append(left, strings.Fields(string(out))...)
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("left of what was installed for project %s: %s", project, strings.Join(left, " "))
	}
	return nil
}

// uninstallLeft uninstalls what scripts that were killed have installed. It is no part of a test: what cannot
// be uninstalled stays.
func uninstallLeft() {
	forQuadlet, _ := unitDirs(os.Getenv)
	found, _ := filepath.Glob(filepath.Join(forQuadlet, projectPrefix+"*"))
	for _, dir := range found {
		_ = exec.Command("podup", "uninstall", filepath.Base(dir), "--volumes").Run()
	}
}
