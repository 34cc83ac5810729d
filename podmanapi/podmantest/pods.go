package podmantest

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

type pod struct {
	id       string
	name     string
	labels   map[string]string
	created  time.Time
	hostname string
	ports    []port
	networks []string            // names; empty is the engine's default, pasta
	aliases  map[string][]string // by network
	address  map[string]string   // by network, while the infra container runs
	infra    *container
	serving  map[int]*listener // by container port
	open     []func()          // closes the published ports
	lock     sync.Mutex        // held while a container of it is being stopped (5.8)
}

// port is a mapping in a request.
type port struct {
	HostIP        string `json:"host_ip"`
	ContainerPort int    `json:"container_port"`
	HostPort      int    `json:"host_port"`
	Range         int    `json:"range"`
	Protocol      string `json:"protocol"`
}

type podSpec struct {
	Name      string            `json:"name"`
	InfraName string            `json:"infra_name"`
	Hostname  string            `json:"hostname"`
	Labels    map[string]string `json:"labels"`
	Ports     []port            `json:"portmappings"`
	NoInfra   bool              `json:"no_infra"`
	Networks  map[string]struct {
		Aliases []string `json:"aliases"`
	} `json:"Networks"`
	NetNS struct {
		Mode string `json:"nsmode"`
	} `json:"netns"`
}

func createPod(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	var spec podSpec
	if err := c.decode(&spec); err != nil {
		return answer{}, err
	}
	if s.podIndex(spec.Name) >= 0 {
		return answer{}, &failure{http.StatusConflict, "pod already exists",
			"failed to make pod: adding pod to state: name \"" + spec.Name + "\" is in use"}
	}
	for name := range spec.Networks {
		if s.networkIndex(name) < 0 {
			return answer{}, internal("network not found", "failed to make pod: unable to find network with name or ID %s", name)
		}
	}
	if spec.NetNS.Mode == "host" && len(spec.Ports) > 0 {
		return answer{}, internal("published ports do not go with the host network", "failed to make pod")
	}
	made := &pod{
		id: s.newID(), name: spec.Name, labels: spec.Labels, created: time.Now(), hostname: spec.Hostname,
		networks: slices.Sorted(maps.Keys(spec.Networks)), serving: map[int]*listener{},
		aliases: map[string][]string{},
	}
	for name, options := range spec.Networks {
		made.aliases[name] = options.Aliases
	}
	for _, p := range spec.Ports {
		if p.Range == 0 {
			p.Range = 1
		}
		if p.Protocol == "" {
			p.Protocol = "tcp"
		}
		made.ports = append(made.ports, p)
	}
	if spec.NoInfra { // nothing can be put in it here
		s.pods = append(s.pods, made)
		return answer{status: http.StatusCreated, body: map[string]any{"Id": made.id}}, nil
	}
	name := spec.InfraName
	if name == "" {
		name = made.id[:12] + "-infra"
	}
	// The infra container inherits the pod's labels.
	infra, err := s.newContainer(containerSpec{Name: name, Labels: spec.Labels, Hostname: spec.Hostname}, nil, made)
	if err != nil {
		return answer{}, internal(err.Error(), "failed to make pod")
	}
	infra.infra = true
	if err := os.MkdirAll(s.userdata(infra), 0o700); err != nil {
		return answer{}, internal(err.Error(), "failed to make pod")
	}
	made.infra = infra
	s.pods = append(s.pods, made)
	return answer{status: http.StatusCreated, body: map[string]any{"Id": made.id}}, nil
}

func (p *pod) infraID() string {
	if p.infra == nil {
		return ""
	}
	return p.infra.id
}

func (s *Service) podIndex(nameOrID string) int {
	return slices.IndexFunc(s.pods, func(p *pod) bool {
		return p.name == nameOrID || len(nameOrID) >= 12 && strings.HasPrefix(p.id, nameOrID)
	})
}

func (c *call) pod() (*pod, error) {
	i := c.s.podIndex(c.name)
	if i < 0 {
		return nil, notFound("no such pod", "no pod with name or ID %s found", c.name)
	}
	return c.s.pods[i], nil
}

// members are the containers of a pod, the infra container first.
func (s *Service) members(p *pod) []*container {
	return slices.DeleteFunc(slices.Clone(s.containers), func(c *container) bool { return c.pod != p })
}

// state is Degraded as soon as one container does not run, be it an init container that is through.
func (s *Service) podState(p *pod) string {
	count := map[string]int{}
	members := s.members(p)
	for _, one := range members {
		count[one.state]++
	}
	switch {
	case count[stateRunning] == len(members):
		return "Running"
	case count[stateRunning] > 0 || count[stateStopping] > 0:
		return "Degraded"
	case count[stateExited]+count[stateStopped] == len(members):
		return "Exited"
	case count[stateExited]+count[stateStopped] > 0:
		return "Stopped"
	}
	return "Created"
}

func listPods(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	filters, err := c.filters("label", "name", "id", "status", "network")
	if err != nil {
		return answer{}, err
	}
	list := []any{}
	for _, p := range s.pods {
		state := s.podState(p)
		if !labelled(p.labels, filters["label"]) || !named(p.name, filters["name"]) || !named(p.id, filters["id"]) ||
			!named(strings.ToLower(state), filters["status"]) {
			continue
		}
		members := []any{}
		for _, one := range s.members(p) {
			members = append(members, map[string]any{"Id": one.id, "Names": one.name, "Status": one.state, "RestartCount": one.restarts})
		}
		list = append(list, map[string]any{
			"Cgroup": "/libpod_parent", "Containers": members, "Created": p.created, "Id": p.id, "InfraId": p.infraID(),
			"Name": p.name, "Namespace": "", "Networks": p.networks, "Status": state, "Labels": p.labels,
		})
	}
	return answer{status: http.StatusOK, body: list}, nil
}

func inspectPod(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := c.pod()
	if err != nil {
		return answer{}, err
	}
	members := []any{}
	for _, one := range s.members(p) {
		members = append(members, map[string]any{"Id": one.id, "Name": one.name, "State": one.state})
	}
	return answer{status: http.StatusOK, body: map[string]any{
		"Id": p.id, "Name": p.name, "Created": p.created, "ExitPolicy": "continue", "State": s.podState(p), "Hostname": p.hostname,
		"Labels": p.labels, "CreateInfra": true, "InfraContainerID": p.infraID(),
		"InfraConfig":      map[string]any{"PortBindings": bindings(p.ports), "HostNetwork": false, "Networks": p.networks},
		"SharedNamespaces": []string{"ipc", "net", "uts"}, "NumContainers": len(members), "Containers": members,
	}}, nil
}

func podExists(c *call) (answer, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	_, err := c.pod()
	return answer{status: http.StatusNoContent}, err
}

func startPod(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := c.pod()
	if err != nil {
		return answer{}, err
	}
	if s.podState(p) == "Running" {
		return answer{status: http.StatusNotModified}, nil
	}
	for _, one := range s.members(p) {
		if !one.up() || one.state == stateInitialized {
			if err := s.start(one); err != nil {
				return answer{}, err
			}
		}
	}
	return answer{status: http.StatusOK, body: map[string]any{"Errs": nil, "Id": p.id, "RawInput": p.name}}, nil
}

// stopPod does nothing, with 304, unless the pod's state is Running: not for a Degraded one either
// (pkg/api/handlers/libpod/pods.go, PodStop, v5.8.2).
func stopPod(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	p, err := c.pod()
	if err != nil {
		s.mu.Unlock()
		return answer{}, err
	}
	running := s.podState(p) == "Running"
	members := s.members(p)
	s.mu.Unlock()
	if !running {
		return answer{status: http.StatusNotModified}, nil
	}
	grace := time.Duration(-1)
	if t := c.query.Get("t"); t != "" && t != "0" {
		if grace, err = seconds(t); err != nil {
			return answer{}, err
		}
	}
	if err := s.stopAll(c.r.Context(), members, grace); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: map[string]any{"Errs": nil, "Id": p.id, "RawInput": p.name}}, nil
}

func removePod(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	p, err := c.pod()
	if err != nil {
		s.mu.Unlock()
		return answer{}, err
	}
	members := s.members(p)
	for _, one := range members {
		if one.up() && !flag(c.query, "force") {
			s.mu.Unlock()
			return answer{}, internal("container state improper",
				"not all containers could be removed from pod %s: cannot remove container %s as it is running - running or paused containers cannot be removed without force", p.id, one.id)
		}
	}
	s.mu.Unlock()
	grace := time.Duration(-1)
	if t := c.query.Get("timeout"); t != "" {
		if grace, err = seconds(t); err != nil {
			return answer{}, err
		}
	}
	if err := s.stopAll(c.r.Context(), members, grace); err != nil {
		return answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	removed := map[string]any{}
	for _, one := range s.members(p) {
		removed[one.id] = nil
		s.drop(one)
	}
	s.pods = slices.DeleteFunc(s.pods, func(one *pod) bool { return one == p })
	s.change()
	return answer{status: http.StatusOK, body: map[string]any{"RemovedCtrs": removed, "Err": nil, "Id": p.id}}, nil
}

// writeHosts makes what a running infra container shares with its pod: the hosts file and /dev/shm.
func (s *Service) writeHosts(p *pod) error {
	text := "127.0.0.1\tlocalhost\n::1\tlocalhost\n169.254.1.2\thost.containers.internal host.docker.internal\n"
	for _, name := range p.networks {
		text += p.address[name] + "\t" + p.hostnameOrName() + " " + p.infra.name + "\n"
	}
	if len(p.networks) == 0 {
		text += defaultAddress + "\t" + p.hostnameOrName() + " " + p.infra.name + "\n"
	}
	if err := os.MkdirAll(filepath.Join(s.userdata(p.infra), "shm"), 0o777); err != nil {
		return err
	}
	return os.WriteFile(s.hostsPath(p), []byte(text), 0o644)
}

func (s *Service) hostsPath(p *pod) string {
	return filepath.Join(s.userdata(p.infra), "hosts")
}

// userdata is where the engine keeps the files it makes for a container.
func (s *Service) userdata(c *container) string {
	return filepath.Join(s.dir, "containers", c.id, "userdata")
}

func (p *pod) hostnameOrName() string {
	if p.hostname != "" {
		return p.hostname
	}
	return p.name
}
