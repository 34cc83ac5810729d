package podmantest

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// noProcess is above the highest PID a kernel gives out.
const noProcess = 1<<22 + 1

// pid is that of the test, in which the containers run, so that it exists as the real ones do.
func (c *container) pid() int {
	switch {
	case c.lost:
		return noProcess
	case c.up():
		return os.Getpid()
	}
	return 0
}

// lists what a container list shows: whole seconds, no reason for an exit, one name.
func (c *container) listed() map[string]any {
	command := c.command()
	if len(command) > 0 && c.image != nil {
		command = command[min(len(c.entrypoint()), len(command)):]
	}
	image, imageID := "", ""
	if c.image != nil {
		image, imageID = c.imageRef, c.image.id
	}
	podID, podName, ports := "", "", []port{}
	if c.pod != nil {
		podID, podName, ports = c.pod.id, c.pod.name, c.pod.ports
	}
	mounts := []string{}
	for _, mount := range c.spec.Volumes {
		mounts = append(mounts, mount.Dest)
	}
	for _, mount := range c.spec.Mounts {
		mounts = append(mounts, mount.Destination)
	}
	labels := c.spec.Labels
	if labels == nil {
		labels = map[string]string{}
	}
	return map[string]any{
		"AutoRemove": false, "Command": command, "Created": c.created, "CreatedAt": "", "CIDFile": "",
		"Exited": c.state == stateExited, "ExitedAt": c.finished.Unix(), "ExitCode": c.exitCode, "ExposedPorts": nil,
		"Id": c.id, "Image": image, "ImageID": imageID, "IsInfra": c.infra, "Labels": labels, "Mounts": mounts,
		"Names": []string{c.name}, "Namespaces": map[string]any{}, "Networks": []string{}, "Pid": c.pid(),
		"Pod": podID, "PodName": podName, "Ports": ports, "Restarts": c.restarts, "Size": nil,
		"StartedAt": c.started.Unix(), "State": c.state, "Status": "",
	}
}

func listContainers(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	filters, err := c.filters("label", "name", "id", "status", "pod")
	if err != nil {
		return answer{}, err
	}
	list := []any{}
	for _, one := range s.containers {
		if !flag(c.query, "all") && one.state != stateRunning {
			continue
		}
		if !labelled(one.spec.Labels, filters["label"]) || !named(one.name, filters["name"]) || !named(one.id, filters["id"]) {
			continue
		}
		if status := filters["status"]; len(status) > 0 && !slices.Contains(status, one.state) {
			continue
		}
		if pods := filters["pod"]; len(pods) > 0 && (one.pod == nil || !slices.Contains(pods, one.pod.name) && !slices.Contains(pods, one.pod.id)) {
			continue
		}
		list = append(list, one.listed())
	}
	return answer{status: http.StatusOK, body: list}, nil
}

func inspectContainer(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	one, err := c.container()
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: s.inspect(one)}, nil
}

func (s *Service) inspect(c *container) map[string]any {
	command := c.command()
	image, imageID, imageDigest, podID, network := "", "", "", "", "pasta"
	if c.image != nil {
		image, imageID, imageDigest = c.imageRef, c.image.id, "sha256:"+c.image.id
	}
	settings := map[string]any{"IPAddress": "", "Gateway": "", "GlobalIPv6Address": "", "Ports": map[string]any{}}
	hosts, ports := "", []port{}
	if c.pod != nil {
		podID, ports = c.pod.id, c.pod.ports
		settings["Ports"] = bindings(ports)
		if len(c.pod.networks) > 0 {
			network = "bridge"
			settings["Networks"] = c.pod.endpoints(s)
		}
		if !c.infra {
			network = "container:" + c.pod.infra.id
		}
		if !c.started.IsZero() {
			hosts = s.hostsPath(c.pod)
		}
	}
	secrets := []any{}
	for _, name := range slices.Sorted(maps.Values(c.spec.SecretEnv)) {
		if i := s.secretIndex(name); i >= 0 {
			secrets = append(secrets, map[string]any{"Name": name, "ID": s.secrets[i].id, "UID": 0, "GID": 0, "Mode": 0})
		}
	}
	execs := []string{}
	for id, session := range s.sessions {
		if session.container == c {
			execs = append(execs, id)
		}
	}
	slices.Sort(execs)
	path, arguments := "", []string{}
	if len(command) > 0 {
		path, arguments = command[0], command[1:]
	}
	policy := c.spec.RestartPolicy
	if policy == "" {
		policy = "no"
	}
	resources := c.spec.Resources
	return map[string]any{
		"Id": c.id, "Created": c.created, "Path": path, "Args": arguments, "Name": c.name,
		"State": map[string]any{
			"OciVersion": "1.2.1", "Status": c.state, "Running": c.state == stateRunning || c.state == stateStopping, "Paused": false,
			"Restarting": false, "OOMKilled": c.oomKilled, "Dead": false, "Pid": c.pid(), "ExitCode": c.exitCode,
			"Error": c.lastError, "StartedAt": c.started, "FinishedAt": c.finished, "StoppedByUser": c.byUser,
			"CheckpointedAt": time.Time{}, "RestoredAt": time.Time{},
		},
		"Image": imageID, "ImageDigest": imageDigest, "ImageName": image, "Rootfs": "", "Pod": podID, "HostsPath": hosts,
		"OCIConfigPath": filepath.Join(s.userdata(c), "config.json"), "StaticDir": s.userdata(c),
		"OCIRuntime": "crun", "RestartCount": c.restarts, "Driver": "overlay", "ExecIDs": execs, "IsInfra": c.infra,
		"Mounts": s.inspectMounts(c), "NetworkSettings": settings,
		"Config": map[string]any{
			"Hostname": c.hostname(), "User": c.spec.User, "Tty": c.spec.Terminal, "OpenStdin": c.spec.Stdin,
			"Env": c.environment(), "Cmd": c.spec.Command, "Image": image, "WorkingDir": c.dir(), "Entrypoint": c.entrypoint(),
			"Labels": c.spec.Labels, "StopSignal": c.stopSignal(), "StopTimeout": int(c.grace().Seconds()), "Secrets": secrets,
			"CreateCommand": nil,
		},
		"HostConfig": map[string]any{
			"NetworkMode": network, "PortBindings": bindings(ports), "Privileged": c.spec.Privileged, "ReadonlyRootfs": c.spec.ReadOnly,
			"RestartPolicy": map[string]any{"Name": policy, "MaximumRetryCount": 0},
			"LogConfig":     map[string]any{"Type": c.spec.Log.Driver, "Path": c.spec.Log.Path, "Size": "-1B"},
			"CapAdd":        c.spec.CapAdd, "CapDrop": c.spec.CapDrop, "GroupAdd": c.spec.Groups,
			"CpuShares": resources.CPU.Shares, "CpuQuota": resources.CPU.Quota, "CpuPeriod": resources.CPU.Period,
			"Memory": resources.Memory.Limit, "MemorySwap": resources.Memory.Swap,
		},
	}
}

func (s *Service) inspectMounts(c *container) []any {
	list := []any{}
	for _, mount := range c.spec.Volumes {
		source := ""
		if i := s.volumeIndex(mount.Name); i >= 0 {
			source = s.volumes[i].mountpoint
		}
		list = append(list, map[string]any{
			"Type": "volume", "Name": mount.Name, "Source": source, "Destination": mount.Dest, "Driver": "local", "Mode": "",
			"Options": append(slices.Clone(mount.Options), "nosuid", "nodev", "rbind"), "RW": !slices.Contains(mount.Options, "ro"),
			"Propagation": "rprivate", "SubPath": mount.SubPath,
		})
	}
	for _, mount := range c.spec.Mounts {
		list = append(list, map[string]any{
			"Type": mount.Type, "Source": mount.Source, "Destination": mount.Destination, "Driver": "", "Mode": "",
			"Options": mount.Options, "RW": !slices.Contains(mount.Options, "ro"), "Propagation": "rprivate",
		})
	}
	return list
}

// endpoints are the networks of a pod as every container of it shows them.
func (p *pod) endpoints(s *Service) map[string]any {
	endpoints := map[string]any{}
	for _, name := range p.networks {
		endpoint := map[string]any{"IPAddress": p.address[name], "Gateway": "", "NetworkID": "", "GlobalIPv6Address": ""}
		if i := s.networkIndex(name); i >= 0 && p.address[name] != "" {
			endpoint["Gateway"], endpoint["NetworkID"], endpoint["IPPrefixLen"] = s.networks[i].gateway(), s.networks[i].id, 16
		}
		endpoints[name] = endpoint
	}
	return endpoints
}

// bindings are port mappings as inspect shows them.
func bindings(ports []port) map[string]any {
	shown := map[string]any{}
	for _, p := range ports {
		host := p.HostIP
		if host == "" {
			host = "0.0.0.0"
		}
		for i := range p.Range {
			key := fmt.Sprintf("%d/%s", p.ContainerPort+i, p.Protocol)
			list, _ := shown[key].([]any)
			shown[key] = append(list, map[string]string{"HostIp": host, "HostPort": fmt.Sprint(p.HostPort + i)})
		}
	}
	return shown
}

// entrypoint, command and the rest are what the image and the request make together.

func (c *container) entrypoint() []string {
	if c.infra {
		return []string{"/catatonit", "-P"}
	}
	if c.spec.Entrypoint != nil {
		return c.spec.Entrypoint
	}
	return c.image.Entrypoint
}

func (c *container) command() []string {
	if c.infra {
		return c.entrypoint()
	}
	command := slices.Clone(c.entrypoint())
	switch {
	case c.spec.Command != nil:
		command = append(command, c.spec.Command...)
	case c.spec.Entrypoint == nil:
		command = append(command, c.image.Command...)
	}
	return command
}

// environment is what inspect shows: no value that comes from a secret.
func (c *container) environment() []string {
	set := map[string]string{"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "container": "podman"}
	if c.image != nil {
		for _, pair := range c.image.Env {
			name, value, _ := strings.Cut(pair, "=")
			set[name] = value
		}
	}
	maps.Copy(set, c.spec.Env)
	for _, name := range c.spec.UnsetEnv {
		delete(set, name)
	}
	env := []string{}
	for name, value := range set {
		env = append(env, name+"="+value)
	}
	slices.Sort(env)
	return env
}

func (c *container) hostname() string {
	switch {
	case c.pod != nil:
		return c.pod.hostnameOrName()
	case c.spec.Hostname != "":
		return c.spec.Hostname
	}
	return c.id[:12]
}

func (c *container) dir() string {
	switch {
	case c.spec.WorkDir != "":
		return c.spec.WorkDir
	case c.image != nil && c.image.WorkingDir != "":
		return c.image.WorkingDir
	}
	return "/"
}

// grace is how long a stop waits before it kills.
func (c *container) grace() time.Duration {
	if c.spec.StopTimeout != nil {
		return time.Duration(*c.spec.StopTimeout) * time.Second
	}
	return 10 * time.Second
}
