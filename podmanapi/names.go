package podmanapi

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/podup/podup/translate"
)

// The files that podup writes for a pod stand in the infra container's own directory: they go when it
// goes, take no volume, and survive a restart of the machine, after which StartPod writes them again.
// Podman's own /etc/hosts of the pod stays beside it. It gets a line for each container that is started
// and so says something else every time.
const (
	hostsFile   = "podup-hosts"
	resolveFile = "podup-resolv.conf"
)

// namesMode lets every user of the containers read the files.
const namesMode = 0o644

// lookAtInfra inspects a pod's infra container.
func (c *Client) lookAtInfra(ctx context.Context, pod string) (infra, error) {
	var found infra
	err := c.on(ctx, container, translate.InfraName(pod), "look at", func(id, doing string) error {
		err := c.call(ctx, get(doing, "/containers/"+id+"/json", nil), &found)
		if err == nil {
			c.known.keep(id, found.StaticDir)
		}
		return err
	})
	return found, err
}

// staticDir is the infra container's own directory, asked for once for each infra container.
func (c *Client) staticDir(ctx context.Context, pod string) (string, error) {
	if id, ok := c.known.id(container, translate.InfraName(pod)); ok {
		if dir, ok := c.known.directory(id); ok {
			if _, err := os.Stat(dir); err == nil { // else somebody has made the pod anew
				return dir, nil
			}
		}
	}
	found, err := c.lookAtInfra(ctx, pod)
	return found.StaticDir, err
}

// makeNames makes the files of a new pod, empty: they are mounted by containers that may be made
// before the pod has an address.
func (c *Client) makeNames(ctx context.Context, p translate.Pod) error {
	if !c.local {
		if len(p.Names.Aliases) > 0 || p.Names.DNS != nil {
			return c.needsLocal("hostAliases or dnsConfig")
		}
		return nil
	}
	found, err := c.lookAtInfra(ctx, p.Name)
	if err != nil {
		return err
	}
	return writeNames(found, p.Names, nil, nil)
}

// fillNames writes the files of a pod whose infra container has just been started.
func (c *Client) fillNames(ctx context.Context, pod string) error {
	if !c.local {
		return nil
	}
	found, err := c.lookAtInfra(ctx, pod)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(found.StaticDir, hostsFile)); errors.Is(err, fs.ErrNotExist) {
		return nil // made before there were such files, or by somebody who may not write there
	}
	names, err := translate.ReadNames(found.Config.Labels)
	if err != nil {
		return err
	}
	var hosts, resolv []byte
	engines := readIfThere(found.HostsPath)
	if found.HostConfig.NetworkMode == "host" {
		hosts = names.NodeHosts(readIfThere("/etc/hosts"))
	} else {
		ips, err := c.podIPs(found)
		if err != nil {
			return err
		}
		hosts = names.ManagedHosts(found.Config.Hostname, ips, translate.PodmansHost(engines))
	}
	if names.DNS != nil {
		resolv = names.DNS.ResolvConf(readIfThere(found.ResolvConfPath))
	}
	return writeNames(found, names, hosts, resolv)
}

// readIfThere is empty for a file that cannot be read: of an engine's file nothing is then known.
func readIfThere(path string) []byte {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return text
}

// writeNames writes in place: running containers have the files themselves mounted, not their names.
// Where podup may not write, a pod that asks for nothing special has the engine's files.
func writeNames(found infra, names translate.Names, hosts, resolv []byte) error {
	files := map[string][]byte{hostsFile: hosts}
	if names.DNS != nil {
		files[resolveFile] = resolv
	}
	for name, text := range files {
		path := filepath.Join(found.StaticDir, name)
		err := os.WriteFile(path, text, namesMode)
		if err == nil {
			err = os.Chmod(path, namesMode)
		}
		if errors.Is(err, fs.ErrPermission) && names.DNS == nil && len(names.Aliases) == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("write the pod's %s: %w", name, err)
		}
	}
	return nil
}

// addNames mounts the pod's files into a container that mounts nothing there itself.
func (c *Client) addNames(ctx context.Context, spec *containerSpec, con translate.Container, doing string) error {
	if !c.local {
		return nil
	}
	dir, err := c.staticDir(ctx, con.Pod)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	for _, file := range []struct{ name, destination string }{{hostsFile, "/etc/hosts"}, {resolveFile, "/etc/resolv.conf"}} {
		source := filepath.Join(dir, file.name)
		if _, err := os.Stat(source); err != nil {
			continue
		}
		if slices.ContainsFunc(con.Mounts, func(m translate.Mount) bool { return m.Path == file.destination }) {
			continue
		}
		// z: where SELinux is on, the containers may read it.
		spec.Mounts = append(spec.Mounts, bindMount{Type: "bind", Source: source, Destination: file.destination, Options: []string{"bind", "rw", "z"}})
	}
	return nil
}
