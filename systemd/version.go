package systemd

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/podup/podup/quadlet"
)

// young are keys that podup writes and that systemd does not know before a version (systemd.service(5)). It
// says so in its journal, and loads the unit without them (252).
type young struct {
	keys  []string
	since int
	lost  string // what is otherwise without them
}

func youngKeys() []young {
	return []young{
		{[]string{"RestartMode"}, 254, "a try of an init container that fails is a failure for what waits for it"},
		{[]string{"RestartSteps", "RestartMaxDelaySec"}, 254, "the pause before a restart does not grow"},
	}
}

// Ignored says what of units the service manager does not know. Without one nobody can say.
func (in *Installer) Ignored(ctx context.Context, units []quadlet.Unit) ([]string, error) {
	if in.Manager == nil {
		return nil, nil
	}
	text, err := in.Manager.Version(ctx)
	if err != nil {
		return nil, err
	}
	version, known := versionNumber(text)
	if !known {
		return nil, nil
	}
	var ignored []string
	for _, y := range youngKeys() {
		of := everyone(units, func(u quadlet.Unit) string {
			for _, key := range y.keys {
				if value(u.Text, key) != "" {
					return u.Name
				}
			}
			return ""
		})
		if version < y.since && len(of) > 0 {
			ignored = append(ignored, fmt.Sprintf("%s: systemd knows %s= from version %d on, and this is %d: %s",
				strings.Join(of, ", "), strings.Join(y.keys, "= and "), y.since, version, y.lost))
		}
	}
	return ignored, nil
}

var versionStart = regexp.MustCompile(`^v?(\d{1,5})`)

// versionNumber reads "257.13-1~deb13u1" and "v255.4": systemd's versions are what a distribution calls them.
func versionNumber(text string) (number int, known bool) {
	found := versionStart.FindStringSubmatch(text)
	if found == nil {
		return 0, false
	}
	number, err := strconv.Atoi(found[1])
	return number, err == nil
}
