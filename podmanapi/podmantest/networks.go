package podmantest

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// network is a bridge 10.<subnet>.0.0/16; hosts counts the addresses given out.
type network struct {
	id      string
	name    string
	driver  string
	dns     bool
	labels  map[string]string
	created time.Time
	subnet  int
	hosts   int
}

// nextAddress is the address of the next pod on the network.
func (n *network) nextAddress() string {
	n.hosts++
	return fmt.Sprintf("10.%d.%d.%d", n.subnet, n.hosts/250, n.hosts%250+1)
}

func (n *network) gateway() string { return fmt.Sprintf("10.%d.0.1", n.subnet) }

func (n *network) report() map[string]any {
	report := map[string]any{
		"name": n.name, "id": n.id, "driver": n.driver, "network_interface": fmt.Sprintf("podman%d", n.subnet-88),
		"created": n.created, "ipv6_enabled": false, "internal": false, "dns_enabled": n.dns,
		"subnets":      []any{map[string]any{"subnet": fmt.Sprintf("10.%d.0.0/16", n.subnet), "gateway": n.gateway()}},
		"ipam_options": map[string]string{"driver": "host-local"},
	}
	if len(n.labels) > 0 {
		report["labels"] = n.labels
	}
	return report
}

func (s *Service) networkIndex(nameOrID string) int {
	return slices.IndexFunc(s.networks, func(n *network) bool { return n.name == nameOrID || n.id == nameOrID })
}

func createNetwork(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	var body struct {
		Name   string            `json:"name"`
		Driver string            `json:"driver"`
		DNS    bool              `json:"dns_enabled"`
		Labels map[string]string `json:"labels"`
	}
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	if s.networkIndex(body.Name) >= 0 {
		return answer{}, &failure{http.StatusConflict, "network already exists", "network name " + body.Name + " already used"}
	}
	if body.Driver == "" {
		body.Driver = "bridge"
	}
	s.subnets++
	made := &network{
		id: s.newID(), name: body.Name, driver: body.Driver, dns: body.DNS, labels: body.Labels,
		created: time.Now(), subnet: 88 + s.subnets,
	}
	s.networks = append(s.networks, made)
	return answer{status: http.StatusOK, body: made.report()}, nil // 200, not 201: seen on 5.8.6
}

func listNetworks(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	filters, err := c.filters("label", "name", "id", "driver")
	if err != nil {
		return answer{}, err
	}
	list := []any{}
	for _, n := range s.networks {
		if labelled(n.labels, filters["label"]) && named(n.name, filters["name"]) && named(n.id, filters["id"]) && named(n.driver, filters["driver"]) {
			list = append(list, n.report())
		}
	}
	return answer{status: http.StatusOK, body: list}, nil
}

func inspectNetwork(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.networkIndex(c.name)
	if i < 0 {
		return answer{}, notFound("network not found", "")
	}
	report := s.networks[i].report()
	containers := map[string]any{}
	for _, one := range s.containers {
		if one.infra && slices.Contains(one.pod.networks, s.networks[i].name) {
			containers[one.id] = map[string]any{"name": one.name}
		}
	}
	report["containers"] = containers
	return answer{status: http.StatusOK, body: report}, nil
}

func networkExists(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.networkIndex(c.name) < 0 {
		return answer{}, notFound("network not found", "")
	}
	return answer{status: http.StatusNoContent}, nil
}

func removeNetwork(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.networkIndex(c.name)
	if i < 0 {
		return answer{}, notFound("network not found", "unable to find network with name or ID %s", c.name)
	}
	for _, one := range s.pods {
		if slices.Contains(one.networks, s.networks[i].name) {
			return answer{}, internal("network is being used", "%q has associated containers with it. Use -f to forcefully delete containers and pods", c.name)
		}
	}
	s.networks = slices.Delete(s.networks, i, i+1)
	return answer{status: http.StatusOK, body: []any{map[string]any{"Name": c.name, "Err": nil}}}, nil
}
