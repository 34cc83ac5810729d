package podmanapi

import "go.podman.io/common/pkg/config"

// Keyring says whether this user's engine gives each container a session keyring, which takes one of
// the kernel's keys: containers.conf, keyring, true by default.
func Keyring() bool {
	conf, err := config.Default()
	return err != nil || conf.Containers.EnableKeyring
}
