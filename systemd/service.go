package systemd

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/podup/podup/quadlet"
	"github.com/podup/podup/templates"
)

// Service is the unit by which podup itself leads a project under a service manager.
type Service struct {
	Project string
	Program string   // absolute path of podup
	Global  []string // flags before the command
	Flags   []string // flags of `podup up`, beside -f
	Sources []string // absolute paths of the manifests
	Root    bool     // for the system's service manager
	// Stop is the longest that the pods may take to stop.
	Stop time.Duration
	// Hopeless are the exit codes after which another start changes nothing.
	Hopeless []int
}

// stopMargin is what a stop takes beside the graces: the lock of an up that is under way, and Podman.
const stopMargin = 30 * time.Second

// Text is the unit file, the same for the same Service.
func (s Service) Text() ([]byte, error) {
	command := func(up ...string) (string, error) {
		argv := slices.Concat([]string{s.Program}, s.Global, []string{"--project", s.Project}, up, s.Flags)
		for _, source := range s.Sources {
			argv = append(argv, "-f", source)
		}
		return quadlet.Command(argv)
	}
	start, err := command("up")
	if err != nil {
		return nil, err
	}
	reload, err := command("up", "-d")
	if err != nil {
		return nil, err
	}
	stop := (s.Stop + stopMargin + time.Second - 1).Truncate(time.Second)
	data := map[string]any{
		"Mark": quadlet.Head(s.Project, s.Sources), "Project": s.Project, "Start": start, "Reload": reload,
		"Stop": int(stop / time.Second), "Margin": fmt.Sprintf("%.0f s", stopMargin.Seconds()),
		"Hopeless": strings.Trim(fmt.Sprint(s.Hopeless), "[]"),
		// The user's manager has no network-online.target. What Podman brings in its place (5.3) waits 90 s where
		// nobody brings that target about. A pull that comes too early is tried again.
		"Wants":  "podman.socket",
		"After":  "podman.socket podman.service",
		"Target": "default.target",
	}
	if s.Root {
		data["Wants"] = "network-online.target podman.socket"
		data["After"] = "network-online.target remote-fs.target podman.socket podman.service"
		data["Target"] = "multi-user.target"
	}
	parsed, err := templates.Parse("systemd", nil)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := parsed.ExecuteTemplate(&text, "service.tmpl", data); err != nil {
		return nil, fmt.Errorf("write unit %s: %w", quadlet.ServiceName(s.Project), err)
	}
	return text.Bytes(), nil
}

// WriteService writes the unit file of a project's Service into a directory that is there. A file of the
// name that podup has not made for the project is an error, and stays.
func WriteService(dir, project string, text []byte) error {
	name := quadlet.ServiceName(project)
	there, err := os.ReadFile(filepath.Join(dir, name))
	if err == nil {
		if made, ours := owner(there); !ours || made != project {
			return fmt.Errorf("%s was not made by podup for project %s: move it away, or give another --project", filepath.Join(dir, name), project)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write unit %s: %w", name, err)
	}
	t, err := openTree(dir, spareName, func(string) error { return nil })
	if err != nil {
		return fmt.Errorf("write unit %s: %w", name, err)
	}
	defer func() { _ = t.Close() }()
	if err := t.write(name, 0o644, text); err != nil {
		return err
	}
	return t.sync()
}
