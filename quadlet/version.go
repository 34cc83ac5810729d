package quadlet

import (
	"fmt"
	"regexp"
	"strconv"
)

// Version is Podman's. Units for a minor version are for its newest patch.
type Version struct{ Major, Minor, Patch int }

// newestPatch stands for a patch that was not named.
const newestPatch = 1 << 16

// Oldest and Newest are the versions that units are written for.
func Oldest() Version { return Version{5, 4, newestPatch} }

// Newest is the last version whose keys are known here; later ones read the same units.
func Newest() Version { return Version{5, 8, newestPatch} }

var versionText = regexp.MustCompile(`^v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?(?:[-+].*)?$`)

// ParseVersion reads "5.4", "5.8.1" and what Podman calls itself ("5.8.2-rc1"). It refuses what is not between
// Oldest and Newest.
func ParseVersion(text string) (Version, error) {
	parts := versionText.FindStringSubmatch(text)
	if parts == nil {
		return Version{}, fmt.Errorf("%q is not a version of Podman: give one from %s to %s", text, Oldest(), Newest())
	}
	v := Version{Patch: newestPatch}
	v.Major, _ = strconv.Atoi(parts[1])
	v.Minor, _ = strconv.Atoi(parts[2])
	if parts[3] != "" {
		v.Patch, _ = strconv.Atoi(parts[3])
	}
	if v.Major != 5 || v.Minor < Oldest().Minor || v.Minor > Newest().Minor {
		return Version{}, fmt.Errorf("units are written for Podman %s to %s, not %s", Oldest(), Newest(), text)
	}
	return v, nil
}

// String is "5.8.1", and "5.8" for its newest patch.
func (v Version) String() string {
	if v.Patch == newestPatch {
		return fmt.Sprintf("%d.%d", v.Major, v.Minor)
	}
	return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
}

// Before compares.
func (v Version) Before(other Version) bool {
	switch {
	case v.Major != other.Major:
		return v.Major < other.Major
	case v.Minor != other.Minor:
		return v.Minor < other.Minor
	}
	return v.Patch < other.Patch
}

// key is a key of a unit that Podman 5.4 does not have.
type key string

const (
	podHostName      key = "[Pod] HostName"
	podLabel         key = "[Pod] Label"
	podExitPolicy    key = "[Pod] ExitPolicy"
	podStopTimeout   key = "[Pod] StopTimeout"
	memory           key = "[Container] Memory"
	httpProxy        key = "[Container] HttpProxy"
	appArmor         key = "[Container] AppArmor"
	oddMount         key = "[Container] Mount, of a path that is not plain"
	healthCmd        key = "[Container] HealthCmd"
	healthStartupCmd key = "[Container] HealthStartupCmd"
)

// since is the version that the key came with, or works since (release notes of Podman), and the option of
// podman that says the same through PodmanArgs, which the generator adds last, so that it goes over its own.
func (k key) since() (Version, string) {
	switch k {
	case podHostName:
		return Version{5, 5, 0}, "--hostname"
	case podLabel:
		return Version{5, 6, 0}, "--label"
	case podExitPolicy:
		return Version{5, 6, 0}, "--exit-policy"
	case podStopTimeout:
		return Version{5, 7, 0}, "" // of podman pod stop, which has nothing left to stop
	case memory:
		return Version{5, 5, 0}, "--memory"
	case httpProxy:
		return Version{5, 7, 0}, "--http-proxy"
	case appArmor:
		return Version{5, 8, 0}, "--security-opt=apparmor"
	case oddMount:
		// Before, a path with blanks and the like was RequiresMountsFor= without quotes, and one with a
		// backslash at its end swallowed the line behind it (seen with 5.4.2).
		return Version{5, 8, 2}, "--mount"
	case healthCmd:
		return Version{5, 8, 2}, "--health-cmd" // before, JSON lost its quotes on the way (podman#28409)
	case healthStartupCmd:
		return Version{5, 8, 2}, "--health-startup-cmd"
	}
	return Version{}, ""
}

// value is what the key is set to: the text where the version has it; else the text goes into args.
func (v Version) value(k key, text string, args *[]string) string {
	since, option := k.since()
	if text == "" || !v.Before(since) {
		return text
	}
	if option != "" {
		*args = append(*args, option+"="+text)
	}
	return ""
}
