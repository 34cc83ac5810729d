package manifest

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// entry is one name and value of a mapping. A merged one stands where its anchor does.
type entry struct {
	name       string
	key, value *yaml.Node
	merged     bool
}

// entries gives what a mapping holds, each name once, and reports names that stand twice. Merge
// keys are resolved as Kubernetes' decoder does it (go.yaml.in/yaml/v2 decode.go): in the order of
// the source, what comes later wins. Format makes a path of f's and a name.
func (w *walker) entries(n *yaml.Node, f *Field, format string) []entry {
	var found []entry
	index := map[string]int{}
	put := func(one entry) {
		at, again := index[one.name]
		if !again {
			index[one.name] = len(found)
			found = append(found, one)
			return
		}
		if earlier := found[at]; !earlier.merged && !w.full() {
			w.repeated(one, earlier, fmt.Sprintf(format, f.Path, one.name))
		}
		found[at] = one
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if mergeKey(key) {
			for _, one := range w.merged(value, f, format) {
				put(one)
			}
			continue
		}
		target := deref(key)
		name := ""
		if target.Kind == yaml.ScalarNode {
			meaning := resolve(target)
			if name = meaning.key; meaning.kind == scalarString {
				name = meaning.text
			} else if name == "" {
				w.badKey(key, f)
				continue
			}
		} else {
			w.badKey(key, f)
			continue
		}
		put(entry{name: name, key: key, value: value})
	}
	return found
}

func (w *walker) repeated(again, earlier entry, path string) {
	path = strings.TrimPrefix(path, ".")
	if again.merged {
		overridden := w.field(earlier.key, earlier.key, path)
		overridden.Kind = Null
		w.report(overridden, "yaml-merge-order", fmt.Sprintf(
			`the merge key "<<" that follows overrides %q: put "<<" first`, clip(again.name)))
		return
	}
	twice := w.field(again.key, again.key, path)
	twice.Kind = Null // stands at its key
	first := w.text.pos(earlier.key.Line, earlier.key.Column)
	w.report(twice, "kubernetes-duplicate-field", fmt.Sprintf(
		"%q is already set at line %d, column %d: keep one", clip(again.name), first.Line, first.Column))
}

func (w *walker) badKey(key *yaml.Node, f *Field) {
	at := w.field(key, key, f.Path)
	at.Kind = Null
	w.refuse(at, "yaml-key", "the name of a field must be a string: quote it")
}

func mergeKey(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Value == "<<" && (key.Style == 0 || key.Tag == "!!merge")
}

// merged gives the entries a merge key brings in.
func (w *walker) merged(value *yaml.Node, f *Field, format string) []entry {
	target := deref(value)
	var found []entry
	switch target.Kind {
	case yaml.MappingNode:
		if w.depth++; w.depth > deepest {
			w.refuse(w.field(value, nil, f.Path), "yaml-too-deep", "nested too deeply")
			return nil
		}
		found = w.entries(target, f, format)
		w.depth--
	case yaml.SequenceNode:
		// Backwards, since the earlier ones take precedence.
		for i := len(target.Content) - 1; i >= 0; i-- {
			if deref(target.Content[i]).Kind != yaml.MappingNode {
				w.badMerge(value, f)
				return nil
			}
			found = append(found, w.merged(target.Content[i], f, format)...)
		}
	default:
		w.badMerge(value, f)
	}
	for i := range found {
		found[i].merged = true
	}
	return found
}

func (w *walker) badMerge(value *yaml.Node, f *Field) {
	at := w.field(value, nil, f.Path)
	w.report(at, "yaml-merge", `a merge key "<<" takes a mapping or a list of mappings`)
	w.refused = append(w.refused, f.Path)
}
