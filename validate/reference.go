package validate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/podup/podup/manifest"
)

// references checks that what pods name is declared in the files given. The same files must mean the
// same in a cluster, so a claim nobody declares is not made on the side.
func (c *checker) references(set manifest.Set) {
	r := &referrer{checker: c, configMaps: map[string]keys{}, secrets: map[string]keys{}, claims: map[string]keys{}}
	for _, doc := range set.ConfigMaps {
		r.configMaps[doc.Object.Name] = keys{doc.Damaged(), append(slices.Collect(maps.Keys(doc.Object.Data)), slices.Collect(maps.Keys(doc.Object.BinaryData))...)}
		r.unnamed = r.unnamed || unnamed(doc)
	}
	for _, doc := range set.Secrets {
		r.secrets[doc.Object.Name] = keys{doc.Damaged(), slices.Collect(maps.Keys(doc.Object.Data))}
		r.unnamed = r.unnamed || unnamed(doc)
	}
	for _, doc := range set.Claims {
		r.claims[doc.Object.Name] = keys{}
		r.unnamed = r.unnamed || unnamed(doc)
	}
	for _, doc := range set.Pods {
		r.pod(doc)
	}
}

// keys are those of a ConfigMap or Secret; of a damaged one some may be missing.
type keys struct {
	damaged bool
	names   []string
}

func unnamed[T metav1.Object](doc manifest.Document[T]) bool {
	return doc.Object.GetName() == "" && doc.Damaged()
}

type referrer struct {
	*checker
	configMaps, secrets, claims map[string]keys
	unnamed                     bool // an object whose name was refused may be any of those missing
	doc                         manifest.Document[*corev1.Pod]
}

func (r *referrer) pod(doc manifest.Document[*corev1.Pod]) {
	r.doc = doc
	spec, path := &doc.Object.Spec, field.NewPath("spec")
	for i := range spec.InitContainers {
		r.container(&spec.InitContainers[i], path.Child("initContainers").Index(i))
	}
	for i := range spec.Containers {
		r.container(&spec.Containers[i], path.Child("containers").Index(i))
	}
	for i := range spec.Volumes {
		r.volume(&spec.Volumes[i], path.Child("volumes").Index(i))
	}
}

func (r *referrer) container(container *corev1.Container, path *field.Path) {
	for i, from := range container.EnvFrom {
		at := path.Child("envFrom").Index(i)
		if ref := from.ConfigMapRef; ref != nil {
			r.data("ConfigMap", ref.Name, ref.Optional, at.Child("configMapRef", "name"))
		}
		if ref := from.SecretRef; ref != nil {
			r.data("Secret", ref.Name, ref.Optional, at.Child("secretRef", "name"))
		}
	}
	for i, env := range container.Env {
		if env.ValueFrom == nil {
			continue
		}
		at := path.Child("env").Index(i).Child("valueFrom")
		if ref := env.ValueFrom.ConfigMapKeyRef; ref != nil {
			at := at.Child("configMapKeyRef")
			found := r.data("ConfigMap", ref.Name, ref.Optional, at.Child("name"))
			r.key("ConfigMap", ref.Name, ref.Key, found, ref.Optional, at.Child("key"))
		}
		if ref := env.ValueFrom.SecretKeyRef; ref != nil {
			at := at.Child("secretKeyRef")
			found := r.data("Secret", ref.Name, ref.Optional, at.Child("name"))
			r.key("Secret", ref.Name, ref.Key, found, ref.Optional, at.Child("key"))
		}
	}
}

func (r *referrer) volume(volume *corev1.Volume, path *field.Path) {
	if source := volume.ConfigMap; source != nil {
		r.items("ConfigMap", source.Name, source.Items, source.Optional, path.Child("configMap"), "name")
	}
	if source := volume.Secret; source != nil {
		r.items("Secret", source.SecretName, source.Items, source.Optional, path.Child("secret"), "secretName")
	}
	if source := volume.PersistentVolumeClaim; source != nil {
		r.claim(source.ClaimName, path.Child("persistentVolumeClaim", "claimName"))
	}
	if volume.Projected == nil {
		return
	}
	for i, source := range volume.Projected.Sources {
		at := path.Child("projected", "sources").Index(i)
		if source := source.ConfigMap; source != nil {
			r.items("ConfigMap", source.Name, source.Items, source.Optional, at.Child("configMap"), "name")
		}
		if source := source.Secret; source != nil {
			r.items("Secret", source.Name, source.Items, source.Optional, at.Child("secret"), "name")
		}
	}
}

func (r *referrer) items(kind, name string, items []corev1.KeyToPath, optional *bool, path *field.Path, nameField string) {
	found := r.data(kind, name, optional, path.Child(nameField))
	for i, item := range items {
		r.key(kind, name, item.Key, found, optional, path.Child("items").Index(i).Child("key"))
	}
}

// data looks a ConfigMap or Secret up and reports it missing unless it is optional.
func (r *referrer) data(kind, name string, optional *bool, path *field.Path) *keys {
	known := r.configMaps
	if kind == "Secret" {
		known = r.secrets
	}
	if found, ok := known[name]; ok {
		return &found
	}
	if optional == nil || !*optional {
		r.missing(path, name, "podup-missing-reference", fmt.Sprintf(
			"there is no %s %q%s: add it to the files given, or set optional: true", kind, name, among("the files given have", slices.Collect(maps.Keys(known)))))
	}
	return nil
}

func (r *referrer) key(kind, name, key string, found *keys, optional *bool, path *field.Path) {
	if found == nil || found.damaged || optional != nil && *optional || slices.Contains(found.names, key) {
		return
	}
	r.missing(path, key, "podup-missing-key", fmt.Sprintf(
		"%s %q has no key %q%s: add the key, or set optional: true", kind, name, key, among("it has", found.names)))
}

func (r *referrer) claim(name string, path *field.Path) {
	if _, ok := r.claims[name]; !ok {
		r.missing(path, name, "podup-missing-reference", fmt.Sprintf(
			"there is no PersistentVolumeClaim %q%s: add a document of that kind to the files given", name, among("the files given have", slices.Collect(maps.Keys(r.claims)))))
	}
}

// missing reports a reference, unless it is empty, which Kubernetes has refused already, or may only
// follow from what Load refused.
func (r *referrer) missing(path *field.Path, name, rule, message string) {
	if name == "" || rule == "podup-missing-reference" && r.unnamed || r.doc.Refused(path.String()) {
		return
	}
	r.add(r.doc.At(path, rule, message))
}

// among says what there is, for a message about what there is not: " (it has a, b)".
func among(who string, names []string) string {
	const most = 8
	slices.Sort(names)
	switch {
	case len(names) == 0:
		return fmt.Sprintf(" (%s none)", who)
	case len(names) > most:
		return fmt.Sprintf(" (%s %s and %d more)", who, strings.Join(names[:most], ", "), len(names)-most)
	default:
		return fmt.Sprintf(" (%s %s)", who, strings.Join(names, ", "))
	}
}
