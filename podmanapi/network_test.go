package podmanapi_test

import (
	"testing"

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
