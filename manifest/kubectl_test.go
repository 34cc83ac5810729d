package manifest

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	kyaml "k8s.io/apimachinery/pkg/util/yaml"
)

func TestWhatKubectlWouldNotReadIsSaid(t *testing.T) {
	const one, two = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: one}\n", "kind: ConfigMap\napiVersion: v1\nmetadata: {name: two}\n"
	const (
		directive = `kubectl refuses a file that begins with a directive: remove this line, Kubernetes reads every file as the same YAML [yaml-directive]`
		onMarker  = `kubectl refuses a document that begins on the line of its "---": begin it on the next line [yaml-marker-line]`
		endMarker = `kubectl overlooks a document that only "..." parts from the one before: put "---" on a line before it [yaml-end-marker]`
	)
	for _, test := range []struct{ name, text, want string }{
		{"documents between markers", "---\n" + one + "---\n" + two, ""},
		{"a marker with a comment", "--- # one\n" + one + "---\t# two\n" + two, ""},
		{"a marker that ends its line in blanks", one + "---  \r\n" + two, ""},
		{"documents of nothing", "---\n---\n# nothing\n---\n" + one + "---\n", ""},
		{"a directive at the beginning", "%YAML 1.1\n---\n" + one, "a.yaml:1:1: warning: " + directive},
		{"a directive behind a comment", "# by a tool\n\n%YAML 1.1\n--- # one\n" + one, "a.yaml:3:1: warning: " + directive},
		{"a directive about tags", "%TAG ! tag:example.com,2000:\n---\n" + one, "a.yaml:1:1: warning: " + directive},
		{"a directive behind an end marker is overlooked, and nothing with it", one + "...\n%YAML 1.1\n---\n" + two, ""},
		{"a percent sign in a text is no directive", one + "data:\n  a: |\n    %YAML\n", ""},
		{"a document on the line of its marker", one + "--- {kind: ConfigMap, apiVersion: v1, metadata: {name: two}}\n", "a.yaml:4:5: warning: " + onMarker},
		{"the first document on the line of its marker", "---   {kind: ConfigMap, apiVersion: v1, metadata: {name: two}}\n", "a.yaml:1:7: warning: " + onMarker},
		{"an anchor on the line of the marker", "--- &all\n" + one, "a.yaml:1:5: warning: " + onMarker},
		{"an end marker and a marker", one + "...\n---\n" + two, ""},
		{"an end marker at the end", one + "...\n# over\n", ""},
		{"an end marker alone", one + "...\n# two\n" + two, "a.yaml:6:1: warning: " + endMarker},
		{"two documents behind end markers", one + "...\n" + two + "...\n" + strings.ReplaceAll(two, "two", "three"),
			"a.yaml:5:1: warning: " + endMarker + "\na.yaml:9:1: warning: " + endMarker},
		{"an end marker before everything", "...\n" + one, `a.yaml:1:1: warning: kubectl refuses "..." where no document stands before it: remove this line [yaml-end-marker]`},
		{"JSON documents", `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"one"}}` + "\n" + `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"two"}}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			set, problems := load(test.text)
			if got := problems.Error(); got != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
			if theirs := readByKubectl(t, test.text); (theirs == len(set.ConfigMaps)) != (len(problems) == 0) {
				t.Errorf("kubectl reads %d of %d documents", theirs, len(set.ConfigMaps))
			}
		})
	}
}

// readByKubectl counts the documents that kubectl's decoder gives before it gives up (cli-runtime:
// pkg/resource/visitor.go, StreamVisitor).
func readByKubectl(t *testing.T, text string) int {
	t.Helper()
	decoder := kyaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096)
	for read := 0; ; {
		var one runtime.RawExtension
		if err := decoder.Decode(&one); err != nil {
			if !errors.Is(err, io.EOF) {
				t.Logf("kubectl: %v", err)
			}
			return read
		}
		var object struct{ Kind string }
		if len(one.Raw) > 0 && json.Unmarshal(one.Raw, &object) == nil && object.Kind != "" {
			read++
		}
	}
}

func TestAListInAListIsReadAndSaid(t *testing.T) {
	const nested = "kubectl cannot read a List in a List: write its items into the outer one [kubernetes-nested-list]"
	for _, test := range []struct{ name, items, want string }{
		{"a List of objects", "- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", ""},
		{"an empty List in a List", "- {apiVersion: v1, kind: List, items: []}", "a.yaml:4:26: warning: kind: " + nested},
		{"Lists in Lists in Lists", "- apiVersion: v1\n  kind: List\n  items:\n  - apiVersion: v1\n    kind: List\n    items:\n    - {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}",
			"a.yaml:5:9: warning: kind: " + nested + "\na.yaml:8:11: warning: kind: " + nested},
	} {
		t.Run(test.name, func(t *testing.T) {
			set, problems := load("apiVersion: v1\nkind: List\nitems:\n" + test.items)
			if got := problems.Error(); got != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
			if want := strings.Count(test.items, "ConfigMap"); len(set.ConfigMaps) != want {
				t.Errorf("%d objects, want %d", len(set.ConfigMaps), want)
			}
		})
	}
}

func TestWarningsAboutASecretShowNothingOfIt(t *testing.T) {
	for _, text := range []string{
		"--- {apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {key: hunter2}}\n",
		"--- {apiVersion: v1, stringData: {key: hunter2},\n  kind: Secret, metadata: {name: a}\n", // does not parse
		"a: b\n...\n{stringData: {key: hunter2}, kind: Secret, apiVersion: v1, metadata: {name: a}}\n",
	} {
		_, problems := load(text)
		warned := false
		for _, one := range problems {
			warned = warned || one.Severity == SeverityWarning
			if strings.Contains(one.Source+one.Message, "hunter2") {
				t.Errorf("%v\n%s", one, one.Source)
			}
		}
		if !warned {
			t.Errorf("nothing is said of %q", text)
		}
	}
}

func TestWarningsComeToAnEnd(t *testing.T) {
	_, problems := load(strings.Repeat("---\nkind: List\napiVersion: v1\nitems: [{kind: List, apiVersion: v1, items: []}]\n", maxProblems+1))
	if len(problems) != maxProblems+1 || problems.HasErrors() || !strings.Contains(problems.Error(), "stopped after 1000 warnings") {
		t.Errorf("%d problems, errors: %t", len(problems), problems.HasErrors())
	}
}
