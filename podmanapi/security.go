package podmanapi

import (
	"os"
	"strconv"
	"strings"

	"github.com/podup/podup/translate"
)

// addConfinement sets what confines a container beside its user.
func addConfinement(spec *containerSpec, con translate.Container) {
	s := con.Security
	spec.Seccomp, spec.AppArmor, spec.SELinux = s.Seccomp, s.AppArmor, s.SELinux
	if s.Unmasked {
		spec.Unmask = []string{"ALL"}
	}
	if con.HostPID {
		// The pod's own setting reaches none of its containers (5.8, 5.4).
		spec.PIDNS = &namespace{Mode: "host"}
	}
	if con.Target != "" {
		spec.PIDNS = &namespace{Mode: "container", Value: translate.ContainerName(con.Pod, con.Target)}
	}
}

// oomScore is the container's oom_score_adj. A rootful engine that may not lower its own fails the
// start of a container that asks for less (write to /proc/self/oom_score_adj: Permission denied); a
// rootless one raises it without a word.
func (c *Client) oomScore(con translate.Container, memory int64) *int {
	score := con.Resources.OOMScore(memory)
	if c.local && !mayLowerOOMScore() {
		if own, ok := ownOOMScore(); ok && score < own {
			score = own
		}
	}
	return &score
}

// capSysResource is the number of CAP_SYS_RESOURCE (capability.h).
const capSysResource = 24

func mayLowerOOMScore() bool {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		if digits, found := strings.CutPrefix(line, "CapEff:"); found {
			set, err := strconv.ParseUint(strings.TrimSpace(digits), 16, 64)
			return err == nil && set&(1<<capSysResource) != 0
		}
	}
	return false
}

func ownOOMScore() (int, bool) {
	text, err := os.ReadFile("/proc/self/oom_score_adj")
	if err != nil {
		return 0, false
	}
	score, err := strconv.Atoi(strings.TrimSpace(string(text)))
	return score, err == nil
}
