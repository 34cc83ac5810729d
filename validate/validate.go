// Package validate judges a set of manifests: Kubernetes' own validation first, then which fields
// podup honours, ignores or refuses, then what must hold between documents. It does no I/O.
package validate

import "github.com/podup/podup/manifest"

// Options of a check.
type Options struct{ Strict bool }

// Check checks.
func Check(set manifest.Set, opts Options) manifest.Problems { return nil }

// Field is a row of the support table.
type Field struct{ Kind, Path, Class, Reason string }

// Fields gives the support table.
func Fields() []Field { return nil }
