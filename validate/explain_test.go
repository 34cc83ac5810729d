package validate_test

import (
	"strings"
	"testing"

	"github.com/podup/podup/validate"
)

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		name, path  string
		shown, kind string
		class       validate.Class
		typeName    string
		text, child string // parts of it
	}{
		{"a kind", "pod", "", "Pod", "", "Pod", "Pod is a collection of containers", "spec"},
		{"a kind in kubectl's short form", "pvc", "", "PersistentVolumeClaim", "", "PersistentVolumeClaim", "", "spec"},
		{"a Service in kubectl's short form", "svc.spec.ports.targetPort", "spec.ports.targetPort", "Service", validate.Honoured, "IntOrString", "", ""},
		{"a list, as it is written", "pod.spec.containers", "spec.containers", "Pod", "", "[]Container", "List of containers", "image"},
		{"a field of a list's items", "pod.spec.containers.image", "spec.containers.image", "Pod", validate.Honoured, "string", "Container image name", ""},
		{"with the indices of a message", "Pod.spec.containers[0].image", "spec.containers.image", "Pod", validate.Honoured, "string", "Container image name", ""},
		{"in the wrong case", "pod.spec.Containers.IMAGE", "spec.containers.image", "Pod", validate.Honoured, "string", "", ""},
		{"below a row of the table", "pod.spec.volumes.nfs.server", "spec.volumes.nfs.server", "Pod", validate.Unsupported, "string", "", ""},
		{"a key that has a row", "pod.spec.containers.resources.limits.cpu", "spec.containers.resources.limits.cpu", "Pod", validate.Honoured, "Quantity", "", ""},
		{"a key in brackets", "pod.spec.containers.resources.limits[cpu]", "spec.containers.resources.limits.cpu", "Pod", validate.Honoured, "Quantity", "", ""},
		{"any other key", "pod.spec.containers.resources.limits", "spec.containers.resources.limits", "Pod", validate.Unsupported, "map[string]Quantity", "", "memory"},
		{"data of another kind", "secret.data", "data", "Secret", validate.Honoured, "map[string]base64", "", ""},
		{"an embedded field", "cm.apiVersion", "apiVersion", "ConfigMap", validate.Honoured, "string", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := validate.Explain(c.path)
			if err != nil {
				t.Fatal(err)
			}
			var children []string
			for _, child := range got.Children {
				children = append(children, child.Name())
			}
			if got.Path != c.shown || got.Kind != c.kind || got.Class != c.class || got.Type != c.typeName || !strings.Contains(got.Text, c.text) {
				t.Errorf("got %q of %s, %q, <%s>, %q", got.Path, got.Kind, got.Class, got.Type, got.Text)
			}
			if !strings.Contains(strings.Join(children, " "), c.child) || c.child == "" && len(children) > 0 {
				t.Errorf("children %q", children)
			}
		})
	}
}

func TestExplainSaysWhichFieldsThereAre(t *testing.T) {
	for _, c := range []struct{ name, path, want string }{
		{"no such kind", "deployment.spec", `podup knows no kind "deployment"; begin with one of pod, service, configmap, secret, persistentvolumeclaim`},
		{"nothing", " . "[1:2], "no field; begin with one of pod"},
		{"no such field", "pod.spec.securityContext.uid", `spec.securityContext has no field "uid"; it has seLinuxOptions, windowsOptions, runAsUser`},
		{"no such field of a pod", "pod.image", `a Pod has no field "image"; it has kind, apiVersion, metadata, spec, status`},
		{"below a scalar", "pod.spec.hostname.x", `spec.hostname has no field "x": it has no fields of its own`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := validate.Explain(c.path); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// Whatever the table has a row for can be explained, and with the class of that row.
func TestEveryRowCanBeExplained(t *testing.T) {
	for _, row := range validate.Fields() {
		path := row.Kind + "." + row.Path
		got, err := validate.Explain(path)
		if err != nil {
			t.Errorf("%v", err)
		} else if got.Class != row.Class || row.Reason != "" && !strings.HasPrefix(got.Reason, row.Reason) {
			t.Errorf("%s: %s, not %s", path, got.Class, row.Class)
		}
	}
}
