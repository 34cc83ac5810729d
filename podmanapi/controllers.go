package podmanapi

import (
	"context"
	"os"
	"slices"
	"strings"
)

// controllers are the cgroup controllers with which an engine can limit anything.
type controllers struct {
	names []string
	lack  string // why there are no others, and what to do
}

func (c controllers) have(name string) bool { return slices.Contains(c.names, name) }

// controllers are those of the engine. Without one, crun fails the start of a container ("the requested
// cgroup controller `cpu` is not available", crun 1.28), and on cgroup v1 Podman drops all limits of what is
// rootless.
func (c *Client) controllers(ctx context.Context) (controllers, error) {
	info, err := c.hostInfo(ctx)
	if err != nil {
		return controllers{}, err
	}
	v1, rootless := info.Host.CgroupVersion == "v1", info.Host.Security.Rootless
	found := controllers{names: info.Host.CgroupControllers, lack: "the kernel has no such cgroup controller"}
	switch {
	case v1 && rootless:
		found = controllers{lack: "a rootless engine cannot limit anything on cgroup v1: boot with cgroup v2 (systemd.unified_cgroup_hierarchy=1), or use rootful Podman"}
	case v1 && c.local:
		// The engine names all that the kernel knows, mounted or not (5.8).
		if mounts, err := os.ReadFile("/proc/self/mounts"); err == nil {
			found.names = mountedControllers(string(mounts))
		}
	case rootless:
		found.lack = "that cgroup controller is not delegated to the user: have systemd do so (Delegate=yes in a drop-in of user@.service), or use rootful Podman"
	}
	return found, nil
}

func mountedControllers(mounts string) []string {
	var names []string
	for line := range strings.Lines(mounts) {
		if fields := strings.Fields(line); len(fields) > 3 && fields[2] == "cgroup" {
			names = append(names, strings.Split(fields[3], ",")...)
		}
	}
	return names
}

// enforceable takes out of limits what the engine has no controller for, and names each; nil limits
// nothing.
func (c *Client) enforceable(ctx context.Context, limits *resources) (left *resources, warnings []string, err error) {
	if limits == nil {
		return nil, nil, nil
	}
	have, err := c.controllers(ctx)
	if err != nil {
		return nil, nil, err
	}
	left, warnings = have.enforceable(*limits)
	return left, warnings, nil
}

func (c controllers) enforceable(limits resources) (left *resources, warnings []string) {
	say := func(what ...string) {
		switch len(what) {
		case 0: // what only takes a limit back
		case 1:
			warnings = append(warnings, "the "+what[0]+" is not enforced: "+c.lack)
		default:
			warnings = append(warnings, "the "+strings.Join(what, " and ")+" are not enforced: "+c.lack)
		}
	}
	if limits.Memory != nil && !c.have("memory") {
		if limits.Memory.Limit > 0 {
			say("memory limit")
		}
		limits.Memory = nil
	}
	if cpu := limits.CPU; cpu != nil && !c.have("cpu") {
		var what []string
		if cpu.Quota > 0 {
			what = append(what, "cpu limit")
		}
		if cpu.Shares > 0 {
			what = append(what, "share of the cpu")
		}
		say(what...)
		limits.CPU = nil
	}
	if limits.Huge != nil && !c.have("hugetlb") {
		say("limit of huge pages")
		limits.Huge = nil
	}
	if limits.Memory == nil && limits.CPU == nil && limits.Huge == nil {
		return nil, warnings
	}
	return &limits, warnings
}
