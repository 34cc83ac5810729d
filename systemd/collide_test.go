package systemd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/podup/podup/quadlet"
)

func TestUnitsThatMeetOthersAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		set   quadlet.Set
		files map[string]string // below the directory that holds all others
		want  string
	}{
		"a base name in a directory that Quadlet reads before": {shop(), map[string]string{"run/web.pod": "[Pod]\n"}, "run/web.pod has the name of a unit"},
		"a base name of another project":                       {shop(), map[string]string{"containers/systemd/other/web.pod": "[Pod]\nServiceName=x\n"}, "other/web.pod has the name of a unit"},
		"a base name in the administrator's directory":         {shop(), map[string]string{"etc/deep/er/web.pod": "[Pod]\n"}, "etc/deep/er/web.pod has the name of a unit"},
		"a service name that another file gives":               {shop(), map[string]string{"run/x.container": "[Container]\nServiceName=web-app\n"}, "run/x.container is the service web-app.service, and web-app.container would be, too"},
		"a service name by a file's kind":                      {shop(), map[string]string{"run/web-pod.kube": "[Kube]\n"}, "run/web-pod.kube is the service web-pod.service"},
		"an ordinary unit of the service's name":               {shop(), map[string]string{"lib/web-app.service": "[Service]\n"}, "lib/web-app.service is the service web-app.service"},
		"an ordinary unit that is masked":                      {shop(), map[string]string{"systemd/user/web-app.service": "->/dev/null"}, "systemd/user/web-app.service is the service"},
		"two units of one service": {quadlet.Set{Project: "shop", Units: []quadlet.Unit{
			aUnit("a.pod", "[Pod]", "PodName=a"), aUnit("a-pod.container", "[Container]", "ContainerName=b"),
		}}, nil, "a.pod and a-pod.container would both be the service a-pod.service"},
		"a pod and a container of one name": {quadlet.Set{Project: "shop", Units: []quadlet.Unit{
			aUnit("web-app.pod", "[Pod]", "PodName=web-app"), aUnit("web-app.container", "[Container]", "ContainerName=web-app"),
		}}, nil, "web-app.pod and web-app.container would both have the name web-app in Podman"},
		"another user's directory is not read": {shop(), map[string]string{"etc/1001/web.pod": "[Pod]\n"}, ""},
		"what is no unit meets nothing":        {shop(), map[string]string{"run/web.pod.bak": "[Pod]\n", "run/web.conf": ""}, ""},
		"a volume and a pod of one name":       {quadlet.Set{Project: "shop", Units: []quadlet.Unit{aUnit("web.pod", "[Pod]", "PodName=web"), aUnit("web.volume", "[Volume]", "VolumeName=web")}}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			above := filepath.Dir(filepath.Dir(w.host.Quadlet))
			for file, text := range c.files {
				rel, err := filepath.Rel(w.host.Quadlet, filepath.Join(above, file))
				if err != nil {
					t.Fatal(err)
				}
				w.put(map[string]string{filepath.ToSlash(rel): text})
			}
			err := Collisions(c.set, w.host.Look(c.set))
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestAnInstalledProjectDoesNotMeetItself(t *testing.T) {
	w := newWorld(t)
	w.must(shop())
	// A link to the directory, as dotfiles are kept, leads there a second time.
	if err := os.Symlink(w.host.Quadlet, w.host.Search[0].Path); err != nil {
		t.Fatal(err)
	}
	w.must(shop(with("web-app.container", "app:1", "app:2")))
}
