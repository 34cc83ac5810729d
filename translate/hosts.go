package translate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Names is how the containers of a pod find names: what their /etc/hosts and /etc/resolv.conf say
// beyond what every pod's do.
type Names struct {
	Domain  string      `json:",omitempty"` // of the pod's fully qualified name
	Aliases []HostAlias `json:",omitempty"`
	DNS     *DNS        `json:",omitempty"` // nil: the engine's resolv.conf as it is
}

// HostAlias is a line of /etc/hosts.
type HostAlias struct {
	IP    string
	Names []string
}

// LabelNames holds a pod's Names as JSON, where it has any. Both files are written each time the pod
// gets its addresses, also by who does not know the manifest.
const LabelNames = "io.podup.names"

// ReadNames is the inverse of the label. An absent one is the zero Names.
func ReadNames(labels map[string]string) (Names, error) {
	var n Names
	if text := labels[LabelNames]; text != "" {
		if err := json.Unmarshal([]byte(text), &n); err != nil {
			return Names{}, fmt.Errorf("read label %s: %w", LabelNames, err)
		}
	}
	return n, nil
}

func (n Names) empty() bool { return n.Domain == "" && len(n.Aliases) == 0 && n.DNS == nil }

// label is the text of LabelNames.
func (n Names) label() string {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(n); err != nil { // strings always encode
		return ""
	}
	return strings.TrimSuffix(text.String(), "\n")
}

func (n Names) facts() []fact {
	var facts []fact
	if n.Domain != "" {
		facts = append(facts, plainFact("domain", n.Domain))
	}
	for i, alias := range n.Aliases {
		names := strings.Join(alias.Names, " ")
		facts = append(facts, plainFact(fmt.Sprintf("host alias %d", i+1), alias.IP+" "+names))
	}
	if n.DNS != nil {
		facts = append(facts, n.DNS.facts()...)
	}
	return facts
}

// ManagedHosts is /etc/hosts of a pod with addresses of its own, as a kubelet writes it
// (kubelet: kubelet_pods.go, managedHostsFileContent), and the name by which Podman's users know the
// machine, where extra gives it an address.
func (n Names) ManagedHosts(hostname string, podIPs []string, extra string) []byte {
	var b bytes.Buffer
	b.WriteString("# Kubernetes-managed hosts file.\n" +
		"127.0.0.1\tlocalhost\n" +
		"::1\tlocalhost ip6-localhost ip6-loopback\n" +
		"fe00::0\tip6-localnet\n" +
		"fe00::0\tip6-mcastprefix\n" +
		"fe00::1\tip6-allnodes\n" +
		"fe00::2\tip6-allrouters\n")
	short := hostname
	if n.Domain != "" {
		short = strings.TrimSuffix(hostname, "."+n.Domain)
	}
	for _, ip := range podIPs {
		if n.Domain != "" {
			fmt.Fprintf(&b, "%s\t%s.%s\t%s\n", ip, short, n.Domain, short)
		} else {
			fmt.Fprintf(&b, "%s\t%s\n", ip, short)
		}
	}
	if extra != "" {
		fmt.Fprintf(&b, "\n# Added by Podman.\n%s\n", extra)
	}
	b.Write(n.aliasLines())
	return b.Bytes()
}

// NodeHosts is /etc/hosts of a pod on the machine's network: the machine's own and the aliases
// (kubelet: kubelet_pods.go, nodeHostsFileContent).
func (n Names) NodeHosts(node []byte) []byte {
	var b bytes.Buffer
	b.WriteString("# Kubernetes-managed hosts file (host network).\n")
	b.Write(node)
	b.Write(n.aliasLines())
	return b.Bytes()
}

func (n Names) aliasLines() []byte {
	if len(n.Aliases) == 0 {
		return nil
	}
	var b bytes.Buffer
	b.WriteString("\n# Entries added by HostAliases.\n")
	for _, alias := range n.Aliases {
		fmt.Fprintf(&b, "%s\t%s\n", alias.IP, strings.Join(alias.Names, "\t"))
	}
	return b.Bytes()
}

// PodmansHost is the line of Podman's hosts file that names the machine; empty where there is none.
func PodmansHost(hosts []byte) string {
	for line := range strings.Lines(string(hosts)) {
		line = strings.TrimSpace(line)
		if fields := strings.Fields(line); len(fields) > 1 && strings.Contains(line, "host.containers.internal") {
			return fields[0] + "\t" + strings.Join(fields[1:], "\t")
		}
	}
	return ""
}
