package cmd

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestAnInvalidManifestIsExitCode3AndTouchesNoEngine(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("pod.yaml", []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - {name: app, image: a, porst: []}\n  restartPolicy: never\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"validate"}, {"up"}, {"up", "-d"}, {"up", "--dry-run"}, {"diff"}} {
		got := runMain(t, noEngine(t), "", args...)
		if got.code != 3 || got.out != "" || !strings.Contains(got.err, "pod.yaml:6:") || !strings.Contains(got.err, "never") {
			t.Errorf("podup %s: exit code %d\n%s%s", strings.Join(args, " "), got.code, got.out, got.err)
		}
	}
}

func TestValidateCountsWhatItFound(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, test := range map[string]struct {
		manifest string
		args     []string
		code     int
		want     string
	}{
		"a valid pod":                      {webManifest, nil, 0, "<stdin>: 1 pod: valid\n"},
		"several objects":                  {claimManifest, nil, 0, "2 pods, 1 secret, 1 persistentVolumeClaim: valid\n"},
		"errors":                           {strings.Replace(webManifest, "name: side", "name: app", 1), nil, 3, "1 error\n"},
		"nothing":                          {"", nil, 3, "there is no object in it"},
		"a warning":                        {webManifest + "  nodeSelector: {a: b}\n", nil, 0, "1 pod: valid, 1 warning\n"},
		"a warning taken strictly":         {webManifest + "  nodeSelector: {a: b}\n", []string{"--strict"}, 3, "1 error\n"},
		"kubectl cannot read it":           {"%YAML 1.1\n---\n" + webManifest, nil, 0, "<stdin>:1:1: warning: kubectl refuses"},
		"kubectl cannot read it, strictly": {"%YAML 1.1\n---\n" + webManifest, []string{"--strict"}, 3, "<stdin>:1:1: error: kubectl refuses"},
		"a reference into nowhere":         {strings.Replace(claimManifest, "name: login, key", "name: gone, key", 1), nil, 3, "gone"},
	} {
		t.Run(name, func(t *testing.T) {
			got := runMain(t, noEngine(t), test.manifest, append([]string{"validate", "-f", "-"}, test.args...)...)
			if got.code != test.code || got.out != "" || !strings.Contains(got.err, test.want) {
				t.Errorf("exit code %d, want %d and %q\n%s%s", got.code, test.code, test.want, got.out, got.err)
			}
		})
	}
}

func TestValidateGivesJSONForEverythingItFinds(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, test := range map[string]struct {
		args     []string
		manifest string
		code     int
		rules    []string
	}{
		"nothing":                {[]string{"-f", "-"}, webManifest, 0, nil},
		"a duplicate name":       {[]string{"-f", "-"}, strings.Replace(webManifest, "name: side", "name: app", 1), 3, []string{"kubernetes-duplicate"}},
		"a file that is missing": {[]string{"-f", "gone.yaml", "-f", "lost.yaml"}, "", 3, []string{ruleUnreadable, ruleUnreadable}},
	} {
		t.Run(name, func(t *testing.T) {
			got := runMain(t, noEngine(t), test.manifest, append([]string{"validate", "-o", "json"}, test.args...)...)
			var document struct {
				FormatVersion string
				Problems      []struct{ File, Rule, Message string }
			}
			if err := json.Unmarshal([]byte(got.out), &document); err != nil {
				t.Fatalf("%v in %q", err, got.out)
			}
			var rules []string
			for _, p := range document.Problems {
				rules = append(rules, p.Rule)
				if p.File == "" || p.Message == "" {
					t.Errorf("problem %+v", p)
				}
			}
			if got.code != test.code || document.FormatVersion != "1.0" || document.Problems == nil || !slices.Equal(rules, test.rules) {
				t.Errorf("exit code %d, document %+v", got.code, document)
			}
		})
	}
}

func TestAClaimMayNotHaveTheNameOfTheProjectsOwnVolume(t *testing.T) {
	t.Chdir(t.TempDir())
	manifest := strings.TrimRight(claimManifest, "\n") + "\n" +
		"---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: podup.shop}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}\n"
	for project, code := range map[string]int{"shop": 3, "blog": 0} {
		got := runMain(t, noEngine(t), manifest, "validate", "-f", "-", "--project", project)
		if got.code != code || strings.Contains(got.err, "podup-name-collision") != (code == 3) {
			t.Errorf("project %s: exit code %d, want %d\n%s", project, got.code, code, got.err)
		}
	}
}
