package translate

import (
	"fmt"
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/podup/podup/manifest"
)

// hostNetwork is the network mode in which a pod has no network of its own.
const hostNetwork = "host"

// ports are those with a host port, of app containers only (kubelet: kuberuntime_sandbox.go). On the
// host's network nothing is published: the containers listen there themselves.
func (p *podTranslator) ports(network string) []Port {
	var ports []Port
	for port, path := range publishedPorts(p.pod) {
		if network != hostNetwork {
			ports = append(ports, Port{
				HostIP:        port.HostIP,
				HostPort:      uint16(port.HostPort),
				ContainerPort: uint16(port.ContainerPort),
				Protocol:      strings.ToLower(string(port.Protocol)),
			})
		} else if port.HostPort != port.ContainerPort {
			p.report(path, RuleHostNetworkPort, "on the host's network port %d cannot be published as %d: make the two the same",
				port.ContainerPort, port.HostPort)
		}
	}
	return ports
}

// publishedPorts yields the pod's ports that have a host port, with the path of that field.
func publishedPorts(pod *corev1.Pod) func(yield func(*corev1.ContainerPort, *field.Path) bool) {
	return func(yield func(*corev1.ContainerPort, *field.Path) bool) {
		for i := range pod.Spec.Containers {
			c, path := &pod.Spec.Containers[i], field.NewPath("spec", "containers").Index(i).Child("ports")
			for j := range c.Ports {
				if c.Ports[j].HostPort != 0 && !yield(&c.Ports[j], path.Index(j).Child("hostPort")) {
					return
				}
			}
		}
	}
}

// portTable finds host ports that are published twice in a project.
type portTable struct {
	claims map[string][]portClaim // by protocol and host port
	order  []string
}

type portClaim struct {
	doc    manifest.Document[*corev1.Pod]
	path   *field.Path
	hostIP string
}

func (t *portTable) add(doc manifest.Document[*corev1.Pod]) {
	if t.claims == nil {
		t.claims = map[string][]portClaim{}
	}
	for port, path := range publishedPorts(doc.Object) {
		key := fmt.Sprintf("%d/%s", port.HostPort, strings.ToLower(string(port.Protocol)))
		if len(t.claims[key]) == 0 {
			t.order = append(t.order, key)
		}
		t.claims[key] = append(t.claims[key], portClaim{doc, path, port.HostIP})
	}
}

// conflicts has one problem for each port that meets another, and each names the first it meets.
func (t *portTable) conflicts() manifest.Problems {
	var problems manifest.Problems
	for _, key := range t.order {
		for i, claim := range t.claims[key] {
			for j, other := range t.claims[key] {
				if i != j && overlap(claim.hostIP, other.hostIP) {
					problems = append(problems, claim.doc.At(claim.path, RulePortConflict, fmt.Sprintf(
						"host port %s is also published by pod %q%s; give one of them another hostPort or hostIP",
						key, other.doc.Object.Name, at(other.doc.PosOf(other.path)))))
					break
				}
			}
		}
	}
	return problems
}

// overlap says whether one socket cannot be bound to each address on the same port. No address is all.
func overlap(a, b string) bool {
	if a == "" || b == "" || a == b {
		return true
	}
	x, errX := netip.ParseAddr(a)
	y, errY := netip.ParseAddr(b)
	if errX != nil || errY != nil {
		return false
	}
	x, y = x.Unmap(), y.Unmap()
	return x == y || x.Is4() == y.Is4() && (x.IsUnspecified() || y.IsUnspecified())
}

// at is " (file:line)" where the position is known.
func at(pos manifest.Pos) string {
	if pos.Line == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s:%d)", pos.File, pos.Line)
}
