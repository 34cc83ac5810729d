package podmantest

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
)

// answering are the pods that a name leads to on the networks of a container's pod, with an address of
// each, as aardvark-dns 1.14 and 1.17 answer: all whose infra container runs and that are called so, have that hostname or
// alias, in whatever case, in the order of their addresses. The caller holds mu.
func (s *Service) answering(one *container, name string) (pods []*pod, addresses []string) {
	if one.pod == nil {
		return nil, nil
	}
	if name == "localhost" || name == "127.0.0.1" {
		return []*pod{one.pod}, []string{"127.0.0.1"}
	}
	for _, network := range one.pod.networks {
		for _, p := range s.pods {
			address := p.address[network]
			names := append([]string{p.name, p.hostname, address}, p.aliases[network]...)
			if address != "" && slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
				pods, addresses = append(pods, p), append(addresses, address)
			}
		}
	}
	return pods, addresses
}

func (s *Service) lookup(one *container, name string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, addresses := s.answering(one, name)
	if len(addresses) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return addresses, nil
}

// dial tries one pod after another, as programs do.
func (s *Service) dial(one *container, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	pods, _ := s.answering(one, host)
	var listening []*listener
	for _, p := range pods {
		for number, l := range p.serving {
			if fmt.Sprint(number) == port {
				listening = append(listening, l)
			}
		}
	}
	s.mu.Unlock()
	if len(pods) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	for _, l := range listening {
		near, far := net.Pipe()
		if l.take(far) {
			return near, nil
		}
	}
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}
