package manifest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// knownKinds are what a manifest may hold; all are of apiVersion v1.
const knownKinds = "Pod, Service, ConfigMap, Secret, PersistentVolumeClaim and List"

// list is a List without the items, which are documents of their own.
type list struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        metav1.ListMeta `json:"metadata"`
	Items           []any           `json:"items"`
}

// typeOf gives the Go type of a kind podup knows.
func typeOf(kind string) (reflect.Type, bool) {
	switch kind {
	case "Pod":
		return reflect.TypeFor[corev1.Pod](), true
	case "Service":
		return reflect.TypeFor[corev1.Service](), true
	case "ConfigMap":
		return reflect.TypeFor[corev1.ConfigMap](), true
	case "Secret":
		return reflect.TypeFor[corev1.Secret](), true
	case "PersistentVolumeClaim":
		return reflect.TypeFor[corev1.PersistentVolumeClaim](), true
	case "List":
		return reflect.TypeFor[list](), true
	default:
		return nil, false
	}
}

// otherKinds are Kubernetes' own kinds that podup does not run.
const otherKinds = " Binding ClusterRole ClusterRoleBinding ControllerRevision CronJob CSIDriver " +
	"CustomResourceDefinition DaemonSet Deployment Endpoints EndpointSlice Event HorizontalPodAutoscaler Ingress " +
	"IngressClass Job Lease LimitRange MutatingWebhookConfiguration Namespace NetworkPolicy Node PersistentVolume " +
	"PodDisruptionBudget PodList PodTemplate PriorityClass ReplicaSet ReplicationController ResourceQuota Role RoleBinding " +
	"RuntimeClass ServiceAccount StatefulSet StorageClass ValidatingWebhookConfiguration "

// unsupported is about one of the otherKinds: what stands for it on one machine.
func unsupported(kind string) string {
	switch kind {
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob":
		return fmt.Sprintf("podup does not run a %s yet: write its template as a Pod", kind)
	case "Namespace":
		return "podup needs no Namespace: leave it out, what belongs together is a project, named with --project"
	default:
		return fmt.Sprintf("podup does not run a %s yet: it knows %s", kind, knownKinds)
	}
}

// kindProblem says what is wrong with a kind, and which one is meant, if that is clear enough to
// check the document as one.
func kindProblem(kind string) (rule, message, meant string) {
	if strings.Contains(otherKinds, " "+kind+" ") {
		return "podup-unsupported-kind", unsupported(kind), ""
	}
	names := []string{"Pod", "Service", "ConfigMap", "Secret", "PersistentVolumeClaim", "List"}
	if meant = nearest(kind, names); meant != "" && slices.Contains(names, meant) {
		return "kubernetes-kind", fmt.Sprintf("there is no kind %q: did you mean %s?", clip(kind), meant), meant
	}
	return "kubernetes-kind", fmt.Sprintf("unknown kind %q: podup knows %s", clip(kind), knownKinds), ""
}
