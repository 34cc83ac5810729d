package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/podup/podup/status"
	"github.com/podup/podup/supervise"
)

// runtimeDir is what is true of a project only while the machine runs: who supervises it, what is
// remembered of each pod, and the last events.
//
//	supervisor.lock   held by the process that supervises; its content is the pid
//	<pod>.lock        held by whoever acts on the pod
//	<pod>.json        status.Memory; only the holder of <pod>.lock writes it
//	.events           the last events, a JSON document a line
//
// Pod names hold neither slashes nor a dot at their beginning, so that none of these meet. Losing the
// directory loses history and nothing that runs.
type runtimeDir struct {
	project string
	path    string
}

// openRuntime names the directory; it is made when something is written.
func openRuntime(getenv func(string) string, project string) (runtimeDir, error) {
	dir, err := stateDir(getenv)
	if err != nil {
		return runtimeDir{}, fmt.Errorf("find the runtime directory: %w", err)
	}
	return runtimeDir{project: project, path: filepath.Join(dir, project)}, nil
}

// make creates the directory where it is missing, and refuses one that is somebody else's.
func (r runtimeDir) make() error {
	for _, dir := range []string{filepath.Dir(r.path), r.path} {
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := ownDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// memory is what was last written of a pod; known is false where nothing was, or nothing that can be
// read: a lost memory is no failure.
func (r runtimeDir) memory(pod string) (memory status.Memory, known bool) {
	text, err := os.ReadFile(r.memoryPath(pod))
	if err != nil {
		return status.Memory{}, false
	}
	var file status.File
	if json.Unmarshal(text, &file) != nil || file.FormatVersion != formatVersion {
		return status.Memory{}, false
	}
	return file.Memory, true
}

// memories are what was last written of all pods.
func (r runtimeDir) memories() map[string]status.Memory {
	found := map[string]status.Memory{}
	entries, _ := os.ReadDir(r.path) // without a directory there are none
	for _, entry := range entries {
		pod, ok := strings.CutSuffix(entry.Name(), ".json")
		if !ok {
			continue
		}
		if memory, known := r.memory(pod); known {
			found[pod] = memory
		}
	}
	return found
}

func (r runtimeDir) memoryPath(pod string) string { return filepath.Join(r.path, pod+".json") }

// save writes what is remembered of a pod. Readers see the old or the new, never a part.
func (r runtimeDir) save(pod string, memory status.Memory) error {
	text, err := json.Marshal(status.File{FormatVersion: formatVersion, Memory: memory})
	if err != nil {
		return fmt.Errorf("write the memory of pod %s: %w", pod, err)
	}
	path := r.memoryPath(pod)
	next := path + ".new"
	if err = os.WriteFile(next, text, 0o600); err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		return fmt.Errorf("write the memory of pod %s: %w", pod, err)
	}
	return nil
}

// lockPod waits until this process alone acts on a pod.
func (r runtimeDir) lockPod(ctx context.Context, pod string) (supervise.Held, error) {
	if err := r.make(); err != nil {
		return supervise.Held{}, fmt.Errorf("lock pod %s: %w", pod, err)
	}
	path := filepath.Join(r.path, pod+".lock")
	for {
		l, err := tryAcquire(r.path, path)
		switch {
		case err == nil:
			memory, known := r.memory(pod)
			return supervise.Held{
				Memory: memory, Known: known,
				Save:   func(m status.Memory) error { return r.save(pod, m) },
				Unlock: l.release,
			}, nil
		case errors.Is(err, errGone):
			continue
		case !errors.Is(err, errHeld):
			return supervise.Held{}, fmt.Errorf("lock pod %s: %w", pod, err)
		}
		select {
		case <-ctx.Done():
			return supervise.Held{}, fmt.Errorf("wait for another podup on pod %s: %w", pod, context.Cause(ctx))
		case <-time.After(podLockInterval):
		}
	}
}

// podLockInterval is shorter than lockInterval: a supervisor holds a pod's lock for milliseconds.
const podLockInterval = 5 * time.Millisecond

// supervised gives the process that supervises the project.
func (r runtimeDir) supervised() (pid int, ok bool) {
	path := filepath.Join(r.path, "supervisor.lock")
	if !isHeld(path) {
		return 0, false
	}
	return holderPid(path), true
}

// remove ends the supervision of a project that is gone, and takes the directory away. The caller holds
// the project's lock.
func (r runtimeDir) remove(ctx context.Context, getenv func(string) string) error {
	if _, err := os.Stat(r.path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	err := r.endSupervisor()
	if err == nil {
		err = endUnit(ctx, getenv, r.project, r.endSupervisor)
	}
	if err != nil {
		return fmt.Errorf("end the supervisor of project %s: %w", r.project, err)
	}
	if err := os.RemoveAll(r.path); err != nil {
		return fmt.Errorf("remove the runtime directory of project %s: %w", r.project, err)
	}
	return nil
}

// forget removes what the directory holds of a pod.
func (r runtimeDir) forget(pod string) {
	for _, name := range []string{pod + ".json", pod + ".lock"} {
		_ = os.Remove(filepath.Join(r.path, name))
	}
}
