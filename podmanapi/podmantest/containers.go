package podmantest

import (
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The states of a container. It is stopped for a moment after its end, until it is cleaned up.
const (
	stateCreated     = "created"
	stateInitialized = "initialized"
	stateRunning     = "running"
	stateStopping    = "stopping"
	statePaused      = "paused"
	stateStopped     = "stopped"
	stateExited      = "exited"
)

type container struct {
	id       string
	name     string
	spec     containerSpec
	image    *image // nil for an infra container
	imageRef string
	pod      *pod
	infra    bool
	created  time.Time

	state     string
	run       *process // while running or stopping
	keeps     bool     // its volumes stay mounted although it does not run
	lost      bool     // the engine believes it runs, and it does not
	started   time.Time
	finished  time.Time
	exitCode  int
	oomKilled bool
	lastError string // why the last start failed
	byUser    bool   // stopped or killed over the API: the restart policy rests
	restarts  int
	log       []logLine
	attached  []*attachment
}

// up reports whether the container has a process, be it one that waits for its start.
func (c *container) up() bool {
	return c.state == stateRunning || c.state == stateInitialized || c.state == stateStopping || c.state == statePaused
}

var legalName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`)

func createContainer(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	var spec containerSpec
	if err := c.decode(&spec); err != nil {
		return answer{}, err
	}
	reference, found := s.lookupImage(spec.Image)
	if found == nil {
		return answer{}, notFound("image not known", "no such image: %s", spec.Image)
	}
	var home *pod
	if spec.Pod != "" {
		i := s.podIndex(spec.Pod)
		if i < 0 {
			return answer{}, internal("no such pod", "no pod with name or ID %s found", spec.Pod)
		}
		home = s.pods[i]
		if home.infra == nil {
			return answer{}, internal("podmantest has no containers in pods without infra container", "")
		}
		if spec.Hostname != "" {
			return answer{}, internal("invalid configuration", "invalid config provided: cannot set hostname when joining the pod UTS namespace")
		}
	}
	made, err := s.newContainer(spec, found, home)
	if err != nil {
		return answer{}, err
	}
	made.imageRef = reference
	return answer{status: http.StatusCreated, body: map[string]any{"Id": made.id, "Warnings": s.warnings}}, nil
}

func (s *Service) newContainer(spec containerSpec, from *image, home *pod) (*container, error) {
	if from != nil { // the image's labels are the container's, but for those that it has itself
		labels := maps.Clone(from.Labels)
		if labels == nil {
			labels = map[string]string{}
		}
		maps.Copy(labels, spec.Labels)
		spec.Labels = labels
	}
	made := &container{id: s.newID(), name: spec.Name, spec: spec, image: from, pod: home, created: time.Now(), state: stateCreated}
	if made.name == "" {
		made.name = "podmantest_" + made.id[:8]
	}
	if !legalName.MatchString(made.name) {
		return nil, internal("invalid argument", "running container create option: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*")
	}
	if i := s.containerIndex(made.name); i >= 0 {
		return nil, internal("that name is already in use",
			"creating container storage: the container name %q is already in use by %s. You have to remove that container to be able to reuse that name", made.name, s.containers[i].id)
	}
	for _, name := range spec.SecretEnv {
		if s.secretIndex(name) < 0 {
			return nil, internal("no such secret", "running container create option: no secret with name or id %q", name)
		}
	}
	for _, file := range spec.Secrets {
		if s.secretIndex(file.Source) < 0 {
			return nil, internal("no such secret", "no secret with name or id %q", file.Source)
		}
	}
	for _, mount := range spec.Mounts {
		if mount.Type != "bind" {
			continue
		}
		if slices.Contains(mount.Options, "rro") {
			return nil, internal("invalid mount option", `unknown mount option "rro"`)
		}
		if _, err := os.Stat(mount.Source); err != nil {
			return nil, internal("no such file or directory", "statfs %s", mount.Source)
		}
	}
	for _, mount := range spec.ImageVolumes {
		if _, found := s.lookupImage(mount.Source); found == nil {
			return nil, internal("image not known", "getting image volume source: %s", mount.Source)
		}
	}
	if err := s.checkLocks(); err != nil {
		return nil, err
	}
	// A volume that is not there is made, without labels.
	for _, mount := range spec.Volumes {
		if s.volumeIndex(mount.Name) >= 0 {
			continue
		}
		if _, err := s.newVolume(mount.Name, nil, nil); err != nil {
			return nil, err
		}
	}
	s.containers = append(s.containers, made)
	return made, nil
}

func (s *Service) containerIndex(nameOrID string) int {
	if i := slices.IndexFunc(s.containers, func(c *container) bool { return c.name == nameOrID }); i >= 0 {
		return i
	}
	return slices.IndexFunc(s.containers, func(c *container) bool {
		return len(nameOrID) >= 12 && strings.HasPrefix(c.id, nameOrID)
	})
}

// container finds the one the path names. The caller holds mu.
func (c *call) container() (*container, error) {
	i := c.s.containerIndex(c.name)
	if i < 0 {
		return nil, notFound("no such container", "no container with name or ID %q found", c.name)
	}
	return c.s.containers[i], nil
}

func containerExists(c *call) (answer, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if c.s.containerIndex(c.name) < 0 {
		return answer{}, notFound("no such container", "")
	}
	return answer{status: http.StatusNoContent}, nil
}

func renameContainer(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	one, err := c.container()
	if err != nil {
		return answer{}, err
	}
	to := c.query.Get("name")
	if !legalName.MatchString(to) {
		return answer{}, internal("invalid argument", "names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*")
	}
	if i := s.containerIndex(to); i >= 0 && s.containers[i] != one {
		return answer{}, internal("UNIQUE constraint failed: ContainerConfig.Name",
			"renaming container %s: updating container config table with new configuration for container %s", one.id, one.id)
	}
	one.name = to
	return answer{status: http.StatusNoContent}, nil
}

// updateContainer changes the restart policy and the resources; labels are ignored without a word,
// and so is anything below "resources".
func updateContainer(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	one, err := c.container()
	if err != nil {
		return answer{}, err
	}
	var body struct {
		NoHealthCheck bool `json:"no_healthcheck"`
	}
	if err := errors.Join(c.decode(&body), c.decode(&one.spec.Resources)); err != nil {
		return answer{}, err
	}
	if one.spec.Health.Timeout == 0 && slices.Equal(one.spec.Health.Test, []string{"NONE"}) && !body.NoHealthCheck {
		return answer{}, internal("healthcheck-timeout must be at least 1 second", "healthcheck-timeout must be at least 1 second")
	}
	switch policy := c.query.Get("restartPolicy"); policy {
	case "":
	case "no", "always", "on-failure", "unless-stopped":
		one.spec.RestartPolicy = policy
	default:
		return answer{}, internal("invalid argument", "%q is not a valid restart policy", policy)
	}
	return answer{status: http.StatusCreated, body: one.id}, nil
}

// memoryUsed is what each container that runs has in memory.
const memoryUsed = 8 << 20

// containerStats answers for one container, not as a stream.
func containerStats(c *call) (answer, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.name = c.query.Get("containers")
	one, err := c.container()
	if err != nil {
		return answer{}, err
	}
	if !one.up() {
		return answer{}, internal("container state improper", "container %s is not running", one.id)
	}
	stats := map[string]any{"ContainerID": one.id, "MemUsage": memoryUsed, "MemLimit": one.spec.Resources.Memory.Limit}
	return answer{status: http.StatusOK, body: map[string]any{"Error": nil, "Stats": []any{stats}}}, nil
}

func removeContainer(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	one, err := c.container()
	if err != nil {
		s.mu.Unlock()
		return answer{}, notFound("no such container", "no container with ID or name %q found", c.name)
	}
	if one.infra {
		s.mu.Unlock()
		return answer{}, internal("container "+one.id+" is the infra container of pod "+one.pod.id+" and cannot be removed without removing the pod", "")
	}
	if (one.state == stateRunning || one.state == stateStopping) && !flag(c.query, "force") {
		s.mu.Unlock()
		return answer{}, internal("container state improper",
			"cannot remove container %s as it is running - running or paused containers cannot be removed without force", one.id)
	}
	s.mu.Unlock()

	grace := time.Duration(-1)
	if t := c.query.Get("timeout"); t != "" {
		if grace, err = seconds(t); err != nil {
			return answer{}, err
		}
	}
	if err := s.stop(c.r.Context(), one, grace); err != nil {
		return answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(one)
	s.change()
	return answer{status: http.StatusOK, body: []any{map[string]any{"Id": one.id}}}, nil
}

// drop forgets a container that does not run, its log and its files. The caller holds mu.
func (s *Service) drop(one *container) {
	s.containers = slices.DeleteFunc(s.containers, func(other *container) bool { return other == one })
	for id, session := range s.sessions {
		if session.container == one {
			delete(s.sessions, id)
		}
	}
	if err := os.RemoveAll(s.rootfs(one)); err != nil {
		s.t.Errorf("podmantest: %v", err)
	}
	s.release()
}

// rootfs is the directory for what a container writes outside of its mounts.
func (s *Service) rootfs(one *container) string { return filepath.Join(s.dir, "rootfs", one.id) }
