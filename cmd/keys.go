package cmd

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
)

// neededKeys are the kernel keys a plan takes beyond those it gives back before: each container has a
// session keyring from its start to its end (crun 1.x; containers.conf: keyring).
func neededKeys(c comparison) int {
	keys := 0
	for _, step := range c.plan.Steps {
		switch op := step.Op.(type) {
		case plan.CreatePod, plan.HoldVolumes:
			keys++
		case plan.CreateContainer:
			if !op.Container.Init { // it has ended when the others start
				keys++
			}
		case plan.RemovePod:
			for _, there := range c.actual.Pods[op.Pod].Containers {
				if there.Status == plan.Running {
					keys--
				}
			}
			if c.actual.Pods[op.Pod].Infra.Status == plan.Running {
				keys--
			}
		}
	}
	return keys
}

// keyUsers is where the kernel tells the keys of each user.
const keyUsers = "/proc/key-users"

// freeKeys reads a user's line of /proc/key-users, which ends with "keys/most bytes/most":
//
//	1000:     7 7/7 7/200 73/20000
func freeKeys(text string, uid int) (free, most int, known bool) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 5 || fields[0] != strconv.Itoa(uid)+":" {
			continue
		}
		used, limit, _ := strings.Cut(fields[3], "/")
		n, err := strconv.Atoi(used)
		if err != nil {
			return 0, 0, false
		}
		most, err = strconv.Atoi(limit)
		return most - n, most, err == nil
	}
	return 0, 0, false
}

// checkKeys is for an engine of this user on this machine. Podman finds out in the middle of the work:
// "crun: join keyctl `…`: Disk quota exceeded" (5.8).
func checkKeys(needed int, engine func() (podmanapi.Version, error)) (finding, err error) {
	text, err := os.ReadFile(keyUsers)
	if err != nil {
		return nil, nil //nolint:nilerr // no such kernel: it has no such limit either
	}
	free, most, known := freeKeys(string(text), os.Getuid())
	if !known || needed <= free {
		return nil, nil
	}
	version, err := engine()
	if err != nil || !version.Local || !version.Rootless || !podmanapi.Keyring() {
		return nil, err
	}
	return tooFewKeys(needed, free, most), nil
}

func tooFewKeys(needed, free, most int) error {
	return fmt.Errorf("this starts %d containers, infra containers among them, each takes a kernel key, and %d of this user's %d are free: set keyring = false below [containers] in containers.conf, or raise the limit with sysctl kernel.keys.maxkeys", needed, free, most)
}
