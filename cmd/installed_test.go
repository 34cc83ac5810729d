package cmd

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/quadlet"
	"github.com/podup/podup/systemd"
	"github.com/podup/podup/translate"
)

func TestUpRefusesWhatIsInstalledAndDoesNotRun(t *testing.T) {
	i := newInstalled(t)
	i.write("pod.yaml", webManifest)
	i.podup(0, "install", "--no-start")
	i.service.Forget()
	want := "project shop is installed (units): podup uninstall shop first, or podup install -f "
	for _, args := range [][]string{{"up", "-d"}, {"up"}, {"up", "--wait"}, {"up", "--dry-run"}} {
		i.contains(i.podup(1, args...).err, want, "pod.yaml")
	}
	i.noWrites("a refused up")
	i.podup(0, "--project", "blog", "up", "-d")
	i.podup(0, "--project", "blog", "down")
	i.podup(0, "uninstall", "shop")
	i.podup(0, "up", "-d")
	i.podup(0, "down")
	i.nothingLeft()
}

func TestARollbackRefusesWhatIsInstalled(t *testing.T) {
	i := newInstalled(t)
	i.write("pod.yaml", webManifest)
	i.podup(0, "up", "-d")
	i.write("pod.yaml", strings.Replace(webManifest, "localhost/web:1", "localhost/web:2", 1))
	i.podup(0, "up", "-d")
	i.unit("shop", "shop", "web-app.container")
	i.contains(i.podup(1, "rollback").err, "project shop is installed (units): podup uninstall shop first")
}

// unit writes a unit of a project into a directory.
func (i installed) unit(dir, project, name string) {
	i.t.Helper()
	text := quadlet.Head(project, nil) + "\n[Container]\nServiceName=" + strings.TrimSuffix(name, ".container") + "\n"
	if err := os.MkdirAll(filepath.Join(i.units.Quadlet, dir), 0o755); err != nil {
		i.t.Fatal(err)
	}
	i.write(filepath.Join(i.units.Quadlet, dir, name), text)
}

func TestUpMindsNoUnitsButThoseThatUseItsEngine(t *testing.T) {
	for name, prepare := range map[string]func(i *installed){
		"a directory of somebody else's units": func(i *installed) { i.unit("shop", "other", "web.container") },
		"a file in place of the directory":     func(i *installed) { i.write(filepath.Join(i.units.Quadlet, "shop"), "") },
		"units of another user's Podman": func(i *installed) {
			i.unit("shop", "shop", "web.container")
			i.units.Root = !i.units.Root
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := newInstalled(t)
			i.write("pod.yaml", webManifest)
			prepare(&i)
			i.podup(0, "up", "-d")
			i.podup(0, "down")
		})
	}
}

func TestAnUnfinishedUninstallIsFinishedBeforeAnUp(t *testing.T) {
	i := newInstalled(t)
	i.write("pod.yaml", webManifest)
	i.unit("shop", "shop", ".podup")
	i.contains(i.podup(1, "up", "-d").err, "an install or uninstall of project shop did not end: podup uninstall shop first")
	i.podup(0, "uninstall", "shop")
	i.podup(0, "up", "-d")
	i.podup(0, "down")
}

func TestAnUpBesideAServiceThatDoesNotRunSaysSo(t *testing.T) {
	i := newInstalled(t)
	i.write("pod.yaml", webManifest)
	i.podup(0, "install", "--supervised", "--no-start")
	want := "warning: project shop is installed as podup-shop.service, which does not run: it takes the pods over"
	i.contains(i.podup(0, "up", "-d").err, want, "start podup-shop.service")
	i.contains(i.podup(0, "up", "-d").err, want)
	i.units.Root = !i.units.Root
	if got := i.podup(0, "up", "-d").err; strings.Contains(got, "podup-shop.service") {
		t.Errorf("of another engine: %s", got)
	}
	i.units.Root = !i.units.Root
	i.podup(0, "uninstall", "shop")
	i.nothingLeft()
}

func TestAReloadOfAServiceDoesNotSpeakOfTheService(t *testing.T) {
	i := newInstalled(t)
	i.write("pod.yaml", webManifest)
	i.podup(0, "install", "--supervised", "--no-start")
	i.serviceManager()
	i.environment["MAINPID"] = "1"
	if got := i.podup(0, "up", "-d").err; strings.Contains(got, "podup-shop.service") {
		t.Errorf("it says %s", got)
	}
	delete(i.environment, "NOTIFY_SOCKET")
	i.podup(0, "uninstall", "shop")
	i.nothingLeft()
}

func TestAProcessIsInAServiceByItsCgroup(t *testing.T) {
	const unified = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/"
	for name, c := range map[string]struct {
		groups string
		want   bool
	}{
		"its service":                    {unified + "podup-shop.service\n", true},
		"below it":                       {unified + "podup-shop.service/child\n", true},
		"its service on cgroup v1":       {"12:cpu:/\n1:name=systemd:/system.slice/podup-shop.service\n", true},
		"the service of another project": {unified + "podup-shop.service.d\n0::/podup-shopping.service\n", false},
		"the supervisor of up":           {unified + "podup.shop.service\n", false},
		"a terminal":                     {"0::/user.slice/user-1000.slice/session-1.scope\n", false},
		"nothing":                        {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := inService(c.groups, "podup-shop.service"); got != c.want {
				t.Errorf("%t, want %t", got, c.want)
			}
		})
	}
}

// begin runs a command line on that machine beside the test.
func (i installed) begin(args ...string) *underway {
	r := &underway{out: &syncBuffer{written: make(chan struct{}, 1)}, err: &syncBuffer{written: make(chan struct{}, 1)}, code: make(chan int, 1)}
	env := Env{
		In: &bytes.Buffer{}, Out: r.out, Err: r.err, Getenv: environment(i.environment), Connect: Podman,
		Program: "/usr/bin/podup", Units: &i.units,
	}
	go func() { r.code <- Main(i.t.Context(), env, args) }()
	return r
}

func TestOfTwoInstallsAtOnceOneIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		first, second []string
		want          string
	}{
		"units behind a service": {[]string{"install", "--supervised"}, []string{"install"}, "project shop is installed with --supervised: podup uninstall shop first"},
		"a service behind units": {[]string{"install"}, []string{"install", "--supervised"}, "project shop is installed without --supervised: podup uninstall shop first"},
	} {
		t.Run(name, func(t *testing.T) {
			i := newInstalled(t)
			i.write("pod.yaml", webManifest)
			// What the first one has written is put away and comes back while the second waits for the lock.
			i.podup(0, c.first...)
			away := t.TempDir()
			hidden := map[string]string{filepath.Join(i.units.Quadlet, "shop"): filepath.Join(away, "units"), filepath.Join(i.units.Service, "podup-shop.service"): filepath.Join(away, "service")}
			for from, to := range hidden {
				if err := os.Rename(from, to); err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
			}
			held, err := acquire(t.Context(), environment(i.environment), "shop", "podup install", func(string) {})
			if err != nil {
				t.Fatal(err)
			}
			second := i.begin(c.second...)
			second.says(t, "waiting for podup install")
			for from, to := range hidden {
				if err := os.Rename(to, from); err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
			}
			held.release()
			if code := <-second.code; code != 1 {
				t.Errorf("exit code %d", code)
			}
			i.contains(second.err.String(), c.want)
		})
	}
}

func TestDownLeavesTheDataThatInstalledUnitsUse(t *testing.T) {
	i := newInstalled(t)
	i.write("pod.yaml", claimManifest)
	i.podup(0, "install", "--no-start")
	i.service.LeaveVolume("orders", map[string]string{translate.LabelUnit: "shop", translate.LabelRole: translate.RoleClaim})
	i.service.LeaveVolume("letters", map[string]string{translate.LabelUnit: "shop", translate.LabelRole: translate.RoleClaim})
	i.service.Forget()
	i.contains(i.podup(1, "down", "--volumes").err, "project shop is installed, and its units use the data of orders: podup uninstall shop --volumes first")
	i.noWrites("a refused down")
	i.podup(0, "down")
	i.nothingLeft("letters", "orders")
	i.contains(i.podup(0, "uninstall", "shop", "--volumes").err, "removed volume/orders")
	i.nothingLeft()
}

func TestAProjectThatIsInstalledTwiceIsShownAndUninstalledWhole(t *testing.T) {
	i := newInstalled(t)
	i.write("pod.yaml", claimManifest)
	i.podup(0, "install", "--supervised")
	path := filepath.Join(i.units.Service, "podup-shop.service")
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	i.podup(0, "install")
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	i.manager.fails = "podup-shop.service"
	shown := i.podup(0, "ls")
	i.contains(shown.err, "project shop is installed twice", "podup uninstall shop removes both")
	i.contains(shown.out, "shop 0 0 0 - units and supervised, failed\n")
	i.service.LeaveVolume("orders", map[string]string{translate.LabelProject: "shop", translate.LabelRole: translate.RoleClaim})
	i.podup(0, "uninstall", "shop", "--volumes")
	if left, err := i.units.Installations(); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	i.nothingLeft()
}

// tongueTied is an engine that does not say what it is.
type tongueTied struct{ Engine }

func (tongueTied) Version(context.Context) (podmanapi.Version, error) {
	return podmanapi.Version{}, errors.New("no answer from /info")
}

func TestLsWarnsOfWhatItCannotSee(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(i *installed) (connect func(context.Context, podmanapi.Options) (Engine, error))
		want    string
	}{
		"a service manager that does not let it in": {func(i *installed) func(context.Context, podmanapi.Options) (Engine, error) {
			i.units.Open = func(context.Context) (systemd.Manager, error) {
				return nil, &os.PathError{Op: "dial", Path: "/run/user/1/systemd/private", Err: os.ErrPermission}
			}
			return Podman
		}, "how what is installed stands is not known: dial /run/user/1/systemd/private: permission denied"},
		"a directory of services that is none": {func(i *installed) func(context.Context, podmanapi.Options) (Engine, error) {
			i.write(i.units.Service, "")
			return Podman
		}, "look for installed services: "},
		"an engine that does not say what it is": {func(*installed) func(context.Context, podmanapi.Options) (Engine, error) {
			return func(ctx context.Context, o podmanapi.Options) (Engine, error) {
				engine, err := Podman(ctx, o)
				return tongueTied{engine}, err
			}
		}, "what is installed is not listed: no answer from /info"},
	} {
		t.Run(name, func(t *testing.T) {
			i := newInstalled(t)
			i.unit("shop", "shop", "web-app.container")
			i.service.LeaveVolume("orders", map[string]string{translate.LabelProject: "blog", translate.LabelRole: translate.RoleClaim})
			var out, stderr bytes.Buffer
			env := Env{In: &bytes.Buffer{}, Out: &out, Err: &stderr, Getenv: environment(i.environment), Connect: c.prepare(&i), Units: &i.units}
			if code := Main(t.Context(), env, []string{"ls"}); code != 0 {
				t.Errorf("exit code %d", code)
			}
			i.contains(stderr.String(), "warning: ", c.want)
			i.contains(out.String(), "blog 0 0 0 ")
		})
	}
}

func TestLsListsWhatUnitsHaveMade(t *testing.T) {
	engine := &still{projects: slices.Concat(inventory(), []podmanapi.Project{{Name: "units", Pods: 1, Containers: 2, Running: 1, Units: true}})}
	i := installed{story: &story{t: t}}
	_, out, _ := podup(t, engine, "ls")
	i.contains(out, "units 1 2 1 - units\n")
	_, out, _ = podup(t, engine, "ls", "-o", "json")
	i.contains(out, `"name": "units",
      "pods": 1,
      "containers": 2,
      "running": 1,
      "installed": {
        "as": "units"
      }`)
}

func TestCommandsSayOfAnInstalledProjectThatSystemdRunsIt(t *testing.T) {
	i := newInstalled(t)
	i.write("pod.yaml", webManifest)
	i.podup(0, "install")
	user := " --user"
	if i.units.Root {
		user = ""
	}
	want := "project shop is installed as systemd units: systemctl" + user + " status web-pod, journalctl" + user +
		" -u web-app -u web-side; podup uninstall shop removes them"
	for name, test := range map[string]struct {
		code int
		args []string
	}{
		"ps":                            {0, []string{"ps"}},
		"ps of a pod":                   {1, []string{"ps", "web"}},
		"status":                        {0, []string{"status"}},
		"status of a pod":               {1, []string{"status", "pod/web"}},
		"describe":                      {0, []string{"describe"}},
		"describe of a pod":             {1, []string{"describe", "web"}},
		"logs":                          {0, []string{"logs"}},
		"logs of a container":           {1, []string{"logs", "web/app"}},
		"events":                        {0, []string{"events"}},
		"exec is podup's own failure":   {exitExec, []string{"exec", "web", "--", "true"}},
		"a wait would never end":        {1, []string{"wait"}},
		"a wait for a pod":              {1, []string{"wait", "web"}},
		"stop":                          {0, []string{"stop"}},
		"restart of a container":        {1, []string{"restart", "web/app"}},
		"down removes nothing":          {0, []string{"down"}},
		"down of a pod removes nothing": {1, []string{"down", "web"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := i.podup(test.code, test.args...)
			i.contains(got.err, want)
			if strings.Contains(got.err, "podup ls") {
				t.Errorf("and denies it: %s", got.err)
			}
		})
	}
	i.contains(i.podup(0, "--project", "other", "ps").err, "project other has no pods (podup ls lists the projects)")
	i.podup(0, "--project", "blog", "install", "--supervised")
	i.contains(i.podup(0, "--project", "blog", "ps").err, "project blog is installed as podup-blog.service, and has no pods now: systemctl"+user+" status podup-blog.service")
	i.podup(0, "uninstall", "shop")
	i.contains(i.podup(0, "ps").err, "project shop has no pods (podup ls lists the projects)")
}
