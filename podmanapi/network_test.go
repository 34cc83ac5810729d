package podmanapi_test

import (
	"testing"

	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/translate"
)

func TestANetworkIsThereWhoeverMadeIt(t *testing.T) {
	s := newShop(t)
	other := connect(t, s.service.URL())
	s.must(other.CreateNetwork(t.Context(), translate.Network{Project: "lan", Name: "lan"}))
	for name, want := range map[string]bool{"lan": true, "lna": false} {
		if got, err := s.client.HasNetwork(t.Context(), name); err != nil || got != want {
			t.Errorf("%s: %t, %v", name, got, err)
		}
	}
}

func TestANetworkModeIsNoNetworkOfTheEngine(t *testing.T) {
	for network, want := range map[string]bool{
		"": false, "host": false, "bridge": false, "pasta:--ipv4-only": false, "podup.shop": true, "hosts": true,
	} {
		if got := podmanapi.NamedNetwork(network); got != want {
			t.Errorf("%q: %t", network, got)
		}
	}
}
