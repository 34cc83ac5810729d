package translate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/podup/podup/manifest"
)

// Options are the choices that shape a project beside its manifests.
type Options struct {
	Project   string // names the project; engine objects carry it in their labels
	Network   string // engine network or network mode of every pod; "" decides by the number of pods
	SecretKey []byte // keys the digests of confidential values; without one they can be guessed
	Node      string // spec.nodeName of pods that do not name one
}

// Rules of the problems Want finds. They are about what single fields cannot show: what a reference
// leads to, what a value becomes and which names meet.
const (
	RuleMissingReference  = "podup-missing-reference"         // no such ConfigMap, Secret, claim, volume or container
	RuleMissingKey        = "podup-missing-key"               // a ConfigMap or Secret without the key asked for
	RuleMissingVariable   = "podup-missing-variable"          // subPathExpr names an unset or empty variable
	RuleNameCollision     = "podup-name-collision"            // two objects would have one engine name
	RulePortConflict      = "podup-port-conflict"             // a host port is published twice
	RuleHostNetworkPort   = "podup-host-network-port"         // on the host's network a port cannot be mapped
	RuleSecretInArgv      = "podup-secret-in-argv"            // a Secret's value in a command, an argument or a path
	RuleSecretAndRuntime  = "podup-secret-with-runtime-value" // a Secret's value beside one known only at run time
	RuleInvalidImage      = "podup-invalid-image"             // not an image reference
	RuleInvalidPath       = "podup-invalid-path"              // a path that leaves its volume or cannot be resolved
	RulePathConflict      = "podup-path-conflict"             // two files or mounts at one place
	RuleNULByte           = "podup-nul-byte"                  // text the kernel would cut off
	RuleNoLimit           = "podup-no-limit"                  // a resource value that has no source
	RuleLongHostname      = "podup-long-hostname"             // a full hostname the kernel does not take
	RulePullSecret        = "podup-pull-secret"               // a Secret of imagePullSecrets that holds no logins
	RuleInvalidAnnotation = "podup-invalid-annotation"        // one of podup's own that says what cannot be
	RuleUnsupportedField  = "podup-unsupported-field"         // as the support table of validate says
	RuleSelectsNothing    = "podup-selects-nothing"           // a Service without a pod behind it
	RuleServicePort       = "podup-service-port"              // a Service's port is another one in the pods
	RuleServiceNetwork    = "podup-service-network"           // a selected pod is where no name leads to it
	RuleServiceReadiness  = "podup-service-readiness"         // pods are behind a Service whether Ready or not
)

// Want says what must exist for a set whose objects passed Kubernetes' validation. It reports every
// problem it meets; the project is complete only where none of them is an error.
func Want(set manifest.Set, opts Options) (Project, manifest.Problems) {
	t := &translator{
		opts:       opts,
		configMaps: byName(set.ConfigMaps, func(o *corev1.ConfigMap) string { return o.Name }),
		set:        set,
		secrets:    byName(set.Secrets, func(o *corev1.Secret) string { return o.Name }),
		claims:     byName(set.Claims, func(o *corev1.PersistentVolumeClaim) string { return o.Name }),
		concealed:  map[string]Secret{},
	}
	project := Project{Name: opts.Project}
	services := t.services(set)
	network := opts.Network
	if network == "" && (len(set.Pods) > 1 || slices.ContainsFunc(services, func(s service) bool { return len(s.pods) > 0 })) {
		network = ProjectObject(opts.Project)
	}
	if network == ProjectObject(opts.Project) {
		project.Network = &Network{Project: opts.Project, Name: network}
	}

	names := newNames(t, opts.Project)
	for _, doc := range set.Claims {
		project.Volumes = append(project.Volumes, Volume{Project: opts.Project, Name: doc.Object.Name, Kind: Claim})
		names.claim(doc)
	}
	ports := &portTable{}
	for _, doc := range set.Pods {
		p := t.newPod(doc)
		pod := p.translate(network)
		pod.Aliases = aliases(services, pod.Name)
		project.Pods = append(project.Pods, pod)
		project.Volumes = append(project.Volumes, p.volumes...)
		project.Credentials = append(project.Credentials, p.credentials(pod)...)
		names.pod(p)
		ports.add(doc)
	}
	t.problems = append(t.problems, ports.conflicts()...)
	t.checkServices(services, network)
	t.serviceCollisions(services, project.Pods)

	project.Credentials = distinctCredentials(project.Credentials)
	slices.SortFunc(project.Volumes, func(a, b Volume) int { return cmp.Compare(a.Name, b.Name) })
	for _, secret := range t.concealed {
		project.Secrets = append(project.Secrets, secret)
	}
	slices.SortFunc(project.Secrets, func(a, b Secret) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Name, b.Name))
	})
	return project, manifest.Sort(t.problems)
}

// translator holds what is common to the pods of a set.
type translator struct {
	opts       Options
	set        manifest.Set
	configMaps map[string]manifest.Document[*corev1.ConfigMap]
	secrets    map[string]manifest.Document[*corev1.Secret]
	claims     map[string]manifest.Document[*corev1.PersistentVolumeClaim]
	concealed  map[string]Secret // engine secrets by name
	problems   manifest.Problems
}

func byName[T any](docs []manifest.Document[T], name func(T) string) map[string]manifest.Document[T] {
	index := make(map[string]manifest.Document[T], len(docs))
	for _, doc := range docs {
		index[name(doc.Object)] = doc
	}
	return index
}

// engineSecret is the name of the engine secret that holds a confidential value. Of several sources of
// one value the first in the order of their names is told: the order of pods makes no difference.
func (t *translator) engineSecret(value Value, source string) string {
	name := SecretName(t.opts.Project, value.Digest())
	if made, ok := t.concealed[name]; !ok || source < made.Source {
		t.concealed[name] = Secret{Project: t.opts.Project, Name: name, Value: value, Source: source}
	}
	return name
}

// podTranslator translates one pod.
type podTranslator struct {
	*translator
	doc     manifest.Document[*corev1.Pod]
	pod     *corev1.Pod // with what an API server and a scheduler would have filled in
	used    map[string]*podVolume
	volumes []Volume // engine volumes of the pod, as they are found to be used
}

func (t *translator) newPod(doc manifest.Document[*corev1.Pod]) *podTranslator {
	pod := doc.Object.DeepCopy()
	if pod.Namespace == "" {
		pod.Namespace = corev1.NamespaceDefault
	}
	// An API server sets the UID whatever the manifest says.
	pod.UID = types.UID(UID(t.opts.Project, pod.Name))
	pod.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}
	pod.CreationTimestamp = metav1.Time{}
	pod.Status = corev1.PodStatus{}
	// An API server takes either name of the field and answers with both (apis/core/v1/conversion.go).
	pod.Spec.ServiceAccountName = cmp.Or(pod.Spec.ServiceAccountName, pod.Spec.DeprecatedServiceAccount, "default")
	pod.Spec.DeprecatedServiceAccount = pod.Spec.ServiceAccountName
	if pod.Spec.NodeName == "" {
		pod.Spec.NodeName = t.opts.Node
	}
	return &podTranslator{translator: t, doc: doc, pod: pod, used: map[string]*podVolume{}}
}

func (p *podTranslator) report(path *field.Path, rule, format string, args ...any) {
	if p.doc.Refused(path.String()) {
		return // it may only follow from what has been reported already
	}
	p.problems = append(p.problems, p.doc.At(path, rule, fmt.Sprintf(format, args...)))
}

func (p *podTranslator) translate(network string) Pod {
	network = p.network(network)
	hostname, domain := p.hostname()
	pod := Pod{
		Project:  p.opts.Project,
		Name:     p.pod.Name,
		UID:      string(p.pod.UID),
		Hostname: hostname,
		Network:  network,
		Ports:    p.ports(network),
		Grace:    grace(p.pod),

		Restart:        p.pod.Spec.RestartPolicy,
		Deadline:       deadline(p.pod),
		ShareProcesses: ptr.Deref(p.pod.Spec.ShareProcessNamespace, false),
		Namespaces:     p.namespaces(),
		Names:          Names{Domain: domain, Aliases: hostAliases(p.pod), DNS: dns(p.pod)},
		Resources:      podResources(p.pod),
		Request:        request(p.pod),
		Object:         p.pod,
	}
	specPath := field.NewPath("spec")
	for i := range p.pod.Spec.InitContainers {
		path := specPath.Child("initContainers").Index(i)
		pod.Init = append(pod.Init, p.container(&p.pod.Spec.InitContainers[i], path, true))
		pod.Init[i].Order = i
	}
	for i := range p.pod.Spec.Containers {
		path := specPath.Child("containers").Index(i)
		pod.Apps = append(pod.Apps, p.container(&p.pod.Spec.Containers[i], path, false))
		pod.Apps[i].Order = i
	}
	p.relabelNames()
	for _, volume := range p.volumes {
		if volume.Kind == Memory {
			pod.Held = append(pod.Held, volume.Name)
		}
	}
	slices.Sort(pod.Held)
	return pod
}

// hostnameLength is the kernel's limit less one (kubelet: kubelet_pods.go, truncatePodHostnameIfNeeded).
const hostnameLength = 63

func hostname(pod *corev1.Pod) string {
	name := pod.Spec.Hostname
	if name == "" {
		name = pod.Name
	}
	if len(name) <= hostnameLength {
		return name
	}
	return strings.TrimRight(name[:hostnameLength], "-.")
}

// grace is 30 s where nothing is declared; a negative period counts as one second, as an API server has it.
func grace(pod *corev1.Pod) time.Duration {
	seconds := pod.Spec.TerminationGracePeriodSeconds
	switch {
	case seconds == nil:
		return corev1.DefaultTerminationGracePeriodSeconds * time.Second
	case *seconds < 0:
		return time.Second
	default:
		// Beyond this a Duration overflows; the wish is "for ever" all the same.
		return time.Duration(min(*seconds, int64(maxGrace/time.Second))) * time.Second
	}
}

const maxGrace = 100 * 365 * 24 * time.Hour

func deadline(pod *corev1.Pod) time.Duration {
	return time.Duration(min(ptr.Deref(pod.Spec.ActiveDeadlineSeconds, 0), int64(maxGrace/time.Second))) * time.Second
}
