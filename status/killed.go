package status

import (
	"fmt"
	"regexp"
	"strings"
)

// Killed says why a supervisor has ended, or is ending, the current run: "its liveness probe failed 2
// times: GET http://:8080/: connection refused". What it ended with says nothing then: most programs end
// well on their stop signal. ok is false for a run that ended by itself.
func Killed(m Container) (why string, ok bool) {
	probe, tally := "", Tally{}
	switch m.Kill {
	case KillLiveness:
		probe, tally = "liveness", m.Liveness
	case KillStartup:
		probe, tally = "startup", m.Startup
	case KillPostStart:
		return "its postStart hook failed", true
	default:
		return "", false
	}
	why = "its " + probe + " probe failed"
	if tally.Last != Failure {
		return why, true
	}
	if tally.Count == 1 {
		why += " once"
	} else {
		why += fmt.Sprintf(" %d times", tally.Count)
	}
	if said := Brief(tally.Output); said != "" {
		why += ": " + said
	}
	return why, true
}

// An HTTP client's error names the address twice: as it was asked for, and as it was dialled.
var clientError = regexp.MustCompile(`^Get "([^"]*)": (?:dial tcp \S+: )?(?:connect: )?`)

// Brief is what a probe said of its failure, as short as it can be.
func Brief(output string) string {
	return clientError.ReplaceAllString(strings.TrimSpace(output), "GET $1: ")
}
