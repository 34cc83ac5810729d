package manifest

import (
	"encoding/json"
	"testing"

	k8syaml "sigs.k8s.io/yaml"
)

// Kubernetes' YAML is 1.1 with exceptions of its own: the library it uses is the judge.
func TestScalarsMeanWhatTheyMeanToKubernetes(t *testing.T) {
	for _, text := range []string{
		"yes", "Yes", "yEs", "y", "N", "on", "OFF", "true", "True", "tRUE", "null", "~", "", "Null", "nil",
		"0", "-0", "8080", "+5", "0644", "0o17", "0x1F", "0b101", "-0b11", "1_000", "0_1", "08", "1e3", "1E-2", "1.0", "1.", ".5", "-.5", "+.5",
		"1.5Gi", "100m", "12345678901234567890", "123456789012345678901", "9223372036854775808", "-9223372036854775809", ".1e1", ".", "+", "._1",
		"2001-02-03", "2001-02-03T04:05:06Z", "1:30", "1:30:00", "10.0.0.1", "a", `"8080"`, "'yes'", "!!str 8080", `!!int "5"`, "!!float 5", `!!bool "yes"`,
		"!!null null", "!custom 5", "|\n 8080", ">\n yes", "!!binary aGk=", "1e400", "-1e400", "0x", "0b", "0b2", "1__0", "_1", "<<",
	} {
		t.Run(text, func(t *testing.T) {
			document := "a: " + text + "\n"
			root, err := parseYAML(chunk{data: document, line: 1})
			if err != nil {
				t.Fatal(err)
			}
			encoded, err := k8syaml.YAMLToJSON([]byte(document))
			if err != nil {
				t.Fatal(err)
			}
			var theirs struct{ A json.RawMessage }
			if err := json.Unmarshal(encoded, &theirs); err != nil {
				t.Fatal(err)
			}
			meaning := resolve(root.Content[1])
			ours := meaning.json
			if meaning.kind == scalarString {
				quoted, err := json.Marshal(meaning.text)
				if err != nil {
					t.Fatal(err)
				}
				ours = string(quoted)
			}
			if ours != string(theirs.A) {
				t.Errorf("read as %s, Kubernetes as %s", ours, theirs.A)
			}
		})
	}
}

func TestKeysMeanWhatTheyMeanToKubernetes(t *testing.T) {
	for _, text := range []string{"yes", "n", "8080", "0x10", "1.50", "1e3", `"on"`, "plain", ".inf", "-.INF", "2001-02-03", "-5"} {
		t.Run(text, func(t *testing.T) {
			document := text + ": a\n"
			root, err := parseYAML(chunk{data: document, line: 1})
			if err != nil {
				t.Fatal(err)
			}
			encoded, err := k8syaml.YAMLToJSON([]byte(document))
			if err != nil {
				t.Fatal(err)
			}
			var theirs map[string]string
			if err := json.Unmarshal(encoded, &theirs); err != nil {
				t.Fatal(err)
			}
			if key := resolve(root.Content[0]).key; theirs[key] != "a" {
				t.Errorf("read as %q, Kubernetes as %s", key, encoded)
			}
		})
	}
}
