package podmanapi

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/podup/podup/translate"
)

// infra is what podup reads of an infra container.
type infra struct {
	HostsPath      string
	ResolvConfPath string
	OCIConfigPath  string
	StaticDir      string // the container's own directory, from its creation to its removal
	Config         struct {
		Hostname string
		Labels   map[string]string
	}
	HostConfig struct{ NetworkMode string }
	State      struct {
		Running   bool
		Pid       int
		StartedAt time.Time
	}
	NetworkSettings struct {
		IPAddress string
		Networks  map[string]struct{ IPAddress, GlobalIPv6Address string }
	}
}

// Facts gives the addresses of a pod whose infra container runs, and the machine's size.
func (c *Client) Facts(ctx context.Context, name string) (translate.Facts, error) {
	var found infra
	err := c.on(ctx, container, translate.InfraName(name), "look at", func(id, doing string) error {
		return c.call(ctx, get(doing, "/containers/"+id+"/json", nil), &found)
	})
	if err != nil {
		return translate.Facts{}, err
	}
	if !found.State.Running {
		return translate.Facts{}, fmt.Errorf("facts of pod/%s: its infra container does not run", name)
	}
	facts := translate.Facts{HostIPs: c.hostIPs(ctx)}
	if facts.PodIPs, err = c.podIPs(found); err != nil {
		return translate.Facts{}, fmt.Errorf("facts of pod/%s: %w", name, err)
	}
	if len(facts.PodIPs) == 0 { // the host's network
		facts.PodIPs = facts.HostIPs
	}
	facts.AllocatableCPU, facts.AllocatableMemory, err = c.allocatable(ctx)
	return facts, err
}

// podIPs gives the pod's addresses, IPv4 first. A bridge's are in the inspect reply. Under pasta they
// are in no reply (5.8, 5.4): the infra container's hosts file has the IPv4 one, its network namespace
// the IPv6 ones.
func (c *Client) podIPs(found infra) ([]string, error) {
	var ips []string
	settings := found.NetworkSettings
	names := make([]string, 0, len(settings.Networks))
	for name := range settings.Networks {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		ips = append(ips, settings.Networks[name].IPAddress, settings.Networks[name].GlobalIPv6Address)
	}
	ips = slices.DeleteFunc(ips, func(ip string) bool { return ip == "" })
	if len(ips) > 0 {
		return ips, nil
	}
	if settings.IPAddress != "" {
		return []string{settings.IPAddress}, nil
	}
	if !c.local {
		return nil, fmt.Errorf("the engine at %s does not tell the pod's address; a network of its own (--network) would have one", c.url)
	}
	if found.HostsPath != "" {
		text, err := os.ReadFile(found.HostsPath)
		if err != nil {
			return nil, fmt.Errorf("read the pod's hosts file: %w", err)
		}
		ips = hostsIPs(text)
	}
	if text, err := os.ReadFile("/proc/" + strconv.Itoa(found.State.Pid) + "/net/if_inet6"); err == nil {
		for _, ip := range inet6(text) {
			if !slices.Contains(ips, ip) {
				ips = append(ips, ip)
			}
		}
	}
	return ips, nil
}

// hostsIPs gives the addresses that Podman's hosts file has for the pod itself: neither loopback nor
// the link-local one of host.containers.internal.
func hostsIPs(hosts []byte) []string {
	var ips []string
	lines := bufio.NewScanner(bytes.NewReader(hosts))
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(line)
		if len(fields) < 2 || slices.Contains(fields, "host.containers.internal") {
			continue
		}
		ip, err := netip.ParseAddr(fields[0])
		if err == nil && !ip.IsLoopback() && !slices.Contains(ips, ip.String()) {
			ips = append(ips, ip.String())
		}
	}
	return ips
}

// inet6 gives the global addresses of /proc/PID/net/if_inet6: 32 hex digits, interface index, prefix
// length, scope (00 is global), flags, name.
func inet6(table []byte) []string {
	var ips []string
	lines := bufio.NewScanner(bytes.NewReader(table))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 6 || fields[3] != "00" {
			continue
		}
		raw, err := hex.DecodeString(fields[0])
		if ip, ok := netip.AddrFromSlice(raw); err == nil && ok {
			ips = append(ips, ip.String())
		}
	}
	return ips
}

// hostIPs gives the addresses of the engine's machine by which it speaks to the outside: the one the
// route to a far address begins with. No packet is sent.
func (c *Client) hostIPs(ctx context.Context) []string {
	if !c.local {
		if where, err := url.Parse(c.url); err == nil && where.Hostname() != "" {
			return []string{where.Hostname()}
		}
		return []string{"127.0.0.1"}
	}
	var ips []string
	for family, far := range map[string]string{"udp4": "192.0.2.1:9", "udp6": "[2001:db8::1]:9"} {
		conn, err := (&net.Dialer{}).DialContext(ctx, family, far)
		if err != nil {
			continue
		}
		if local, ok := conn.LocalAddr().(*net.UDPAddr); ok && !local.IP.IsLoopback() {
			ips = append(ips, local.IP.String())
		}
		conn.Close()
	}
	slices.SortFunc(ips, func(a, b string) int { return strings.Count(a, ":") - strings.Count(b, ":") })
	if len(ips) == 0 {
		return []string{"127.0.0.1"}
	}
	return ips
}

// allocatable gives the machine's size in thousandths of a CPU and bytes. The engine's own answer
// takes 74-160 ms (5.8): a local one is the machine podup sees.
func (c *Client) allocatable(ctx context.Context) (cpu, memory int64, err error) {
	if c.local {
		text, err := os.ReadFile("/proc/meminfo")
		if total, ok := memTotal(text); err == nil && ok {
			return int64(runtime.NumCPU()) * 1000, total, nil
		}
	}
	info, err := c.hostInfo(ctx)
	if err != nil {
		return 0, 0, err
	}
	return int64(info.Host.CPUs) * 1000, info.Host.MemTotal, nil
}

func memTotal(meminfo []byte) (bytes int64, ok bool) {
	for line := range strings.Lines(string(meminfo)) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == "MemTotal:" && fields[2] == "kB" {
			kilobytes, err := strconv.ParseInt(fields[1], 10, 64)
			return kilobytes << 10, err == nil
		}
	}
	return 0, false
}

// shmOf is where the pod's shared /dev/shm lies on the engine's machine.
func shmOf(found infra) string { return filepath.Join(filepath.Dir(found.OCIConfigPath), "shm") }
