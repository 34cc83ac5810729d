package quadlet

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/translate"
)

// containerData is what container.tmpl shows.
type containerData struct {
	head
	Title, Container, PodName, Pod string
	After, Requires, Wants         []string

	Image, Pull string
	Entrypoint  []string
	Exec        []string
	WorkingDir  string
	Environment []string
	Secrets     []string
	Volumes     []string // plain
	Mounts      []string // words

	User, Group                   string
	GroupAdd                      []string
	AddCapability, DropCapability []string
	NoNewPrivileges, ReadOnly     bool
	Unmask, Seccomp, AppArmor     string
	LabelType, LabelLevel         string
	Memory                        string
	AddressFile                   string // of variables with the pod's address, in the runtime directory
	StopSignal, StopTimeout       string
	HTTPProxy                     string
	Health                        *health
	PodmanArgs                    []string

	Once, Direct        bool
	StartPre, StartPost [][]string
	Startup             []string // the last of StartPost
	Stop                []string
	Restart             string
	ForceRestart        []string
	Signalled           bool // SIGTERM and SIGKILL are no failures
	TimeoutStop         string
}

// field is the path of a field of a container, as people name it.
func field(c *translate.Container, name string) string {
	kind := "containers"
	if c.Init {
		kind = "initContainers"
	}
	return fmt.Sprintf("spec.%s[%s].%s", kind, c.Name, name)
}

func (g *generator) container(p *translate.Pod, c *translate.Container) {
	unit, service := containerUnit(p.Name, c.Name)
	pod, _ := podUnit(p.Name)
	data := containerData{
		Title:       title(c),
		Container:   c.Name,
		PodName:     p.Name,
		Pod:         pod,
		Image:       c.Image,
		Pull:        pull(c.Pull),
		WorkingDir:  c.WorkingDir,
		StopSignal:  c.StopSignal,
		StopTimeout: seconds(c.Grace),
	}
	data.HTTPProxy = g.opts.Podman.value(httpProxy, "false", &data.PodmanArgs)
	if c.WorkingDir != "" {
		g.checkPlain(p.Name, field(c, "workingDir"), c.WorkingDir)
	}
	g.argv(&data, c)
	g.environment(unit, &data, p, c)
	g.mounts(unit, &data, c)
	g.security(unit, &data, p, c)
	g.resources(unit, &data, c)
	if c.TTY {
		data.PodmanArgs = append(data.PodmanArgs, "--tty")
	}
	if c.Stdin {
		data.PodmanArgs = append(data.PodmanArgs, "--interactive")
	}
	if c.HostPID {
		data.PodmanArgs = append(data.PodmanArgs, "--pid=host")
	}
	if p.Namespaces.HostIPC {
		data.PodmanArgs = append(data.PodmanArgs, "--ipc=host")
	}
	order(&data, p, c)
	g.restart(unit, &data, c)
	g.health(unit, &data, c)
	g.hooks(unit, &data, c)
	g.message(unit, c)
	data.head = g.head(unit, service, service)
	data.Labels = append(data.Labels, translate.LabelProject+"=") // an image may bring one
	g.write(p.Name, unit, service, "container", data)
}

func title(c *translate.Container) string {
	switch {
	case c.Sidecar:
		return "Sidecar"
	case c.Init:
		return "Init container"
	}
	return "Container"
}

func pull(policy translate.PullPolicy) string {
	switch policy {
	case translate.PullAlways:
		return "always"
	case translate.PullNever:
		return "never"
	case translate.PullIfNotPresent:
	}
	return "missing"
}

// argv: with a command, the arguments are part of the Entrypoint, whose JSON holds any text. Arguments
// alone are words of Exec.
func (g *generator) argv(data *containerData, c *translate.Container) {
	for i, text := range c.Entrypoint {
		g.checkJSON(c.Pod, field(c, fmt.Sprintf("command[%d]", i)), text)
	}
	if len(c.Entrypoint) > 0 {
		for i, text := range c.Command {
			g.checkJSON(c.Pod, field(c, fmt.Sprintf("args[%d]", i)), text)
		}
		data.Entrypoint = append(append([]string{}, c.Entrypoint...), c.Command...)
		return
	}
	for i, text := range c.Command {
		at := field(c, fmt.Sprintf("args[%d]", i))
		switch g.checkWord(c.Pod, at, text); text {
		case "":
			// The generator cuts Exec off there, and says nothing (5.8.2).
			g.refuse(c.Pod, at, "an empty argument cannot be said where the image gives the command: write the command, too")
		case ";":
			// The generator writes it bare, and systemd begins another command there (5.8.2).
			g.refuse(c.Pod, at, "the argument ; cannot be said where the image gives the command: write the command, too")
		}
	}
	data.Exec = c.Command
}

// environment gives the container what a kubelet gives: without Podman's own variable "container".
func (g *generator) environment(unit string, data *containerData, p *translate.Pod, c *translate.Container) {
	unset := true
	var addressed []string
	for _, v := range c.Env {
		at := field(c, "env["+v.Name+"]")
		unset = unset && v.Name != "container"
		g.checkWord(c.Pod, at, v.Name)
		if v.Secret != "" {
			g.secretVariable(unit, data, c, v)
			continue
		}
		if v.Value == translate.PodIP && p.Network != "host" {
			addressed = append(addressed, v.Name)
			continue
		}
		g.checkWord(c.Pod, at, v.Value)
		data.Environment = append(data.Environment, v.Name+"="+v.Value)
	}
	if len(addressed) > 0 {
		_, service := containerUnit(c.Pod, c.Name)
		data.AddressFile = service + ".address"
		data.StartPre = append(data.StartPre, append([]string{"/bin/sh", "-c", addressScript(), "address", p.Name + "-infra", data.AddressFile}, addressed...))
	}
	if unset {
		data.PodmanArgs = append(data.PodmanArgs, "--unsetenv=container")
	}
}

// addressScript writes variables that hold the pod's address to a file of the container's unit. Only the
// hosts file of the infra container has it on every network (5.8.6, 5.4.2). $1 is that container, $2 the
// file in the manager's runtime directory, what follows are the variables.
func addressScript() string {
	return strings.Join([]string{
		`infra=$1 file=${XDG_RUNTIME_DIR:-/run}/$2`,
		`shift 2`,
		`hosts=$(` + podman + ` inspect --format "{{.HostsPath}}" "$infra")`,
		`while read -r ip names; do case " $names " in *" $infra "*) for name; do echo "$name=$ip"; done >"$file"; exit; esac; done <"$hosts"`,
		`echo "no address of $infra in $hosts" >&2`,
		`exit 1`,
	}, "; ")
}

// resources: what a kubelet's cgroup has, with as little swap as there.
func (g *generator) resources(unit string, data *containerData, c *translate.Container) {
	r := c.Resources
	if r.MemoryLimit > 0 {
		limit := strconv.FormatInt(r.MemoryLimit, 10)
		data.Memory = g.opts.Podman.value(memory, limit, &data.PodmanArgs)
		data.PodmanArgs = append(data.PodmanArgs, "--memory-swap="+limit)
	}
	if r.CPUShares > 0 {
		data.PodmanArgs = append(data.PodmanArgs, fmt.Sprintf("--cpu-shares=%d", r.CPUShares))
	}
	if r.CPUQuota > 0 {
		data.PodmanArgs = append(data.PodmanArgs, fmt.Sprintf("--cpu-period=%d", r.CPUPeriod), fmt.Sprintf("--cpu-quota=%d", r.CPUQuota))
	}
	if r.HugePages2Mi > 0 || r.HugePages1Gi > 0 {
		g.note(unit, field(c, "resources.limits[hugepages]"), "the container may use as many huge pages as the machine has; "+supervised)
	}
	data.PodmanArgs = append(data.PodmanArgs, fmt.Sprintf("--oom-score-adj=%d", oomScore(r)))
}

// oomScore: between the guaranteed and those that asked for nothing a kubelet goes by the machine's memory,
// which is not known here. All but the greediest requests come out near the upper end.
func oomScore(r translate.Resources) int {
	if r.Class == corev1.PodQOSBurstable {
		return burstableScore
	}
	return r.OOMScore(0)
}

// burstableScore is what a small request of a large machine has (kubelet: qos/policy.go).
const burstableScore = 999

func (g *generator) message(unit string, c *translate.Container) {
	l := c.Lifecycle
	if l.MessagePath != "" && l.MessagePath != corev1.TerminationMessagePathDefault {
		g.note(unit, field(c, "terminationMessagePath"), "nobody reads it; journalctl shows what the container says; "+supervised)
	}
	if l.MessagePolicy == corev1.TerminationMessageFallbackToLogsOnError {
		g.note(unit, field(c, "terminationMessagePolicy"), "nobody keeps the end of the logs as a message: see journalctl; "+supervised)
	}
}

// security sets user, groups and what confines the container.
func (g *generator) security(unit string, data *containerData, p *translate.Pod, c *translate.Container) {
	s := c.Security
	at := func(name string) string { return field(c, "securityContext."+name) }
	switch {
	case s.RunAsUser != nil:
		data.User = strconv.FormatInt(*s.RunAsUser, 10)
	case s.RunAsGroup != nil:
		// The generator refuses a group alone, and podman would take it for root's.
		g.refuse(c.Pod, at("runAsGroup"), "a group needs a user beside it in a unit, and the image's is not known here: add runAsUser")
	case s.RunAsNonRoot:
		g.note(unit, at("runAsNonRoot"), "nothing looks whether the image's user is root: add runAsUser")
	}
	if s.RunAsGroup != nil {
		data.Group = strconv.FormatInt(*s.RunAsGroup, 10)
	}
	for _, group := range s.SupplementalGroups {
		data.GroupAdd = append(data.GroupAdd, strconv.FormatInt(group, 10))
	}
	data.DropCapability = s.CapDrop
	if s.RunAsUser == nil || *s.RunAsUser == 0 {
		data.AddCapability = s.CapAdd
	} else if len(s.CapAdd) > 0 {
		g.note(unit, at("capabilities.add"), "left out, for Podman would give a user other than root the capability itself, not only the right to gain it: "+
			strings.Join(s.CapAdd, ", "))
	}
	data.NoNewPrivileges = s.NoNewPrivileges
	if s.ReadOnlyRoot {
		g.readOnly(unit, data, p, c)
	}
	if s.Unmasked {
		data.Unmask = "ALL"
	}
	if s.Seccomp != "" {
		g.checkPlain(c.Pod, at("seccompProfile"), s.Seccomp)
		data.Seccomp = s.Seccomp
	}
	data.AppArmor = g.opts.Podman.value(appArmor, s.AppArmor, &data.PodmanArgs)
	if s.AppArmor != "" {
		g.checkPlain(c.Pod, at("appArmorProfile"), s.AppArmor)
	}
	if s.Privileged {
		data.PodmanArgs = append(data.PodmanArgs, "--privileged")
	}
	for _, option := range s.SELinux {
		switch name, value, _ := strings.Cut(option, ":"); name {
		case "type":
			g.checkPlain(c.Pod, at("seLinuxOptions"), value)
			data.LabelType = value
		case "level":
			g.checkPlain(c.Pod, at("seLinuxOptions"), value)
			data.LabelLevel = value
		default:
			g.checkWord(c.Pod, at("seLinuxOptions"), value)
			data.PodmanArgs = append(data.PodmanArgs, "--security-opt=label="+option)
		}
	}
}

// readOnly: Podman makes /dev/shm read-only with the root (5.8.2). The pod's own cannot be named in a unit.
func (g *generator) readOnly(unit string, data *containerData, p *translate.Pod, c *translate.Container) {
	data.ReadOnly = true
	for _, m := range c.Mounts {
		if m.Path == "/dev/shm" {
			return
		}
	}
	data.Mounts = append(data.Mounts, "type=tmpfs,destination=/dev/shm,tmpfs-mode=1777")
	if len(p.Init)+len(p.Apps) > 1 {
		g.note(unit, field(c, "securityContext.readOnlyRootFilesystem"), "its /dev/shm is its own, not the pod's; "+supervised)
	}
}
