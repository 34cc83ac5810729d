package manifest

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// FieldKind is the shape of a value in the source.
type FieldKind int

// The shapes. Null is "image:" or "image: null", which Kubernetes reads as absent.
const (
	Null FieldKind = iota
	Scalar
	Mapping
	List
)

// Field is a field as it stands in the source, before any default is applied: what the user wrote.
type Field struct {
	Path   string // as field.Path prints it: "spec.containers[0].image", "metadata.labels[app]"
	Pos    Pos    // the value of a scalar, the key of a mapping or list
	Kind   FieldKind
	Value  string   // of a scalar: its text without quotes; of a boolean true or false, however it was spelt
	Fields []*Field // of a mapping or list, in the order of the source

	key    token
	hidden bool // the value is confidential: never in an excerpt or a message
}

// token is a key in the source, for excerpts of lines that must not be shown whole.
type token struct {
	line, column int
	text         string
}

// Empty reports whether the field says nothing: null, or a mapping or list without content.
func (f *Field) Empty() bool {
	return f.Kind == Null || f.Kind != Scalar && len(f.Fields) == 0
}

// positions are the written fields of one document. The zero value is a document without a source.
type positions struct {
	text    *text
	root    *Field
	index   map[string]*Field
	refused []string
}

func (p positions) of(path *field.Path) Pos {
	if at := p.nearest(pathString(path)); at != nil {
		return at.Pos
	}
	return Pos{}
}

// nearest gives the field at path or the closest one around it.
func (p positions) nearest(path string) *Field {
	for path != "" {
		if found, ok := p.index[path]; ok {
			return found
		}
		path = parentPath(path)
	}
	return p.root
}

// parentPath cuts the last element off a path. Keys in brackets may hold dots.
func parentPath(path string) string {
	if strings.HasSuffix(path, "]") {
		return path[:max(strings.LastIndexByte(path, '['), 0)]
	}
	return path[:max(strings.LastIndexByte(path, '.'), 0)]
}

func pathString(path *field.Path) string {
	if path == nil {
		return ""
	}
	return path.String()
}

// Root gives the fields of the document as written, nil for a document without a source.
func (d Document[T]) Root() *Field { return d.positions.root }

// Field gives the field at exactly this path as written, else nil.
func (d Document[T]) Field(path string) *Field { return d.positions.index[path] }

// Damaged reports whether Load refused any field of the document. The rest of it is in Object, so
// that later layers can find what else is wrong.
func (d Document[T]) Damaged() bool { return len(d.positions.refused) > 0 }

// Refused reports whether a finding at path may only follow from a field Load has already refused:
// the field itself, one below it, or the one right around it.
func (d Document[T]) Refused(path string) bool {
	for _, refused := range d.positions.refused {
		if path == refused || path == parentPath(refused) ||
			strings.HasPrefix(path, refused+".") || strings.HasPrefix(path, refused+"[") {
			return true
		}
	}
	return false
}

func (d Document[T]) problem(path *field.Path, severity Severity, rule, message string) Problem {
	made := Problem{Path: pathString(path), Rule: rule, Message: message, Severity: severity}
	if at := d.positions.nearest(made.Path); at != nil {
		made.Pos = at.Pos
		made.Source = d.positions.text.excerpt(at)
	}
	return made
}

// NewDocument makes a document that has no source, so no positions.
func NewDocument[T any](object T, dir string) Document[T] {
	return Document[T]{Object: object, Dir: dir}
}
