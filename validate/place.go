package validate

import (
	"fmt"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/podup/podup/manifest"
)

// place gives the most exact path of an error. Kubernetes often names a field too high up: of a wrong
// label only the map, of a list's item only the list.
func place[T any](doc manifest.Document[T], err *field.Error) string {
	path := err.Field
	if doc.Field(path) == nil {
		path = written(doc, path)
	}
	bad := text(err.BadValue)
	f := doc.Field(path)
	if f == nil {
		return inList(doc, path, bad)
	}
	if f.Kind == manifest.Scalar || bad == "" {
		return path
	}
	for _, child := range f.Fields {
		if child.Path == path+"["+bad+"]" || child.Kind == manifest.Scalar && child.Value == bad {
			return child.Path
		}
	}
	return path
}

// written repairs paths that name a field otherwise than a manifest does.
func written[T any](doc manifest.Document[T], path string) string {
	for _, other := range []string{
		lower(path), // spec.HostIPC
		strings.Replace(path, "spec.clusterIPs[0]", "spec.clusterIP", 1),        // of a Service, filled in from it
		strings.Replace(path, "spec.resources[", "spec.resources.requests[", 1), // of a claim
		strings.Replace(path, ".resources.requests[", ".resources.limits[", 1),  // a request defaulted from its limit
	} {
		if doc.Field(other) != nil {
			return other
		}
	}
	return path
}

// lower makes the first letter of a path's last name a small one.
func lower(path string) string {
	dot := strings.LastIndexByte(path, '.') + 1
	if dot == len(path) {
		return path
	}
	return path[:dot] + strings.ToLower(path[dot:dot+1]) + path[dot+1:]
}

// inList finds the item meant by "volumeMounts.subPath": the one that has the bad value there or, where the
// error shows none, has the field at all.
func inList[T any](doc manifest.Document[T], path, bad string) string {
	dot := strings.LastIndexByte(path, '.')
	if dot < 0 {
		return path
	}
	list := doc.Field(path[:dot])
	if list == nil || list.Kind != manifest.List {
		return path
	}
	for _, item := range list.Fields {
		if f := doc.Field(item.Path + path[dot:]); f != nil && (bad == "" || f.Value == bad) {
			return f.Path
		}
	}
	return path
}

// text is a value as a manifest would have it, "" for anything but a scalar.
func text(value any) string {
	v := reflect.ValueOf(value)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Bool, reflect.Int, reflect.Int32, reflect.Int64:
		return fmt.Sprint(v.Interface())
	default:
		return ""
	}
}
