package manifest

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// structure is the fields of a Go struct by their JSON names, embedded structs included.
type structure struct {
	names  []string // in declaration order
	fields map[string]reflect.Type
}

// decodesItself reports whether a type has an UnmarshalJSON of its own.
func decodesItself(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]())
}

// structures remembers what it has seen: a pod repeats its types.
type structures map[reflect.Type]*structure

func (s structures) of(t reflect.Type) *structure {
	if known, ok := s[t]; ok {
		return known
	}
	made := &structure{fields: map[string]reflect.Type{}}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported():
		case f.Anonymous && name == "":
			inner := s.of(pointee(f.Type))
			made.names = append(made.names, inner.names...)
			for name, t := range inner.fields {
				made.fields[name] = t
			}
		default:
			if name == "" {
				name = f.Name
			}
			made.names = append(made.names, name)
			made.fields[name] = f.Type
		}
	}
	s[t] = made
	return made
}

func pointee(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// frame is a struct on the way to the field at hand.
type frame struct {
	path string
	t    reflect.Type
}

// advice says what may have been meant by an unknown field: a name written nearly so, the same
// field one level up or down, or which fields there are. Close is the known name meant, if any.
func (s structures) advice(name string, at frame, enclosing []frame) (message, near string) {
	known := s.of(at.t)
	if near = nearest(name, known.names); near != "" {
		if strings.EqualFold(near, name) {
			return "field names are case-sensitive: write " + near, near
		}
		return "did you mean " + near + "?", near
	}
	for _, child := range append([]string{"containers"}, known.names...) { // before a volume's "image"
		if known.fields[child] == nil {
			continue
		}
		if inner := element(known.fields[child]); inner.Kind() == reflect.Struct && !decodesItself(inner) {
			if _, ok := s.of(inner).fields[name]; ok && name != "name" {
				return "it belongs in " + child, ""
			}
		}
	}
	for _, outer := range slices.Backward(enclosing) {
		if _, ok := s.of(outer.t).fields[name]; ok {
			if outer.path == "" {
				return "it belongs at the top of the document", ""
			}
			if name == "volumes" && known.fields["volumeMounts"] != nil {
				return "it belongs in " + outer.path + ", and where the container sees them in volumeMounts", ""
			}
			return "it belongs in " + outer.path, ""
		}
	}
	if meant := beginning(name, known.names); meant != "" {
		return "did you mean " + meant + "?", meant
	}
	if meant := foreign(name); meant != "" && slices.Contains(known.names, meant) {
		return "did you mean " + meant + "?", meant
	}
	return "known fields: " + strings.Join(slices.Sorted(slices.Values(known.names)), ", "), ""
}

// beginning gives the one name that begins with the word: "initialDelay" is short for initialDelaySeconds.
func beginning(word string, names []string) string {
	found := ""
	for _, name := range names {
		if len(word) >= 4 && strings.HasPrefix(name, word) {
			if found != "" {
				return ""
			}
			found = name
		}
	}
	return found
}

// foreign translates the words of Compose files to what a container has.
func foreign(name string) string {
	switch name {
	case "entrypoint":
		return "command"
	case "environment":
		return "env"
	case "env_file":
		return "envFrom"
	case "expose":
		return "ports"
	case "restart":
		return "restartPolicy"
	case "working_dir":
		return "workingDir"
	case "stdin_open":
		return "stdin"
	case "healthcheck":
		return "livenessProbe"
	case "deploy", "memory", "mem_limit", "cpu", "cpus":
		return "resources"
	default:
		return ""
	}
}

// element is the struct a field holds, directly or in a list.
func element(t reflect.Type) reflect.Type {
	t = pointee(t)
	if t.Kind() == reflect.Slice {
		t = pointee(t.Elem())
	}
	return t
}

// nearest gives the name that differs least from word, if it is close enough to be a slip.
func nearest(word string, names []string) string {
	best, least := "", 3
	for _, name := range names {
		if strings.EqualFold(word, name) {
			return name
		}
		if d := distance(word, name); d < least && 3*d <= len(word) {
			best, least = name, d
		}
	}
	return best
}

// distance is Levenshtein's, of bytes; words much longer than any field name are far from all.
func distance(a, b string) int {
	if len(a) > 60 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
