package manifest

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	kjson "sigs.k8s.io/json"
	k8syaml "sigs.k8s.io/yaml"
)

// Every value of a full pod, and of a full Service, is replaced by every kind of wrong one: Load must refuse exactly what
// Kubernetes' strict decoder refuses, each time in one message that points somewhere.
func TestLoadRefusesWhatKubernetesRefuses(t *testing.T) {
	t.Run("Pod", func(t *testing.T) { agree(t, "all-honoured-fields.yaml", "Pod", new(corev1.Pod), 1000) })
	t.Run("Service", func(t *testing.T) { agree(t, "service.yaml", "Service", new(corev1.Service), 200) })
}

// agree is about the first document of a file, of a kind that Kubernetes decodes into the type of into.
func agree(t *testing.T, file, kind string, into any, atLeast int) {
	data, err := os.ReadFile("../validate/testdata/ok/" + file)
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(data), "\n---\n")
	encoded, err := k8syaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var pod map[string]any
	if err := json.Unmarshal(encoded, &pod); err != nil {
		t.Fatal(err)
	}
	delete(pod, "apiVersion") // judged by Load, not by the decoder
	delete(pod, "kind")
	wrong := []any{
		nil, "x", -1.5, 1e20, true, []any{"x"}, map[string]any{"x": "y"},
	}
	tried, refused := 0, 0
	judge := func() {
		tried++
		body, err := json.Marshal(pod)
		if err != nil {
			t.Fatal(err)
		}
		strict, err := kjson.UnmarshalStrict(body, reflect.New(reflect.TypeOf(into).Elem()).Interface())
		theirs := err != nil || len(strict) > 0
		document := `{"apiVersion":"v1","kind":"` + kind + `",` + strings.TrimPrefix(string(body), "{")
		_, problems := load(document)
		if theirs {
			refused++
		}
		if problems.HasErrors() != theirs {
			t.Errorf("Kubernetes: %v %v, Load: %v\n%s", err, strict, problems, document)
		}
		for _, one := range problems {
			if one.Pos.Column < 1 || one.Rule == "kubernetes-decode" {
				t.Errorf("missed: %v\n%s", one, document)
			}
		}
	}
	var mutate func(value any, replace func(any))
	mutate = func(value any, replace func(any)) {
		for _, other := range wrong {
			replace(other)
			judge()
		}
		replace(value)
		switch value := value.(type) {
		case map[string]any:
			for key, inner := range value {
				mutate(inner, func(other any) { value[key] = other })
			}
			value["unheard"] = "of"
			judge()
			delete(value, "unheard")
		case []any:
			for i, inner := range value {
				mutate(inner, func(other any) { value[i] = other })
			}
		}
	}
	for key, value := range pod {
		mutate(value, func(other any) { pod[key] = other })
	}
	if tried < atLeast || refused < atLeast/2 || refused == tried {
		t.Errorf("%d tried, %d refused: the document does not cover enough", tried, refused)
	}
}
