package cmd

import (
	"fmt"

	"github.com/podup/podup/quadlet"
)

// podmanVersion is the flag --podman-version: the oldest Podman that units must work with.
type podmanVersion struct {
	quadlet.Version

	given bool
}

func (p *podmanVersion) String() string {
	if !p.given {
		return ""
	}
	return p.Version.String()
}

func (p *podmanVersion) Type() string { return "string" }

func (p *podmanVersion) Set(text string) error {
	version, err := quadlet.ParseVersion(text)
	if err != nil {
		return err
	}
	p.Version, p.given = version, true
	return nil
}

// or is what was given, else another version.
func (p *podmanVersion) or(other quadlet.Version) quadlet.Version {
	if p.given {
		return p.Version
	}
	return other
}

// podmanVersionUsage ends with what the version is by default.
func podmanVersionUsage(byDefault string) string {
	return fmt.Sprintf("the oldest Podman that the units must work with, from %s to %s (default: %s)", quadlet.Oldest(), quadlet.Newest(), byDefault)
}
