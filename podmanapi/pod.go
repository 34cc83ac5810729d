package podmanapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/podup/podup/translate"
)

// namespace is specgen.Namespace.
type namespace struct {
	Mode  string `json:"nsmode"`
	Value string `json:"value,omitempty"`
}

// podSpec is the body of POST /pods/create, as far as podup uses it.
type podSpec struct {
	Name           string                    `json:"name"`
	InfraName      string                    `json:"infra_name"`
	ExitPolicy     string                    `json:"exit_policy"`
	Hostname       string                    `json:"hostname,omitempty"`
	Shared         []string                  `json:"shared_namespaces,omitempty"`
	Labels         map[string]string         `json:"labels"`
	NetNS          *namespace                `json:"netns,omitempty"`
	Networks       map[string]networkOptions `json:"Networks,omitempty"`
	NetworkOptions map[string][]string       `json:"network_options,omitempty"`
	PortMappings   []portMapping             `json:"portmappings,omitempty"`
	IPCNS          *namespace                `json:"ipcns,omitempty"`
	UserNS         *namespace                `json:"userns,omitempty"`
	Sysctl         map[string]string         `json:"sysctl,omitempty"`
	Resources      *resources                `json:"resource_limits,omitempty"`
}

type networkOptions struct {
	Aliases []string `json:"aliases,omitempty"`
}

// CreatePod makes a pod and its infra container, which does not run yet. Nothing about its ports is
// checked before StartPod.
func (c *Client) CreatePod(ctx context.Context, p translate.Pod) error {
	doing := "create pod/" + p.Name
	spec := specOf(p)
	var warnings []string
	var err error
	if spec.Resources, warnings, err = c.enforceable(ctx, spec.Resources); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	for _, warning := range warnings {
		c.warn("pod/" + p.Name + ": " + warning)
	}
	for try := 1; ; try++ {
		var made object
		found, fresh, err := c.create(ctx, pod, p.Name, p.Labels(), post(doing, "/pods/create", nil, spec), &made)
		if err != nil {
			return explainUsers(p, err)
		}
		if fresh {
			c.known.add(pod, p.Name, made.ID)
			return c.makeNames(ctx, p)
		}
		c.known.add(pod, p.Name, found.ID)
		if found.InfraContainerID != "" {
			return c.makeNames(ctx, p)
		}
		// The service was killed between making the pod and its infra container.
		if try > 1 {
			return fmt.Errorf("%s: the engine makes it without an infra container", doing)
		}
		if err := c.remove(ctx, pod, p.Name, killed()); err != nil {
			return err
		}
	}
}

// specOf is the request for a pod.
func specOf(p translate.Pod) podSpec {
	spec := podSpec{
		Name:       p.Name,
		InfraName:  translate.InfraName(p.Name),
		ExitPolicy: "continue", // an init container's end must not stop the pod
		Hostname:   p.Hostname,
		Labels:     p.Labels(),
	}
	if p.ShareProcesses { // the engine's default, and pid: the infra container is then PID 1 and reaps
		spec.Shared = []string{"ipc", "net", "uts", "pid"}
	}
	addNamespaces(&spec, p)
	mode, options, _ := strings.Cut(p.Network, ":")
	switch {
	case translate.NamedNetwork(p.Network):
		spec.NetNS = &namespace{Mode: "bridge"}
		spec.Networks = map[string]networkOptions{p.Network: {Aliases: aliases(p)}}
	case mode != "":
		spec.NetNS = &namespace{Mode: mode}
		if options != "" && (mode == "pasta" || mode == "slirp4netns") {
			spec.NetworkOptions = map[string][]string{mode: strings.Split(options, ",")}
		}
	}
	if mode == "host" || mode == "none" {
		return spec // the engine refuses port mappings there; on the host's network they mean nothing
	}
	for _, port := range p.Ports {
		if port.HostPort == 0 { // the engine would publish it at a random port
			continue
		}
		spec.PortMappings = append(spec.PortMappings, portMapping{
			HostIP: port.HostIP, HostPort: port.HostPort, ContainerPort: port.ContainerPort, Protocol: port.Protocol,
		})
	}
	return spec
}

// addNamespaces sets what of a pod's namespaces is not as usual, and the limits of its cgroup.
func addNamespaces(spec *podSpec, p translate.Pod) {
	if p.Namespaces.HostIPC {
		spec.IPCNS = &namespace{Mode: "host"}
	}
	if p.Namespaces.OwnUsers {
		spec.UserNS = &namespace{Mode: "auto"}
	}
	for _, sysctl := range p.Namespaces.Sysctls {
		if spec.Sysctl == nil {
			spec.Sysctl = map[string]string{}
		}
		spec.Sysctl[sysctl.Name] = sysctl.Value
	}
	spec.Resources = resourcesOf(p.Resources)
}

// aliases are the names under which the other pods of a network find this one, each once.
func aliases(p translate.Pod) []string {
	names := []string{p.Name}
	for _, name := range append([]string{p.Hostname}, p.Aliases...) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// portPatience is how long a port may stay taken that a pod just removed had: with 5.4, pasta lets go
// of it up to 15 ms after the removal is reported.
const portPatience = time.Second

// StartPod starts the infra container by itself: when it is left to the first app container, every
// failure of it reads "starting some containers: internal libpod error" (5.8, 5.4).
func (c *Client) StartPod(ctx context.Context, name string) error {
	infra := translate.InfraName(name)
	deadline := time.Now().Add(portPatience)
	for wait := 15 * time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		err := c.on(ctx, container, infra, "start", func(id, doing string) error {
			return c.begin(ctx, id, doing)
		})
		if err == nil {
			return c.fillNames(ctx, name)
		}
		if !portTaken(err) || time.Now().After(deadline) || !pause(ctx, wait) {
			return explainStart(name, err)
		}
	}
}

func portTaken(err error) bool {
	return strings.Contains(strings.ToLower(err.Error()), "address already in use")
}

// members are the containers of a pod, the infra container among them, as the engine has them now.
// It refuses a pod that is not the project's, or that somebody else has put containers into.
func (c *Client) members(ctx context.Context, name, doing string) ([]listed, error) {
	all, err := c.list(ctx, doing, map[string][]string{"pod": {name}})
	if err != nil {
		return nil, err
	}
	var members []listed
	var guests []string
	for _, l := range all {
		if l.PodName != name { // the engine also takes the beginning of a pod's ID for its name
			continue
		}
		if owner := c.known.owner(container, l.Labels); owner != "" {
			if l.IsInfra {
				return nil, &foreign{doing, owner}
			}
			guests = append(guests, l.name())
		}
		members = append(members, l)
	}
	if len(guests) > 0 {
		return nil, fmt.Errorf("%s: it holds containers podup did not make (%s): remove them first, with podman rm",
			doing, strings.Join(guests, ", "))
	}
	return members, nil
}

// query with a timeout in whole seconds, rounded up; without one where grace is negative: the
// containers' own then holds.
func timeout(grace time.Duration) url.Values {
	if grace < 0 {
		return nil
	}
	return url.Values{"timeout": {seconds(grace)}}
}

func seconds(d time.Duration) string {
	return fmt.Sprint(int64((d + time.Second - 1) / time.Second))
}

// isConflict says that an object is in a state that forbids the operation.
func isConflict(err error) bool { return status(err) == http.StatusConflict }
