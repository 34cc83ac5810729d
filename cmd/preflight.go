package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/translate"
)

// manyObjects is from how many new objects on the engine is asked for its limits: /info costs 74 ms
// on Podman 5.8 with nothing running.
const manyObjects = 200

// host is what preflight asks of the engine.
type host interface {
	Version(ctx context.Context) (podmanapi.Version, error)
	Limits(ctx context.Context) (podmanapi.Limits, error)
	HasNetwork(ctx context.Context, name string) (bool, error)
}

// preflight tries what Podman would only find out in the middle of the work: networks, ports, host
// paths, locks. Findings are all that would fail; err is that the engine could not be asked.
func preflight(ctx context.Context, engine host, c comparison) (findings, err error) {
	ports, paths := neededPorts(c), neededPaths(c.plan)
	var found []error
	for _, network := range neededNetworks(c) {
		there, err := engine.HasNetwork(ctx, network)
		if err != nil {
			return nil, err
		}
		if !there {
			found = append(found, fmt.Errorf("the engine has no network %s, and it is no network mode: podman network ls lists those there are", network))
		}
	}
	if len(ports)+len(paths) > 0 {
		version, err := engine.Version(ctx)
		if err != nil {
			return nil, err
		}
		if version.Local {
			found = append(found, checkPaths(paths)...)
			first := 0
			if version.Rootless {
				first = unprivilegedPorts()
			}
			found = append(found, checkPorts(ctx, ports, first, c)...)
		}
	}
	finding, err := checkKeys(neededKeys(c), func() (podmanapi.Version, error) { return engine.Version(ctx) })
	if err != nil {
		return nil, err
	}
	found = append(found, finding)
	if needed := neededLocks(c.plan); needed > manyObjects {
		limits, err := engine.Limits(ctx)
		if err != nil {
			return nil, err
		}
		if limits.FreeLocks < needed {
			found = append(found, fmt.Errorf("this takes %d locks of the engine, one for each pod, container and volume, and %d are free: raise num_locks in containers.conf, then run podman system renumber", needed, limits.FreeLocks))
		}
	}
	return errors.Join(found...), nil
}

// neededNetworks are the networks, each once, of pods that will be made, but for the project's own.
func neededNetworks(c comparison) []string {
	var networks []string
	for _, step := range c.plan.Steps {
		op, ok := step.Op.(plan.CreatePod)
		if !ok || !translate.NamedNetwork(op.Pod.Network) || c.want.Network != nil && c.want.Network.Name == op.Pod.Network {
			continue
		}
		if !slices.Contains(networks, op.Pod.Network) {
			networks = append(networks, op.Pod.Network)
		}
	}
	return networks
}

// podPort is a port a pod is about to publish.
type podPort struct {
	pod string
	translate.Port
}

func (p podPort) String() string {
	return fmt.Sprintf("pod/%s: hostPort %s/%s", p.pod, p.address(), p.Protocol)
}

func (p podPort) address() string {
	port := strconv.Itoa(int(p.HostPort))
	if p.HostIP == "" {
		return port
	}
	return net.JoinHostPort(p.HostIP, port)
}

// neededPorts are those of the pods that will be started, without the ports that the project's own
// pods hold now and give up before.
func neededPorts(c comparison) []podPort {
	starts, ends := map[string]bool{}, map[string]bool{}
	for _, step := range c.plan.Steps {
		switch op := step.Op.(type) {
		case plan.StartPod:
			starts[op.Pod] = true
		case plan.RemovePod:
			ends[op.Pod] = true
		case plan.StopPod:
			ends[op.Pod] = true
		}
	}
	var given []translate.Port
	for name, pod := range c.actual.Pods {
		if pod.Infra.Status == plan.Running && (ends[name] || starts[name]) {
			given = append(given, pod.Infra.Ports...)
		}
	}
	var needed []podPort
	for _, pod := range c.want.Pods {
		// On the host's network Podman publishes nothing: what the containers bind is their business.
		if !starts[pod.Name] || pod.Network == "host" {
			continue
		}
		// Whoever has the pod's name may well be who has its ports: the name is what is told of.
		if slices.ContainsFunc(c.plan.Conflicts, func(conflict plan.Conflict) bool { return conflict.Object == "pod/"+pod.Name }) {
			continue
		}
		for _, port := range pod.Ports {
			if !holds(given, port) {
				needed = append(needed, podPort{pod.Name, port})
			}
		}
	}
	return needed
}

// holds says whether one of the ports takes the place a port needs. A port on all addresses holds
// those on each.
func holds(ports []translate.Port, port translate.Port) bool {
	for _, p := range ports {
		if p.HostPort == port.HostPort && strings.EqualFold(p.Protocol, port.Protocol) &&
			(everywhere(p.HostIP) || everywhere(port.HostIP) || p.HostIP == port.HostIP) {
			return true
		}
	}
	return false
}

func everywhere(ip string) bool { return ip == "" || ip == "0.0.0.0" || ip == "::" }

// checkPorts binds each port for a moment, as pasta and rootful Podman will. (Podman checks nothing
// when a pod is created; a port that is taken fails at the start of the infra container.)
// First is the lowest the engine may publish.
func checkPorts(ctx context.Context, ports []podPort, first int, c comparison) []error {
	var found []error
	for _, port := range ports {
		if int(port.HostPort) < first {
			found = append(found, fmt.Errorf("%s: rootless Podman cannot publish ports below %d: use a higher hostPort, or allow it with sysctl net.ipv4.ip_unprivileged_port_start=%d", port, first, port.HostPort))
			continue
		}
		switch err := bind(ctx, port.Port); {
		case errors.Is(err, syscall.EADDRINUSE):
			found = append(found, fmt.Errorf("%s is %s", port, portHolder(c, port.Port)))
		case errors.Is(err, syscall.EADDRNOTAVAIL):
			found = append(found, fmt.Errorf("%s: this machine has no address %s", port, port.HostIP))
		}
		// Any other error is about podup's rights, not about the engine's.
	}
	return found
}

// portHolder says who has a port that is taken, and what to do about it.
func portHolder(c comparison, port translate.Port) string {
	for _, name := range podNames(c.actual) {
		pod := c.actual.Pods[name]
		if pod.Infra.Status != plan.Running || !holds(podPorts(pod), port) {
			continue
		}
		if slices.Contains(c.plan.Orphans, name) {
			return fmt.Sprintf("held by pod/%s of this project, which is no longer in the manifests: --prune removes it", name)
		}
		return fmt.Sprintf("held by pod/%s of this project, which this up leaves as it is", name)
	}
	return "taken by another program or pod: podman ps --all and ss -ltunp list what holds ports"
}

// unprivilegedPorts is the first port anybody may bind.
func unprivilegedPorts() int {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start")
	if err != nil {
		return 0
	}
	first, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return first
}

// bind takes the port and lets it go. SCTP is left to the engine.
func bind(ctx context.Context, port translate.Port) error {
	var config net.ListenConfig
	address := net.JoinHostPort(port.HostIP, strconv.Itoa(int(port.HostPort)))
	switch strings.ToLower(port.Protocol) {
	case "tcp", "":
		listener, err := config.Listen(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return listener.Close()
	case "udp":
		conn, err := config.ListenPacket(ctx, "udp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	return nil
}

// hostPath is a host path a container is about to mount.
type hostPath struct {
	pod, container string
	translate.Mount
}

// neededPaths are the host paths of the containers that will be made, each once.
func neededPaths(p plan.Plan) []hostPath {
	var paths []hostPath
	seen := map[[2]string]bool{}
	for _, step := range p.Steps {
		op, ok := step.Op.(plan.CreateContainer)
		if !ok {
			continue
		}
		for _, mount := range op.Container.Mounts {
			key := [2]string{mount.HostPath, mount.HostPathType}
			if mount.HostPath != "" && !seen[key] {
				seen[key] = true
				paths = append(paths, hostPath{op.Container.Pod, op.Container.Name, mount})
			}
		}
	}
	return paths
}

// checkPaths looks at host paths the way a kubelet does (kubelet: volume/hostpath/host_path.go). It
// differs in one point: for type "" a kubelet makes nothing and checks nothing, and the runtime
// makes a directory; Podman refuses to create a container over a path that is missing.
func checkPaths(paths []hostPath) []error {
	var found []error
	for _, path := range paths {
		if problem := checkPath(path.HostPath, path.HostPathType); problem != "" {
			found = append(found, fmt.Errorf("pod/%s: container %s: hostPath %s %s", path.pod, path.container, path.HostPath, problem))
		}
	}
	return found
}

func checkPath(path, kind string) string {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		switch kind {
		case "DirectoryOrCreate":
			return ""
		case "FileOrCreate":
			// A kubelet makes the file, but not its directory.
			if _, err := os.Stat(filepath.Dir(path)); errors.Is(err, fs.ErrNotExist) {
				return "cannot be made: its directory does not exist"
			}
			return ""
		case "":
			return "does not exist: create it, or set type: DirectoryOrCreate"
		}
		return "does not exist, and type " + kind + " does not create it"
	case errors.Is(err, syscall.ENOTDIR):
		return "lies below something that is no directory"
	case err != nil:
		return "" // the engine may see what podup may not
	}
	is := map[string]bool{
		"":                  true,
		"Directory":         info.IsDir(),
		"DirectoryOrCreate": info.IsDir(),
		"File":              info.Mode().IsRegular(),
		"FileOrCreate":      info.Mode().IsRegular(),
		"Socket":            info.Mode().Type() == fs.ModeSocket,
		"CharDevice":        info.Mode().Type() == fs.ModeDevice|fs.ModeCharDevice,
		"BlockDevice":       info.Mode().Type() == fs.ModeDevice,
	}
	if fits, known := is[kind]; known && !fits {
		return fmt.Sprintf("is %s, not what type %s says", describe(info.Mode()), kind)
	}
	return ""
}

func describe(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a directory"
	case mode.IsRegular():
		return "a file"
	case mode.Type() == fs.ModeSocket:
		return "a socket"
	case mode.Type() == fs.ModeDevice|fs.ModeCharDevice:
		return "a character device"
	case mode.Type() == fs.ModeDevice:
		return "a block device"
	case mode.Type() == fs.ModeNamedPipe:
		return "a named pipe"
	}
	return "something else"
}

// neededLocks is how many locks the new objects take. Podman gives one to each pod, container, the
// infra container included, and volume; there are 2048 by default.
func neededLocks(p plan.Plan) int {
	locks := 0
	for _, step := range p.Steps {
		switch step.Op.(type) {
		case plan.CreatePod:
			locks += 2
		case plan.CreateContainer, plan.CreateVolume, plan.HoldVolumes:
			locks++
		}
	}
	return locks
}
