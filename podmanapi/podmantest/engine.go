package podmantest

import (
	"net/http"
	"os"
	"runtime"
)

func ping(c *call) (answer, error) {
	c.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	c.w.Write([]byte("OK"))
	return answer{streamed: true}, nil
}

func versionInfo(c *call) (answer, error) {
	version := c.s.currentVersion()
	return answer{status: http.StatusOK, body: map[string]any{
		"Platform": map[string]any{"Name": "linux/" + runtime.GOARCH + "/podmantest"},
		"Components": []any{map[string]any{
			"Name": "Podman Engine", "Version": version,
			"Details": map[string]any{"APIVersion": version, "MinAPIVersion": "4.0.0", "Os": "linux"},
		}},
		"Version": version, "ApiVersion": "1.44", "MinAPIVersion": "1.24", "Os": "linux", "Arch": runtime.GOARCH,
	}}, nil
}

// info describes a rootless engine on this machine with cgroup v2 and two CPUs.
func info(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	used := len(s.pods) + len(s.containers) + len(s.volumes)
	ids := func(own int) any {
		return []any{
			map[string]any{"container_id": 0, "host_id": own, "size": 1},
			map[string]any{"container_id": 1, "host_id": 100000, "size": 65536},
		}
	}
	return answer{status: http.StatusOK, body: map[string]any{
		"host": map[string]any{
			"arch": runtime.GOARCH, "os": "linux", "hostname": "podmantest",
			"cgroupManager": "systemd", "cgroupVersion": "v2", "cgroupControllers": []string{"cpu", "hugetlb", "memory", "pids"},
			"cpus": 2, "freeLocks": s.freeLocks - used,
			"memTotal": int64(8 << 30), "memFree": int64(6 << 30),
			"idMappings":         map[string]any{"uidmap": ids(os.Getuid()), "gidmap": ids(os.Getgid())},
			"logDriver":          "journald",
			"networkBackend":     "netavark",
			"ociRuntime":         map[string]any{"name": "crun", "path": "/usr/bin/crun"},
			"remoteSocket":       map[string]any{"path": s.URL(), "exists": true},
			"rootlessNetworkCmd": "pasta",
			"security":           map[string]any{"rootless": true, "seccompEnabled": true, "selinuxEnabled": false, "apparmorEnabled": false},
			"serviceIsRemote":    false,
		},
		"store": map[string]any{
			"graphDriverName": "overlay", "graphRoot": s.dir, "volumePath": s.dir + "/volumes",
			"graphRootAllocated": int64(100 << 30), "graphRootUsed": int64(1 << 30),
			"containerStore": map[string]any{"number": len(s.containers)},
			"imageStore":     map[string]any{"number": len(s.images)},
		},
		"version": map[string]any{"APIVersion": s.version, "Version": s.version, "OsArch": "linux/" + runtime.GOARCH, "Os": "linux"},
	}}, nil
}
