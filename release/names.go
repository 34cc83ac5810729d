package release

import (
	"fmt"
	"regexp"
	"strconv"
)

// Files of the volume: "key", "release-0007.json.gz", "release-0008.pending.json.gz" for one whose
// apply has not ended well, "release-0009.partial.json.gz" for one that was carried out for some of
// its pods, and "secrets/<digest>" for the values the releases refer to.
const keyFile = "key"

var (
	releaseName = regexp.MustCompile(`^release-([0-9]{4,9})(\.pending|\.partial)?\.json\.gz$`)
	digestRule  = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

func deployedName(number int) string { return fmt.Sprintf("release-%04d.json.gz", number) }
func pendingName(number int) string  { return fmt.Sprintf("release-%04d.pending.json.gz", number) }
func partialName(number int) string  { return fmt.Sprintf("release-%04d.partial.json.gz", number) }
func secretName(digest string) string {
	return "secrets/" + digest
}

// phase is how far a release has come, as its file name says. Where a number has several files, the
// smallest counts.
type phase int

const (
	deployed phase = iota
	partial        // carried out, for some pods only
	pending
)

// entry is a release by its file name alone.
type entry struct {
	number int
	phase  phase
}

func (e entry) name() string {
	switch e.phase {
	case pending:
		return pendingName(e.number)
	case partial:
		return partialName(e.number)
	default:
		return deployedName(e.number)
	}
}

// parseName reads a file name; everything that is no release's is not ours to judge.
func parseName(name string) (entry, bool) {
	parts := releaseName.FindStringSubmatch(name)
	if parts == nil {
		return entry{}, false
	}
	number, err := strconv.Atoi(parts[1])
	if err != nil || number < 1 {
		return entry{}, false
	}
	phases := map[string]phase{"": deployed, ".partial": partial, ".pending": pending}
	return entry{number: number, phase: phases[parts[2]]}, true
}
