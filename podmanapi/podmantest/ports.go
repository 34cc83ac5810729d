package podmantest

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
)

// defaultAddress is what every pod on the default network has (TEST-NET-1, as pasta copies the host's
// own address into each of them).
const defaultAddress = "192.0.2.2"

// openNetwork does what starting an infra container does: addresses, hosts file, published ports. A
// port that cannot be had is an error only here, as with pasta. The caller holds mu.
func (s *Service) openNetwork(p *pod) error {
	p.address = map[string]string{}
	for _, name := range p.networks {
		if i := s.networkIndex(name); i >= 0 {
			p.address[name] = s.networks[i].nextAddress()
		}
	}
	if err := s.writeHosts(p); err != nil {
		return err
	}
	for _, mapping := range p.ports {
		for i := range mapping.Range {
			if err := s.publish(p, mapping, i); err != nil {
				s.closeNetwork(p)
				return internal(err.Error(), "pasta failed with exit code 1:\nListen failed for HOST %s port */%d", mapping.Protocol, mapping.HostPort+i)
			}
		}
	}
	return nil
}

func (s *Service) publish(p *pod, mapping port, offset int) error {
	address := net.JoinHostPort(mapping.HostIP, fmt.Sprint(mapping.HostPort+offset))
	switch mapping.Protocol {
	case "udp":
		conn, err := net.ListenPacket("udp", address)
		if err != nil {
			return reason(err)
		}
		p.open = append(p.open, func() { conn.Close() })
	case "tcp":
		outside, err := net.Listen("tcp", address)
		if err != nil {
			return reason(err)
		}
		p.open = append(p.open, func() { outside.Close() })
		s.work.Go(func() {
			for {
				conn, err := outside.Accept()
				if err != nil {
					return
				}
				s.mu.Lock()
				inside := p.serving[mapping.ContainerPort+offset]
				s.mu.Unlock()
				if inside == nil || !inside.take(conn) {
					conn.Close()
				}
			}
		})
	default:
		return errors.New("protocol " + mapping.Protocol + " is not supported")
	}
	return nil
}

// reason is the innermost error, without addresses.
func reason(err error) error {
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		return number
	}
	return err
}

// closeNetwork undoes openNetwork. The caller holds mu.
func (s *Service) closeNetwork(p *pod) {
	for _, shut := range p.open {
		shut()
	}
	p.open, p.address = nil, nil
}

func (s *Service) closePorts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.pods {
		s.closeNetwork(p)
	}
}

// listener is a server socket of a program; connections come from the published ports.
type listener struct {
	port  int
	conns chan net.Conn
	done  chan struct{}
	close func()
}

func (s *Service) listen(one *container, port int) (net.Listener, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &listener{port: port, conns: make(chan net.Conn), done: make(chan struct{})}
	if one.pod == nil {
		l.close = sync.OnceFunc(func() { close(l.done) })
		return l, nil
	}
	if one.pod.serving[port] != nil {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Err: syscall.EADDRINUSE}
	}
	one.pod.serving[port] = l
	l.close = sync.OnceFunc(func() {
		close(l.done)
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(one.pod.serving, port)
	})
	return l, nil
}

// take hands a connection to the program, unless it has stopped listening.
func (l *listener) take(conn net.Conn) bool {
	select {
	case l.conns <- conn:
		return true
	case <-l.done:
		return false
	}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.close()
	return nil
}

func (l *listener) Addr() net.Addr { return &net.TCPAddr{Port: l.port} }
