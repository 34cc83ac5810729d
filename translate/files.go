package translate

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/fieldpath"
	"k8s.io/utils/ptr"
)

// payload is the content of a Files volume in the making, by clean path. Where several sources write
// one path the last wins.
type payload struct {
	*podTranslator
	files       map[string]File
	paths       map[string]*field.Path // what wrote the file, for messages
	defaultMode *int32
}

// files gives the content of a configMap, secret, downwardAPI or projected volume.
func (p *podTranslator) files(source *corev1.Volume, volumePath *field.Path) []File {
	w := payload{podTranslator: p, files: map[string]File{}, paths: map[string]*field.Path{}}
	switch {
	case source.ConfigMap != nil:
		w.defaultMode = source.ConfigMap.DefaultMode
		w.configMap(source.ConfigMap.LocalObjectReference, source.ConfigMap.Items, source.ConfigMap.Optional, volumePath.Child("configMap"))
	case source.Secret != nil:
		w.defaultMode = source.Secret.DefaultMode
		w.secret(source.Secret.SecretName, source.Secret.Items, source.Secret.Optional, volumePath.Child("secret"), "secretName")
	case source.DownwardAPI != nil:
		w.defaultMode = source.DownwardAPI.DefaultMode
		w.downwardAPI(source.DownwardAPI.Items, volumePath.Child("downwardAPI"))
	case source.Projected != nil:
		w.defaultMode = source.Projected.DefaultMode
		for i := range source.Projected.Sources {
			w.projection(&source.Projected.Sources[i], volumePath.Child("projected", "sources").Index(i))
		}
	}
	return w.sorted()
}

func (w *payload) projection(source *corev1.VolumeProjection, sourcePath *field.Path) {
	switch {
	case source.ConfigMap != nil:
		w.configMap(source.ConfigMap.LocalObjectReference, source.ConfigMap.Items, source.ConfigMap.Optional, sourcePath.Child("configMap"))
	case source.Secret != nil:
		w.secret(source.Secret.Name, source.Secret.Items, source.Secret.Optional, sourcePath.Child("secret"), "name")
	case source.DownwardAPI != nil:
		w.downwardAPI(source.DownwardAPI.Items, sourcePath.Child("downwardAPI"))
	default:
		w.report(sourcePath, RuleUnsupportedField, "podup projects configMap, secret and downwardAPI only: there is no cluster that would issue tokens or certificates")
	}
}

func (w *payload) configMap(ref corev1.LocalObjectReference, items []corev1.KeyToPath, optional *bool, sourcePath *field.Path) {
	if data, found := w.configMapFiles(ref.Name, optional, sourcePath.Child("name")); found {
		w.keys("ConfigMap", ref.Name, data, items, optional, sourcePath)
	}
}

func (w *payload) secret(name string, items []corev1.KeyToPath, optional *bool, sourcePath *field.Path, nameField string) {
	if data, found := w.secretFiles(name, optional, sourcePath.Child(nameField)); found {
		w.keys("Secret", name, data, items, optional, sourcePath)
	}
}

// keys writes all keys, or those the items name (kubelet: configmap.MakePayload, secret.MakePayload).
func (w *payload) keys(kind, name string, data map[string]Value, items []corev1.KeyToPath, optional *bool, sourcePath *field.Path) {
	if len(items) == 0 {
		for _, key := range slices.Sorted(maps.Keys(data)) {
			w.put(key, nil, data[key], sourcePath)
		}
		return
	}
	for i := range items {
		item, itemPath := &items[i], sourcePath.Child("items").Index(i)
		value, found := data[item.Key]
		if !found {
			w.missingKey(kind, name, item.Key, optional, maps.Keys(data), itemPath.Child("key"))
			continue
		}
		w.put(item.Path, item.Mode, value, itemPath)
	}
}

// downwardAPI follows the kubelet's CollectData (volume/downwardapi).
func (w *payload) downwardAPI(items []corev1.DownwardAPIVolumeFile, sourcePath *field.Path) {
	for i := range items {
		item, itemPath := &items[i], sourcePath.Child("items").Index(i)
		switch {
		case item.FieldRef != nil:
			text, err := fieldpath.ExtractFieldPathAsString(w.pod, item.FieldRef.FieldPath)
			if err != nil {
				w.report(itemPath.Child("fieldRef", "fieldPath"), RuleUnsupportedField, "%v", err)
				continue
			}
			w.put(item.Path, item.Mode, Plain(text), itemPath)
		case item.ResourceFieldRef != nil:
			if text, ok := w.resourceFile(item.ResourceFieldRef, itemPath.Child("resourceFieldRef")); ok {
				w.put(item.Path, item.Mode, Plain(text), itemPath)
			}
		}
	}
}

// defaultFileMode is that of volumes whose defaulting was left out.
const defaultFileMode int32 = 0o644

func (w *payload) put(name string, mode *int32, value Value, source *field.Path) {
	if name == "" || path.IsAbs(name) || strings.HasPrefix(name, "..") || climbs(name) || strings.Contains(name, "\x00") {
		w.report(source, RuleInvalidPath, "%q is not a file below the volume's root: it must be relative, without \"..\", and not begin with it", name)
		return
	}
	name = path.Clean(name)
	bits := ptr.Deref(mode, ptr.Deref(w.defaultMode, defaultFileMode))
	w.files[name] = File{Path: name, Mode: fs.FileMode(bits) & fs.ModePerm, Data: value}
	w.paths[name] = source
}

// sorted gives the files by path and reports a file that would have to be a directory as well.
func (w *payload) sorted() []File {
	var files []File
	for _, name := range slices.Sorted(maps.Keys(w.files)) {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if _, isFile := w.files[dir]; isFile {
				w.report(w.paths[name], RulePathConflict, "%q cannot be a file: %q, on the way to it, is one (%s)", name, dir, w.paths[dir])
			}
		}
		files = append(files, w.files[name])
	}
	return files
}
