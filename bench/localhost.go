package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// arrangement is one way for nginx and the app to stand to each other.
type arrangement struct {
	name       string
	pod        string // whose network the load joins; "" is the host's
	address    string // of nginx, there
	containers []string
	target     float64

	join      []string // the command that takes a load there
	processes []int    // nginx and the app
}

// strength is that of a load: so many connections, for so long in each round.
type strength struct {
	connections int
	length      time.Duration
}

// localhost measures how fast nginx and an app behind it answer over a pod's localhost, beside the same two
// on the host, in a pod of the host's network, and in two pods.
func (b *bench) localhost(ctx context.Context, s strength) (err error) {
	ports, err := freePorts(ctx, 5)
	if err != nil {
		return err
	}
	const front, back = 8080, 8000 // in networks of their own
	below := service(ctx)
	processes, end, err := b.host(ctx, below, nginxConf(local(ports[0]), local(ports[1])), ports[1])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	for name, manifest := range map[string]string{
		"bench-localhost":    onePod("bench-localhost", front, back, "", fmt.Sprintf("ports: [{containerPort: %d, hostPort: %d}]", front, ports[2])),
		"bench-host-network": onePod("bench-host-network", ports[3], ports[4], "hostNetwork: true", ""),
		"bench-service":      twoPods("bench-service", front, back),
	} {
		end, err := b.project(ctx, name, manifest)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, end()) }()
	}
	all := []arrangement{
		{name: "on the host, no pod", address: local(ports[0]), processes: processes},
		{name: "one pod, its localhost", pod: "bench-localhost", address: local(front), containers: []string{"bench-localhost-nginx", "bench-localhost-app"}, target: 0.95},
		{name: "one pod with hostNetwork", address: local(ports[3]), containers: []string{"bench-host-network-nginx", "bench-host-network-app"}},
		{name: "two pods and a Service", pod: "bench-service", address: local(front), containers: []string{"bench-service-nginx", "bench-service-back-app"}},
		{name: "one pod, published port", address: local(ports[2]), containers: []string{"bench-localhost-nginx", "bench-localhost-app"}},
	}
	for i := range all {
		if err := all[i].find(ctx, below); err != nil {
			return fmt.Errorf("%s: %w", all[i].name, err)
		}
	}
	return b.turns(ctx, s, all)
}

// find waits until nginx answers through the app, and finds out where a load has to run and what serves it.
// The load enters the network namespace of the pod, and that alone, so that it is the same process wherever
// it runs. Without root even the host's load runs in Podman's user namespace, as all containers do.
func (a *arrangement) find(ctx context.Context, service []string) error {
	a.join = slices.Concat(service, unshare())
	if a.pod != "" {
		infra, err := processOf(ctx, a.pod+"-infra")
		if err != nil {
			return err
		}
		a.join = append(a.join, "nsenter", fmt.Sprintf("--net=/proc/%d/ns/net", infra))
	}
	if _, err := a.load(strength{1, time.Millisecond}).pace(ctx, a.join); err != nil {
		return err
	}
	for _, container := range a.containers {
		process, err := processOf(ctx, container)
		if err != nil {
			return err
		}
		a.processes = append(a.processes, process)
	}
	var all []int
	for _, process := range a.processes {
		all = append(all, family(process)...)
	}
	a.processes = all
	return nil
}

func processOf(ctx context.Context, container string) (int, error) {
	out, err := output(ctx, "podman", "inspect", "--format", "{{.State.Pid}}", container)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(out)))
}

func (a *arrangement) load(s strength) load {
	return load{address: a.address, path: page, connections: s.connections, length: s.length}
}

// turns measures arrangements, of which the first is what the others are held against, in turns, so that
// whatever else the machine does meets all; each round has an order of its own.
func (b *bench) turns(ctx context.Context, s strength, all []arrangement) error {
	paces := make([][]pace, len(all))
	for range b.rounds {
		for _, at := range rand.Perm(len(all)) {
			before := spent(all[at].processes)
			measured, err := all[at].load(s).pace(ctx, all[at].join)
			if err != nil {
				return fmt.Errorf("%s: %w", all[at].name, err)
			}
			measured.CPU = spent(all[at].processes) - before
			paces[at] = append(paces[at], measured)
		}
	}
	b.paces.title = fmt.Sprintf("nginx before an app: %s, %v a round, %s", plural(s.connections, "connection"), s.length, plural(b.rounds, "round"))
	for i, a := range all {
		r := paceRow{name: a.name, paces: paces[i], target: a.target}
		if i > 0 {
			r.host = paces[0]
		}
		b.paces.rows = append(b.paces.rows, r)
		fmt.Fprintf(os.Stderr, "%-45s %.0f/s\n", "nginx and an app, "+a.name, r.median(pace.rate))
	}
	return nil
}

// project makes a project of its own of a manifest; end removes it.
func (b *bench) project(ctx context.Context, name, manifest string) (end func() error, err error) {
	file := filepath.Join(b.dir, name+".yaml")
	if err := os.WriteFile(file, []byte(manifest), 0o600); err != nil {
		return nil, err
	}
	podup := func(args ...string) func(context.Context) error {
		return command(b.podup, append([]string{"--project", name}, args...)...)
	}
	down := podup("down", "--volumes", "--timeout", "0")
	_ = down(ctx) // what an earlier run may have left
	if err := podup("up", "-d", "-f", file)(ctx); err != nil {
		return nil, errors.Join(err, down(context.WithoutCancel(ctx)))
	}
	return func() error { return down(context.WithoutCancel(ctx)) }, nil
}

// freePorts are ports nobody listens on, all different.
func freePorts(ctx context.Context, count int) ([]int, error) {
	var ports []int
	for range count {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", local(0))
		if err != nil {
			return nil, err
		}
		defer listener.Close()
		address, _ := listener.Addr().(*net.TCPAddr)
		ports = append(ports, address.Port)
	}
	return ports, nil
}

func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
