package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	kjson "sigs.k8s.io/json"
)

// rawJSON gives a document as Kubernetes reads it.
type rawJSON func() (json.RawMessage, error)

// object is a walked document of a kind podup knows, or an item of a List.
type object struct {
	kind    string
	root    *Field
	index   map[string]*Field
	refused []string
	value   any
	raw     rawJSON
}

// objects gives what a document holds: itself or, for a List, its items, and their items.
func (l *loader) objects(t *text, root *yaml.Node, raw rawJSON, depth int) []object {
	w := &walker{text: t, types: l.types, secret: maybeSecret(root)}
	defer func() {
		l.problems = append(l.problems, w.problems...)
		l.warnings = append(l.warnings, w.warnings...)
	}()
	root = deref(root)
	if root.Kind != yaml.MappingNode {
		w.report(w.field(root, nil, ""), "kubernetes-type", "a document must be a mapping with apiVersion and kind")
		return nil
	}
	if depth > deepest {
		w.report(w.field(root, nil, ""), "yaml-too-deep", "Lists nested too deeply")
		return nil
	}
	kind := l.kind(w, root)
	if kind == "List" {
		if _, at := lookup(root, "kind"); depth > 0 {
			w.nested(w.field(at, nil, "kind"))
		}
		return l.items(w, root, raw, depth)
	}
	goType, ok := typeOf(kind)
	if !ok {
		return nil
	}
	made := object{kind: kind, raw: raw}
	made.root, made.value = w.value(root, nil, goType, "")
	made.refused = w.refused
	made.index = map[string]*Field{}
	indexFields(made.root, made.index)
	return []object{made}
}

func indexFields(f *Field, index map[string]*Field) {
	index[f.Path] = f
	for _, child := range f.Fields {
		indexFields(child, index)
	}
}

// kind checks a document's kind and apiVersion and says as what it is to be read, "" for nothing.
func (l *loader) kind(w *walker, root *yaml.Node) string {
	key, value := lookup(root, "kind")
	if value == nil || resolve(deref(value)).kind == scalarNull && deref(value).Kind == yaml.ScalarNode {
		message := "a document needs a kind: podup knows " + knownKinds
		if _, services := lookup(root, "services"); services != nil {
			message = "this looks like a Compose file, and podup runs Kubernetes manifests: write each service as a Pod"
		}
		w.report(w.field(root, key, "kind"), "kubernetes-kind", message)
		return ""
	}
	at := w.field(value, key, "kind")
	if at.Kind != Scalar || resolve(deref(value)).kind != scalarString {
		w.mistyped(at, deref(value), "must be a string", scalarString)
		return ""
	}
	kind := at.Value
	if _, known := typeOf(kind); !known {
		rule, message, meant := kindProblem(kind)
		w.refuse(at, rule, message)
		if meant == "" {
			return ""
		}
		kind = meant
	}
	key, value = lookup(root, "apiVersion")
	if value == nil {
		w.report(w.field(root, key, "apiVersion"), "kubernetes-kind", fmt.Sprintf("a %s needs apiVersion: v1", kind))
		return kind
	}
	at = w.field(value, key, "apiVersion")
	if at.Value != "v1" {
		w.refuse(at, "kubernetes-kind", fmt.Sprintf("a %s is of apiVersion v1, not %q", kind, clip(at.Value)))
	}
	return kind
}

// items gives the objects of a List.
func (l *loader) items(w *walker, root *yaml.Node, raw rawJSON, depth int) []object {
	goType := reflect.TypeFor[list]()
	known, here := w.types.of(goType), frame{t: goType}
	f := w.field(root, nil, "")
	var found []object
	for _, one := range w.entries(root, f, "%s.%s") {
		at := w.field(one.value, one.key, one.name)
		switch inner, ok := known.fields[one.name]; {
		case !ok:
			w.unknown(one, one.name, here)
		case one.name != "items":
			w.value(one.value, one.key, inner, one.name)
		case at.Kind == Null:
		case at.Kind != List:
			w.mistyped(at, deref(one.value), `must be a list: put "- " before each item`, scalarNull)
		default:
			for i, item := range deref(one.value).Content {
				found = append(found, l.objects(w.text, item, itemOf(raw, i), depth+1)...)
			}
		}
	}
	return found
}

func itemOf(list rawJSON, i int) rawJSON {
	return func() (json.RawMessage, error) {
		data, err := list()
		if err != nil {
			return nil, err
		}
		var items struct {
			Items []json.RawMessage `json:"items"`
		}
		if err := kjson.UnmarshalCaseSensitivePreserveInts(data, &items); err != nil {
			return nil, err
		}
		if i >= len(items.Items) {
			return nil, errors.New("kubernetes reads fewer items than there are")
		}
		return items.Items[i], nil
	}
}

// lookup finds a key of a mapping as written.
func lookup(root *yaml.Node, name string) (key, value *yaml.Node) {
	for i := 0; i+1 < len(root.Content); i += 2 {
		if target := deref(root.Content[i]); target.Kind == yaml.ScalarNode && target.Value == name {
			key, value = root.Content[i], root.Content[i+1] // the last counts, as everywhere
		}
	}
	return key, value
}

// maybeSecret reports whether values of a document may be confidential. A kind written wrongly, or
// forgotten, gives nothing away.
func maybeSecret(root *yaml.Node) bool {
	root = deref(root)
	if root.Kind != yaml.MappingNode {
		return false
	}
	_, kind := lookup(root, "kind")
	if kind == nil {
		_, data := lookup(root, "data")
		_, stringData := lookup(root, "stringData")
		return data != nil || stringData != nil
	}
	return strings.EqualFold(strings.TrimSpace(deref(kind).Value), "secret") || nearest(deref(kind).Value, []string{"Secret"}) != ""
}

// markSecrets notes the lines from which no excerpt may be taken. Last is where root ends.
func markSecrets(t *text, root *yaml.Node, last int) {
	if maybeSecret(root) {
		t.secrets = append(t.secrets, span{first: root.Line, last: last})
	}
	root = deref(root)
	if root.Kind != yaml.MappingNode {
		return
	}
	_, items := lookup(root, "items")
	if items == nil || deref(items).Kind != yaml.SequenceNode {
		return
	}
	content := deref(items).Content
	for i, item := range content {
		end := last
		if i+1 < len(content) {
			end = content[i+1].Line
		}
		if deref(item) != root {
			markSecrets(t, item, end)
		}
	}
}

// decode is Kubernetes' strict decoder with its defaults. What it refuses after the walk passed is a
// gap in the walk, and reported all the same.
func decode[T any](l *loader, source Source, t *text, o object, into *[]Document[*T], finish func(*T)) {
	made := Document[*T]{
		Object: new(T), Dir: source.Dir,
		positions: positions{text: t, root: o.root, index: o.index, refused: o.refused},
	}
	data, err := o.raw()
	var strict []error
	if err == nil {
		strict, err = kjson.UnmarshalStrict(data, made.Object)
	}
	if err != nil {
		strict = append(strict, err)
	}
	for _, one := range strict {
		l.problems = append(l.problems, made.decodeProblem(o.kind, one))
	}
	if err != nil {
		return
	}
	finish(made.Object)
	l.name(t, o)
	*into = append(*into, made)
}

func (d Document[T]) decodeProblem(kind string, err error) Problem {
	path, message := "", "Kubernetes' decoder: "+err.Error()
	if kind == "Secret" { // the text may quote a value
		message = "Kubernetes' decoder refuses this Secret"
	}
	var at kjson.FieldError
	if errors.As(err, &at) {
		path = at.FieldPath()
	}
	made := Problem{Path: path, Rule: "kubernetes-decode", Severity: SeverityError, Message: message}
	if where := d.positions.nearest(path); where != nil {
		made.Pos, made.Source = where.Pos, d.positions.text.excerpt(where)
	}
	return made
}

// name reports two objects of one kind and name, at both places.
func (l *loader) name(t *text, o object) {
	at := o.index["metadata.name"]
	if at == nil || at.Kind != Scalar || slices.Contains(o.refused, at.Path) {
		return
	}
	id := o.kind + "/" + at.Value
	first, taken := l.named[id]
	if !taken {
		l.named[id] = place{text: t, field: at}
		return
	}
	report := func(t *text, f *Field, format string, other Pos) {
		l.problems = append(l.problems, Problem{
			Pos: f.Pos, Path: f.Path, Rule: "podup-duplicate-name", Severity: SeverityError, Source: t.excerpt(f),
			Message: fmt.Sprintf(format, o.kind, at.Value, other),
		})
	}
	report(first.text, first.field, "a second %s called %q is declared at %s: every one needs a name of its own", at.Pos)
	report(t, at, "a %s called %q is already declared at %s", first.field.Pos)
}
