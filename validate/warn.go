package validate

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	pvcutil "k8s.io/kubernetes/pkg/api/persistentvolumeclaim"
	podutil "k8s.io/kubernetes/pkg/api/pod"
	"k8s.io/kubernetes/pkg/apis/core"

	"github.com/podup/podup/manifest"
)

// The warnings that an API server sends when an object is created: WarningsOnCreate of the strategies below
// pkg/registry/core. Those packages are most of an API server, etcd's client among it: 440 packages that
// nothing else here needs. What a strategy calls is called here; what it says itself is said here.

// warningsOnCreate is podStrategy.WarningsOnCreate (registry/core/pod/strategy.go).
func warningsOnCreate(pod *core.Pod) []string {
	var warnings []string
	if msgs := utilvalidation.IsDNS1123Label(pod.Name); len(msgs) != 0 {
		warnings = append(warnings, fmt.Sprintf(
			"metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: %v", msgs))
	}
	return append(warnings, podutil.GetWarningsForPod(context.Background(), pod, nil)...)
}

// claimWarnings are those of registry/core/persistentvolumeclaim/strategy.go.
func claimWarnings(doc manifest.Document[*corev1.PersistentVolumeClaim], kept *core.PersistentVolumeClaim) manifest.Problems {
	var found manifest.Problems
	for _, warning := range pvcutil.GetWarningsForPersistentVolumeClaim(kept) {
		path, message, _ := strings.Cut(warning, ": ")
		found = append(found, doc.WarnAt(field.NewPath(path), "kubernetes-warning", thousandths(message)))
	}
	return found
}

// thousandths adds to a warning of bytes with the suffix m what else was meant.
func thousandths(warning string) string {
	var number uint64
	if n, _ := fmt.Sscanf(warning, "fractional byte value \"%dm\" is invalid", &number); n == 1 {
		warning += fmt.Sprintf(": m is a thousandth of a byte, did you mean %dMi?", number)
	}
	return warning
}

// secretWarnings are those of registry/core/secret/strategy.go, warningsForSecret: of a key that is not the
// certificate's. What Go finds in the data, the types of other PEM blocks, is left out.
func secretWarnings(doc manifest.Document[*corev1.Secret]) manifest.Problems {
	if doc.Object.Type != corev1.SecretTypeTLS {
		return nil
	}
	if _, err := tls.X509KeyPair(doc.Object.Data[corev1.TLSCertKey], doc.Object.Data[corev1.TLSPrivateKeyKey]); err != nil {
		message, _, _ := strings.Cut(err.Error(), " after skipping ")
		return manifest.Problems{doc.WarnAt(field.NewPath("data").Key(corev1.TLSCertKey), "kubernetes-warning", message)}
	}
	return nil
}
