package validate

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/api/service"
	"k8s.io/kubernetes/pkg/apis/core"
	k8scorev1 "k8s.io/kubernetes/pkg/apis/core/v1"
	"k8s.io/kubernetes/pkg/apis/core/validation"

	"github.com/podup/podup/manifest"
)

// service judges a Service by itself; what it selects shows when it is translated.
func (c *checker) service(doc manifest.Document[*corev1.Service]) {
	internal, err := internalService(doc.Object)
	var refusals field.ErrorList
	if err == nil {
		refusals = validation.ValidateServiceCreate(internal)
	}
	judge(c, doc, "Service", func(*corev1.Service) (field.ErrorList, error) { return refusals, err })
	if err == nil && len(refusals) == 0 && !doc.Damaged() { // as of a pod
		for _, warning := range service.GetWarningsForService(internal, nil) {
			c.add(serviceWarning(doc, warning))
		}
	}
	c.serviceRules(doc)
}

// internalService gives what an API server would validate.
func internalService(given *corev1.Service) (*core.Service, error) {
	internal := new(core.Service)
	if err := k8scorev1.Convert_v1_Service_To_core_Service(given.DeepCopy(), internal, nil); err != nil {
		return nil, fmt.Errorf("convert the service to Kubernetes' internal type: %w", err)
	}
	inNamespace(&internal.ObjectMeta)
	internal.Status = core.ServiceStatus{} // as registry/core/service/strategy.go, PrepareForCreate
	// As registry/core/service/storage/storage.go, normalizeClusterIPs.
	if internal.Spec.ClusterIP != "" && len(internal.Spec.ClusterIPs) == 0 {
		internal.Spec.ClusterIPs = []string{internal.Spec.ClusterIP}
	}
	return internal, nil
}

// serviceWarning puts a warning, which is text, at the field it begins with.
func serviceWarning(doc manifest.Document[*corev1.Service], warning string) manifest.Problem {
	path, _, _ := strings.Cut(warning, " ")
	path = strings.TrimSuffix(path, ":")
	if doc.Field(path) == nil {
		path = written(doc, path)
	}
	if doc.Field(path) == nil {
		path = "spec"
	}
	message := strings.TrimPrefix(strings.TrimPrefix(warning, path), ": ")
	return doc.WarnAt(field.NewPath(path), "kubernetes-warning", strings.TrimSpace(message))
}

// serviceRules are about fields podup honours under a condition.
func (c *checker) serviceRules(doc manifest.Document[*corev1.Service]) {
	spec, path := &doc.Object.Spec, field.NewPath("spec")
	switch spec.Type {
	case corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer:
		c.add(doc.WarnAt(path.Child("type"), "podup-ignored-field", fmt.Sprintf(
			"ignored: a %s needs a cluster; the Service's names work for the pods of the project, and hostPort publishes a port of one", spec.Type)))
	case corev1.ServiceTypeExternalName:
		if doc.Field("spec.externalName") == nil { // else the table has it
			c.add(doc.At(path.Child("type"), "podup-unsupported-field", "the project's network has no names for what is outside: use that name itself"))
		}
		return
	case corev1.ServiceTypeClusterIP:
	}
	if spec.ClusterIP != "" && spec.ClusterIP != corev1.ClusterIPNone {
		c.add(doc.WarnAt(path.Child("clusterIP"), "podup-ignored-field", "ignored: "+noVirtualAddress))
	}
	if len(spec.Selector) == 0 && !doc.Refused("spec.selector") {
		c.add(doc.At(path.Child("selector"), "podup-unsupported-field",
			"a Service without a selector has its addresses from an EndpointSlice, which podup does not take: select pods by their labels, or use hostAliases"))
	}
}
