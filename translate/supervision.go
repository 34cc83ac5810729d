package translate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Supervision is what a supervisor does for the container, as the manifest spells it:
// "livenessProbe.periodSeconds" is "10". None of it is in Identity: it changes without a new
// container.
func (c Container) Supervision() []Field {
	l := c.Lifecycle
	fields := []Field{{"restartPolicy", string(l.Restart)}}
	fields = append(fields, flatten("restartPolicyRules", l.Rules)...)
	fields = append(fields, flatten("lifecycle.postStart", l.PostStart)...)
	fields = append(fields, flatten("lifecycle.preStop", l.PreStop)...)
	fields = append(fields, flatten("startupProbe", l.Startup)...)
	fields = append(fields, flatten("readinessProbe", l.Readiness)...)
	fields = append(fields, flatten("livenessProbe", l.Liveness)...)
	return append(fields, Field{"terminationMessagePath", l.MessagePath}, Field{"terminationMessagePolicy", string(l.MessagePolicy)})
}

// SupervisionDifferences says what turns one Supervision into another, as Differences does. A probe or a hook
// that comes or goes as a whole is a clause: "readinessProbe added".
func SupervisionDifferences(old, new []Field) []string {
	var clauses []string
	for _, whole := range []string{"lifecycle.postStart", "lifecycle.preStop", "startupProbe", "readinessProbe", "livenessProbe"} {
		of := func(f Field) bool { return strings.HasPrefix(f.Name, whole+".") }
		had, has := slices.ContainsFunc(old, of), slices.ContainsFunc(new, of)
		switch {
		case had == has:
			continue
		case has:
			clauses = append(clauses, whole+" added")
		default:
			clauses = append(clauses, whole+" removed")
		}
		old = slices.DeleteFunc(slices.Clone(old), of)
		new = slices.DeleteFunc(slices.Clone(new), of)
	}
	return append(Differences(old, new), clauses...)
}

// Supervision is what a supervisor does for the pod as a whole. Restart policies are those of its
// containers.
func (p Pod) Supervision() []Field {
	fields := []Field{{"terminationGracePeriodSeconds", seconds(p.Grace)}}
	if p.Deadline > 0 {
		fields = append(fields, Field{"activeDeadlineSeconds", seconds(p.Deadline)})
	}
	return fields
}

// Restarts says whether a run that ended with an exit code is followed by another: by the first rule
// that matches, else by the policy (api/v1/pod/util.go, ContainerShouldRestart).
func (l Lifecycle) Restarts(exitCode int) bool {
	for _, rule := range l.Rules {
		if codes := rule.ExitCodes; codes != nil {
			in := slices.Contains(codes.Values, int32(exitCode))
			if in == (codes.Operator == corev1.ContainerRestartRuleOnExitCodesOpIn) {
				return true // both actions begin it again
			}
		}
	}
	return l.Restart == corev1.RestartPolicyAlways || l.Restart == corev1.RestartPolicyOnFailure && exitCode != 0
}

func seconds(d time.Duration) string { return fmt.Sprint(int64(d / time.Second)) }

// flatten gives a field for each value below one, lists as JSON. Nothing that was not declared gives
// a field: a pointer that is nil, a list that is empty.
func flatten(name string, value any) []Field {
	text, err := json.Marshal(value)
	if err != nil { // Kubernetes' types always encode
		return []Field{{name, fmt.Sprint(value)}}
	}
	var tree any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // a big number stays as it is
	if err := decoder.Decode(&tree); err != nil {
		return []Field{{name, string(text)}}
	}
	var fields []Field
	var walk func(name string, node any)
	walk = func(name string, node any) {
		switch node := node.(type) {
		case nil:
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(node)) {
				walk(name+"."+key, node[key])
			}
		case []any:
			var list bytes.Buffer
			encoder := json.NewEncoder(&list)
			encoder.SetEscapeHTML(false)
			if err := encoder.Encode(node); err == nil {
				fields = append(fields, Field{name, string(bytes.TrimSpace(list.Bytes()))})
			}
		default:
			fields = append(fields, Field{name, fmt.Sprint(node)})
		}
	}
	walk(name, tree)
	return fields
}
