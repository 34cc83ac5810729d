package podmanapi

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
)

// Version says what the engine is. Local engines share this machine's file system.
type Version struct {
	Engine, API, URL string
	Rootless, Local  bool
}

// Version gives the engine's version.
func (c *Client) Version(ctx context.Context) (Version, error) {
	v := Version{Engine: c.version, API: c.version, URL: c.url, Local: c.local}
	if c.local && c.peer.uid >= 0 {
		v.Rootless = c.peer.uid != 0
		return v, nil
	}
	info, err := c.hostInfo(ctx)
	if err != nil {
		return Version{}, err
	}
	v.Rootless = info.Host.Security.Rootless
	return v, nil
}

// Limits are what the engine has left. Memory is in bytes.
type Limits struct {
	FreeLocks          int // each pod, container and volume takes one
	CPUs               int
	Memory, MemoryFree int64
	Warnings           []string
}

// hostInfo is what podup reads of GET /info.
type hostInfo struct {
	Host struct {
		CPUs              int
		MemTotal          int64
		MemFree           int64
		FreeLocks         *int // not told before 5.0
		CgroupVersion     string
		CgroupManager     string
		CgroupControllers []string
		Security          struct{ Rootless bool }
		OCIRuntime        struct{ Name, Path string }
	}
	Store struct {
		GraphRootAllocated, GraphRootUsed int64
		GraphDriverName                   string
		VolumePath                        string
	}
}

// hostInfo asks once: it takes 74 ms with nothing running and 130-160 with 250 containers (5.8).
func (c *Client) hostInfo(ctx context.Context) (*hostInfo, error) {
	c.info.Lock()
	defer c.info.Unlock()
	if c.host != nil {
		return c.host, nil
	}
	var info hostInfo
	if err := c.call(ctx, get("look at the engine", "/info", nil), &info); err != nil {
		return nil, err
	}
	c.host = &info
	return &info, nil
}

// lowDisk is the free space, in bytes, below which the store is called nearly full.
const lowDisk = 256 << 20

// Limits asks the engine what it has left.
func (c *Client) Limits(ctx context.Context) (Limits, error) {
	c.info.Lock()
	c.host = nil // what is free changes
	c.info.Unlock()
	info, err := c.hostInfo(ctx)
	if err != nil {
		return Limits{}, err
	}
	host, store := info.Host, info.Store
	limits := Limits{FreeLocks: -1, CPUs: host.CPUs, Memory: host.MemTotal, MemoryFree: host.MemFree}
	if host.FreeLocks != nil {
		limits.FreeLocks = *host.FreeLocks
	}
	if host.Security.Rootless && host.CgroupVersion == "v1" {
		limits.Warnings = append(limits.Warnings, "rootless Podman on cgroup v1 applies no resource limits")
	}
	if free := store.GraphRootAllocated - store.GraphRootUsed; store.GraphRootAllocated > 0 && free < lowDisk {
		limits.Warnings = append(limits.Warnings, fmt.Sprintf("the disk of %s has %d MiB left",
			strings.TrimSuffix(filepath.Dir(store.VolumePath), "/"), free>>20))
	}
	return limits, nil
}
