package manifest

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	k8scorev1 "k8s.io/kubernetes/pkg/apis/core/v1"
	k8syaml "sigs.k8s.io/yaml"
)

// maxDocument is the largest single document: what an API server takes as a request body
// (apiserver: pkg/server/config.go, MaxRequestBodyBytes).
const maxDocument = 3 << 20

// maxProblems ends a hopeless case, such as eight megabytes that are not a manifest at all.
const maxProblems = 1000

// Load decodes every document of the sources, several a file and the items of Lists included, the
// way an API server does: strictly, then with Kubernetes' defaults. All findings are errors, each
// with its own place, but for warnings of what kubectl would not read. A document in which something was refused is in the Set all the same, without
// what was refused, so that the checks that follow find the rest; see Document.Refused. So a Set
// is complete only if no problem is an error.
func Load(sources []Source) (Set, Problems) {
	l := &loader{types: structures{}, named: map[string]place{}}
	for _, source := range sources {
		l.source(source)
		if len(l.problems) >= maxProblems {
			l.problems = append(l.problems[:maxProblems], Problem{
				Pos: Pos{File: source.Name}, Rule: "podup-too-many", Severity: SeverityError,
				Message: fmt.Sprintf("stopped after %d errors", maxProblems),
			})
			break
		}
	}
	return l.set, Sort(append(l.problems, bounded(l.warnings)...))
}

// FromObjects makes a Set of objects that have no source. Dir is where relative host paths start.
func FromObjects(
	pods []*corev1.Pod, services []*corev1.Service, configMaps []*corev1.ConfigMap, secrets []*corev1.Secret,
	claims []*corev1.PersistentVolumeClaim, dir string,
) Set {
	return Set{
		Pods: documents(pods, dir), Services: documents(services, dir), ConfigMaps: documents(configMaps, dir),
		Secrets: documents(secrets, dir), Claims: documents(claims, dir),
	}
}

func documents[T any](objects []T, dir string) []Document[T] {
	var made []Document[T]
	for _, object := range objects {
		made = append(made, NewDocument(object, dir))
	}
	return made
}

type loader struct {
	set      Set
	problems Problems // errors
	warnings Problems
	types    structures
	named    map[string]place // by kind and name
}

// place is a field of a document, to report on later.
type place struct {
	text  *text
	field *Field
}

func (l *loader) source(source Source) {
	content, problem := readable(source)
	if problem != nil {
		l.problems = append(l.problems, *problem)
		return
	}
	t := newText(source.Name, content)
	chunks := split(content)
	// At the end, when it is known which lines hold a Secret.
	defer func() { l.warnings = append(l.warnings, unlikeKubectl(t, chunks)...) }()
	for _, c := range chunks {
		if len(l.problems) >= maxProblems {
			return
		}
		if c.blank() {
			continue
		}
		if len(c.data) > maxDocument {
			l.problems = append(l.problems, Problem{
				Pos: Pos{File: source.Name, Line: c.line}, Rule: "yaml-too-large", Severity: SeverityError,
				Message: fmt.Sprintf("the document is larger than %d MiB, which no API server takes", maxDocument>>20),
			})
			continue
		}
		if found, ok := c.asJSON(); ok {
			for _, one := range found {
				raw := func() (json.RawMessage, error) { return json.RawMessage(one.data), nil }
				l.document(source, t, parseJSON(one), raw, one)
			}
			continue
		}
		root, err := parseYAML(c)
		if err != nil {
			l.problems = append(l.problems, syntaxProblem(t, c, err))
			continue
		}
		if root == nil {
			continue
		}
		raw := sync.OnceValues(func() (json.RawMessage, error) { return k8syaml.YAMLToJSON([]byte(c.data)) })
		l.document(source, t, root, raw, c)
	}
}

// document walks a document, then has Kubernetes decode what it holds.
func (l *loader) document(source Source, t *text, root *yaml.Node, raw rawJSON, c chunk) {
	if rule, message := excess(root); rule != "" {
		l.problems = append(l.problems, Problem{
			Pos: t.pos(root.Line, root.Column), Rule: rule, Severity: SeverityError, Message: message,
		})
		return
	}
	markSecrets(t, root, c.line+strings.Count(strings.TrimSuffix(c.data, "\n"), "\n"))
	before := len(l.problems)
	objects := l.objects(t, root, raw, 0)
	clean := len(l.problems) == before
	for _, one := range objects {
		if !clean {
			// Kubernetes' reading of the whole may be impossible now; the walk's holds what is right.
			one.raw = func() (json.RawMessage, error) { return json.Marshal(one.value) }
		}
		l.add(source, t, one)
	}
}

// add puts an object into the set.
func (l *loader) add(source Source, t *text, o object) {
	switch o.kind {
	case "Pod":
		decode(l, source, t, o, &l.set.Pods, func(pod *corev1.Pod) {
			builtHere(&pod.Spec)
			k8scorev1.SetObjectDefaults_Pod(pod)
		})
	case "Service":
		decode(l, source, t, o, &l.set.Services, k8scorev1.SetObjectDefaults_Service)
	case "ConfigMap":
		decode(l, source, t, o, &l.set.ConfigMaps, k8scorev1.SetObjectDefaults_ConfigMap)
	case "Secret":
		decode(l, source, t, o, &l.set.Secrets, func(secret *corev1.Secret) {
			mergeStringData(secret, o)
			k8scorev1.SetObjectDefaults_Secret(secret)
		})
	case "PersistentVolumeClaim":
		decode(l, source, t, o, &l.set.Claims, k8scorev1.SetObjectDefaults_PersistentVolumeClaim)
	}
}

// builtHere sets the one default that is not Kubernetes': `podman build -t app` calls its image
// localhost/app:latest, and for the tag latest Kubernetes' default is to ask a registry. There is none of
// that name (one on this machine is called localhost:PORT), so no such pod would ever start.
func builtHere(spec *corev1.PodSpec) {
	set := func(image string, policy *corev1.PullPolicy) {
		if *policy == "" && strings.HasPrefix(image, "localhost/") {
			*policy = corev1.PullIfNotPresent
		}
	}
	for i := range spec.InitContainers {
		set(spec.InitContainers[i].Image, &spec.InitContainers[i].ImagePullPolicy)
	}
	for i := range spec.Containers {
		set(spec.Containers[i].Image, &spec.Containers[i].ImagePullPolicy)
	}
	for i := range spec.Volumes {
		if source := spec.Volumes[i].Image; source != nil {
			set(source.Reference, &source.PullPolicy)
		}
	}
}

// mergeStringData does what the conversion to Kubernetes' internal type does on every write
// (pkg/apis/core/v1/conversion.go, Convert_v1_Secret_To_core_Secret). A finding about data[k] is then
// one about stringData[k].
func mergeStringData(secret *corev1.Secret, o object) {
	for key, value := range secret.StringData {
		if secret.Data == nil {
			secret.Data = map[string][]byte{}
		}
		secret.Data[key] = []byte(value)
		if at := o.index["stringData["+key+"]"]; at != nil {
			o.index["data["+key+"]"] = at
		}
	}
	secret.StringData = nil
}
