package translate

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

// Field is one thing podup compares, in words for the user: "image" is "nginx:1.27", "env LOG" is
// "a". A confidential value is "(secret <digest>)", a runtime token "$(status.podIP)".
type Field struct{ Name, Value string }

// hashFormat is part of every hash. Whoever changes what is hashed, or how, changes it, knowing that
// the next up then replaces every container.
const hashFormat = "podup/2"

// hashLength is in hex digits.
const hashLength = 16

// fact is a Field before it is put in words: exact where words may be ambiguous.
type fact struct{ name, exact, shown string }

func plainFact(name, value string) fact { return fact{name, value, value} }

func identity(facts []fact) []Field {
	fields := make([]Field, len(facts))
	for i, f := range facts {
		fields[i] = Field{f.name, f.shown}
	}
	return fields
}

func hash(kind string, facts []fact) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %s\n", hashFormat, kind)
	for _, f := range facts {
		io.WriteString(sum, strconv.Quote(f.name)+"="+strconv.Quote(f.exact)+"\n")
	}
	return hex.EncodeToString(sum.Sum(nil))[:hashLength]
}

// Identity is what the infra container owns and a running pod therefore cannot change.
func (p Pod) Identity() []Field { return identity(p.facts()) }

// Hash identifies Identity in 16 hex digits.
func (p Pod) Hash() string { return hash("pod", p.facts()) }

// Identity is what Podman fixes when it makes a container. What a supervisor does for it, its grace
// period and its pull policy are not in it, nor are its Sizes and what the files of a volume hold:
// those change in place.
func (c Container) Identity() []Field { return identity(c.facts()) }

// Sizes are the container's cgroup values but for those that its resizePolicy gives to a new container
// only. They change in place, and as a label does not, they are not in Hash.
func (c Container) Sizes() []Field {
	sizes, _ := c.sizeFacts()
	return identity(sizes)
}

// Hash identifies Identity in 16 hex digits. Resolve does not change it: the label that is compared
// with a manifest later says what the manifest said.
func (c Container) Hash() string {
	if c.unresolved != "" {
		return c.unresolved
	}
	return hash("container", c.facts())
}

func (p Pod) facts() []fact {
	network := p.Network
	if network == "" {
		network = "engine default"
	}
	facts := []fact{plainFact("hostname", p.Hostname), {"network", p.Network, network}}
	facts = append(facts, p.aliasFacts()...)
	if p.ShareProcesses {
		facts = append(facts, plainFact("shareProcessNamespace", "true"))
	}
	facts = append(facts, p.Namespaces.facts()...)
	facts = append(facts, p.Names.facts()...)
	facts = append(facts, p.Resources.facts()...)
	ports := slices.SortedFunc(slices.Values(p.Ports), func(a, b Port) int {
		return cmp.Or(cmp.Compare(a.HostPort, b.HostPort), cmp.Compare(a.Protocol, b.Protocol),
			cmp.Compare(a.HostIP, b.HostIP), cmp.Compare(a.ContainerPort, b.ContainerPort))
	})
	for _, port := range ports {
		facts = append(facts, plainFact("port "+port.String(), fmt.Sprintf("container port %d", port.ContainerPort)))
	}
	return facts
}

// aliasFacts has one line for all forms of a name.
func (p Pod) aliasFacts() []fact {
	var facts []fact
	told := map[string]bool{}
	for _, alias := range slices.Backward(p.Aliases) { // the longest form sorts last
		if told[alias] {
			continue
		}
		name, form := alias, ""
		if short, ok := strings.CutSuffix(alias, ".svc."+clusterDomain); ok {
			if dot := strings.LastIndexByte(short, '.'); dot > 0 {
				name, form = short[:dot], short[dot+1:]
			}
		}
		var all []string
		for _, one := range forms(name, form) {
			if slices.Contains(p.Aliases, one) {
				told[one] = true
				all = append(all, one)
			}
		}
		facts = append(facts, fact{"service name " + name, strings.Join(all, " "), alias})
	}
	slices.Reverse(facts)
	return facts
}

// String is the host's side of the port: "8080/tcp", "127.0.0.1:8080/tcp", "[::1]:8080/tcp".
func (p Port) String() string {
	host := strconv.Itoa(int(p.HostPort))
	if p.HostIP != "" {
		host = net.JoinHostPort(p.HostIP, host)
	}
	return host + "/" + p.Protocol
}

func (c Container) facts() []fact {
	facts := []fact{{"image", c.Image, familiarImage(c.Image)}}
	switch {
	case c.Sidecar:
		facts = append(facts, plainFact("kind", "sidecar"))
	case c.Init:
		facts = append(facts, plainFact("kind", "init container"))
	}
	if c.Entrypoint != nil {
		facts = append(facts, listFact("command", c.Entrypoint))
	}
	if len(c.Command) > 0 {
		facts = append(facts, listFact("args", c.Command))
	}
	if c.WorkingDir != "" {
		facts = append(facts, plainFact("workingDir", c.WorkingDir))
	}
	facts = append(facts, c.envFacts()...)
	facts = append(facts, c.mountFacts()...)
	if c.Stdin {
		facts = append(facts, plainFact("stdin", "true"))
	}
	if c.TTY {
		facts = append(facts, plainFact("tty", "true"))
	}
	if c.StopSignal != "" {
		facts = append(facts, plainFact("stopSignal", c.StopSignal))
	}
	_, fixed := c.sizeFacts()
	facts = append(facts, fixed...)
	return append(facts, c.Security.facts()...)
}

// envFacts are in the order of names: the order of variables makes no difference to a process.
func (c Container) envFacts() []fact {
	var facts []fact
	for _, env := range slices.SortedFunc(slices.Values(c.Env), func(a, b EnvVar) int { return cmp.Compare(a.Name, b.Name) }) {
		f := fact{"env " + env.Name, env.Value, show(env.Value)}
		if env.Secret != "" {
			digest := env.Secret[strings.LastIndexByte(env.Secret, '.')+1:]
			f.exact, f.shown = tokenMark+"secret "+digest+tokenMark, concealed(digest)
		}
		facts = append(facts, f)
	}
	return facts
}

// mountFacts are in the order of paths: an engine sorts them so itself. What a hostPath must be, and
// how an image is pulled, matters only when the container is made.
func (c Container) mountFacts() []fact {
	var facts []fact
	for _, m := range slices.SortedFunc(slices.Values(c.Mounts), func(a, b Mount) int { return cmp.Compare(a.Path, b.Path) }) {
		shown := []string{"volume " + m.Volume}
		switch {
		case m.HostPath != "":
			shown[0] = "host path " + m.HostPath
		case m.Image != "":
			shown[0] = "image " + familiarImage(m.Image)
		}
		if m.SubPath != "" {
			shown = append(shown, "sub-path "+show(m.SubPath))
		}
		if m.ReadOnly {
			shown = append(shown, "read-only")
		}
		if m.Propagation != "" {
			shown = append(shown, m.Propagation)
		}
		exact := fmt.Sprintf("%q %q %q %q %t %q", m.Volume, m.HostPath, m.Image, m.SubPath, m.ReadOnly, m.Propagation)
		if m.Relabel != "" {
			exact += " " + m.Relabel
			shown = append(shown, "SELinux relabel "+m.Relabel)
		}
		facts = append(facts, fact{"mount " + m.Path, exact, strings.Join(shown, ", ")})
	}
	return facts
}

const (
	sharesFact = "cpu shares"
	quotaFact  = "cpu limit"
	memoryFact = "memory limit"
)

func (r Resources) facts() []fact {
	var facts []fact
	if r.CPUShares != 0 {
		facts = append(facts, plainFact(sharesFact, strconv.FormatUint(r.CPUShares, 10)))
	}
	if r.CPUQuota != 0 {
		facts = append(facts, plainFact(quotaFact, fmt.Sprintf("%d of %d µs", r.CPUQuota, r.CPUPeriod)))
	}
	if r.MemoryLimit != 0 {
		size := resource.NewQuantity(r.MemoryLimit, resource.BinarySI).String()
		facts = append(facts, fact{memoryFact, strconv.FormatInt(r.MemoryLimit, 10), size})
	}
	for _, huge := range []struct {
		page  string
		limit int64
	}{{"2Mi", r.HugePages2Mi}, {"1Gi", r.HugePages1Gi}} {
		if huge.limit != 0 {
			size := resource.NewQuantity(huge.limit, resource.BinarySI).String()
			facts = append(facts, fact{"huge pages of " + huge.page, strconv.FormatInt(huge.limit, 10), size})
		}
	}
	if r.Class != "" {
		facts = append(facts, plainFact("quality of service", string(r.Class)))
	}
	return facts
}

// sizeFacts divides those of the resources into what changes in place and what only a new container
// gets. An engine cannot take shares back, so that having any is of the second kind.
func (c Container) sizeFacts() (sizes, fixed []fact) {
	for _, f := range c.Resources.facts() {
		restarts, size := map[string]bool{
			sharesFact: c.RestartForCPU, quotaFact: c.RestartForCPU, memoryFact: c.RestartForMemory,
		}[f.name]
		switch {
		case !size || restarts:
			fixed = append(fixed, f)
			continue
		case f.name == sharesFact:
			fixed = append(fixed, plainFact(f.name, "some"))
		}
		sizes = append(sizes, f)
	}
	return sizes, fixed
}

func (s Security) facts() []fact {
	var facts []fact
	for _, id := range []struct {
		name  string
		value *int64
	}{{"runAsUser", s.RunAsUser}, {"runAsGroup", s.RunAsGroup}} {
		if id.value != nil {
			facts = append(facts, plainFact(id.name, strconv.FormatInt(*id.value, 10)))
		}
	}
	if len(s.SupplementalGroups) > 0 {
		var groups []string
		for _, group := range slices.Sorted(slices.Values(s.SupplementalGroups)) {
			groups = append(groups, strconv.FormatInt(group, 10))
		}
		facts = append(facts, plainFact("supplementalGroups", strings.Join(groups, ", ")))
	}
	for _, flag := range []struct {
		name  string
		value bool
	}{
		{"runAsNonRoot", s.RunAsNonRoot},
		{"supplementalGroupsPolicy Strict", s.StrictGroups},
		{"privileged", s.Privileged},
		{"readOnlyRootFilesystem", s.ReadOnlyRoot},
		{"no new privileges", s.NoNewPrivileges},
		{"procMount Unmasked", s.Unmasked},
	} {
		if flag.value {
			facts = append(facts, plainFact(flag.name, "true"))
		}
	}
	for _, profile := range []struct{ name, value string }{
		{"seccompProfile", s.Seccomp}, {"appArmorProfile", s.AppArmor}, {"seLinuxOptions", strings.Join(s.SELinux, " ")},
	} {
		if profile.value != "" {
			facts = append(facts, plainFact(profile.name, profile.value))
		}
	}
	if len(s.CapAdd) > 0 {
		facts = append(facts, plainFact("capabilities added", strings.Join(s.CapAdd, ", ")))
	}
	if len(s.CapDrop) > 0 {
		facts = append(facts, plainFact("capabilities dropped", strings.Join(s.CapDrop, ", ")))
	}
	return facts
}

func listFact(name string, words []string) fact {
	shown := make([]string, len(words))
	exact := make([]string, len(words))
	for i, word := range words {
		shown[i], exact[i] = show(word), strconv.Quote(word)
	}
	return fact{name, strings.Join(exact, " "), jsonList(shown)}
}

// jsonList writes a command as people do in manifests.
func jsonList(words []string) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(words); err != nil { // strings always encode
		return fmt.Sprintf("%q", words)
	}
	return strings.TrimSuffix(text.String(), "\n")
}
