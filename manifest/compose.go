package manifest

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
)

// What a Compose file writes as a text or as a mapping, and Kubernetes as a list of mappings: the hint is what it
// becomes there, with the user's own words.

// instead gives what a text in the place of a port or a variable would be, "" where nothing is known.
func (w *walker) instead(n *yaml.Node, t reflect.Type, f *Field) string {
	if f.Kind != Scalar || f.hidden {
		return ""
	}
	text := resolve(n).text
	switch t {
	case reflect.TypeFor[corev1.ContainerPort]():
		if port := portOf(text); port != "" {
			return ": write " + port
		}
	case reflect.TypeFor[corev1.EnvVar]():
		if name, value, ok := strings.Cut(text, "="); ok && flowWord(name) {
			return ": write " + variableOf(name, value)
		}
	}
	return ""
}

// composePort is [[IP:]HOST:]CONTAINER[/PROTOCOL] of a Compose file, without ranges.
var composePort = regexp.MustCompile(`^(?:(?:([0-9.]+|\[[0-9a-fA-F:]+\]):)?(\d{1,5}):)?(\d{1,5})(?:/(tcp|udp))?$`)

func portOf(text string) string {
	parts := composePort.FindStringSubmatch(text)
	if parts == nil {
		return ""
	}
	port := "{containerPort: " + parts[3]
	if parts[2] != "" {
		port += ", hostPort: " + parts[2]
	}
	if parts[1] != "" {
		port += fmt.Sprintf(", hostIP: %q", strings.Trim(parts[1], "[]"))
	}
	if parts[4] == "udp" {
		port += ", protocol: UDP"
	}
	return port + "}"
}

// variable gives the first item of a list of variables that was written as a mapping.
func (w *walker) variable(n *yaml.Node, item reflect.Type, f *Field) string {
	if f.Kind != Mapping || item != reflect.TypeFor[corev1.EnvVar]() || len(n.Content) < 2 {
		return ""
	}
	name, value := resolve(deref(n.Content[0])), deref(n.Content[1])
	if !flowWord(name.text) || value.Kind != yaml.ScalarNode {
		return "{name: FOO, value: bar}"
	}
	return variableOf(name.text, resolve(value).text)
}

// variableOf writes a variable. The value is quoted where YAML takes it for something else than a text, or the
// braces' own.
func variableOf(name, value string) string {
	value = clip(value)
	if !flowWord(value) || plain(value).kind != scalarString {
		value = fmt.Sprintf("%q", value)
	}
	return "{name: " + name + ", value: " + value + "}"
}

// flowWord says of a text that it needs no quotes within braces.
func flowWord(text string) bool { return bareWord.MatchString(text) }

var bareWord = regexp.MustCompile(`^[A-Za-z0-9_./][A-Za-z0-9_./ -]*$`)
