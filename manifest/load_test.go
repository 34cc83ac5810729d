package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	k8syaml "sigs.k8s.io/yaml"
)

func load(texts ...string) (Set, Problems) {
	var sources []Source
	for i, text := range texts {
		sources = append(sources, Source{Name: fmt.Sprintf("%c.yaml", 'a'+i), Dir: "/srv", Data: []byte(text)})
	}
	return Load(sources)
}

func TestAFieldIsFoundWhereItStands(t *testing.T) {
	const manifest = `# a comment

---
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {"app.kubernetes.io/name": web, ue: "ü", plain: z}
spec:
  containers:
  - &first
    name: app
    image: &image "é/app"
    command:
    - sh
    -   |
      echo
    env:
  - <<: *first
    name: second
    image: *image
`
	set, problems := load(manifest)
	if len(problems) > 0 || len(set.Pods) != 1 {
		t.Fatalf("%d pods, problems:\n%v", len(set.Pods), problems)
	}
	containers := field.NewPath("spec", "containers")
	labels := field.NewPath("metadata", "labels")
	for _, test := range []struct {
		name         string
		path         *field.Path
		line, column int
	}{
		{"no path is the document", nil, 4, 1},
		{"a scalar stands where its value does", field.NewPath("metadata", "name"), 7, 9},
		{"a mapping stands where its key does", field.NewPath("metadata"), 6, 1},
		{"a list stands where its key does", containers, 10, 3},
		{"a quoted scalar stands at its quote", labels.Key("app.kubernetes.io/name"), 8, 38},
		{"columns count bytes", labels.Key("plain"), 8, 60},
		{"an item that is a mapping with an anchor stands at the anchor", containers.Index(0), 11, 5},
		{"a scalar with an anchor stands at the anchor", containers.Index(0).Child("image"), 13, 12},
		{"an item that is a scalar", containers.Index(0).Child("command").Index(0), 15, 7},
		{"a block scalar stands at its mark", containers.Index(0).Child("command").Index(1), 16, 9},
		{"a null stands where its key does", containers.Index(0).Child("env"), 18, 5},
		{"an alias stands where it is used", containers.Index(1).Child("image"), 21, 12},
		{"a merged field stands where it is written", containers.Index(1).Child("command"), 14, 5},
		{"an absent field is where the next one around it is", containers.Index(1).Child("resources", "limits").Key("cpu"), 19, 5},
		{"an absent item is where its list is", containers.Index(7).Child("name"), 10, 3},
		{"an absent section is where the document is", field.NewPath("status", "phase"), 4, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := Pos{File: "a.yaml", Line: test.line, Column: test.column}
			if got := set.Pods[0].PosOf(test.path); got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestDocumentsAreFoundHoweverTheyAreSeparated(t *testing.T) {
	const object = "{apiVersion: v1, kind: ConfigMap, metadata: {name: %s}}"
	one, two := fmt.Sprintf(object, "one"), fmt.Sprintf(object, "two")
	asJSON := func(name string) string {
		return fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":%q}}`, name)
	}
	for _, test := range []struct{ name, text, at string }{
		{"a marker between them", one + "\n---\n" + two, "a.yaml:3:52"},
		{"content on the line of the marker", one + "\n--- " + two, "a.yaml:2:56"},
		{"a comment on the line of the marker", one + "\n--- # two\n" + two, "a.yaml:3:52"},
		{"an end marker alone", one + "\n...\n" + two, "a.yaml:3:52"},
		{"an end marker and a marker", one + "\n...\n---\n" + two, "a.yaml:4:52"},
		{"empty documents between", one + "\n---\n---\n# nothing\n---\n" + two, "a.yaml:6:52"},
		{"line ends of Windows", one + "\r\n---\r\n" + two + "\r\n", "a.yaml:3:52"},
		{"a directive", "%YAML 1.1\n---\n" + one + "\n...\n%YAML 1.1\n---\n" + two, "a.yaml:7:52"},
		{"JSON documents on lines of their own", asJSON("one") + "\n" + asJSON("two") + "\n", "a.yaml:2:58"},
		{"JSON documents on one line", asJSON("one") + asJSON("two"), "a.yaml:1:122"},
		{"JSON documents with a marker", asJSON("one") + "\n---\n\n" + asJSON("two") + "\n", "a.yaml:4:58"},
		{"a List", "apiVersion: v1\nkind: List\nitems:\n- " + one + "\n- " + two, "a.yaml:5:54"},
		{"a List in a List", "{apiVersion: v1, kind: List, items: [" + one + ",\n{apiVersion: v1, kind: List, items: [" + two + "]}]}", "a.yaml:2:89"},
	} {
		t.Run(test.name, func(t *testing.T) {
			set, problems := load(test.text) // some with a warning: kubectl_test.go
			if problems.HasErrors() || len(set.ConfigMaps) != 2 {
				t.Fatalf("%d objects, problems:\n%v", len(set.ConfigMaps), problems)
			}
			second := set.ConfigMaps[1]
			if second.Object.Name != "two" || second.Dir != "/srv" {
				t.Errorf("got %q of %s", second.Object.Name, second.Dir)
			}
			if got := second.PosOf(field.NewPath("metadata", "name")).String(); got != test.at {
				t.Errorf("its name is at %s, want %s", got, test.at)
			}
		})
	}
}

func TestAnErrorInOneDocumentHidesNothingOfTheOthers(t *testing.T) {
	_, problems := load("a: [\n---\nkind: Widget\n---\n{\n", "kind: Gadget")
	var got []string
	for _, one := range problems {
		got = append(got, one.Pos.String()+" "+one.Rule)
	}
	want := []string{"a.yaml:1:1 yaml-syntax", "a.yaml:3:7 kubernetes-kind", "a.yaml:5:1 yaml-syntax", "b.yaml:1:7 kubernetes-kind"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDefaultsAreAppliedButNotWritten(t *testing.T) {
	set, problems := load("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: b, image: c}]}")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	doc := set.Pods[0]
	if doc.Object.Spec.RestartPolicy != "Always" || doc.Object.Spec.Containers[0].ImagePullPolicy != "Always" {
		t.Errorf("no defaults: %+v", doc.Object.Spec)
	}
	if doc.Field("spec.restartPolicy") != nil {
		t.Error("a default counts as written")
	}
	if doc.Field("spec.containers[0].image").Value != "c" {
		t.Error("what was written is missing")
	}
}

func TestStringDataIsMergedAsAnAPIServerDoes(t *testing.T) {
	set, problems := load("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {a: b2xk, b: b2xk}\nstringData:\n  a: new\n  c: new")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	secret := set.Secrets[0]
	got := fmt.Sprintf("%s %v", secret.Object.Data, secret.Object.StringData)
	if want := "map[a:new b:old c:new] map[]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if at := secret.PosOf(field.NewPath("data").Key("a")).String(); at != "a.yaml:6:6" {
		t.Errorf("data[a] is at %s", at)
	}
	problem := secret.At(field.NewPath("stringData").Key("c"), "podup-x", "y")
	if problem.Source != "  c: ***" {
		t.Errorf("the excerpt is %q", problem.Source)
	}
}

func TestAnImageBuiltHereIsNotPulledUnlessAsked(t *testing.T) {
	set, problems := load(`apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  initContainers:
  - {name: init, image: localhost/app}
  containers:
  - {name: built, image: localhost/app:latest}
  - {name: asked, image: localhost/app, imagePullPolicy: Always}
  - {name: registry, image: "localhost:5000/app"}
  - {name: hub, image: app}
  volumes:
  - {name: files, image: {reference: localhost/files}}
  - {name: asked, image: {reference: localhost/files, pullPolicy: Always}}
`)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	spec := set.Pods[0].Object.Spec
	got := []corev1.PullPolicy{spec.InitContainers[0].ImagePullPolicy}
	for _, c := range spec.Containers {
		got = append(got, c.ImagePullPolicy)
	}
	for _, v := range spec.Volumes {
		got = append(got, v.Image.PullPolicy)
	}
	want := []corev1.PullPolicy{"IfNotPresent", "IfNotPresent", "Always", "Always", "Always", "IfNotPresent", "Always"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBadInputGetsOneMessage(t *testing.T) {
	many := strings.Repeat("- a\n", MaxBytes/4)
	for _, test := range []struct{ name, text, want string }{
		{"a file too large", many + "- a\n", "a.yaml: error: the file is larger than 8 MiB: split it [yaml-too-large]"},
		{"a document too large", many, "a.yaml:1: error: the document is larger than 3 MiB, which no API server takes [yaml-too-large]"},
		{"zeros", string(make([]byte, 1000)), "a.yaml:1: error: not a text file: it has the control character U+0000 [yaml-not-text]"},
		{"a picture", "\x89PNG\r\n\x1a\n", "a.yaml:1: error: not a text file: byte 0x89 is not UTF-8 [yaml-not-text]"},
		{"UTF-16", "\xff\xfea\x00", "a.yaml: error: the file is UTF-16: save it as UTF-8 [yaml-not-text]"},
		{"brackets without end", strings.Repeat("[", 100_000), "a.yaml:1:1: error: exceeded max depth of 10000 [yaml-syntax]"},
		{"braces without end", strings.Repeat(`{"a":`, 100_000), "a.yaml:1:50001: error: invalid character '{' exceeded max depth"},
		{"lone carriage returns", "a: b\rc: d\r", "a.yaml:1:1: error: kind: a document needs a kind"},
		{"two documents in one", "a: b\r--- \rc: d\r", "a.yaml:1:1: error: a second document begins"},
		{"a Compose file", "services:\n  web: {image: nginx}\n", "a.yaml:1:1: error: kind: this looks like a Compose file"},
		{"a Java properties file", "a=b\nc=d\n", "a.yaml:1:1: error: a document must be a mapping"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, problems := load(test.text)
			if len(problems) != 1 || !strings.HasPrefix(problems[0].String(), test.want) {
				t.Errorf("got:\n%.1000v\nwant:\n%s", problems, test.want)
			}
		})
	}
}

func TestAHopelessFileIsGivenUp(t *testing.T) {
	_, problems := load(strings.Repeat("a: b\n---\n", 100_000))
	if len(problems) != maxProblems+1 {
		t.Errorf("%d problems", len(problems))
	}
	if !strings.Contains(problems.Error(), "stopped after 1000 errors [podup-too-many]") {
		t.Error("it is not said")
	}
}

// The walk makes a value of its own of a document, which stands in for Kubernetes' reading where
// parts were refused: both must agree on what is right.
func TestTheWalkReadsAsKubernetesDoes(t *testing.T) {
	paths, err := filepath.Glob("../validate/testdata/ok/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no manifests: %v", err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		content, problem := readable(Source{Name: path, Data: data})
		if problem != nil {
			t.Fatal(problem)
		}
		for _, c := range split(content) {
			if c.blank() {
				continue
			}
			t.Run(fmt.Sprintf("%s:%d", filepath.Base(path), c.line), func(t *testing.T) {
				raw := func() (json.RawMessage, error) { return k8syaml.YAMLToJSON([]byte(c.data)) }
				root, err := parseYAML(c)
				if err != nil {
					t.Fatal(err)
				}
				l := &loader{types: structures{}}
				for _, one := range l.objects(newText(path, content), root, raw, 0) {
					theirs, err := one.raw()
					if err != nil {
						t.Fatal(err)
					}
					ours, err := json.Marshal(one.value)
					if err != nil {
						t.Fatal(err)
					}
					if !reflect.DeepEqual(withoutNulls(t, ours), withoutNulls(t, theirs)) {
						t.Errorf("ours   %s\ntheirs %s", ours, theirs)
					}
				}
			})
		}
	}
}

// withoutNulls decodes JSON and drops the nulls of mappings, which mean nothing.
func withoutNulls(t *testing.T, data []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	var drop func(value any) any
	drop = func(value any) any {
		switch value := value.(type) {
		case map[string]any:
			for key, inner := range value {
				if value[key] = drop(inner); inner == nil {
					delete(value, key)
				}
			}
		case []any:
			for i := range value {
				value[i] = drop(value[i])
			}
		}
		return value
	}
	return drop(value)
}
