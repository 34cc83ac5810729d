package translate_test

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/podup/podup/manifest"
	"github.com/podup/podup/translate"
	"github.com/podup/podup/validate"
)

// unseen are honoured fields that change nothing of what must exist, each with the reason.
var unseen = map[string]string{
	"apiVersion":                             "there is one version",
	"kind":                                   "it chose the type",
	"spec.containers[].stdinOnce":            "the engine ends the input with the first that was attached in any case",
	"spec.initContainers[].stdinOnce":        "the engine ends the input with the first that was attached in any case",
	"spec.initContainers[].ports[].protocol": "ports of init containers are not published; probes take them by name",

	"spec.containers[].env[].valueFrom.fieldRef.apiVersion":                      "fields are named as in v1, the only version there is",
	"spec.initContainers[].env[].valueFrom.fieldRef.apiVersion":                  "fields are named as in v1, the only version there is",
	"spec.volumes[].downwardAPI.items[].fieldRef.apiVersion":                     "fields are named as in v1, the only version there is",
	"spec.volumes[].projected.sources[].downwardAPI.items[].fieldRef.apiVersion": "fields are named as in v1, the only version there is",
}

// TestEveryHonouredFieldChangesWhatIsWanted changes each field of testdata/honoured/*.yaml, one at a
// time, and expects the wanted state, or what is wrong with it, to differ.
func TestEveryHonouredFieldChangesWhatIsWanted(t *testing.T) {
	rows := honouredRows()
	seen := map[string]bool{} // by pattern: whether changing it did anything
	entries, err := os.ReadDir("testdata/honoured")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		text, err := os.ReadFile("testdata/honoured/" + entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		set, problems := manifest.Load([]manifest.Source{{Name: entry.Name(), Dir: "/srv/shop", Data: text}})
		if problems = append(problems, validate.Check(set, validate.Options{})...); problems.HasErrors() {
			t.Fatal(problems)
		}
		for i, doc := range set.Pods { // without positions, as the changed ones are
			set.Pods[i] = manifest.NewDocument(doc.Object, doc.Dir)
		}
		before := outcomeOf(set)
		for i, doc := range set.Pods {
			original := doc.Object
			leaves(reflect.ValueOf(original).Elem(), "", func(pattern string, path []step) {
				if !rows.honour(pattern) || seen[pattern] {
					return
				}
				seen[pattern] = seen[pattern] || slices.ContainsFunc(variants(original, path), func(variant *corev1.Pod) bool {
					set.Pods[i] = manifest.NewDocument(variant, doc.Dir)
					return outcomeOf(set) != before
				})
			})
			set.Pods[i] = doc
		}
	}
	for _, pattern := range honouredLeaves(rows) {
		changed, set := seen[pattern]
		reason, free := unseen[pattern]
		switch {
		case !set && !free:
			t.Errorf("%s: no manifest sets it", pattern)
		case !changed && !free:
			t.Errorf("%s: changing it changes nothing", pattern)
		case changed && free:
			t.Errorf("%s: it changes something, although %q", pattern, reason)
		}
	}
}

// outcomeOf is all that Want says of a set, but for the manifest it hands on.
func outcomeOf(set manifest.Set) string {
	project, problems := translate.Want(set, options)
	for i := range project.Pods {
		project.Pods[i].Object = nil
	}
	text, err := json.Marshal(project)
	if err != nil {
		panic(err)
	}
	return fmt.Sprint(string(text), problems)
}

// rowsByPath is the part of the support table about Pods.
type rowsByPath map[string]validate.Field

func honouredRows() rowsByPath {
	rows := rowsByPath{}
	for _, row := range validate.Fields() {
		if row.Kind == "Pod" {
			rows[row.Path] = row
		}
	}
	return rows
}

// honour finds the row that stands for a pattern.
func (r rowsByPath) honour(pattern string) bool {
	for path := pattern; path != ""; path = path[:max(strings.LastIndexAny(path, ".["), 0)] {
		if row, ok := r[path]; ok {
			return row.Class == validate.Honoured
		}
		if row, ok := r[path[:max(strings.LastIndexByte(path, '['), 0)]+"[]"]; ok && strings.HasSuffix(path, "]") {
			return row.Class == validate.Honoured
		}
	}
	return false
}

// honouredLeaves walks Kubernetes' type.
func honouredLeaves(rows rowsByPath) []string {
	var patterns []string
	var walk func(goType reflect.Type, path string)
	walk = func(goType reflect.Type, path string) {
		for goType.Kind() == reflect.Pointer {
			goType = goType.Elem()
		}
		switch {
		case leaf(goType):
			if rows.honour(path) {
				patterns = append(patterns, path)
			}
		case goType.Kind() == reflect.Struct:
			for i := range goType.NumField() {
				walk(goType.Field(i).Type, below(path, goType.Field(i)))
			}
		case goType.Kind() == reflect.Map:
			var keys []string
			for key := range rows {
				if inner, ok := strings.CutPrefix(key, path+"["); ok && strings.HasSuffix(inner, "]") && inner != "]" {
					keys = append(keys, key)
				}
			}
			if len(keys) == 0 {
				keys = []string{path + "[]"}
			}
			for _, key := range keys {
				walk(goType.Elem(), key)
			}
		default:
			walk(goType.Elem(), path+"[]")
		}
	}
	walk(reflect.TypeFor[corev1.Pod](), "")
	slices.Sort(patterns)
	return slices.Compact(patterns)
}

func below(path string, field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	if name == "" {
		return path
	}
	return strings.TrimPrefix(path+"."+name, ".")
}

func leaf(goType reflect.Type) bool {
	switch goType.Kind() {
	case reflect.Struct:
		return reflect.PointerTo(goType).Implements(reflect.TypeFor[json.Unmarshaler]())
	case reflect.Slice:
		return goType.Elem().Kind() == reflect.Uint8
	case reflect.Map, reflect.Pointer:
		return false
	}
	return true
}

// step is one turn on the way to a leaf: a field's or item's number, or a map's key.
type step struct {
	number int
	key    string
}

// leaves calls found for each leaf that is set.
func leaves(v reflect.Value, pattern string, found func(pattern string, path []step)) {
	var walk func(v reflect.Value, pattern string, path []step)
	walk = func(v reflect.Value, pattern string, path []step) {
		on := func(s step) []step { return append(slices.Clone(path), s) }
		switch {
		case v.Kind() == reflect.Pointer:
			if !v.IsNil() && leaf(v.Elem().Type()) {
				found(pattern, path) // also where it points to false or 0
			} else if !v.IsNil() {
				walk(v.Elem(), pattern, path)
			}
		case leaf(v.Type()):
			if !v.IsZero() {
				found(pattern, path)
			}
		case v.Kind() == reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i), below(pattern, v.Type().Field(i)), on(step{number: i}))
			}
		case v.Kind() == reflect.Map:
			for _, key := range v.MapKeys() {
				name := pattern + "[" + key.String() + "]"
				if v.Type().Elem() != reflect.TypeFor[resource.Quantity]() {
					name = pattern + "[]"
				}
				walk(v.MapIndex(key), name, on(step{key: key.String()}))
			}
		default:
			for i := range v.Len() {
				walk(v.Index(i), pattern+"[]", on(step{number: i}))
			}
		}
	}
	walk(v, pattern, nil)
}

// variants are copies of the pod that differ in one leaf.
func variants(pod *corev1.Pod, path []step) []*corev1.Pod {
	var all []*corev1.Pod
	for n := 0; ; n++ {
		changed := pod.DeepCopy()
		if !alter(reflect.ValueOf(changed).Elem(), path, n) {
			return all
		}
		all = append(all, changed)
	}
}

// alter gives a leaf its n-th other value; it is false where there are no more.
func alter(v reflect.Value, path []step, n int) bool {
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if len(path) == 0 {
		return another(v, n)
	}
	at := path[0]
	switch v.Kind() {
	case reflect.Struct:
		return alter(v.Field(at.number), path[1:], n)
	case reflect.Map:
		key := reflect.ValueOf(at.key).Convert(v.Type().Key())
		value := reflect.New(v.Type().Elem()).Elem()
		value.Set(v.MapIndex(key))
		more := alter(value, path[1:], n)
		v.SetMapIndex(key, value)
		return more
	default:
		return alter(v.Index(at.number), path[1:], n)
	}
}

// otherWords are the values that fields of a closed set are tried with.
var otherWords = []string{
	"Always", "Never", "OnFailure", "IfNotPresent", "None", "Default", "Strict", "Unconfined", "Localhost", "RuntimeDefault", "Unmasked",
	"HostToContainer", "Bidirectional", "Memory", "UDP", "HTTPS", "File", "FallbackToLogsOnError", "Directory", "Always",
	"metadata.uid", "limits.memory", "requests.memory", "OnRootMismatch", "SIGUSR2", "NotIn", "RestartAllContainers", "Restart", "0600",
}

func another(v reflect.Value, n int) bool {
	switch v.Interface().(type) {
	case resource.Quantity:
		if n > 0 {
			return false
		}
		q := v.Interface().(resource.Quantity)
		q.Add(q)
		q.Add(resource.MustParse("1"))
		v.Set(reflect.ValueOf(q))
		return true
	case intstr.IntOrString:
		if n > 0 {
			return false
		}
		v.Set(reflect.ValueOf(intstr.FromInt32(4321)))
		return true
	}
	switch v.Kind() {
	case reflect.String:
		switch {
		case n == 0:
			v.SetString(v.String() + "0")
		case n <= len(otherWords):
			v.SetString(otherWords[n-1])
		default:
			return false
		}
	case reflect.Bool:
		v.SetBool(!v.Bool())
		return n == 0
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(v.Int() + 1)
		return n == 0
	default:
		return false
	}
	return true
}
