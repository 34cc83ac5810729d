package translate

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/fieldpath"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"
	"k8s.io/utils/ptr"
)

// variable is the value of an environment variable while an environment is being worked out.
type variable struct {
	text         string // may hold tokens
	confidential bool   // holds at least a part of a Secret's value
	source       string // where that came from, for people
}

// joinedIn comes before the variable that joins a Secret's value with other text.
const joinedIn = " in "

// secretSource says where a value comes from.
func secretSource(secret, key string) string { return secret + " key " + key }

// environment is a container's variables in the order their names are first declared: envFrom by
// source and, within one, by key, then env. (A kubelet hands them over in random order.)
type environment struct {
	names []string
	vars  map[string]variable
	paths map[string]*field.Path // where the value in vars was declared

	links  map[string]string // variables of Services, which are not there, and whose each is
	missed map[string]string // those of them that were asked for
}

func (e *environment) set(name string, v variable, path *field.Path) {
	if _, declared := e.vars[name]; !declared {
		e.names = append(e.names, name)
	}
	// Nothing is given away by an empty value, and the engine refuses empty secrets.
	v.confidential = v.confidential && v.text != ""
	e.vars[name], e.paths[name] = v, path
}

// expand replaces $(VAR) as a kubelet does. It names a variable by which confidential text came in,
// if there is one.
func (e *environment) expand(text string) (expanded, secret string) {
	expanded = expansion.Expand(text, func(name string) string {
		v, declared := e.vars[name]
		if !declared {
			if service, link := e.links[name]; link {
				e.missed[name] = service
			}
			return "$(" + name + ")"
		}
		if v.confidential {
			secret = name
		}
		return v.text
	})
	return expanded, secret
}

// environment follows the kubelet's makeEnvironmentVariables (kubelet: kubelet_pods.go): envFrom in
// order, the later source wins; then env in order, each entry seeing only what came before it.
func (p *podTranslator) environment(c *corev1.Container, path *field.Path) *environment {
	env := &environment{vars: map[string]variable{}, paths: map[string]*field.Path{}, missed: map[string]string{}}
	if ptr.Deref(p.pod.Spec.EnableServiceLinks, true) {
		env.links = serviceVariables(p.set, p.pod.Namespace)
	}
	for i := range c.EnvFrom {
		p.envFrom(env, &c.EnvFrom[i], path.Child("envFrom").Index(i))
	}
	for i := range c.Env {
		entry, entryPath := &c.Env[i], path.Child("env").Index(i)
		switch {
		case entry.Value != "":
			text, secret := env.expand(p.text(entry.Value, entryPath.Child("value")))
			v := variable{text: text, confidential: secret != ""}
			if v.confidential {
				v.source, _, _ = strings.Cut(env.vars[secret].source, joinedIn)
				if text != env.vars[secret].text { // the value itself is another engine secret
					v.source += joinedIn + entry.Name
				}
			}
			env.set(entry.Name, v, entryPath)
		case entry.ValueFrom != nil:
			// An optional value that is missing leaves a variable of envFrom as it is.
			if v, found := p.valueFrom(c, entry.ValueFrom, entryPath.Child("valueFrom")); found {
				env.set(entry.Name, v, entryPath)
			}
		default:
			env.set(entry.Name, variable{}, entryPath)
		}
	}
	return env
}

func (p *podTranslator) envFrom(env *environment, source *corev1.EnvFromSource, path *field.Path) {
	switch {
	case source.ConfigMapRef != nil:
		ref := source.ConfigMapRef
		data, _ := p.configMapData(ref.Name, ref.Optional, path.Child("configMapRef", "name"))
		for _, key := range slices.Sorted(maps.Keys(data)) {
			env.set(source.Prefix+key, variable{text: p.text(data[key], path)}, path)
		}
	case source.SecretRef != nil:
		ref := source.SecretRef
		data, _ := p.secretData(ref.Name, ref.Optional, path.Child("secretRef", "name"))
		for _, key := range slices.Sorted(maps.Keys(data)) {
			env.set(source.Prefix+key, variable{text: p.text(string(data[key]), path), confidential: true, source: secretSource(ref.Name, key)}, path)
		}
	}
}

// valueFrom gives the value of a source, and false where there is none to be had: an optional one
// that is missing, or a problem.
func (p *podTranslator) valueFrom(c *corev1.Container, source *corev1.EnvVarSource, path *field.Path) (variable, bool) {
	switch {
	case source.FieldRef != nil:
		return p.podField(source.FieldRef.FieldPath, path.Child("fieldRef", "fieldPath"))
	case source.ResourceFieldRef != nil:
		text, ok := p.resourceField(c, source.ResourceFieldRef, path.Child("resourceFieldRef"))
		return variable{text: text}, ok
	case source.ConfigMapKeyRef != nil:
		ref, refPath := source.ConfigMapKeyRef, path.Child("configMapKeyRef")
		data, found := p.configMapData(ref.Name, ref.Optional, refPath.Child("name"))
		if !found {
			return variable{}, false
		}
		text, ok := data[ref.Key]
		if _, binary := p.configMaps[ref.Name].Object.BinaryData[ref.Key]; binary && !ptr.Deref(ref.Optional, false) {
			p.report(refPath.Child("key"), RuleMissingKey, "key %q of ConfigMap %q is binary data, which no variable can hold: mount it as a file",
				ref.Key, ref.Name)
		} else if !ok {
			p.missingKey("ConfigMap", ref.Name, ref.Key, ref.Optional, maps.Keys(data), refPath.Child("key"))
		}
		return variable{text: p.text(text, refPath)}, ok
	case source.SecretKeyRef != nil:
		ref, refPath := source.SecretKeyRef, path.Child("secretKeyRef")
		data, found := p.secretData(ref.Name, ref.Optional, refPath.Child("name"))
		if !found {
			return variable{}, false
		}
		content, ok := data[ref.Key]
		if !ok {
			p.missingKey("Secret", ref.Name, ref.Key, ref.Optional, maps.Keys(data), refPath.Child("key"))
		}
		return variable{text: p.text(string(content), refPath), confidential: true, source: secretSource(ref.Name, ref.Key)}, ok
	case source.FileKeyRef != nil:
		p.report(path.Child("fileKeyRef"), RuleUnsupportedField, "podup does not read variables from files of a volume")
	}
	return variable{}, false
}

// podField is a field of the pod, or the token of one that only the running pod has.
func (p *podTranslator) podField(fieldPath string, path *field.Path) (variable, bool) {
	switch fieldPath {
	case "status.podIP", "status.podIPs", "status.hostIP", "status.hostIPs":
		return variable{text: token(fieldPath)}, true
	case "spec.nodeName", "spec.host": // the latter is what early clients called it
		return variable{text: p.text(p.pod.Spec.NodeName, path)}, true
	case "spec.serviceAccountName":
		return variable{text: p.text(p.pod.Spec.ServiceAccountName, path)}, true
	}
	text, err := fieldpath.ExtractFieldPathAsString(p.pod, fieldPath)
	if err != nil {
		p.report(path, RuleUnsupportedField, "%v", err)
		return variable{}, false
	}
	return variable{text: p.text(text, path)}, true
}

// engineEnv turns the environment into what the engine is given. Confidential values become engine
// secrets.
func (p *podTranslator) engineEnv(env *environment) []EnvVar {
	var vars []EnvVar
	for _, name := range env.names {
		v := env.vars[name]
		switch {
		case !v.confidential:
			vars = append(vars, EnvVar{Name: name, Value: v.text})
		case strings.Contains(v.text, tokenMark):
			p.report(env.paths[name], RuleSecretAndRuntime,
				"%s joins the value of a Secret with one that is known only when the pod runs, "+
					"so it cannot be stored in advance: pass the two as variables of their own and let the container join them", name)
		default:
			secret := p.engineSecret(Conceal(p.opts.SecretKey, v.text), v.source)
			vars = append(vars, EnvVar{Name: name, Secret: secret})
		}
	}
	return vars
}
