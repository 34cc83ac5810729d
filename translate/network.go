package translate

import "strings"

// NamedNetwork says whether a pod's network is one of the engine's, by name, and no network mode.
func NamedNetwork(network string) bool {
	mode, _, _ := strings.Cut(network, ":")
	switch mode {
	case "", "host", "none", "private", "bridge", "pasta", "slirp4netns":
		return false
	}
	return true
}
