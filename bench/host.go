package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
)

// onHost runs programs of images beside each other with no namespace, cgroup or filter of their own: chroot
// into the file system of a container that is made and never started. It ends with its standard input, and
// so with the bench, however that ends. Each program has a session of its own, as a container has: Linux may
// share CPUs out by session (sched_autogroup, sched(7)). Its arguments are the two containers and the port of the app;
// it prints the two processes.
const onHost = `
set -e
app=$(podman mount "$1") nginx=$(podman mount "$2")
setsid chroot "$app" /testprogram web "$3" then sleep forever &
first=$!
setsid chroot "$nginx" nginx -e stderr -c ` + configDir + `/nginx.conf -g 'daemon off;' &
second=$!
echo $first $second
cat >/dev/null
kill $first $second
wait
`

const (
	hostApp   = "podup-bench-host-app"
	hostNginx = "podup-bench-host-nginx"
)

// host starts nginx and the app on the host itself, below a command, and tells their processes; end stops them
// and removes what they came from.
func (b *bench) host(ctx context.Context, service []string, config string, appPort int) (processes []int, end func() error, err error) {
	clear := func() {
		_ = b.podman("rm", "--force", "--ignore", "--time", "0", hostNginx, hostApp)(context.WithoutCancel(ctx))
	}
	clear() // what an earlier run may have left
	defer func() {
		if err != nil {
			clear()
		}
	}()
	dir := filepath.Join(b.dir, "nginx")
	if err := errors.Join(
		os.Mkdir(dir, 0o755), // its workers are not root
		os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(config), 0o644),
		b.podman("create", "--name", hostApp, image+":1")(ctx),
		b.podman("create", "--name", hostNginx, nginxImage)(ctx),
	); err != nil {
		return nil, nil, err
	}
	if err := b.podman("cp", dir, hostNginx+":"+configDir)(ctx); err != nil {
		return nil, nil, err
	}
	words := slices.Concat(service, unshare(), []string{"sh", "-c", onHost, "sh", hostApp, hostNginx, strconv.Itoa(appPort)})
	command := exec.CommandContext(context.WithoutCancel(ctx), words[0], words[1:]...)
	var said bytes.Buffer
	command.Stderr = &said
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := command.Start(); err != nil {
		return nil, nil, err
	}
	end = func() error {
		stdin.Close()
		err := command.Wait()
		clear()
		if err != nil {
			return fmt.Errorf("nginx and the app on the host: %w\n%s", err, said.Bytes())
		}
		return nil
	}
	processes = make([]int, 2)
	if _, err := fmt.Fscan(stdout, &processes[0], &processes[1]); err != nil {
		return nil, nil, errors.Join(err, end())
	}
	return processes, end, nil
}
