package validate

import (
	"reflect"

	corev1 "k8s.io/api/core/v1"
)

// kind is a kind of document podup reads, with Kubernetes' type of it.
type kind struct {
	name   string
	goType reflect.Type
}

// kinds are those podup reads, in the order documents show them.
func kinds() []kind {
	return []kind{
		{"Pod", reflect.TypeFor[corev1.Pod]()},
		{"Service", reflect.TypeFor[corev1.Service]()},
		{"ConfigMap", reflect.TypeFor[corev1.ConfigMap]()},
		{"Secret", reflect.TypeFor[corev1.Secret]()},
		{"PersistentVolumeClaim", reflect.TypeFor[corev1.PersistentVolumeClaim]()},
	}
}
