package validate

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Explanation is what there is to know of one field.
type Explanation struct {
	Kind     string
	Path     string // as manifests write it, without indices; empty for the kind itself
	Type     string // "string", "[]Container", "map[string]string"
	Class    Class  // empty where the fields below have classes of their own
	Reason   string // why it is not honoured and what to do, or the condition under which it is
	Text     string // Kubernetes' own description
	Children []Explanation
}

// Name is the last part of the path.
func (e Explanation) Name() string { return e.Path[strings.LastIndexByte(e.Path, '.')+1:] }

// index is what a user may copy from a message: "containers[0]", "labels[app]", "volumes[*]".
var index = regexp.MustCompile(`\[[^]]*\]`)

// Explain describes the field at a path such as "pod.spec.containers.livenessProbe". The kind is taken
// in any case, indices and list brackets are skipped. Children are described without theirs. The error
// for a path that leads nowhere says which fields there are.
func Explain(path string) (Explanation, error) {
	words := strings.FieldsFunc(index.ReplaceAllStringFunc(path, keyOf), func(r rune) bool { return r == '.' })
	if len(words) == 0 {
		return Explanation{}, fmt.Errorf("explain: no field; begin with one of %s", kindNames())
	}
	for _, known := range kinds() {
		if strings.EqualFold(words[0], known.name) || strings.EqualFold(words[0], known.name+"s") ||
			strings.EqualFold(words[0], abbreviations()[known.name]) {
			return known.explain(words[1:])
		}
	}
	return Explanation{}, fmt.Errorf("explain %s: podup knows no kind %q; begin with one of %s", path, words[0], kindNames())
}

// keyOf turns the key of a resource into a name, so that limits[cpu] and limits.cpu are one field.
func keyOf(bracket string) string {
	key := strings.Trim(bracket, "[]")
	if key == "" || strings.Trim(key, "0123456789*") == "" {
		return ""
	}
	return "." + key
}

// abbreviations are kubectl's.
func abbreviations() map[string]string {
	return map[string]string{"Pod": "po", "Service": "svc", "ConfigMap": "cm", "PersistentVolumeClaim": "pvc"}
}

func kindNames() string {
	var names []string
	for _, known := range kinds() {
		names = append(names, strings.ToLower(known.name))
	}
	return strings.Join(names, ", ")
}

// explain walks down from the kind. shown is the path as manifests write it, pattern the same as the
// rows of the table do.
func (k kind) explain(words []string) (Explanation, error) {
	rows := rowsOf(k.name)
	at := spot{goType: k.goType, text: k.text()}
	for _, word := range words {
		children := at.children(rows)
		next := slices.IndexFunc(children, func(c spot) bool { return c.name == word })
		if next < 0 {
			next = slices.IndexFunc(children, func(c spot) bool { return strings.EqualFold(c.name, word) })
		}
		if next < 0 {
			return Explanation{}, fmt.Errorf("explain %s: %s has no field %q%s", strings.ToLower(k.name)+"."+strings.Join(words, "."), at.called(k), word, at.offer(children))
		}
		at = children[next]
	}
	found := at.describe(k, rows)
	for _, child := range at.children(rows) {
		found.Children = append(found.Children, child.describe(k, rows))
	}
	return found, nil
}

func (k kind) text() string { return swagger(k.goType)[""] }

// spot is a field on the way down.
type spot struct {
	name    string
	shown   string // spec.containers.env
	pattern string // spec.containers[].env[]
	goType  reflect.Type
	text    string
	row     *Field // that stands for it, itself or from above
}

func (p spot) called(k kind) string {
	if p.shown == "" {
		return "a " + k.name
	}
	return p.shown
}

func (p spot) offer(children []spot) string {
	var names []string
	for _, child := range children {
		names = append(names, child.name)
	}
	if len(names) == 0 {
		return ": it has no fields of its own"
	}
	return "; it has " + strings.Join(names, ", ")
}

// children are the fields of the type, in the order Kubernetes declares them; of a map with rows for
// single keys, those keys.
func (p spot) children(rows map[string]Field) []spot {
	goType, pattern := p.element()
	if goType.Kind() == reflect.Map {
		var keys []spot
		for path := range rows {
			if key, ok := strings.CutPrefix(path, p.pattern+"["); ok && strings.HasSuffix(key, "]") && key != "]" && !strings.Contains(key, "][") {
				key = strings.TrimSuffix(key, "]")
				row := rows[path]
				keys = append(keys, spot{name: key, shown: p.shown + "." + key, pattern: path, goType: goType.Elem(), row: &row})
			}
		}
		slices.SortFunc(keys, func(a, b spot) int { return strings.Compare(a.name, b.name) })
		return keys
	}
	if goType.Kind() != reflect.Struct || raw(goType) {
		return nil
	}
	texts := swagger(goType)
	var all []spot
	for i := range goType.NumField() {
		name, _, _ := strings.Cut(goType.Field(i).Tag.Get("json"), ",")
		below := spot{name: name, shown: join(p.shown, name), pattern: join(pattern, name), goType: goType.Field(i).Type, text: texts[name], row: p.row}
		if name == "" { // embedded
			below.shown, below.pattern = p.shown, pattern
			all = append(all, below.children(rows)...)
			continue
		}
		if row, ok := rows[below.pattern]; ok {
			below.row = &row
		}
		all = append(all, below)
	}
	return all
}

// element is what a list, or lists of lists, hold.
func (p spot) element() (reflect.Type, string) {
	goType, pattern := p.goType, p.pattern
	for {
		switch {
		case goType.Kind() == reflect.Pointer:
			goType = goType.Elem()
		case goType.Kind() == reflect.Slice && goType.Elem().Kind() != reflect.Uint8:
			goType, pattern = goType.Elem(), pattern+"[]"
		default:
			return goType, pattern
		}
	}
}

func (p spot) describe(k kind, rows map[string]Field) Explanation {
	found := Explanation{Kind: k.name, Path: p.shown, Type: typeName(p.goType), Text: p.text}
	row := p.row
	if row == nil {
		if other, ok := rows[p.pattern+"[]"]; ok {
			row = &other
		}
	}
	if row != nil {
		found.Class, found.Reason = row.Class, row.Reason
		if len(row.Fine) > 0 {
			found.Reason += "; fine: " + fineValues(row.Fine)
		}
	}
	return found
}

func fineValues(values []string) string {
	shown := make([]string, len(values))
	for i, value := range values {
		if value == "" {
			value = `""`
		}
		shown[i] = value
	}
	return strings.Join(shown, ", ")
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func rowsOf(kind string) map[string]Field {
	rows := map[string]Field{}
	for _, row := range Fields() {
		if row.Kind == kind {
			rows[row.Path] = row
		}
	}
	return rows
}

// swagger gives the descriptions of a type's fields; "" is the type's own.
func swagger(goType reflect.Type) map[string]string {
	type documented interface{ SwaggerDoc() map[string]string }
	if doc, ok := reflect.New(goType).Interface().(documented); ok {
		return doc.SwaggerDoc()
	}
	return nil
}

// raw says whether a type is written as one word although it is a structure: a quantity, a time.
func raw(goType reflect.Type) bool {
	return reflect.PointerTo(goType).Implements(reflect.TypeFor[json.Unmarshaler]())
}

// typeName is the type in the words of a manifest.
func typeName(goType reflect.Type) string {
	if raw(goType) && goType.Kind() != reflect.Pointer {
		return goType.Name()
	}
	switch goType.Kind() {
	case reflect.Pointer:
		return typeName(goType.Elem())
	case reflect.Slice:
		if goType.Elem().Kind() == reflect.Uint8 {
			return "base64"
		}
		return "[]" + typeName(goType.Elem())
	case reflect.Map:
		return "map[" + typeName(goType.Key()) + "]" + typeName(goType.Elem())
	case reflect.Struct:
		return goType.Name()
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "integer"
	default:
		return "string"
	}
}
