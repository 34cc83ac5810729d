package translate

import (
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/probe"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"
	"k8s.io/utils/ptr"
)

// sidecar says whether an init container runs on beside the app containers.
func sidecar(c *corev1.Container) bool {
	return ptr.Deref(c.RestartPolicy, "") == corev1.ContainerRestartPolicyAlways
}

func stopSignal(c *corev1.Container) string {
	if c.Lifecycle == nil {
		return ""
	}
	return string(ptr.Deref(c.Lifecycle.StopSignal, ""))
}

func (p *podTranslator) lifecycle(c *corev1.Container, path *field.Path, init bool) Lifecycle {
	l := Lifecycle{
		Restart:       restart(p.pod, c, init),
		Startup:       p.probe(c, c.StartupProbe, path.Child("startupProbe")),
		Readiness:     p.probe(c, c.ReadinessProbe, path.Child("readinessProbe")),
		Liveness:      p.probe(c, c.LivenessProbe, path.Child("livenessProbe")),
		MessagePath:   p.text(c.TerminationMessagePath, path.Child("terminationMessagePath")),
		MessagePolicy: c.TerminationMessagePolicy,
		BackoffKey:    backoffKey(c),
	}
	for _, rule := range c.RestartPolicyRules {
		l.Rules = append(l.Rules, *rule.DeepCopy())
	}
	if c.Lifecycle != nil {
		l.PostStart = p.hook(c, c.Lifecycle.PostStart, path.Child("lifecycle", "postStart"))
		l.PreStop = p.hook(c, c.Lifecycle.PreStop, path.Child("lifecycle", "preStop"))
	}
	return l
}

// restart is the policy in force. A regular init container that has succeeded is never run again for
// its policy's sake (kubelet: kuberuntime_container.go, computeInitContainerActions).
func restart(pod *corev1.Pod, c *corev1.Container, init bool) corev1.RestartPolicy {
	switch {
	case c.RestartPolicy != nil:
		return corev1.RestartPolicy(*c.RestartPolicy)
	case init && pod.Spec.RestartPolicy == corev1.RestartPolicyAlways:
		return corev1.RestartPolicyOnFailure
	default:
		return pod.Spec.RestartPolicy
	}
}

// backoffKey is made of what the kubelet's GetBackoffKey is made of beside the names (kubelet:
// kuberuntime/helpers.go), with quantities as they are written: 1.5 and 1500m are the same.
func backoffKey(c *corev1.Container) string {
	hash := fnv.New64a()
	io.WriteString(hash, c.Image)
	for _, list := range []corev1.ResourceList{c.Resources.Limits, c.Resources.Requests} {
		io.WriteString(hash, "/")
		for _, name := range slices.Sorted(maps.Keys(list)) {
			quantity := list[name]
			fmt.Fprintf(hash, "%s=%s,", name, quantity.String())
		}
	}
	return fmt.Sprintf("%016x", hash.Sum64())
}

func (p *podTranslator) probe(c *corev1.Container, declared *corev1.Probe, path *field.Path) *corev1.Probe {
	if declared == nil {
		return nil
	}
	resolved := declared.DeepCopy()
	if resolved.Exec != nil {
		// Of variables a kubelet knows here what the manifest says in place: neither envFrom nor a value
		// from elsewhere, and no $(VAR) within it (kubelet: container/helpers.go,
		// ExpandContainerCommandOnlyStatic).
		literal := map[string]string{}
		for _, env := range c.Env {
			literal[env.Name] = env.Value
		}
		for i, word := range resolved.Exec.Command {
			resolved.Exec.Command[i] = expansion.Expand(p.text(word, path.Child("exec", "command").Index(i)), expansion.MappingFuncFor(literal))
		}
	}
	if resolved.HTTPGet != nil {
		p.port(c, &resolved.HTTPGet.Port, path.Child("httpGet", "port"))
	}
	if resolved.TCPSocket != nil {
		p.port(c, &resolved.TCPSocket.Port, path.Child("tcpSocket", "port"))
	}
	return resolved
}

func (p *podTranslator) hook(c *corev1.Container, declared *corev1.LifecycleHandler, path *field.Path) *corev1.LifecycleHandler {
	if declared == nil {
		return nil
	}
	resolved := declared.DeepCopy()
	if resolved.Exec != nil {
		for i, word := range resolved.Exec.Command {
			resolved.Exec.Command[i] = p.text(word, path.Child("exec", "command").Index(i))
		}
	}
	if resolved.HTTPGet != nil {
		p.port(c, &resolved.HTTPGet.Port, path.Child("httpGet", "port"))
	}
	if resolved.TCPSocket != nil {
		p.port(c, &resolved.TCPSocket.Port, path.Child("tcpSocket", "port"))
	}
	return resolved
}

// port turns the name of a container's port into its number. A name the container does not have is
// no mistake to an API server; a kubelet then never gets to probe, and does not say so in the status.
func (p *podTranslator) port(c *corev1.Container, port *intstr.IntOrString, path *field.Path) {
	number, err := probe.ResolveContainerPort(*port, c)
	switch {
	case err == nil:
		*port = intstr.FromInt(number)
	case port.Type == intstr.String && port.StrVal != "":
		p.report(path, RuleMissingReference, "container %q has no port named %q: add it to its ports, or give the number", c.Name, port.StrVal)
	} // what else is wrong Kubernetes' validation has said
}
