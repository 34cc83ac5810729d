package validate

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/podup/podup/manifest"
)

// hookWarnings are about hooks that an API server takes and a kubelet cannot run: a tcpSocket hook
// always fails (kubelet: lifecycle/handlers.go, "invalid handler"), and a failed postStart ends the
// container.
func hookWarnings(doc manifest.Document[*corev1.Pod], c *corev1.Container, path *field.Path) manifest.Problems {
	if c.Lifecycle == nil {
		return nil
	}
	var found manifest.Problems
	for _, hook := range []struct {
		name string
		does *corev1.LifecycleHandler
		then string
	}{
		{"postStart", c.Lifecycle.PostStart, "the hook fails, and with it every start of the container"},
		{"preStop", c.Lifecycle.PreStop, "the hook fails"},
	} {
		if hook.does != nil && hook.does.TCPSocket != nil {
			found = append(found, doc.WarnAt(path.Child("lifecycle", hook.name, "tcpSocket"), "podup-failing-hook",
				"no kubelet runs this kind of hook, and podup does as a kubelet: "+hook.then+"; use exec, httpGet or sleep"))
		}
	}
	return found
}
