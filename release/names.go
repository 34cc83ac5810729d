package release

import (
	"fmt"
	"regexp"
	"strconv"
)

// Files of the volume: "key", "release-0007.json.gz", "release-0008.pending.json.gz" for one whose
// apply has not ended well, and "secrets/<digest>" for the values the releases refer to.
const keyFile = "key"

var (
	releaseName = regexp.MustCompile(`^release-([0-9]{4,9})(\.pending)?\.json\.gz$`)
	digestRule  = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

func deployedName(number int) string { return fmt.Sprintf("release-%04d.json.gz", number) }
func pendingName(number int) string  { return fmt.Sprintf("release-%04d.pending.json.gz", number) }
func secretName(digest string) string {
	return "secrets/" + digest
}

// entry is a release by its file name alone.
type entry struct {
	number  int
	pending bool
}

func (e entry) name() string {
	if e.pending {
		return pendingName(e.number)
	}
	return deployedName(e.number)
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
	return entry{number: number, pending: parts[2] != ""}, true
}
