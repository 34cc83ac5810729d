package systemd

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/podup/podup/quadlet"
	"github.com/podup/podup/translate"
)

// aUnit is one as package quadlet writes it, made of these lines.
func aUnit(name string, lines ...string) quadlet.Unit {
	text := quadlet.Head("shop", []string{"/srv/pod.yaml"}) + "\n[Unit]\n" + strings.Join(lines, "\n") + "\n"
	return quadlet.Unit{Name: name, Service: serviceOf(name, []byte(text)), Text: []byte(text)}
}

func file(name, data string) quadlet.File {
	return quadlet.File{Name: name, Mode: 0o644, Data: []byte(data)}
}

func secret(name, value string, units ...string) quadlet.Secret {
	return quadlet.Secret{Name: name, Value: translate.Conceal([]byte("key"), value), Units: units}
}

// shop is a pod with two containers, all kinds of units, files and secrets.
func shop(change ...func(*quadlet.Set)) quadlet.Set {
	set := quadlet.Set{
		Project: "shop",
		Units: []quadlet.Unit{
			aUnit("orders.volume", "[Volume]", "VolumeName=orders"),
			aUnit("shop.network", "[Network]", "NetworkName=podup.shop"),
			aUnit("web-app.container", "[Container]", "ContainerName=web-app", "Pod=web.pod", "Image=app:1",
				"Volume=web-cache.volume:/cache", "Volume=orders.volume:/orders", "Secret=web-app.PASSWORD,type=env"),
			aUnit("web-cache.volume", "PartOf=web-pod.service", "[Volume]", "VolumeName=web-cache", "[Service]", "ExecStop=-podman volume rm web-cache"),
			aUnit("web-side.container", "[Container]", "ContainerName=web-side", "Pod=web.pod", "Image=side:1", "Restart=no"),
			aUnit("web.pod", "[Pod]", "PodName=web", "Network=shop.network"),
		},
		Files:   []quadlet.File{file("files/web-page/index.html", "hello"), file("files/web-page/sub/motd", "welcome")},
		Secrets: []quadlet.Secret{secret("web-app.PASSWORD", "swordfish", "web-app.container")},
	}
	for _, f := range change {
		f(&set)
	}
	return set
}

// with changes lines of a unit.
func with(name, old, new string) func(*quadlet.Set) {
	return func(set *quadlet.Set) {
		set.Units = slices.Clone(set.Units)
		for i, u := range set.Units {
			if u.Name == name {
				set.Units[i].Text = []byte(strings.Replace(string(u.Text), old, new, 1))
			}
		}
	}
}

func without(names ...string) func(*quadlet.Set) {
	return func(set *quadlet.Set) {
		set.Units = slices.DeleteFunc(slices.Clone(set.Units), func(u quadlet.Unit) bool { return slices.Contains(names, u.Name) })
	}
}

// mutations are sets, and the services that an install of one over shop() starts anew.
func mutations() map[string]struct {
	set       quadlet.Set
	restarted []string
} {
	type c = struct {
		set       quadlet.Set
		restarted []string
	}
	return map[string]c{
		"nothing restarts nothing":                         {shop(), nil},
		"other source files restart nothing":               {shop(with("web-app.container", "/srv/pod.yaml", "/srv/other.yaml")), nil},
		"a container is restarted alone":                   {shop(with("web-side.container", "side:1", "side:2")), []string{"web-side.service"}},
		"a pod restarts with its containers and emptyDirs": {shop(with("web.pod", "PodName=web", "PodName=web\nHostName=www")), []string{"web-app.service", "web-cache-volume.service", "web-pod.service", "web-side.service"}},
		"a network restarts its pods, and itself": {shop(with("shop.network", "NetworkName=podup.shop", "NetworkName=podup.shop\nInternal=true")),
			[]string{"shop-network.service", "web-app.service", "web-cache-volume.service", "web-pod.service", "web-side.service"}},
		"a volume restarts what uses it": {shop(with("web-cache.volume", "VolumeName=web-cache", "VolumeName=web-cache\nLabel=a=b")),
			[]string{"web-app.service", "web-cache-volume.service"}},
		"a file restarts nothing": {shop(func(s *quadlet.Set) {
			s.Files = []quadlet.File{file("files/web-page/index.html", "bye"), file("files/web-page/more", "new")}
		}), nil},
		"a secret restarts what uses it": {shop(func(s *quadlet.Set) {
			s.Secrets = []quadlet.Secret{secret("web-app.PASSWORD", "octopus", "web-app.container")}
		}), []string{"web-app.service"}},
		"a container that is no longer wanted goes": {shop(without("web-side.container")), nil},
		"a claim that is no longer wanted keeps its data": {shop(without("orders.volume"), with("web-app.container", "Volume=orders.volume:/orders\n", "")),
			[]string{"web-app.service"}},
		"everything changes at once": {shop(
			without("web-cache.volume"),
			with("web-app.container", "Volume=web-cache.volume:/cache\n", ""),
			with("web-side.container", "side:1", "side:2"),
			func(s *quadlet.Set) {
				s.Units = append(s.Units, aUnit("web-third.container", "[Container]", "ContainerName=web-third", "Pod=web.pod", "Image=x", "Secret=web-third.TOKEN,type=env"))
				s.Files = []quadlet.File{file("files/web-page/sub", "a file where a directory was")}
				s.Secrets = []quadlet.Secret{secret("web-third.TOKEN", "abc", "web-third.container")}
			}, with("web-app.container", "Secret=web-app.PASSWORD,type=env\n", "")), []string{"web-app.service", "web-side.service"}},
	}
}

func TestAnInstallRestartsOnlyWhatHasChanged(t *testing.T) {
	for name, c := range mutations() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.must(shop())
			before := map[string]int{}
			for service, run := range w.running {
				before[service] = run.number
			}
			w.must(c.set)
			var restarted []string
			for service, run := range w.running {
				if was, ran := before[service]; ran && was != run.number {
					restarted = append(restarted, service)
				}
			}
			slices.Sort(restarted)
			if !slices.Equal(restarted, c.restarted) {
				t.Errorf("restarted %v, want %v", restarted, c.restarted)
			}
			w.said = nil
			n, err := w.install(-1, c.set)
			if err != nil || n > 0 || len(w.said) > 0 {
				t.Errorf("the next install makes %d changes: %v, %v", n, w.said, err)
			}
		})
	}
}

func TestAnInstallThatIsKilledAnywhereIsMendedByTheNext(t *testing.T) {
	for name, c := range mutations() {
		t.Run(name, func(t *testing.T) {
			killed := 0
			for n := 0; ; n++ {
				w := newWorld(t)
				w.must(shop())
				if _, err := w.install(n, c.set); err == nil {
					break
				} else if !errors.Is(err, errKilled) {
					t.Fatalf("killed before change %d: %v", n, err)
				}
				killed++
				w.must(c.set)
				if t.Failed() {
					t.Fatalf("killed before change %d", n)
				}
			}
			t.Logf("killed %d times", killed)
		})
	}
}

func TestTheFirstInstallThatIsKilledAnywhereIsMendedOrRemoved(t *testing.T) {
	for n := 0; ; n++ {
		w := newWorld(t)
		if _, err := w.install(n, shop()); err == nil {
			if n < 10 {
				t.Errorf("only %d changes", n)
			}
			break
		} else if !errors.Is(err, errKilled) {
			t.Fatalf("killed before change %d: %v", n, err)
		}
		w.must(shop())
		if t.Failed() {
			t.Fatalf("killed before change %d", n)
		}

		w = newWorld(t)
		if _, err := w.install(n, shop()); !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		if _, _, err := w.uninstall(-1, true); err != nil {
			t.Fatalf("uninstall after change %d: %v", n, err)
		}
		w.gone()
		if t.Failed() {
			t.Fatalf("killed before change %d", n)
		}
	}
}

func TestAnUninstallLeavesNothingButClaims(t *testing.T) {
	w := newWorld(t)
	w.must(shop())
	_, kept, err := w.uninstall(-1, false)
	if err != nil || !slices.Equal(kept, []string{"orders"}) {
		t.Fatalf("kept %v, %v", kept, err)
	}
	w.gone("volume/orders")
	w.must(shop())
	if _, kept, err = w.uninstall(-1, true); err != nil || len(kept) > 0 {
		t.Fatalf("kept %v, %v", kept, err)
	}
	w.gone()
}

func TestAnUninstallThatIsKilledAnywhereIsMendedByTheNext(t *testing.T) {
	for n := 0; ; n++ {
		w := newWorld(t)
		w.must(shop())
		if _, _, err := w.uninstall(n, false); err == nil {
			if n < 10 {
				t.Errorf("only %d changes", n)
			}
			break
		} else if !errors.Is(err, errKilled) {
			t.Fatalf("killed before change %d: %v", n, err)
		}
		if _, _, err := w.uninstall(-1, false); err != nil {
			t.Fatalf("killed before change %d: %v", n, err)
		}
		w.gone("volume/orders")
		if t.Failed() {
			t.Fatalf("killed before change %d", n)
		}

		w = newWorld(t)
		w.must(shop())
		if _, _, err := w.uninstall(n, false); !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		w.must(shop())
		if t.Failed() {
			t.Fatalf("killed before change %d, then installed", n)
		}
	}
}

func TestAUnitThatTheGeneratorDoesNotTakeStopsNothing(t *testing.T) {
	w := newWorld(t)
	w.must(shop())
	before := w.starts
	_, err := w.install(-1, shop(with("web-side.container", "side:1", "side:2\nUnreadable=1"), with("web-app.container", "app:1", "app:2")))
	if err == nil || !strings.Contains(err.Error(), "web-side.container: Podman's generator makes no service of it") || !strings.Contains(err.Error(), "--user --dryrun") {
		t.Errorf("%v", err)
	}
	if w.starts != before || w.running["web-app.service"].rules != string(rules(shop().Units[2].Text)) {
		t.Errorf("restarted: %v", w.running)
	}
	w.must(shop(with("web-app.container", "app:1", "app:2")))
}

func TestAServiceThatFailsIsToldOnceAndTriedAgainByTheNextInstall(t *testing.T) {
	w := newWorld(t)
	w.fails["web-app.service"] = "failed"
	if _, err := w.install(-1, shop()); err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, text := range w.said {
		if strings.HasPrefix(text, "web-") {
			told = append(told, text)
		}
	}
	if want := []string{"web-app.service has failed with exit code 7 and is tried again"}; !slices.Equal(told, want) {
		t.Errorf("%q, want %q", told, want)
	}
	delete(w.fails, "web-app.service")
	w.must(shop())
}

func TestAJobThatHasEndedIsNotRunAgain(t *testing.T) {
	w := newWorld(t)
	w.must(shop())
	run := w.running["web-side.service"] // Restart=no
	run.ended = true
	w.running["web-side.service"] = run
	before := w.starts
	if n, err := w.install(-1, shop()); err != nil || n > 0 || w.starts != before {
		t.Errorf("%d changes, %d starts, %v", n, w.starts-before, err)
	}
	w.must(shop(with("web-side.container", "side:1", "side:2")))
	app := w.running["web-app.service"] // Restart is not no: somebody has stopped it
	app.ended = true
	w.running["web-app.service"] = app
	set := shop(with("web-app.container", "Image=app:1", "Image=app:1\nRestart=always"), with("web-side.container", "side:1", "side:2"))
	w.must(set)
}

func TestWhatPodmanHoldsForOthersIsNotTouched(t *testing.T) {
	for name, c := range map[string]struct{ owner, want string }{
		"a pod of podup up":    {"project shop", "podup up has made pod/web, of project shop: podup down --project shop first"},
		"a pod of a stranger":  {"not made by podup", "Podman has pod/web already (not made by podup)"},
		"a pod of other units": {"units of other", "podup install has made pod/web, of project other: podup uninstall other first"},
		"a claim of other units": {"units of other",
			"podup install has made volume/orders, of project other: podup uninstall other --volumes removes it, with its data; or give the claim another name"},
		"a claim of another project": {"project other",
			"podup up has made volume/orders, of project other: podup down --project other --volumes removes it, with its data; or give the claim another name"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			object := "pod/web"
			if strings.Contains(c.want, "volume/orders") {
				object = "volume/orders"
			}
			w.objects[object] = c.owner
			n, err := w.install(-1, shop())
			if err == nil || !strings.Contains(err.Error(), c.want) || n > 0 {
				t.Errorf("%v after %d changes, want %q", err, n, c.want)
			}
		})
	}
}

func TestAClaimDoesNotBecomeAnEmptyDir(t *testing.T) {
	passing := with("orders.volume", "VolumeName=orders", "VolumeName=orders\n[Service]\nExecStop=-podman volume rm orders")
	for name, first := range map[string][]quadlet.Set{
		"while its unit is there":              {shop()},
		"when only its data is left in Podman": {shop(), shop(without("orders.volume"), with("web-app.container", "Volume=orders.volume:/orders\n", ""))},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for _, set := range first {
				w.must(set)
			}
			if n, err := w.install(-1, shop(passing)); err == nil || !strings.Contains(err.Error(), "persistentVolumeClaim") || n > 0 {
				t.Errorf("%d changes, %v", n, err)
			}
		})
	}
}

func TestWithoutAServiceManagerUnitsAreWrittenAndTheNextInstallStartsThem(t *testing.T) {
	w := newWorld(t)
	w.must(shop())
	in, _ := w.installer(-1)
	in.Manager = nil
	changed := shop(with("web-app.container", "app:1", "app:2"))
	d, err := in.Survey(t.Context(), changed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Install(t.Context(), changed, d, false); err != nil {
		t.Fatal(err)
	}
	if text := w.tree()["web-app.container"]; !strings.Contains(text, "app:2") || w.running["web-app.service"].rules == string(rules([]byte(text))) {
		t.Errorf("%s", text)
	}
	w.must(changed)
}

func TestWhatIsNotStartedIsRestartedByTheNextInstall(t *testing.T) {
	w := newWorld(t)
	w.must(shop())
	in, _ := w.installer(-1)
	changed := shop(with("web-app.container", "app:1", "app:2"))
	d, err := in.Survey(t.Context(), changed)
	if err != nil {
		t.Fatal(err)
	}
	before := w.starts
	if _, err := in.Install(t.Context(), changed, d, false); err != nil || w.starts != before {
		t.Fatalf("%v, %d starts", err, w.starts-before)
	}
	w.must(changed)
}

func TestAnUninstallWithoutAnEngineRemovesTheUnits(t *testing.T) {
	w := newWorld(t)
	w.must(shop())
	in, _ := w.installer(-1)
	in.Engine = nil
	left, err := in.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Uninstall(t.Context(), left, false); err != nil {
		t.Fatal(err)
	}
	if tree := w.tree(); len(tree)+len(w.running) > 0 {
		t.Errorf("left: %v %v", tree, w.running)
	}
	if _, _, err := w.uninstall(-1, false); err != nil { // the engine is back
		t.Fatal(err)
	}
	w.gone("volume/orders")
}

func TestAnUninstallWithoutAServiceManagerRemovesAllTheSame(t *testing.T) {
	w := newWorld(t)
	w.must(shop())
	in, _ := w.installer(-1)
	in.Manager = nil
	left, err := in.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := in.Uninstall(t.Context(), left, true); err != nil || len(kept) > 0 {
		t.Fatal(kept, err)
	}
	if tree := w.tree(); len(tree)+len(w.objects)+len(w.secrets) > 0 {
		t.Errorf("left: %v %v %v", tree, w.objects, w.secrets)
	}
}

func TestWhatSomebodyElseHasPutIntoTheDirectoryStays(t *testing.T) {
	w := newWorld(t)
	w.must(shop())
	own := filepath.Join(w.host.Quadlet, "shop", "web.pod.d")
	if err := os.Mkdir(own, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(own, "mine.conf"), []byte("[Pod]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := w.install(-1, shop(with("web-app.container", "app:1", "app:2"))); err != nil {
		t.Fatal(err)
	}
	w.said = nil
	if _, _, err := w.uninstall(-1, true); err != nil {
		t.Fatal(err)
	}
	if tree := w.tree(); len(tree) != 1 || tree["web.pod.d/mine.conf"] == "" {
		t.Errorf("left: %v", tree)
	}
	if !slices.ContainsFunc(w.said, func(text string) bool { return strings.Contains(text, "stays: it holds web.pod.d (a directory)") }) {
		t.Errorf("%q", w.said)
	}
}
