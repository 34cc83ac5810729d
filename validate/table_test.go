package validate_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/validate"
)

func types() map[string]reflect.Type {
	return map[string]reflect.Type{
		"Pod":                   reflect.TypeFor[corev1.Pod](),
		"Service":               reflect.TypeFor[corev1.Service](),
		"ConfigMap":             reflect.TypeFor[corev1.ConfigMap](),
		"Secret":                reflect.TypeFor[corev1.Secret](),
		"PersistentVolumeClaim": reflect.TypeFor[corev1.PersistentVolumeClaim](),
	}
}

func TestEveryFieldOfEveryKindHasExactlyOneClass(t *testing.T) {
	for kind, goType := range types() {
		t.Run(kind, func(t *testing.T) {
			rows := map[string]validate.Field{}
			for _, row := range validate.Fields() {
				if row.Kind != kind {
					continue
				}
				if _, twice := rows[row.Path]; twice {
					t.Errorf("%s has two rows", row.Path)
				}
				rows[row.Path] = row
			}
			used := map[string]bool{}
			classify(t, rows, used, goType, "")
			for path := range rows {
				if !used[path] {
					t.Errorf("row %s names no field, or one that a row above it covers", path)
				}
			}
		})
	}
}

// classify walks a type down to its rows. A field without a row must consist of fields that have one.
func classify(t *testing.T, rows map[string]validate.Field, used map[string]bool, goType reflect.Type, path string) {
	t.Helper()
	if _, ok := rows[path]; ok {
		used[path] = true
		return
	}
	for goType.Kind() == reflect.Pointer {
		goType = goType.Elem()
	}
	raw := reflect.PointerTo(goType).Implements(reflect.TypeFor[json.Unmarshaler]())
	switch {
	case goType.Kind() == reflect.Struct && !raw:
		for i := range goType.NumField() {
			name, _, _ := strings.Cut(goType.Field(i).Tag.Get("json"), ",")
			below := path + "." + name
			if name == "" { // embedded
				below = path
			}
			classify(t, rows, used, goType.Field(i).Type, strings.TrimPrefix(below, "."))
		}
	case goType.Kind() == reflect.Slice && goType.Elem().Kind() != reflect.Uint8, goType.Kind() == reflect.Map:
		for key := range rows { // resources.limits[cpu] stands beside resources.limits[]
			if strings.HasPrefix(key, path+"[") && strings.HasSuffix(key, "]") && !strings.Contains(key[len(path)+1:len(key)-1], "]") {
				used[key] = true
			}
		}
		classify(t, rows, used, goType.Elem(), path+"[]")
	default:
		t.Errorf("%s has no class", path)
	}
}

func TestRowsSayWhatTheReaderNeeds(t *testing.T) {
	for _, row := range validate.Fields() {
		if row.Class != validate.Honoured && row.Reason == "" {
			t.Errorf("%s %s is %s without a reason", row.Kind, row.Path, row.Class)
		}
		if !slices.Contains([]validate.Class{validate.Honoured, validate.Ignored, validate.Unsupported}, row.Class) {
			t.Errorf("%s %s has the class %q", row.Kind, row.Path, row.Class)
		}
		if row.Quiet && row.Class != validate.Ignored {
			t.Errorf("%s %s is quiet but %s", row.Kind, row.Path, row.Class)
		}
	}
}
