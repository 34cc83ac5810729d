package podmanapi

import (
	"sync"

	"github.com/podup/podup/translate"
)

// keys are the logins for images, by image, in the order in which they are tried.
type keys struct {
	mu     sync.Mutex
	logins map[string][]string
}

// UseCredentials makes pulls use these logins, and no others of manifests.
func (c *Client) UseCredentials(credentials []translate.Credential) {
	c.keys.mu.Lock()
	defer c.keys.mu.Unlock()
	c.keys.logins = map[string][]string{}
	for _, one := range credentials {
		c.keys.logins[one.Image] = append(c.keys.logins[one.Image], one.Login.Reveal())
	}
}

func (k *keys) of(image string) []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]string(nil), k.logins[image]...)
}
