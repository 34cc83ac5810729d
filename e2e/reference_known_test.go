package e2e

import "time"

// difference is a line of a status in which podup differs from the kubelet on purpose.
type difference struct {
	at      time.Duration // of the sample, 0 for every
	kubelet string
	podup   string
	why     string
}

// knownDifferences are by manifest. docs/support.md tells users of each.
func knownDifferences() map[string][]difference {
	return map[string][]difference{}
}
