// Package manifest turns files into typed Kubernetes objects and remembers where every field
// stood, so that a finding about a field can point at its line.
package manifest

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Pos is a place in a source file. Line and Column count from 1; zero means unknown.
// Column counts bytes, as the Go tools do.
type Pos struct {
	File   string
	Line   int
	Column int
}

// Source is one manifest as the user named it. Name is what messages show ("pod.yaml", "<stdin>"),
// Dir is the absolute directory against which relative host paths are resolved.
type Source struct {
	Name string
	Dir  string
	Data []byte
}

// Document is one object with the positions of its fields. Objects have Kubernetes' defaults applied.
type Document[T any] struct {
	Object T
	Dir    string // absolute directory of the source file; relative host paths start here

	positions positions
}

// Set is everything a list of sources declares, each kind in the order of the sources.
type Set struct {
	Pods       []Document[*corev1.Pod]
	Services   []Document[*corev1.Service]
	ConfigMaps []Document[*corev1.ConfigMap]
	Secrets    []Document[*corev1.Secret]
	Claims     []Document[*corev1.PersistentVolumeClaim]
}

// PosOf gives the position of the field at path, else that of the nearest enclosing field that is
// present in the source. A nil path is the document itself.
func (d Document[T]) PosOf(path *field.Path) Pos { return d.positions.of(path) }
