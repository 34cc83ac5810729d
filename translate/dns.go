package translate

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// DNS is a pod's own share of /etc/resolv.conf.
type DNS struct {
	Only     bool     `json:",omitempty"` // dnsPolicy None: nothing else is in it
	Servers  []string `json:",omitempty"`
	Searches []string `json:",omitempty"`
	Options  []string `json:",omitempty"` // "ndots:5", "rotate"
}

// dns is nil where the engine's file is what the pod is to have. There is no cluster DNS: as with a
// kubelet that knows none, ClusterFirst is Default (kubelet: network/dns/dns.go, GetPodDNS).
func dns(pod *corev1.Pod) *DNS {
	only := pod.Spec.DNSPolicy == corev1.DNSNone
	config := pod.Spec.DNSConfig
	if config == nil {
		if only {
			return &DNS{Only: true} // Kubernetes' validation has refused it
		}
		return nil
	}
	d := &DNS{Only: only, Servers: slices.Clone(config.Nameservers), Searches: slices.Clone(config.Searches)}
	for _, option := range config.Options {
		text := option.Name
		if option.Value != nil {
			text += ":" + *option.Value
		}
		d.Options = append(d.Options, text)
	}
	if !only && len(d.Servers)+len(d.Searches)+len(d.Options) == 0 {
		return nil
	}
	return d
}

func (d DNS) facts() []fact {
	var facts []fact
	if d.Only {
		facts = append(facts, plainFact("dnsPolicy", "None"))
	}
	for _, list := range []struct {
		name  string
		words []string
	}{{"dns servers", d.Servers}, {"dns searches", d.Searches}, {"dns options", d.Options}} {
		if len(list.words) > 0 {
			facts = append(facts, plainFact(list.name, strings.Join(list.words, " ")))
		}
	}
	return facts
}

// What a resolver reads of the file (kubelet: network/dns/dns.go, formDNSNameserversFitsLimits and
// formDNSSearchFitsLimits); what is beyond is left out, as a kubelet does.
const (
	maxServers        = 3
	maxSearches       = 32
	maxSearchesLength = 2048
)

// ResolvConf is the pod's /etc/resolv.conf over the one that the engine has written.
func (d DNS) ResolvConf(engine []byte) []byte {
	var base DNS
	if !d.Only {
		base = readResolvConf(engine)
	}
	servers := distinctWords(append(base.Servers, d.Servers...))
	searches := distinctWords(append(base.Searches, d.Searches...))
	servers = servers[:min(len(servers), maxServers)]
	searches = searches[:min(len(searches), maxSearches)]
	for len(strings.Join(searches, " ")) > maxSearchesLength {
		searches = searches[:len(searches)-1]
	}
	options := mergeOptions(base.Options, d.Options)
	var b bytes.Buffer
	if len(searches) > 0 {
		fmt.Fprintf(&b, "search %s\n", strings.Join(searches, " "))
	}
	for _, server := range servers {
		fmt.Fprintf(&b, "nameserver %s\n", server)
	}
	if len(options) > 0 {
		fmt.Fprintf(&b, "options %s\n", strings.Join(options, " "))
	}
	return b.Bytes()
}

// readResolvConf takes the last search line, as resolvers do (resolv.conf(5)).
func readResolvConf(text []byte) DNS {
	var d DNS
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		switch fields[0] {
		case "nameserver":
			d.Servers = append(d.Servers, fields[1])
		case "search", "domain":
			d.Searches = fields[1:]
		case "options":
			d.Options = append(d.Options, fields[1:]...)
		}
	}
	return d
}

// distinctWords keeps the first of equal words.
func distinctWords(words []string) []string {
	var kept []string
	for _, word := range words {
		if !slices.Contains(kept, word) {
			kept = append(kept, word)
		}
	}
	return kept
}

// mergeOptions lets the pod's own go over the engine's of the same name.
func mergeOptions(base, own []string) []string {
	name := func(option string) string {
		name, _, _ := strings.Cut(option, ":")
		return name
	}
	var merged []string
	for _, option := range base {
		if !slices.ContainsFunc(own, func(other string) bool { return name(other) == name(option) }) {
			merged = append(merged, option)
		}
	}
	return append(merged, own...)
}
