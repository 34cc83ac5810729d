package podmanapi

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// dropHugePages takes limits of huge pages out of a request where the engine has no hugetlb controller:
// crun would fail the start ("open .../hugetlb/...: No such file or directory", crun 1.28).
func (c *Client) dropHugePages(spec *containerSpec) (warnings []string) {
	if spec.Resources == nil || len(spec.Resources.Huge) == 0 || !c.local || hugeController(os.ReadFile, os.Getuid()) {
		return nil
	}
	spec.Resources.Huge = nil
	return []string{"its limits of huge pages are not enforced: the engine has no hugetlb cgroup controller"}
}

// hugeController says whether the engine of a user of this machine can limit huge pages: with cgroup v2
// only where the controller is delegated, and to root.
func hugeController(read func(path string) ([]byte, error), uid int) bool {
	unified := "/sys/fs/cgroup/cgroup.controllers"
	if uid != 0 {
		unified = fmt.Sprintf("/sys/fs/cgroup/user.slice/user-%d.slice/user@%d.service/cgroup.controllers", uid, uid)
	}
	if text, err := read(unified); err == nil {
		return slices.Contains(strings.Fields(string(text)), "hugetlb")
	}
	mounts, err := read("/proc/self/mounts")
	if err != nil || uid != 0 {
		return false
	}
	for line := range strings.Lines(string(mounts)) {
		if fields := strings.Fields(line); len(fields) > 3 && fields[2] == "cgroup" && slices.Contains(strings.Split(fields[3], ","), "hugetlb") {
			return true
		}
	}
	return false
}
