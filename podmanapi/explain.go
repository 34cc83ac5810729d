package podmanapi

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/podup/podup/translate"
)

// explained is an engine's error with the words for the user before it.
type explained struct {
	text string
	err  error
}

func (e *explained) Error() string { return e.text + ": " + e.err.Error() }
func (e *explained) Unwrap() error { return e.err }

// explainUsers says what the failure to give a pod users of its own means. Rootful Podman takes them
// from the range of a user called containers, rootless from the user's own (5.8).
func explainUsers(p translate.Pod, err error) error {
	if p.Namespaces.OwnUsers && strings.Contains(err.Error(), "not enough unused IDs") {
		return &explained{fmt.Sprintf("pod %s: hostUsers is false, and the engine has no user IDs left to give it: "+
			"as root, give the user containers a range in /etc/subuid and /etc/subgid; without root, give yours a larger one", p.Name), err}
	}
	return err
}

// hostPort finds the port in what pasta 5.8 ("HOST TCP port */18123"), pasta 5.4 ("port 18140") and
// rootlessport or netavark ("listen tcp4 :18141") say.
var hostPort = regexp.MustCompile(`(?i)(?:(tcp|udp) port (?:\S+/)?|port |listen (tcp|udp)\d? ?\S*?:)(\d{1,5})`)

// explainStart says what the failure to start a pod's infra container means.
func explainStart(pod string, err error) error {
	var answer *Error
	if !errors.As(err, &answer) {
		return err
	}
	port := "a port"
	if found := hostPort.FindStringSubmatch(answer.Message); found != nil {
		port = "port " + found[3]
		if protocol := strings.ToLower(found[1] + found[2]); protocol != "" {
			port += "/" + protocol
		}
	}
	message := strings.ToLower(answer.Message)
	switch {
	case strings.Contains(message, "address already in use"):
		return &explained{fmt.Sprintf("pod %s: %s of this machine is taken by another program or container", pod, port), err}
	case strings.Contains(message, "cannot assign requested address"):
		return &explained{fmt.Sprintf("pod %s: a hostIP is no address of this machine", pod), err}
	case strings.Contains(message, "permission denied") && (strings.Contains(message, "port") || strings.Contains(message, "bind")):
		return &explained{fmt.Sprintf("pod %s: %s may not be published: without root, ports begin at net.ipv4.ip_unprivileged_port_start", pod, port), err}
	}
	return err
}

// explainKeys says what "crun: join keyctl `…`: Disk quota exceeded" means (5.8 with crun 1.x).
func explainKeys(err error) error {
	var answer *Error
	if errors.As(err, &answer) && strings.Contains(answer.Message, "keyctl") && strings.Contains(answer.Message, "quota exceeded") {
		return &explained{"this user has no kernel key left, of which each container takes one: set keyring = false below [containers] in containers.conf, or raise the limit with sysctl kernel.keys.maxkeys", err}
	}
	return err
}
