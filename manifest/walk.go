package manifest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// walker compares the nodes of a document with the Go type Kubernetes decodes it into. Kubernetes'
// own decoder stops at the first mistyped field and knows no lines; the walk finds every unknown,
// repeated and mistyped field with its place, and leaves what it refuses out of the value it makes.
type walker struct {
	text     *text
	types    structures
	secret   bool     // of a Secret only some values may be shown
	problems Problems // errors
	warnings Problems
	refused  []string
	outer    []frame
	depth    int
}

// deepest is far below what the Go types allow, but for raw values of any shape.
const deepest = 200

// value walks one value and gives the field, and what it means as encoding/json has it.
// The key is nil for the document itself and for list items.
func (w *walker) value(n, key *yaml.Node, t reflect.Type, path string) (*Field, any) {
	f := w.field(n, key, path)
	n, t = deref(n), pointee(t)
	if w.depth++; w.depth > deepest {
		w.refuse(f, "yaml-too-deep", "nested too deeply")
		return f, nil
	}
	defer func() { w.depth-- }()
	if f.Kind == Null {
		return f, nil
	}
	if decodesItself(t) {
		return f, w.custom(n, t, f)
	}
	switch t.Kind() {
	case reflect.Struct:
		return f, w.structure(n, t, f)
	case reflect.Map:
		return f, w.mapping(n, t, f)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return f, w.base64(n, f)
		}
		return f, w.list(n, t, f)
	case reflect.Interface:
		return f, w.plain(n, f)
	default:
		return f, w.scalar(n, t, f)
	}
}

// field makes the field of a node. A scalar stands where its value does; a mapping, a list and a
// null where their key does.
func (w *walker) field(n, key *yaml.Node, path string) *Field {
	f := &Field{Path: path, hidden: w.secret && !shown(path)}
	target := deref(n)
	switch target.Kind {
	case yaml.MappingNode:
		f.Kind = Mapping
	case yaml.SequenceNode:
		f.Kind = List
	case yaml.ScalarNode:
		if meaning := resolve(target); meaning.kind != scalarNull {
			f.Kind, f.Value = Scalar, meaning.text
			if meaning.kind == scalarBool {
				f.Value = meaning.json
			}
		}
	default: // deref leaves no alias, and a document is not inside another
	}
	at := n
	if key != nil {
		if f.Kind != Scalar {
			at = key
		}
		place := w.text.pos(key.Line, key.Column)
		f.key = token{line: place.Line, column: place.Column, text: key.Value}
	}
	f.Pos = w.text.pos(at.Line, at.Column)
	return f
}

// shown are the fields of a Secret whose values are not confidential.
func shown(path string) bool {
	return slices.Contains([]string{"apiVersion", "kind", "metadata.name", "metadata.namespace", "type", "immutable"}, path)
}

// full says that there is no use in finding more: Load gives up.
func (w *walker) full() bool { return len(w.problems) >= maxProblems }

func (w *walker) report(f *Field, rule, message string) {
	if w.full() {
		return
	}
	w.problems = append(w.problems, Problem{
		Pos: f.Pos, Path: f.Path, Rule: rule, Message: message, Severity: SeverityError, Source: w.text.excerpt(f),
	})
}

// refuse reports a field whose value is left out of the object.
func (w *walker) refuse(f *Field, rule, message string) {
	if !w.full() {
		w.report(f, rule, message)
		w.refused = append(w.refused, f.Path)
	}
}

func (w *walker) structure(n *yaml.Node, t reflect.Type, f *Field) any {
	if f.Kind != Mapping {
		w.mistyped(f, n, "must be a mapping of fields", scalarNull, w.instead(n, t, f))
		return nil
	}
	here := frame{path: f.Path, t: t}
	known := w.types.of(t)
	out := map[string]any{}
	for _, one := range w.entries(n, f, "%s.%s") {
		path := one.name
		if f.Path != "" {
			path = f.Path + "." + one.name
		}
		inner, ok := known.fields[one.name]
		if !ok {
			w.unknown(one, path, here)
			continue
		}
		w.outer = append(w.outer, here)
		child, value := w.value(one.value, one.key, inner, path)
		w.outer = w.outer[:len(w.outer)-1]
		f.Fields = append(f.Fields, child)
		if value != nil {
			out[one.name] = value
		}
	}
	return out
}

func (w *walker) unknown(one entry, path string, here frame) {
	if w.full() {
		return
	}
	unknown := w.field(one.key, one.key, path)
	unknown.Kind = Null // stands at its key, shows no value
	message, meant := w.types.advice(one.name, here, w.outer)
	w.report(unknown, "kubernetes-unknown-field", fmt.Sprintf("there is no field %q here: %s", clip(one.name), message))
	w.refused = append(w.refused, path)
	if meant != "" { // that it is missing is no second mistake
		w.refused = append(w.refused, path[:len(path)-len(one.name)]+meant)
	}
}

func (w *walker) mapping(n *yaml.Node, t reflect.Type, f *Field) any {
	if f.Kind != Mapping {
		w.mistyped(f, n, "must be a mapping of names to values", scalarNull)
		return nil
	}
	out := map[string]any{}
	for _, one := range w.entries(n, f, "%s[%s]") {
		child, value := w.value(one.value, one.key, t.Elem(), f.Path+"["+one.name+"]")
		f.Fields = append(f.Fields, child)
		out[one.name] = value
	}
	return out
}

func (w *walker) list(n *yaml.Node, t reflect.Type, f *Field) any {
	if f.Kind != List {
		if item := w.variable(n, t.Elem(), f); item != "" {
			w.mistyped(f, n, "must be a list of variables", scalarNull, ": - "+item)
			return nil
		}
		w.mistyped(f, n, `must be a list: put "- " before each item`, scalarNull)
		return nil
	}
	out := make([]any, len(n.Content)) // a refused item stays as null: the others keep their index
	for i, item := range n.Content {
		child, value := w.value(item, nil, t.Elem(), f.Path+"["+strconv.Itoa(i)+"]")
		f.Fields = append(f.Fields, child)
		out[i] = value
	}
	return out
}

// custom asks the type's own UnmarshalJSON: quantities, times, numbers that may be names.
func (w *walker) custom(n *yaml.Node, t reflect.Type, f *Field) any {
	value := w.plain(n, f)
	encoded, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(encoded, reflect.New(t).Interface())
	}
	if err != nil {
		w.mistyped(f, n, "must be "+describe(t), scalarNull)
		return nil
	}
	f.Fields = nil // its inside is the type's own affair
	return value
}

// plain gives any value as encoding/json has it.
func (w *walker) plain(n *yaml.Node, f *Field) any {
	anything := reflect.TypeFor[any]()
	switch f.Kind {
	case Mapping:
		return w.mapping(n, reflect.TypeFor[map[string]any](), f)
	case List:
		return w.list(n, reflect.SliceOf(anything), f)
	case Scalar:
		meaning := resolve(n)
		switch {
		case meaning.kind == scalarString:
			return meaning.text
		case meaning.json == "":
			w.refuse(f, "kubernetes-type", "is not a number JSON can hold")
			return nil
		}
		return json.RawMessage(meaning.json)
	default:
		return nil
	}
}
