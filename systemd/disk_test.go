package systemd

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/podup/podup/quadlet"
)

// put writes files below the directory of the host's units; "->" in a text makes a link.
func (w *world) put(files map[string]string) {
	w.t.Helper()
	for name, text := range files {
		at := filepath.Join(w.host.Quadlet, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			w.t.Fatal(err)
		}
		var err error
		if target, link := strings.CutPrefix(text, "->"); link {
			err = os.Symlink(target, at)
		} else {
			err = os.WriteFile(at, []byte(text), 0o600)
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

func TestWhatIsNotThePodupsOwnIsNeverWritten(t *testing.T) {
	other := quadlet.Head("other", nil) + "\n[Pod]\nPodName=web\n"
	mine := string(shop().Units[5].Text)
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"a directory of somebody else":                   {map[string]string{"shop/a.container": "[Container]\n"}, "shop holds a.container (not made by podup), and nothing that podup has made for project shop"},
		"a directory of another project":                 {map[string]string{"shop/web.pod": other}, "shop holds web.pod (made for project other)"},
		"files without a unit":                           {map[string]string{"shop/files/web-page/x": "mine"}, "shop holds files (not made by podup)"},
		"a link in place of the directory":               {map[string]string{"shop": "->/tmp"}, "shop is a symbolic link"},
		"a file in place of the directory":               {map[string]string{"shop": "text"}, "shop is a file"},
		"a unit of somebody else among podup's":          {map[string]string{"shop/web.pod": mine, "shop/web-app.container": "[Container]\n"}, "shop/web-app.container is in the way (not made by podup)"},
		"a unit of another project among podup's":        {map[string]string{"shop/web.pod": mine, "shop/web-app.container": other}, "shop/web-app.container is in the way (made for project other)"},
		"a link in place of a unit":                      {map[string]string{"shop/web.pod": mine, "shop/web-app.container": "->web.pod"}, "shop/web-app.container is in the way (a symbolic link)"},
		"a link in place of a file":                      {map[string]string{"shop/web.pod": mine, "shop/files/web-page/index.html": "->/etc/passwd"}, "shop/files/web-page/index.html is in the way (a symbolic link)"},
		"a link in place of a directory of files":        {map[string]string{"shop/web.pod": mine, "shop/files/web-page": "->/tmp"}, "shop/files/web-page is in the way (a symbolic link)"},
		"a link in place of the directory for all files": {map[string]string{"shop/web.pod": mine, "shop/files": "->/tmp"}, "shop/files is in the way (a symbolic link)"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.put(c.files)
			n, err := w.install(-1, shop())
			if err == nil || !strings.Contains(err.Error(), c.want) || n > 0 {
				t.Errorf("%v after %d changes, want %q", err, n, c.want)
			}
		})
	}
}

func TestWhatIsWrittenCanBeReadByAll(t *testing.T) {
	w := newWorld(t)
	set := shop(func(s *quadlet.Set) { s.Files[1].Mode = 0o440 })
	w.must(set)
	for name, want := range map[string]fs.FileMode{
		"shop": fs.ModeDir | 0o755, "shop/web.pod": 0o644, "shop/files": fs.ModeDir | 0o755,
		"shop/files/web-page/sub": fs.ModeDir | 0o755, "shop/files/web-page/index.html": 0o644, "shop/files/web-page/sub/motd": 0o440,
	} {
		info, err := os.Lstat(filepath.Join(w.host.Quadlet, filepath.FromSlash(name)))
		if err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
}

func TestADirectoryThatIsMountedStaysTheSameWhenItsFilesChange(t *testing.T) {
	w := newWorld(t)
	w.must(shop())
	dir := filepath.Join(w.host.Quadlet, "shop", "files", "web-page")
	before, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	w.must(shop(func(s *quadlet.Set) { s.Files = []quadlet.File{file("files/web-page/other", "all new")} }))
	if after, err := os.Stat(dir); err != nil || !os.SameFile(before, after) {
		t.Errorf("another directory, %v", err)
	}
}

func TestASecretsValueIsInNoFile(t *testing.T) {
	w := newWorld(t)
	for n := range 60 {
		_, err := w.install(n, shop())
		for name, text := range w.tree() {
			if strings.Contains(text, "swordfish") {
				t.Fatalf("after %d changes it is in %s", n, name)
			}
		}
		if err == nil {
			return
		}
	}
	t.Error("60 changes were not enough")
}

func TestInstalledNamesWhatIsThere(t *testing.T) {
	w := newWorld(t)
	if got := w.host.Installed(); len(got) > 0 {
		t.Errorf("%v", got)
	}
	w.must(shop())
	w.put(map[string]string{"foreign/a.pod": "[Pod]\n", "plain.container": "[Container]\n"})
	for _, dir := range []string{w.host.Service, filepath.Join(w.host.Quadlet, "users")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"podup-api.service": quadlet.Head("api", nil) + "\n", "podup-x.service": "[Service]\n"} {
		if err := os.WriteFile(filepath.Join(w.host.Service, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(w.host.Installed(), " "); got != "api shop" {
		t.Errorf("%q", got)
	}
}

func TestRootsProjectCannotBeCalledAsTheDirectoryOfTheUsers(t *testing.T) {
	root := Here(func(string) string { return "" }, 0)
	if _, err := root.Read("users"); err == nil || err.Error() != "Quadlet does not read /etc/containers/systemd/users: give another --project" {
		t.Error(err)
	}
}

func TestRulesAreWhatIsNotAComment(t *testing.T) {
	a := "# Made by podup for project shop from a.yaml\n\n[Unit]\n; a note\n  Description=x\n"
	b := "# Made by podup for project shop from b.yaml\n[Unit]\nDescription=x\n"
	if string(rules([]byte(a))) != string(rules([]byte(b))) || string(rules([]byte(a))) != "[Unit]\nDescription=x" {
		t.Errorf("%q", rules([]byte(a)))
	}
}

func TestTheFirstLineSaysWhoseAUnitIs(t *testing.T) {
	for text, want := range map[string]string{
		quadlet.Head("shop", []string{"/srv/a b.yaml"}) + "\n[Pod]": "shop",
		"# Made by podup for project shop; what remains":            "shop",
		"# Made by podup for project\n":                             "",
		"# Made by podup":                                           "",
		"\n" + quadlet.Head("shop", nil):                            "",
		"[Pod]\n" + quadlet.Head("shop", nil):                       "",
	} {
		if got, ours := owner([]byte(text)); got != want || ours != (want != "") {
			t.Errorf("%q is of %q (%v), want %q", text, got, ours, want)
		}
	}
}

func TestHereIsWhereQuadletLooks(t *testing.T) {
	environment := map[string]string{"HOME": "/home/dev", "XDG_RUNTIME_DIR": "/run/user/1000"}
	getenv := func(name string) string { return environment[name] }
	dirs := func(h Host) map[string]int {
		all := map[string]int{}
		for _, d := range h.Search {
			all[d.Path] = d.User
		}
		return all
	}
	user := Here(getenv, 1000)
	if want := map[string]int{
		"/run/user/1000/containers/systemd": -1, "/home/dev/.config/containers/systemd": -1,
		"/etc/containers/systemd/users": 1000, "/usr/share/containers/systemd/users": 1000,
	}; user.Root || user.Quadlet != "/home/dev/.config/containers/systemd" || !maps.Equal(dirs(user), want) || user.Service != "/home/dev/.config/systemd/user" {
		t.Errorf("%+v", user)
	}
	environment["XDG_CONFIG_HOME"] = "/conf"
	if user = Here(getenv, 1000); user.Quadlet != "/conf/containers/systemd" || user.Service != "/conf/systemd/user" {
		t.Errorf("%+v", user)
	}
	root := Here(getenv, 0)
	if !root.Root || root.Quadlet != "/etc/containers/systemd" || root.Service != "/etc/systemd/system" {
		t.Errorf("%+v", root)
	}
	if got := root.Journal("web.service") + "; " + user.Journal("web.service"); got != "journalctl -u web.service; journalctl --user -u web.service" {
		t.Error(got)
	}
}
