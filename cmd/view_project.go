package cmd

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/docker/go-units"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

// projectTable shows what a project has on the engine.
type projectTable struct {
	actual plan.Actual
	all    bool // also init containers that have finished
	now    time.Time
	// memories are what a supervisor remembers, by pod; those of a project that is not supervised only
	// tell of the past.
	memories   map[string]status.Memory
	supervised bool
}

// shown says whether a container is listed.
func (t projectTable) shown(c plan.ContainerState) bool {
	finished := c.Role == translate.RoleInit && c.Status == plan.Exited && c.ExitCode == 0
	return t.all || !finished
}

// containers are the listed ones in the order of the table.
func (t projectTable) containers() []plan.ContainerState {
	var containers []plan.ContainerState
	for _, name := range podNames(t.actual) {
		for _, c := range podContainers(t.actual.Pods[name]) {
			if t.shown(c) {
				containers = append(containers, c)
			}
		}
	}
	return containers
}

// The columns that are treated on their own.
const (
	columnImage    = 2
	columnStatus   = 3
	columnRestarts = 4
)

// render writes the table. It is made to fit width cells, as far as it can be: see fitTable; 0 is no limit.
func (t projectTable) render(w io.Writer, color palette, width int, headers bool) error {
	var rows [][]string
	var states []plan.ContainerState
	if headers {
		rows = append(rows, []string{"POD", "CONTAINER", "IMAGE", "STATUS", "RESTARTS", "PORTS"})
		states = append(states, plan.ContainerState{})
	}
	for _, name := range podNames(t.actual) {
		pod := t.actual.Pods[name]
		// Ports belong to the pod: they stand once, beside its first container.
		ports := shortPorts(podPorts(pod))
		listed := 0
		for _, c := range podContainers(pod) {
			if !t.shown(c) {
				continue
			}
			rows = append(rows, []string{
				clean(name), clean(containerLabel(c)), clean(familiarImage(c.Image)), t.status(c), strconv.Itoa(t.restarts(c)), ports,
			})
			states = append(states, c)
			ports = ""
			listed++
		}
		for _, gone := range t.removed(pod) {
			rows = append(rows, []string{clean(name), clean(gone), "-", "Removed", "-", ports})
			states = append(states, plan.ContainerState{})
			ports = ""
			listed++
		}
		if listed == 0 {
			rows = append(rows, []string{clean(name), "-", "-", t.status(pod.Infra), "-", ports})
			states = append(states, pod.Infra)
		}
	}
	rows, of := fitTable(rows, width, headers)
	return writeTable(w, rows, width, columnImage, func(row, column int, text string) string {
		switch {
		case headers && row == 0:
			return color.bold(text)
		case column == columnStatus:
			return t.statusColor(states[of[row]], color)(text)
		}
		return text
	})
}

func (t projectTable) statusColor(c plan.ContainerState, color palette) func(string) string {
	switch {
	case c.Status == plan.Running && t.health(c) == unready:
		return color.yellow
	case c.Status == plan.Running:
		return color.green
	case c.Status == plan.Exited && c.ExitCode == 0, c.Status == plan.Created:
		return color.faint
	case c.Status == plan.Paused:
		return color.yellow
	}
	return color.red
}

// status is a container's state in the words of `podman ps`.
func (t projectTable) status(c plan.ContainerState) string {
	switch c.Status {
	case plan.Created:
		return "Created"
	case plan.Running:
		if health := t.health(c); health != "" {
			return fmt.Sprintf("Up %s (%s)", t.since(c.StartedAt), health)
		}
		return "Up " + t.since(c.StartedAt)
	case plan.Paused:
		return "Paused"
	case plan.Exited:
		if known, ok := t.remembered(c); ok && t.supervised && known.Waiting.Reason == status.CrashLoopBackOff {
			return "Back-off, " + nextTry(known, t.now)
		}
		if c.ExitedAt.IsZero() {
			return fmt.Sprintf("Exited (%d)", c.ExitCode)
		}
		return fmt.Sprintf("Exited (%d) %s ago", c.ExitCode, t.since(c.ExitedAt))
	case plan.Lost:
		return "Lost (exit code unknown)"
	}
	return clean(string(c.Status))
}

// since is at least a second: "less than a second" is long and says no more.
func (t projectTable) since(then time.Time) string {
	return strings.ToLower(units.HumanDuration(max(t.now.Sub(then), time.Second)))
}

// familiarImage leaves out what Docker's short names imply: docker.io/library/nginx:1.27 is
// nginx:1.27. Digests keep the 12 digits people compare.
func familiarImage(image string) string {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return image
	}
	short := reference.FamiliarString(named)
	if name, digest, ok := strings.Cut(short, "@"); ok {
		if algorithm, hex, ok := strings.Cut(digest, ":"); ok && len(hex) > 12 {
			return name + "@" + algorithm + ":" + hex[:12]
		}
	}
	return short
}

// podPorts are the ports a pod publishes, each once, sorted.
func podPorts(pod plan.PodState) []translate.Port {
	ports := slices.Clone(pod.Infra.Ports)
	for _, c := range pod.Containers {
		ports = append(ports, c.Ports...)
	}
	slices.SortFunc(ports, func(a, b translate.Port) int {
		if a.ContainerPort != b.ContainerPort {
			return int(a.ContainerPort) - int(b.ContainerPort)
		}
		if a.HostPort != b.HostPort {
			return int(a.HostPort) - int(b.HostPort)
		}
		return strings.Compare(a.Protocol+a.HostIP, b.Protocol+b.HostIP)
	})
	return slices.Compact(ports)
}

// portsText writes ports as podman does, but for the address that says nothing: 8080->80/tcp,
// 127.0.0.1:8080->80/tcp.
func portsText(ports []translate.Port) string {
	text := make([]string, 0, len(ports))
	for _, p := range ports {
		host := strconv.Itoa(int(p.HostPort))
		if p.HostIP != "" && p.HostIP != "0.0.0.0" {
			host = net.JoinHostPort(p.HostIP, host)
		}
		text = append(text, fmt.Sprintf("%s->%d/%s", host, p.ContainerPort, p.Protocol))
	}
	return clean(strings.Join(text, ", "))
}

// shortPorts is portsText without the protocol of nearly all ports, TCP.
func shortPorts(ports []translate.Port) string {
	words := strings.Split(portsText(ports), ", ")
	for i, word := range words {
		words[i] = strings.TrimSuffix(word, "/tcp")
	}
	return strings.Join(words, ", ")
}

// reach says where the project's TCP ports are reached, a line each. Host names the machine of the
// engine; it is only asked for where there is a port.
func (t projectTable) reach(host func() string) []string {
	var out []string
	machine := ""
	for _, name := range podNames(t.actual) {
		for _, p := range podPorts(t.actual.Pods[name]) {
			if p.Protocol != "tcp" || p.HostPort == 0 {
				continue
			}
			if machine == "" {
				machine = host()
			}
			address := net.JoinHostPort(clean(reachHost(p.HostIP, machine)), strconv.Itoa(int(p.HostPort)))
			out = append(out, fmt.Sprintf("%s → %s %d/tcp", address, clean(name), p.ContainerPort))
		}
	}
	return slices.Compact(out)
}

// reachHost is the name under which an address that a port is bound to is reached.
func reachHost(ip, machine string) string {
	address, err := netip.ParseAddr(ip)
	switch {
	case err != nil, address.IsUnspecified():
		return machine
	case address.IsLoopback() && machine == "localhost":
		return machine
	}
	return ip
}

type projectDocument struct {
	FormatVersion string    `json:"formatVersion"`
	Project       string    `json:"project"`
	Pods          []podJSON `json:"pods"`
}

type podJSON struct {
	Name       string          `json:"name"`
	ID         string          `json:"id"`
	Ports      []portJSON      `json:"ports"`
	Containers []containerJSON `json:"containers"`
}

type portJSON struct {
	HostIP        string `json:"hostIP"`
	HostPort      uint16 `json:"hostPort"`
	ContainerPort uint16 `json:"containerPort"`
	Protocol      string `json:"protocol"`
}

type containerJSON struct {
	Name       string     `json:"name"`       // in the manifest
	EngineName string     `json:"engineName"` // in Podman
	ID         string     `json:"id"`
	Role       string     `json:"role"` // app or init
	Image      string     `json:"image"`
	ImageID    string     `json:"imageID"`
	Status     string     `json:"status"` // created, running, paused, exited, lost
	ExitCode   *int       `json:"exitCode,omitempty"`
	CreatedAt  *time.Time `json:"createdAt,omitempty"`
	StartedAt  *time.Time `json:"startedAt,omitempty"`
	FinishedAt *time.Time `json:"finishedAt,omitempty"`
	Restarts   int        `json:"restarts"`
	Ready      *bool      `json:"ready,omitempty"` // these two only where a supervisor knows
	Started    *bool      `json:"started,omitempty"`
	Reason     string     `json:"reason,omitempty"` // why it does not run: CrashLoopBackOff, OOMKilled, Error, …
}

func (t projectTable) document(project string) projectDocument {
	doc := projectDocument{FormatVersion: formatVersion, Project: project, Pods: []podJSON{}}
	for _, name := range podNames(t.actual) {
		pod := t.actual.Pods[name]
		out := podJSON{Name: name, ID: pod.ID, Ports: []portJSON{}, Containers: []containerJSON{}}
		for _, p := range podPorts(pod) {
			out.Ports = append(out.Ports, portJSON(p))
		}
		for _, c := range podContainers(pod) {
			if t.shown(c) {
				out.Containers = append(out.Containers, t.containerDocument(c))
			}
		}
		doc.Pods = append(doc.Pods, out)
	}
	return doc
}

func (t projectTable) containerDocument(c plan.ContainerState) containerJSON {
	out := containerJSON{
		Name: c.Container, EngineName: c.Name, ID: c.ID, Role: c.Role, Image: c.Image, ImageID: c.ImageID,
		Status: string(c.Status), CreatedAt: timeOrNil(c.CreatedAt), StartedAt: timeOrNil(c.StartedAt), Restarts: t.restarts(c),
		Reason: t.reason(c),
	}
	if known, ok := t.remembered(c); ok && t.supervised {
		ready, started := known.Ready, known.Started
		out.Ready, out.Started = &ready, &started
	}
	if c.Status == plan.Exited {
		code := c.ExitCode
		out.ExitCode = &code
		out.FinishedAt = timeOrNil(c.ExitedAt)
	}
	return out
}

func timeOrNil(t time.Time) *time.Time {
	// The engine writes the Unix epoch and Go's zero time for "never".
	if t.IsZero() || t.Unix() <= 0 {
		return nil
	}
	t = t.UTC()
	return &t
}
