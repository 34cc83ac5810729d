package cmd

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestTheWayOutOfWhatUnitsDoNotDoIsSaidOnce(t *testing.T) {
	const probes = "    readinessProbe: {httpGet: {path: /, port: 80}}\n    livenessProbe: {httpGet: {path: /, port: 80}}\n"
	for name, test := range map[string]struct {
		args []string
		way  string
	}{
		"generate quadlet": {[]string{"generate", "quadlet"}, "podup generate systemd writes one service"},
		"install":          {[]string{"install", "--dry-run"}, "podup install --supervised installs one service"},
	} {
		t.Run(name, func(t *testing.T) {
			i := newInstalled(t)
			i.write("pod.yaml", strings.Replace(webManifest, "    env:\n", probes+"    env:\n", 1))
			got := i.podup(0, test.args...).err
			i.contains(got, "readinessProbe: systemd knows no readiness", "livenessProbe: systemd makes no requests")
			if n := strings.Count(got, "one service"); n != 1 || !strings.HasSuffix(got, "podup: warning: "+test.way+" that does all that the manifests say\n") {
				t.Errorf("said %d times:\n%s", n, got)
			}
			i.contains(i.podup(3, append(test.args, "--strict")...).err, test.way)
			i.write("pod.yaml", webManifest)
			if got := i.podup(0, test.args...).err; strings.Contains(got, "one service") {
				t.Errorf("and where nothing is missed: %s", got)
			}
		})
	}
}

func TestGenerateQuadletTakesItsOptions(t *testing.T) {
	for name, test := range map[string]struct {
		args  []string
		files []string
		want  func(*generateQuadletOptions)
	}{
		"nothing":               {nil, nil, func(*generateQuadletOptions) {}},
		"files":                 {[]string{"-f", "a.yaml", "-f", "-"}, []string{"a.yaml", "-"}, func(*generateQuadletOptions) {}},
		"a directory":           {[]string{"-o", "units"}, nil, func(o *generateQuadletOptions) { o.dir = "units" }},
		"for the user":          {[]string{"--root=false"}, nil, func(o *generateQuadletOptions) { o.root = false }},
		"for root":              {[]string{"--root"}, nil, func(o *generateQuadletOptions) { o.root = true }},
		"strictly":              {[]string{"--strict"}, nil, func(o *generateQuadletOptions) { o.strict = true }},
		"another network":       {[]string{"--network", "shop"}, nil, func(o *generateQuadletOptions) { o.network = "shop" }},
		"an older Podman":       {[]string{"--podman-version", "5.6"}, nil, func(o *generateQuadletOptions) { _ = o.podman.Set("5.6") }},
		"installed, supervised": {[]string{"--install", "--supervised"}, nil, func(o *generateQuadletOptions) { o.install, o.supervised = true, true }},
	} {
		t.Run(name, func(t *testing.T) {
			a, got := parse(t, newGenerateQuadletCommand, test.args...)
			want := &generateQuadletOptions{app: a, root: os.Getuid() == 0}
			test.want(want)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("options %+v, want %+v", got, want)
			}
			if !reflect.DeepEqual(a.files, test.files) {
				t.Errorf("files %q, want %q", a.files, test.files)
			}
		})
	}
}

func TestGenerateQuadletWritesOneFileForAllUnitsToStandardOutput(t *testing.T) {
	t.Chdir(t.TempDir())
	got := runMain(t, noEngine(t), claimManifest, "generate", "quadlet", "-f", "-", "--project", "shop", "--root=false")
	if got.code != 0 {
		t.Fatalf("exit code %d\n%s", got.code, got.err)
	}
	var names []string
	for section := range strings.SplitSeq(got.out, "---\n") {
		name, text, _ := strings.Cut(section, "\n")
		names = append(names, strings.TrimPrefix(name, "# FileName="))
		if !strings.HasPrefix(text, "# Made by podup for project shop from standard input; podup install replaces it.\n") {
			t.Errorf("%s begins with %.80q", name, text)
		}
	}
	if want := []string{"db", "db-app", "orders"}; len(names) < len(want) || names[0] == names[1] {
		t.Errorf("units %q, want %q among them", names, want)
	}
	for _, want := range []string{
		"podman secret create --replace --label io.podup.unit=shop db-app.PASSWORD -   # login key password, for db-app.container",
		"podup: warning: the units mount files that standard output does not hold; -o writes them beside the units: files/db-login/password",
	} {
		if !strings.Contains(got.err, want) {
			t.Errorf("%q is not in\n%s", want, got.err)
		}
	}
	if strings.Contains(got.out+got.err, "swordfish") {
		t.Error("the value of a Secret is shown")
	}
}

func TestGenerateQuadletWritesFilesAndOverwritesNobodyElses(t *testing.T) {
	t.Chdir(t.TempDir())
	generate := func(manifest string, args ...string) outcome {
		return runMain(t, noEngine(t), manifest, append([]string{"generate", "quadlet", "-f", "-", "--project", "shop", "-o", "units"}, args...)...)
	}
	if got := generate(claimManifest); got.code != 0 || got.out != "" || !strings.Contains(got.err, "wrote units/db-app.container\n") {
		t.Fatalf("exit code %d\n%s%s", got.code, got.out, got.err)
	}
	for name, mode := range map[string]os.FileMode{"db.pod": 0o644, "db-app.container": 0o644, "orders.volume": 0o644, "files/db-login/password": 0o644} {
		info, err := os.Stat("units/" + name)
		if err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if text, err := os.ReadFile("units/files/db-login/password"); err != nil || len(text) > 0 {
		t.Errorf("in the place of a secret there is %q, %v", text, err)
	}
	before, _ := os.ReadFile("units/db-app.container")
	if got := generate(claimManifest); got.code != 0 {
		t.Fatalf("a second time: exit code %d\n%s", got.code, got.err)
	}
	if after, _ := os.ReadFile("units/db-app.container"); string(after) != string(before) {
		t.Errorf("the same manifest gives another unit:\n%s\n%s", before, after)
	}
	if got := generate(webManifest); got.code != 0 || !strings.Contains(got.err, "removed units/db-app.container\n") {
		t.Errorf("units that are no longer wanted: exit code %d\n%s", got.code, got.err)
	}
	if err := os.WriteFile("units/db.pod", []byte("[Pod]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	got := generate(claimManifest)
	if got.code != 1 || !strings.Contains(got.err, "units/db.pod was not made by podup for project shop: move it away, or give another --project") {
		t.Errorf("somebody else's unit: exit code %d\n%s", got.code, got.err)
	}
	if text, _ := os.ReadFile("units/db.pod"); string(text) != "[Pod]\n" {
		t.Errorf("somebody else's unit is now %q", text)
	}
	if _, err := os.Stat("units/db-app.container"); err == nil {
		t.Error("a unit was written, although another could not be")
	}
}

func TestWhatUnitsDoNotDoIsAWarningAndStrictlyAnError(t *testing.T) {
	t.Chdir(t.TempDir())
	probed := "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: app\n    image: localhost/web:1\n    readinessProbe: {tcpSocket: {port: 80}}\n"
	refused := strings.Replace(probed, "readinessProbe: {tcpSocket: {port: 80}}", `args: [""]`, 1)
	const note = "web-app.container: spec.containers[app].readinessProbe: systemd knows no readiness"
	for name, test := range map[string]struct {
		manifest string
		args     []string
		code     int
		want     string
	}{
		"a warning":                       {probed, nil, 0, "podup: warning: " + note},
		"an error":                        {probed, []string{"--strict"}, 3, note},
		"what cannot be said":             {refused, nil, 3, "pod/web: spec.containers[app].args[0]: an empty argument"},
		"an invalid manifest":             {strings.Replace(probed, "kind: Pod", "kind: Pot", 1), nil, 3, "Pot"},
		"an unknown version":              {probed, []string{"--podman-version", "4.9"}, 2, `invalid argument "4.9" for "--podman-version" flag: units are written for Podman 5.4 to 5.8, not 4.9`},
		"two ways at once":                {probed, []string{"--install", "-o", "units"}, 2, "leave out -o"},
		"arguments":                       {probed, []string{"web"}, 2, "web"},
		"supervised, from standard input": {probed, []string{"--supervised"}, 2, "standard input is gone by then"},
	} {
		t.Run(name, func(t *testing.T) {
			got := runMain(t, noEngine(t), test.manifest, append([]string{"generate", "quadlet", "-f", "-", "--project", "shop"}, test.args...)...)
			if got.code != test.code || !strings.Contains(got.err, test.want) || test.code != 0 && got.out != "" {
				t.Errorf("exit code %d, want %d and %q\n%s%s", got.code, test.code, test.want, got.out, got.err)
			}
		})
	}
}
