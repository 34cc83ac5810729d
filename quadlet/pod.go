package quadlet

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/podup/podup/translate"
)

// podData is what pod.tmpl shows.
type podData struct {
	head
	HostName                     string
	Networks, Aliases            []string
	Ports, Hosts                 []string
	DNS, DNSSearches, DNSOptions []string
	UserNS                       string
	ExitPolicy, StopTimeout      string
	PodmanArgs                   []string
	Requires                     []string
	StartPost                    [][]string
	WantedBy                     string
}

func (g *generator) pod(p *translate.Pod) {
	unit, service := podUnit(p.Name)
	data := podData{WantedBy: "default.target"}
	if g.opts.Root {
		data.WantedBy = "multi-user.target"
	}
	if p.Hostname != "" && !strings.Contains(p.Hostname, Node) { // on the machine's network it has the machine's
		data.HostName = g.opts.Podman.value(podHostName, p.Hostname, &data.PodmanArgs)
	}
	g.podNetwork(&data, p)
	g.podNames(unit, &data, p)
	g.notePod(unit, p)
	g.ownClaims(&data, p)
	data.head = g.head(unit, service, p.Name)
	if p.Namespaces.OwnUsers {
		data.UserNS = "auto"
	}
	// Without a namespace that is the machine's; pid makes the infra container PID 1, which reaps.
	share := []string{"ipc", "net", "uts"}
	switch {
	case p.Namespaces.HostIPC && p.ShareProcesses:
		share = []string{"net", "uts", "pid"}
	case p.Namespaces.HostIPC:
		share = []string{"net", "uts"}
	case p.ShareProcesses:
		share = append(share, "pid")
	}
	if p.Namespaces.HostIPC || p.ShareProcesses {
		data.PodmanArgs = append(data.PodmanArgs, "--share="+strings.Join(share, ","))
	}
	for _, sysctl := range p.Namespaces.Sysctls {
		text := sysctl.Name + "=" + sysctl.Value
		g.checkWord(p.Name, "spec.securityContext.sysctls["+sysctl.Name+"]", text)
		data.PodmanArgs = append(data.PodmanArgs, "--sysctl="+text)
	}
	data.PodmanArgs = append(data.PodmanArgs, podLimits(p.Resources)...)
	data.ExitPolicy = g.opts.Podman.value(podExitPolicy, "continue", &data.PodmanArgs)
	data.StopTimeout = g.opts.Podman.value(podStopTimeout, seconds(p.Grace), &data.PodmanArgs)
	var labels []string
	for _, label := range data.Labels {
		if label = g.opts.Podman.value(podLabel, label, &data.PodmanArgs); label != "" {
			labels = append(labels, label)
		}
	}
	data.Labels = labels
	g.write(p.Name, unit, service, "pod", data)
	for i := range p.Init {
		g.container(p, &p.Init[i])
	}
	for i := range p.Apps {
		g.container(p, &p.Apps[i])
	}
}

func (g *generator) podNetwork(data *podData, p *translate.Pod) {
	mode, _, _ := strings.Cut(p.Network, ":")
	switch {
	case p.Network == "":
	case g.project.Network != nil && p.Network == g.project.Network.Name:
		data.Networks = []string{networkUnit(p.Network)}
	default:
		g.checkPlain(p.Name, "spec.hostNetwork", p.Network)
		data.Networks = []string{p.Network}
	}
	if mode == "host" || mode == "none" {
		return // podman refuses port mappings there; what listens on the machine's network is on it already
	}
	if translate.NamedNetwork(p.Network) {
		for _, name := range append([]string{p.Name, p.Hostname}, p.Aliases...) {
			if name != "" && !slices.Contains(data.Aliases, name) {
				data.Aliases = append(data.Aliases, name)
			}
		}
	}
	for _, port := range p.Ports {
		text := fmt.Sprintf("%d:%d/%s", port.HostPort, port.ContainerPort, port.Protocol)
		if port.HostIP != "" {
			host := port.HostIP
			if address, err := netip.ParseAddr(host); err == nil && address.Is6() {
				host = "[" + host + "]"
			}
			text = host + ":" + text
		}
		data.Ports = append(data.Ports, text)
	}
}

func (g *generator) podNames(unit string, data *podData, p *translate.Pod) {
	if p.Names.Domain != "" {
		g.note(unit, "spec.subdomain", "the full name "+p.Hostname+"."+p.Names.Domain+" is not in /etc/hosts; "+supervised)
	}
	for _, alias := range p.Names.Aliases {
		for _, name := range alias.Names {
			data.Hosts = append(data.Hosts, name+":"+alias.IP)
		}
	}
	dns := p.Names.DNS
	if dns == nil {
		return
	}
	data.DNS, data.DNSSearches, data.DNSOptions = dns.Servers, dns.Searches, dns.Options
	if dns.Only && len(dns.Searches) == 0 {
		data.DNSSearches = []string{"."} // Podman's word for none
	}
	if !dns.Only && len(dns.Servers)+len(dns.Searches) > 0 {
		g.note(unit, "spec.dnsConfig", "to Podman these stand in the place of the machine's own servers or search domains, not beside them; "+supervised)
	}
	for _, text := range append(append(append([]string{}, data.DNS...), data.DNSSearches...), data.DNSOptions...) {
		g.checkPlain(p.Name, "spec.dnsConfig", text)
	}
}

// notePod is what of a pod as a whole units do not do.
func (g *generator) notePod(unit string, p *translate.Pod) {
	if p.Deadline > 0 {
		g.note(unit, "spec.activeDeadlineSeconds", "nothing ends the pod at its deadline; "+supervised)
	}
	if p.Request != (translate.Request{}) {
		g.note(unit, "spec.containers[*].resources.requests", "a pod is started also where the machine has no room for it; "+supervised)
	}
	for _, credential := range g.project.Credentials {
		if usesImage(p, credential.Image) {
			g.note(unit, "spec.imagePullSecrets", "units name no logins: run podman login "+registryOf(credential.Image)+" as who runs the units")
		}
	}
	for i := range p.Apps[:max(len(p.Apps)-1, 0)] {
		if p.Apps[i].Lifecycle.PostStart != nil {
			g.note(unit, field(&p.Apps[i], "lifecycle.postStart"),
				"the containers behind it do not wait for it: the apps of a pod start side by side; "+supervised)
		}
	}
}

func usesImage(p *translate.Pod, image string) bool {
	for _, c := range p.Containers() {
		if c.Image == image {
			return true
		}
		for _, m := range c.Mounts {
			if m.Image == image {
				return true
			}
		}
	}
	return false
}

func registryOf(image string) string {
	registry, _, _ := strings.Cut(image, "/")
	return registry
}

// podLimits: podman pod create has --cpus, not quota and period. Without a swap limit as large as the
// memory's Podman allows as much swap again.
func podLimits(r translate.Resources) []string {
	var args []string
	if r.CPUShares > 0 {
		args = append(args, fmt.Sprintf("--cpu-shares=%d", r.CPUShares))
	}
	if r.CPUQuota > 0 && r.CPUPeriod > 0 {
		args = append(args, "--cpus="+strconv.FormatFloat(float64(r.CPUQuota)/float64(r.CPUPeriod), 'f', -1, 64))
	}
	if r.MemoryLimit > 0 {
		args = append(args, fmt.Sprintf("--memory=%d", r.MemoryLimit), fmt.Sprintf("--memory-swap=%d", r.MemoryLimit))
	}
	return args
}

// seconds rounds up.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}

// checkWord refuses text that no quoting brings through to the container.
func (g *generator) checkWord(pod, field, text string) {
	if trouble := wordTrouble(text); trouble != "" {
		g.refuse(pod, field, trouble+"; "+supervised)
	}
}

// checkJSON does so for text that goes as JSON.
func (g *generator) checkJSON(pod, field, text string) {
	if trouble := jsonTrouble(text); trouble != "" {
		g.refuse(pod, field, trouble+"; "+supervised)
	}
}

// checkPlain does so for a key without quotes.
func (g *generator) checkPlain(pod, field, text string) {
	switch trouble := wordTrouble(text); {
	case trouble != "":
		g.refuse(pod, field, trouble+"; "+supervised)
	case !isPlain(text):
		g.refuse(pod, field, fmt.Sprintf("%q cannot be said in a unit, whose values here know no quotes; %s", text, supervised))
	}
}
