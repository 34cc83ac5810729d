package translate

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

// configMapData is the text data of a ConfigMap, and false where it does not exist.
func (p *podTranslator) configMapData(name string, optional *bool, path *field.Path) (map[string]string, bool) {
	doc, found := p.configMaps[name]
	if !found {
		p.missing("ConfigMap", name, optional, maps.Keys(p.configMaps), path)
		return nil, false
	}
	return doc.Object.Data, true
}

// configMapFiles is all of a ConfigMap's data. Kubernetes lets no key stand in both of its maps.
func (p *podTranslator) configMapFiles(name string, optional *bool, path *field.Path) (map[string]Value, bool) {
	doc, found := p.configMaps[name]
	if !found {
		p.missing("ConfigMap", name, optional, maps.Keys(p.configMaps), path)
		return nil, false
	}
	files := make(map[string]Value, len(doc.Object.Data)+len(doc.Object.BinaryData))
	for key, text := range doc.Object.Data {
		files[key] = Plain(text)
	}
	for key, data := range doc.Object.BinaryData {
		files[key] = Plain(string(data))
	}
	return files, true
}

// secretData is the data of a Secret, and false where it does not exist. stringData overrides data,
// as when an API server stores the object.
func (p *podTranslator) secretData(name string, optional *bool, path *field.Path) (map[string][]byte, bool) {
	doc, found := p.secrets[name]
	if !found {
		p.missing("Secret", name, optional, maps.Keys(p.secrets), path)
		return nil, false
	}
	return mergeSecret(doc.Object), true
}

func mergeSecret(secret *corev1.Secret) map[string][]byte {
	if len(secret.StringData) == 0 {
		return secret.Data
	}
	data := make(map[string][]byte, len(secret.Data)+len(secret.StringData))
	maps.Copy(data, secret.Data)
	for key, text := range secret.StringData {
		data[key] = []byte(text)
	}
	return data
}

func (p *podTranslator) secretFiles(name string, optional *bool, path *field.Path) (map[string]Value, bool) {
	data, found := p.secretData(name, optional, path)
	files := make(map[string]Value, len(data))
	for key, content := range data {
		files[key] = Conceal(p.opts.SecretKey, string(content))
	}
	return files, found
}

func (p *podTranslator) missing(kind, name string, optional *bool, known iter.Seq[string], path *field.Path) {
	if ptr.Deref(optional, false) {
		return
	}
	p.report(path, RuleMissingReference, "there is no %s %q%s; add it to the files given, or set optional: true",
		kind, name, among("the files given have", known))
}

func (p *podTranslator) missingKey(kind, name, key string, optional *bool, known iter.Seq[string], path *field.Path) {
	if ptr.Deref(optional, false) {
		return
	}
	p.report(path, RuleMissingKey, "%s %q has no key %q%s; add the key, or set optional: true",
		kind, name, key, among("it has", known))
}

// listed is how many names a message offers.
const listed = 8

// among lists what there is, for a message about what there is not: " (it has a, b)".
func among(who string, known iter.Seq[string]) string {
	names := slices.Sorted(known)
	switch {
	case len(names) == 0:
		return fmt.Sprintf(" (%s none)", who)
	case len(names) > listed:
		return fmt.Sprintf(" (%s %s and %d more)", who, strings.Join(names[:listed], ", "), len(names)-listed)
	default:
		return fmt.Sprintf(" (%s %s)", who, strings.Join(names, ", "))
	}
}
