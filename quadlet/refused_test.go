package quadlet_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/podup/podup/quadlet"
)

// podOf is a manifest of a pod "web" with a container "app" and what is beside it.
func podOf(container, rest string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: app\n    image: quay.io/example/app:1\n" +
		indent(container, "    ") + indent(rest, "  ")
}

func indent(text, by string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(by + line)
	}
	if text != "" {
		b.WriteString("\n")
	}
	return b.String()
}

func TestWhatNoUnitCanSayIsRefusedWithItsField(t *testing.T) {
	const files = `---
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data: {web.pod: "x", plain: "y"}
`
	for name, test := range map[string]struct {
		manifest string
		field    string
		text     string // of the reason
	}{
		"an empty argument without a command":   {podOf(`args: [run, ""]`, ""), "spec.containers[app].args[1]", "write the command, too"},
		"a semicolon without a command":         {podOf(`args: [";"]`, ""), "spec.containers[app].args[0]", "write the command, too"},
		"an address within other text":          {podOf("env: [{name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}, {name: URL, value: http://$(IP)}]", ""), "spec.containers[app].env[URL]", "known only when the pod runs, and units are written before; podup generate systemd"},
		"such an address in a command":          {podOf("env: [{name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]\ncommand: [app, $(IP)]", ""), "spec.containers[app].command[1]", "known only when"},
		"a limit that is the machine's":         {podOf("env: [{name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}]", ""), "spec.containers[app].env[CPU]", "known only when"},
		"a character that systemd ignores":      {podOf(`env: [{name: ODD, value: "\uFDD0"}]`, ""), "spec.containers[app].env[ODD]", "U+FDD0"},
		"a character Podman does not keep":      {podOf(`args: ["\u0080"]`, ""), "spec.containers[app].args[0]", "U+0080"},
		"a group without a user":                {podOf("securityContext: {runAsGroup: 5}", ""), "spec.containers[app].securityContext.runAsGroup", "add runAsUser"},
		"a working directory with a line break": {podOf(`workingDir: "/a\nb"`, ""), "spec.containers[app].workingDir", "no quotes"},
		"a working directory that ends in \\":   {podOf(`workingDir: '/a\'`, ""), "spec.containers[app].workingDir", "no quotes"},
		"a path with a carriage return":         {podOf(`volumeMounts: [{name: tmp, mountPath: "/a\r\nb"}]`, "volumes: [{name: tmp, emptyDir: {}}]"), "spec.containers[app].volumeMounts[/a\r\nb]", "carriage return"},
		"a file that is taken for a unit": {
			podOf("volumeMounts: [{name: conf, mountPath: /c}]", "volumes: [{name: conf, configMap: {name: conf}}]") + files, "spec.volumes[conf]", "would take it for a unit",
		},
		"a file that is taken for an addition to units": {
			podOf("volumeMounts: [{name: conf, mountPath: /c}]", "volumes: [{name: conf, configMap: {name: conf, items: [{key: plain, path: x/container.d/a.conf}]}}]") + files,
			"spec.volumes[conf]", "additions to units",
		},
		"a file that is not there": {
			podOf("volumeMounts: [{name: conf, mountPath: /c, subPath: gone}]", "volumes: [{name: conf, configMap: {name: conf, items: [{key: plain, path: plain}]}}]") + files,
			"spec.containers[app].volumeMounts[/c]", "no file gone",
		},
		"two services of one name": {
			"apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: pod, image: quay.io/example/app:1}]}\n", "metadata.name", "web-pod.service",
		},
		"huge pages without root": {
			podOf("resources: {limits: {hugepages-2Mi: 4Mi, memory: 1Mi, cpu: 1}}\nvolumeMounts: [{name: big, mountPath: /big}]", "volumes: [{name: big, emptyDir: {medium: HugePages}}]"),
			"spec.volumes[big].emptyDir.medium", "only root",
		},
	} {
		t.Run(name, func(t *testing.T) {
			project := wanted(t, "pod.yaml", []byte(test.manifest))
			set, err := quadlet.Generate(project, quadlet.Options{Podman: version(t, "5.8")})
			var refused quadlet.RefusedError
			if !errors.As(err, &refused) || len(set.Units) > 0 {
				t.Fatalf("error %v and %d units", err, len(set.Units))
			}
			if !slices.ContainsFunc(refused, func(r quadlet.Refusal) bool {
				return r.Pod == "web" && r.Field == test.field && strings.Contains(r.Text, test.text)
			}) {
				t.Errorf("refused for %v, want %s: …%s…", refused, test.field, test.text)
			}
		})
	}
}

func TestAllThatIsRefusedIsSaidAtOnce(t *testing.T) {
	project := wanted(t, "pod.yaml", []byte(podOf("args: [\"\"]\nsecurityContext: {runAsGroup: 5}", "")))
	_, err := quadlet.Generate(project, quadlet.Options{Podman: version(t, "5.8")})
	var refused quadlet.RefusedError
	if !errors.As(err, &refused) || len(refused) != 2 || !strings.Contains(err.Error(), "args[0]") || !strings.Contains(err.Error(), "runAsGroup") {
		t.Errorf("refused: %v", err)
	}
}

func TestNoSecretIsInAUnitOrAFile(t *testing.T) {
	project := wantedFile(t, "testdata/everything.yaml")
	set, err := quadlet.Generate(project, quadlet.Options{Podman: version(t, "5.8")})
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, unit := range set.Units {
		all.Write(unit.Text)
	}
	for _, file := range set.Files {
		all.Write(file.Data)
	}
	for _, value := range []string{"hunter2", "t0ken"} {
		if strings.Contains(all.String(), value) {
			t.Errorf("%s is in a unit or a file", value)
		}
		if !slices.ContainsFunc(set.Secrets, func(s quadlet.Secret) bool { return strings.Contains(s.Value.Reveal(), value) }) {
			t.Errorf("%s is in no secret of the engine", value)
		}
	}
}

func TestVersions(t *testing.T) {
	for text, want := range map[string]string{
		"5.4": "5.4", "5.8": "5.8", "5.8.1": "5.8.1", "v5.6.0": "5.6.0", "5.8.2-rc1": "5.8.2", "5.7.0+dev": "5.7.0",
		"5.3": "", "5.9": "", "6.0.0": "", "4.9": "", "": "", "five": "", "5": "", "5.8.x": "",
	} {
		v, err := quadlet.ParseVersion(text)
		if want == "" {
			if err == nil || !strings.Contains(err.Error(), "5.4 to 5.8") {
				t.Errorf("%q: %v, %v", text, v, err)
			}
		} else if err != nil || v.String() != want {
			t.Errorf("%q is %s, %v; want %s", text, v, err, want)
		}
	}
	old, _ := quadlet.ParseVersion("5.8.1")
	if !old.Before(version(t, "5.8")) || version(t, "5.8").Before(old) {
		t.Error("5.8.1 is not before the newest patch of 5.8")
	}
}
