package validate

import (
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/kubernetes/pkg/apis/core"
	k8scorev1 "k8s.io/kubernetes/pkg/apis/core/v1"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/podup/podup/manifest"
)

// dropped gives the topmost fields of the source that are in the given pod but not in the one kept.
func dropped(root *manifest.Field, given, kept *core.Pod) []string {
	if equality.Semantic.DeepEqual(given, kept) {
		return nil
	}
	before, after := unstructured(given), unstructured(kept)
	if root == nil || before == nil || after == nil {
		return []string{"spec"}
	}
	var found []string
	var walk func(f *manifest.Field, before, after any)
	walk = func(f *manifest.Field, before, after any) {
		if reflect.DeepEqual(before, after) {
			return
		}
		if after == nil || f.Kind == manifest.Scalar {
			found = append(found, f.Path)
			return
		}
		for i, child := range f.Fields {
			walk(child, inside(f, child, before, i), inside(f, child, after, i))
		}
	}
	walk(root, before, after)
	return found
}

// inside gives a child's part of a value; nil is absent.
func inside(f, child *manifest.Field, value any, i int) any {
	switch value := value.(type) {
	case map[string]any:
		name := strings.TrimPrefix(child.Path[len(f.Path):], ".")
		if strings.HasPrefix(name, "[") {
			name = name[1 : len(name)-1]
		}
		if inner, ok := value[name]; ok {
			return inner
		}
	case []any:
		if i < len(value) {
			return value[i]
		}
	}
	return nil
}

func unstructured(pod *core.Pod) map[string]any {
	external := new(corev1.Pod)
	if err := k8scorev1.Convert_core_Pod_To_v1_Pod(pod.DeepCopy(), external, nil); err != nil {
		return nil
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(external)
	if err != nil {
		return nil
	}
	return content
}
