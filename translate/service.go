package translate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/kubelet/envvars"

	"github.com/podup/podup/manifest"
)

// service is a Service with the pods behind it. What it means here is names of these pods on the
// project's network. Of Podman's DNS, aardvark-dns 1.14 (Podman 5.4) and 1.17 (5.8) alike:
//
//   - A name may have dots, and is found in whatever case.
//   - A name that several pods have is answered with the addresses of all, in the same order each
//     time, with a TTL of 0.
//   - A pod whose infra container does not run is not among them; one without a running app container is.
//   - A pod answers to its own name, to its hostname and to the short ID of its infra container as
//     well, which nothing can switch off.
//   - A name can be given later only by leaving the network and joining it again, with another address.
type service struct {
	doc  manifest.Document[*corev1.Service]
	pods []*corev1.Pod // in the order of the manifests
	// names that the Service gives, and the pods that each leads to.
	names map[string][]string
}

// services finds the pods behind each Service of a set.
func (t *translator) services(set manifest.Set) []service {
	var all []service
	for _, doc := range set.Services {
		s := service{doc: doc}
		var elsewhere *corev1.Pod
		for _, pod := range set.Pods {
			switch matches := selects(doc.Object, pod.Object); {
			case matches && namespace(pod.Object.Namespace) == namespace(doc.Object.Namespace):
				s.pods = append(s.pods, pod.Object)
			case matches:
				elsewhere = pod.Object
			}
		}
		if len(s.pods) == 0 {
			t.selectsNothing(doc, elsewhere)
		}
		s.names = s.give()
		all = append(all, s)
	}
	return all
}

// selects looks at labels only. Without a selector a Service selects nothing.
func selects(s *corev1.Service, pod *corev1.Pod) bool {
	return len(s.Spec.Selector) > 0 && labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(pod.Labels))
}

func namespace(name string) string { return cmp.Or(name, corev1.NamespaceDefault) }

func (t *translator) selectsNothing(doc manifest.Document[*corev1.Service], elsewhere *corev1.Pod) {
	message := fmt.Sprintf("no pod of the files given has the labels %s: the Service's names lead nowhere", labels.Set(doc.Object.Spec.Selector))
	if elsewhere != nil {
		message = fmt.Sprintf("pod %q has these labels, but is of namespace %q, and a Service selects pods of its own, %q: the Service's names lead nowhere",
			elsewhere.Name, namespace(elsewhere.Namespace), namespace(doc.Object.Namespace))
	}
	t.problems = append(t.problems, doc.WarnAt(field.NewPath("spec", "selector"), RuleSelectsNothing, message))
}

// headless says whether a cluster, too, would answer with the addresses of the pods.
func (s service) headless() bool { return s.doc.Object.Spec.ClusterIP == corev1.ClusterIPNone }

// forms are the names by which a program in a cluster finds what is called so in a namespace: the
// whole one, and what the search list of a pod's resolv.conf makes of shorter ones.
func forms(name, namespace string) []string {
	return []string{name, name + "." + namespace, name + "." + namespace + ".svc", name + serviceSuffix(namespace)}
}

func serviceSuffix(namespace string) string { return "." + namespace + ".svc." + clusterDomain }

// give makes the names. A pod has one of its own where its subdomain is a headless Service
// (endpointslice: utils.go, ShouldSetHostname).
func (s service) give() map[string][]string {
	names := map[string][]string{}
	give := func(name string, pod *corev1.Pod) {
		for _, form := range forms(name, namespace(s.doc.Object.Namespace)) {
			names[form] = append(names[form], pod.Name)
		}
	}
	for _, pod := range s.pods {
		give(s.doc.Object.Name, pod)
		if s.headless() && pod.Spec.Hostname != "" && pod.Spec.Subdomain == s.doc.Object.Name {
			give(pod.Spec.Hostname+"."+s.doc.Object.Name, pod)
		}
	}
	return names
}

// aliases are the names that all Services give a pod, sorted.
func aliases(all []service, pod string) []string {
	given := map[string]bool{}
	for _, s := range all {
		for name, pods := range s.names {
			if slices.Contains(pods, pod) {
				given[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(given))
}

// checkServices finds what keeps a Service's names from leading where a cluster's would.
func (t *translator) checkServices(all []service, network string) {
	for _, s := range all {
		selector := field.NewPath("spec", "selector")
		if len(s.pods) > 0 && !NamedNetwork(network) {
			t.problems = append(t.problems, s.doc.At(field.NewPath("metadata", "name"), RuleServiceNetwork, fmt.Sprintf(
				"on network %q no name leads to a pod: leave --network out, or name a network of the engine", network)))
		}
		for _, pod := range s.pods {
			if pod.Spec.HostNetwork {
				t.problems = append(t.problems, s.doc.At(selector, RuleServiceNetwork, fmt.Sprintf(
					"pod %q is on the machine's network, where no name leads to it: remove hostNetwork, or do not select it and reach it as host.containers.internal", pod.Name)))
			}
		}
		for i := range s.doc.Object.Spec.Ports {
			t.checkServicePort(s, &s.doc.Object.Spec.Ports[i], field.NewPath("spec", "ports").Index(i))
		}
		if pod := s.mayBeUnready(); pod != nil {
			t.problems = append(t.problems, s.doc.WarnAt(selector, RuleServiceReadiness, fmt.Sprintf(
				"pod %q has a readinessProbe and stays behind the Service's names while it is not Ready, for the engine fixes names when it makes a pod: "+
					"clients must try the next address when one fails; with publishNotReadyAddresses: true a cluster does the same", pod.Name)))
		}
	}
}

// checkServicePort: the names of a headless Service say nothing of ports in a cluster either.
func (t *translator) checkServicePort(s service, port *corev1.ServicePort, path *field.Path) {
	if s.headless() {
		return
	}
	differs := func(target int32, whose string) {
		t.problems = append(t.problems, s.doc.At(path.Child("targetPort"), RuleServicePort, fmt.Sprintf(
			"a cluster's Service maps port %d to %d%s; here its names lead to the pods themselves: use port %d, in the clients too", port.Port, target, whose, target)))
	}
	if port.TargetPort.Type == intstr.Int {
		if target := port.TargetPort.IntVal; target != port.Port {
			differs(target, "")
		}
		return
	}
	for _, pod := range s.pods {
		target, ok := findPort(pod, port)
		switch {
		case !ok:
			t.problems = append(t.problems, s.doc.At(path.Child("targetPort"), RuleMissingReference, fmt.Sprintf(
				"pod %q, which the Service selects, has no %s port named %q: add it to the ports of a container", pod.Name, port.Protocol, port.TargetPort.StrVal)))
		case target != port.Port:
			differs(target, fmt.Sprintf(", port %q of pod %q", port.TargetPort.StrVal, pod.Name))
			return
		}
	}
}

// findPort is the container port that a name means in a pod (endpointslice: utils.go, FindPort).
func findPort(pod *corev1.Pod, port *corev1.ServicePort) (int32, bool) {
	named := func(containers []corev1.Container, only func(*corev1.Container) bool) (int32, bool) {
		for i := range containers {
			for _, one := range containers[i].Ports {
				if only(&containers[i]) && one.Name == port.TargetPort.StrVal && one.Protocol == port.Protocol {
					return one.ContainerPort, true
				}
			}
		}
		return 0, false
	}
	if found, ok := named(pod.Spec.Containers, func(*corev1.Container) bool { return true }); ok {
		return found, true
	}
	return named(pod.Spec.InitContainers, sidecar)
}

// mayBeUnready is a pod that a cluster would take out from among several while it is not Ready.
func (s service) mayBeUnready() *corev1.Pod {
	if len(s.pods) < 2 || s.doc.Object.Spec.PublishNotReadyAddresses {
		return nil
	}
	probed := func(c corev1.Container) bool { return c.ReadinessProbe != nil }
	for _, pod := range s.pods {
		if slices.ContainsFunc(pod.Spec.Containers, probed) || slices.ContainsFunc(pod.Spec.InitContainers, probed) {
			return pod
		}
	}
	return nil
}

// serviceCollisions finds names that would lead to other pods than the Service selects.
func (t *translator) serviceCollisions(all []service, pods []Pod) {
	given := map[string]service{}
	for _, s := range all {
		said := map[string]bool{}
		report := func(other, format string, args ...any) {
			if !said[other] {
				said[other] = true
				t.problems = append(t.problems, s.doc.At(field.NewPath("metadata", "name"), RuleNameCollision, fmt.Sprintf(format, args...)))
			}
		}
		for _, name := range slices.Sorted(maps.Keys(s.names)) {
			for _, pod := range pods {
				if pod.Network == hostNetwork || slices.Contains(s.names[name], pod.Name) {
					continue
				}
				switch name {
				case pod.Name:
					report("pod "+pod.Name, "the pods of a project answer to their own names, and the Service does not select pod %q: rename one of the two", name)
				case pod.Hostname:
					report("pod "+pod.Name, "the pods of a project answer to their hostnames, and the Service does not select pod %q, whose hostname is %q: give one of the two another", pod.Name, name)
				}
			}
			if other, taken := given[name]; taken && !slices.Equal(other.names[name], s.names[name]) {
				report("service "+other.doc.Object.Name, "%q is also a name that Service %q%s gives to other pods: rename one of the two",
					name, other.doc.Object.Name, at(other.doc.PosOf(field.NewPath("metadata", "name"))))
			} else if !taken {
				given[name] = s
			}
		}
	}
}

// serviceVariables are the environment variables that a kubelet would give a pod of the namespace, each
// with the Service it is of.
func serviceVariables(set manifest.Set, namespaced string) map[string]string {
	variables := map[string]string{}
	for _, doc := range set.Services {
		s := doc.Object.DeepCopy()
		if namespace(s.Namespace) != namespaced || s.Spec.ClusterIP == corev1.ClusterIPNone || len(s.Spec.Ports) == 0 {
			continue
		}
		s.Spec.ClusterIP = "0.0.0.0" // any: only the names are wanted
		for _, variable := range envvars.FromServices([]*corev1.Service{s}) {
			variables[variable.Name] = s.Name
		}
	}
	return variables
}
