package validate

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	podutil "k8s.io/kubernetes/pkg/api/pod"
	"k8s.io/kubernetes/pkg/apis/core"
	k8scorev1 "k8s.io/kubernetes/pkg/apis/core/v1"
	"k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/capabilities"

	"github.com/podup/podup/manifest"
)

// internalPod gives what an API server would validate: the defaulted pod as Kubernetes' internal type,
// in a namespace, without the fields behind a feature gate that is off.
func internalPod(pod *corev1.Pod) (given, kept *core.Pod, err error) {
	// The conversion shares memory with the pod; only the copy is changed.
	given = new(core.Pod)
	if err := k8scorev1.Convert_v1_Pod_To_core_Pod(pod, given, nil); err != nil {
		return nil, nil, fmt.Errorf("convert the pod to Kubernetes' internal type: %w", err)
	}
	inNamespace(&given.ObjectMeta)
	given.Status = core.PodStatus{} // as registry/core/pod/strategy.go, PrepareForCreate
	kept = given.DeepCopy()
	podutil.DropDisabledPodFields(kept, nil)
	return given, kept, nil
}

// withStopSignals is a pod without the fields behind a closed gate but for stopSignal, which podup
// honours all the same: so Kubernetes judges it as with the gate open.
func withStopSignals(given, kept *core.Pod) *core.Pod {
	judged := kept.DeepCopy()
	restore := func(from, to []core.Container) {
		for i := range from {
			if from[i].Lifecycle == nil || from[i].Lifecycle.StopSignal == nil {
				continue
			}
			if to[i].Lifecycle == nil {
				to[i].Lifecycle = &core.Lifecycle{}
			}
			to[i].Lifecycle.StopSignal = from[i].Lifecycle.StopSignal
		}
	}
	restore(given.Spec.InitContainers, judged.Spec.InitContainers)
	restore(given.Spec.Containers, judged.Spec.Containers)
	return judged
}

// inNamespace fills in what a request's path says. Any other namespace is ignored with a warning.
func inNamespace(meta *metav1.ObjectMeta) {
	if meta.Namespace == "" {
		meta.Namespace = metav1.NamespaceDefault
	}
}

func validatePod(kept *core.Pod) field.ErrorList {
	// The default, without Setup, is an API server that refuses every privileged container.
	capabilities.Setup(true, 0)
	opts := podutil.GetValidationOptionsFromPodSpecAndMeta(&kept.Spec, nil, &kept.ObjectMeta, nil)
	opts.ResourceIsPod = true
	return validation.ValidatePodCreate(kept, opts)
}

// podWarnings are those an API server would send with its answer, and the fields it would drop
// without a word.
func podWarnings(doc manifest.Document[*corev1.Pod], given, kept *core.Pod, accepted bool) manifest.Problems {
	var found manifest.Problems
	for _, path := range dropped(doc.Root(), given, kept) {
		message := "Kubernetes 1.36 drops this field: its feature gate is off by default"
		if strings.HasSuffix(path, ".lifecycle") || strings.HasSuffix(path, ".lifecycle.stopSignal") {
			message += "; podup honours it"
		}
		found = append(found, doc.WarnAt(field.NewPath(path), "kubernetes-dropped-field", message))
	}
	// What was refused makes warnings of its own: an API server looks for them only in what it takes, and
	// of an address that is none Kubernetes writes to standard error.
	if doc.Damaged() || !accepted {
		return found
	}
	for _, warning := range warningsOnCreate(kept) {
		// A warning is text, "<path>: <message>" but for a few.
		path, message, ok := strings.Cut(warning, ": ")
		if !ok || strings.ContainsAny(path, " \"") {
			path, message = volumeOf(doc.Object, warning), warning
		}
		if doc.Field(path) == nil {
			path = written(doc, path)
		}
		found = append(found, doc.WarnAt(field.NewPath(path), "kubernetes-warning", thousandths(message)))
	}
	return found
}

// volumeOf gives the path of the volume a warning begins with the name of, else of all there is.
func volumeOf(pod *corev1.Pod, warning string) string {
	for i, volume := range pod.Spec.Volumes {
		if strings.HasPrefix(warning, fmt.Sprintf("volume %q ", volume.Name)) {
			return fmt.Sprintf("spec.volumes[%d]", i)
		}
	}
	return "spec"
}

func validateConfigMap(configMap *corev1.ConfigMap) (field.ErrorList, error) {
	internal := new(core.ConfigMap)
	if err := k8scorev1.Convert_v1_ConfigMap_To_core_ConfigMap(configMap.DeepCopy(), internal, nil); err != nil {
		return nil, fmt.Errorf("convert the config map to Kubernetes' internal type: %w", err)
	}
	inNamespace(&internal.ObjectMeta)
	return validation.ValidateConfigMap(internal), nil
}

func validateSecret(secret *corev1.Secret) (field.ErrorList, error) {
	internal := new(core.Secret)
	if err := k8scorev1.Convert_v1_Secret_To_core_Secret(secret.DeepCopy(), internal, nil); err != nil {
		return nil, fmt.Errorf("convert the secret to Kubernetes' internal type: %w", err)
	}
	inNamespace(&internal.ObjectMeta)
	return validation.ValidateSecret(internal), nil
}

// internalClaim gives what an API server would validate.
func internalClaim(claim *corev1.PersistentVolumeClaim) (*core.PersistentVolumeClaim, error) {
	internal := new(core.PersistentVolumeClaim)
	if err := k8scorev1.Convert_v1_PersistentVolumeClaim_To_core_PersistentVolumeClaim(claim.DeepCopy(), internal, nil); err != nil {
		return nil, fmt.Errorf("convert the claim to Kubernetes' internal type: %w", err)
	}
	inNamespace(&internal.ObjectMeta)
	internal.Status = core.PersistentVolumeClaimStatus{} // as registry/core/persistentvolumeclaim/strategy.go
	return internal, nil
}

func validateClaim(kept *core.PersistentVolumeClaim) field.ErrorList {
	return validation.ValidatePersistentVolumeClaim(kept, validation.ValidationOptionsForPersistentVolumeClaim(kept, nil))
}

// maxErrors of one document are shown: thousands of empty containers are one mistake.
const maxErrors = 1000

// judge applies to one document of any kind what does not depend on other documents.
func judge[T metav1.Object](
	c *checker, doc manifest.Document[T], kind string,
	kubernetes func(T) (field.ErrorList, error),
) {
	errs, err := kubernetes(doc.Object)
	if err != nil {
		c.add(doc.At(nil, "kubernetes-internal", err.Error()))
	}
	if len(errs) > maxErrors {
		c.add(doc.At(nil, "podup-too-many", fmt.Sprintf("stopped after %d errors, there are %d", maxErrors, len(errs))))
		errs = errs[:maxErrors]
	}
	for _, one := range errs {
		// What is missing or not found in a damaged document may well be what Load refused.
		if doc.Refused(one.Field) || doc.Damaged() && one.Type == field.ErrorTypeNotFound {
			continue
		}
		c.add(doc.At(field.NewPath(place(doc, one)), rule(one.Type), message(kind, one)))
	}
	if root := doc.Root(); root != nil {
		c.add(fields(c.support, doc, kind)...)
	}
	c.add(metaRules(doc, kind)...)
}

func rule(t field.ErrorType) string {
	switch t {
	case field.ErrorTypeNotFound:
		return "kubernetes-not-found"
	case field.ErrorTypeRequired:
		return "kubernetes-required"
	case field.ErrorTypeDuplicate:
		return "kubernetes-duplicate"
	case field.ErrorTypeInvalid:
		return "kubernetes-invalid"
	case field.ErrorTypeNotSupported:
		return "kubernetes-not-supported"
	case field.ErrorTypeForbidden:
		return "kubernetes-forbidden"
	case field.ErrorTypeTooLong:
		return "kubernetes-too-long"
	case field.ErrorTypeTooShort:
		return "kubernetes-too-short"
	case field.ErrorTypeTooMany:
		return "kubernetes-too-many"
	case field.ErrorTypeTooFew:
		return "kubernetes-too-few"
	case field.ErrorTypeTypeInvalid:
		return "kubernetes-type"
	default:
		return "kubernetes-internal"
	}
}

// message is the API server's own, without values that are confidential or whole structures.
func message(kind string, err *field.Error) string {
	shown := *err
	if kind == "Secret" && !strings.HasPrefix(err.Field, "metadata.") && err.Field != "type" || composite(err.BadValue) {
		shown.BadValue = field.OmitValueType{}
	}
	text := shown.ErrorBody()
	if err.Type == field.ErrorTypeNotSupported {
		text += meant(err)
	}
	return text
}

// composite reports whether a value is more than one word of the manifest.
func composite(value any) bool {
	v := reflect.ValueOf(value)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	return slices.Contains([]reflect.Kind{reflect.Struct, reflect.Slice, reflect.Map, reflect.Pointer}, v.Kind())
}

// meant finds the supported value that differs only in case. Kubernetes quotes them in its text.
func meant(err *field.Error) string {
	bad := text(err.BadValue)
	for i, supported := range strings.Split(err.Detail, `"`) {
		if i%2 == 1 && strings.EqualFold(supported, bad) {
			return fmt.Sprintf("; did you mean %q?", supported)
		}
	}
	return ""
}
