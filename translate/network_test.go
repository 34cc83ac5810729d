package translate_test

import (
	"testing"

	"github.com/podup/podup/translate"
)

func TestANetworkModeIsNoNetworkOfTheEngine(t *testing.T) {
	for network, want := range map[string]bool{
		"": false, "host": false, "bridge": false, "pasta:--ipv4-only": false, "podup.shop": true, "hosts": true,
	} {
		if got := translate.NamedNetwork(network); got != want {
			t.Errorf("%q: %t", network, got)
		}
	}
}
