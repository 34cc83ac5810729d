package plan

import "github.com/podup/podup/translate"

// Options narrow or widen what Diff does.
type Options struct {
	Prune        bool     // remove orphans with their volumes
	Recreate     bool     // replace every container, changed or not
	RenewVolumes bool     // a replaced pod starts with new volumes, as in a cluster
	Pods         []string // only these; empty is all
}

// Diff gives the steps from actual to want.
func Diff(want translate.Project, actual Actual, opts Options) Plan {
	return Plan{Project: want.Name}
}
