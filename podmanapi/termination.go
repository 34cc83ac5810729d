package podmanapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/podup/podup/translate"
)

// A termination message is what a container writes to its terminationMessagePath before it ends
// (kubelet: kuberuntime_container.go). Its file lies beside what the engine itself keeps of the pod's
// infra container, so that it survives a reboot and goes with the pod.
const messageDir = "podup-termination"

// messageLimit is how many bytes, the last ones, are kept of a message (kubelet: MaxContainerTerminationMessageLength).
const messageLimit = 4096

// addMessage mounts a file at the container's terminationMessagePath. The file is new whenever the
// container starts; here it is only made so that there is one. On an engine elsewhere there is none.
func (c *Client) addMessage(ctx context.Context, spec *containerSpec, con translate.Container, doing string) error {
	at := con.Lifecycle.MessagePath
	if at == "" || !c.local || con.Pod == "" {
		return nil
	}
	if slices.ContainsFunc(con.Mounts, func(m translate.Mount) bool { return filepath.Clean(m.Path) == filepath.Clean(at) }) {
		return nil // the user's own
	}
	dir, err := c.messageDir(ctx, con.Pod)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	file, err := os.CreateTemp(dir, con.Name+"-")
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	file.Close()
	if err := os.Chmod(file.Name(), 0o666); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	spec.Mounts = append(spec.Mounts, bindMount{
		// z is for SELinux, where a container may not write to what carries another label.
		Type: "bind", Source: file.Name(), Destination: at, Options: []string{"bind", "rw", "rprivate", "z"},
	})
	return nil
}

// messageDir gives the directory of a pod's messages.
func (c *Client) messageDir(ctx context.Context, pod string) (string, error) {
	name := translate.InfraName(pod)
	id, _ := c.known.id(container, name)
	if dir := c.messages.dir(id); dir != "" {
		return dir, nil
	}
	static, err := c.staticDir(ctx, pod)
	if err != nil {
		return "", err
	}
	id, _ = c.known.id(container, name)
	dir := filepath.Join(static, messageDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	c.messages.addDir(id, dir)
	return dir, nil
}

// mounted is a mount as an inspection shows it.
type mounted struct{ Type, Source, Destination string }

// messageFile finds the file of a container's termination message; it is empty where there is none.
func messageFile(mounts []mounted) string {
	for _, m := range mounts {
		if m.Type == "bind" && filepath.Base(filepath.Dir(m.Source)) == messageDir {
			return m.Source
		}
	}
	return ""
}

// freshMessage empties the message of a container that is about to start. The file is replaced: a
// container's root can give the old one to a user whose files podup cannot write to.
func (c *Client) freshMessage(ctx context.Context, id, doing string) error {
	if !c.local || c.messages.first(id) {
		return nil
	}
	var found inspected
	if err := c.call(ctx, get(doing, "/containers/"+id+"/json", nil), &found); err != nil {
		return err
	}
	path := messageFile(found.Mounts)
	c.messages.addFile(id, path)
	if path == "" || found.State.Running && c.alive(found.State.Pid) {
		return nil
	}
	err := os.Remove(path)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = os.WriteFile(path, nil, 0o666)
	}
	if err == nil {
		err = os.Chmod(path, 0o666) // whatever the umask
	}
	if err != nil {
		return fmt.Errorf("%s: its termination message: %w", doing, err)
	}
	return nil
}

// message reads the end of a termination message. One that cannot be read is none: its container may
// have taken the permission away.
func message(path string) string {
	if path == "" {
		return ""
	}
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return ""
	} else if info.Size() > messageLimit {
		if _, err := file.Seek(-messageLimit, io.SeekEnd); err != nil {
			return ""
		}
	}
	text, _ := io.ReadAll(io.LimitReader(file, messageLimit))
	return string(text)
}

// messages remembers where termination messages lie.
type messages struct {
	mu    sync.Mutex
	dirs  map[string]string // by ID of the infra container
	files map[string]string // by ID of the container
	unrun map[string]bool   // IDs of containers made here and not started yet: their files are new
}

// made remembers a new container and the file among its mounts.
func (m *messages) made(id string, mounts []bindMount) {
	for _, mount := range mounts {
		if filepath.Base(filepath.Dir(mount.Source)) == messageDir {
			m.addFile(id, mount.Source)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.unrun == nil {
		m.unrun = map[string]bool{}
	}
	m.unrun[id] = true
}

// first says once of each new container that it has not run: an inspection is spared, 2 ms between
// one start of a pod and the next (5.8).
func (m *messages) first(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer delete(m.unrun, id)
	return m.unrun[id]
}

func (m *messages) dir(infra string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dirs[infra]
}

func (m *messages) addDir(infra, dir string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dirs == nil {
		m.dirs = map[string]string{}
	}
	m.dirs[infra] = dir
}

func (m *messages) addFile(id, file string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.files == nil {
		m.files = map[string]string{}
	}
	if file != "" {
		m.files[id] = file
	}
}

// drop removes the message of a container that is gone, where podup knows of it; else it goes with the
// pod.
func (m *messages) drop(id string) {
	m.mu.Lock()
	file := m.files[id]
	delete(m.files, id)
	m.mu.Unlock()
	if file != "" {
		_ = os.Remove(file) // with the pod, again
	}
}
