package main

import (
	"strings"
	"testing"
)

func TestNginxHasTheSameConfigurationEverywhereButForAddresses(t *testing.T) {
	plain := strings.NewReplacer(" ", "", "\n", "")
	for _, test := range []struct{ name, manifest, listen, upstream string }{
		{"one pod", onePod("a", 81, 91, "hostNetwork: true", "ports: []"), "81", "127.0.0.1:91"},
		{"two pods", twoPods("b", 82, 92), "82", "b-app:92"},
	} {
		_, config, _ := strings.Cut(test.manifest, "nginx.conf: |\n")
		config, _, _ = strings.Cut(config, "---\n")
		host := strings.NewReplacer("LISTEN", test.listen, "UPSTREAM", test.upstream).Replace(nginxConf("LISTEN", "UPSTREAM"))
		if plain.Replace(config) != plain.Replace(host) {
			t.Errorf("%s: nginx.conf is\n%s\nand on the host\n%s", test.name, config, host)
		}
		for line := range strings.Lines(config) {
			if !strings.HasPrefix(line, "    ") {
				t.Errorf("%s: %q is not in the block of nginx.conf", test.name, line)
			}
		}
	}
}
