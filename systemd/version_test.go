package systemd

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/podup/podup/quadlet"
)

func TestWhatASystemdDoesNotKnowIsSaid(t *testing.T) {
	units := []quadlet.Unit{
		{Name: "web-app.container", Text: []byte("[Service]\nRestart=always\nRestartSteps=5\nRestartMaxDelaySec=300s\n")},
		{Name: "web-init.container", Text: []byte("[Service]\nRestart=on-failure\nRestartMode=direct\nRestartSteps=5\nRestartMaxDelaySec=300s\n")},
		{Name: "web.pod", Text: []byte("[Pod]\nPodName=web\n# RestartMode=direct\n")},
	}
	const (
		mode  = "web-init.container: systemd knows RestartMode= from version 254 on, and this is "
		steps = "web-app.container, web-init.container: systemd knows RestartSteps= and RestartMaxDelaySec= from version 254 on, and this is "
	)
	for name, test := range map[string]struct {
		version string
		units   []quadlet.Unit
		want    []string
	}{
		"Debian 12's":                  {"252.39-1~deb12u1", units, []string{mode + "252: ", steps + "252: "}},
		"one before the keys":          {"253", units, []string{mode + "253: ", steps + "253: "}},
		"the one they came with":       {"254", units, nil},
		"one with a letter":            {"v255.4", units, nil},
		"Debian 13's":                  {"257.13-1~deb13u1", units, nil},
		"a unit with none of the keys": {"252", units[2:], nil},
		"one that cannot be read":      {"devel", units, nil},
		"one that says nothing":        {"", units, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.version = test.version
			in, _ := w.installer(-1)
			got, err := in.Ignored(t.Context(), test.units)
			if err != nil || !slices.EqualFunc(got, test.want, strings.HasPrefix) {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
	in, _ := newWorld(t).installer(-1)
	in.Manager = nil
	if got, err := in.Ignored(t.Context(), units); len(got) > 0 || err != nil {
		t.Errorf("without a service manager: %q, %v", got, err)
	}
}

// Every key of systemd's that a template writes is one that each systemd beside Podman 5 knows, or is told of.
func TestEveryKeyOfSystemdIsKnownOrTold(t *testing.T) {
	old := strings.Fields("Description After Requires Wants PartOf StartLimitIntervalSec WantedBy " +
		"Type RemainAfterExit NotifyAccess ExecStart ExecStartPre ExecStartPost ExecStop ExecStopPost ExecReload " +
		"Restart RestartSec SuccessExitStatus RestartForceExitStatus RestartPreventExitStatus " +
		"TimeoutStartSec TimeoutStopSec TimeoutAbortSec WatchdogSec KillMode") // the youngest is of 243
	var told []string
	for _, y := range youngKeys() {
		told = append(told, y.keys...)
	}
	key, found := regexp.MustCompile(`^([A-Z]\w+)=`), []string{}
	files, err := filepath.Glob("../templates/*/*.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		section := ""
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "[") {
				section = strings.TrimSpace(line)
			}
			name := key.FindStringSubmatch(line)
			if name == nil || !slices.Contains([]string{"[Unit]", "[Service]", "[Install]"}, section) {
				continue
			}
			found = append(found, name[1])
			if !slices.Contains(old, name[1]) && !slices.Contains(told, name[1]) {
				t.Errorf("%s: nobody knows since when systemd has %s=", file, name[1])
			}
		}
	}
	for _, name := range slices.Concat(old, told) {
		if !slices.Contains(found, name) {
			t.Errorf("no template writes %s=", name)
		}
	}
}
