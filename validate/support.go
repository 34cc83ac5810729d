package validate

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/podup/podup/manifest"
)

// support is the table by kind and path.
type support map[string]Field

func newSupport() support {
	s := support{}
	for _, row := range Fields() {
		s[row.Kind+" "+row.Path] = row
	}
	return s
}

// fields judges what the user wrote, not what defaulting added.
func fields[T any](s support, doc manifest.Document[T], kind string) manifest.Problems {
	var found manifest.Problems
	var walk func(f *manifest.Field, pattern string)
	walk = func(f *manifest.Field, pattern string) {
		if row, ok := s[kind+" "+pattern]; ok {
			if problem, bad := row.judge(doc.At, doc.WarnAt, f); bad {
				found = append(found, problem)
			}
			return
		}
		if f.Kind == manifest.Scalar { // a test holds that there is no such field
			found = append(found, doc.At(field.NewPath(f.Path), "podup-unsupported-field", "podup does not know this field: remove it"))
		}
		for _, child := range f.Fields {
			name := strings.TrimPrefix(child.Path, f.Path)
			if !strings.HasPrefix(name, "[") {
				walk(child, pattern+name)
				continue
			}
			if _, named := s[kind+" "+pattern+name]; named {
				walk(child, pattern+name)
			} else {
				walk(child, pattern+"[]")
			}
		}
	}
	walk(doc.Root(), "")
	return found
}

type report func(path *field.Path, rule, message string) manifest.Problem

// judge says what there is to say about a field that is present.
func (row Field) judge(refuse, warn report, f *manifest.Field) (manifest.Problem, bool) {
	// "nfs: {}" chooses a kind of volume, and "volumeDevices: []" nothing.
	chosen := f.Kind == manifest.Mapping && row.Class == Unsupported && strings.HasPrefix(row.Path, "spec.volumes[]")
	if f.Empty() && !chosen || row.fine(f) {
		return manifest.Problem{}, false
	}
	path := field.NewPath(f.Path)
	switch {
	case row.Class == Unsupported:
		return refuse(path, "podup-unsupported-field", row.Reason), true
	case row.Class == Ignored && !row.Quiet:
		return warn(path, "podup-ignored-field", "ignored: "+row.Reason), true
	default:
		return manifest.Problem{}, false
	}
}

func (row Field) fine(f *manifest.Field) bool {
	if f.Kind == manifest.Mapping && len(f.Fields) == 1 { // os: {name: linux}
		f = f.Fields[0]
	}
	return f.Kind == manifest.Scalar && slices.Contains(row.Fine, f.Value)
}
