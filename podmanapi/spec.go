package podmanapi

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/podup/podup/translate"
)

// containerSpec is the body of POST /containers/create (specgen.SpecGenerator) as far as podup uses
// it. Unknown fields are ignored by the engine without a word, so each is checked against Podman's own
// type by a test.
type containerSpec struct {
	Name             string            `json:"name"`
	Pod              string            `json:"pod,omitempty"`
	Image            string            `json:"image"`
	RawImageName     string            `json:"raw_image_name"`
	Labels           map[string]string `json:"labels"`
	Entrypoint       []string          `json:"entrypoint,omitempty"`
	Command          []string          `json:"command,omitempty"`
	WorkDir          string            `json:"work_dir,omitempty"`
	CreateWorkingDir bool              `json:"create_working_dir,omitempty"`
	Env              map[string]string `json:"env,omitempty"`
	EnvSecrets       map[string]string `json:"secret_env,omitempty"`
	UnsetEnv         []string          `json:"unsetenv,omitempty"`
	HTTPProxy        bool              `json:"httpproxy"`
	Terminal         bool              `json:"terminal"`
	Stdin            bool              `json:"stdin"`
	Init             bool              `json:"init,omitempty"`
	Mounts           []bindMount       `json:"mounts,omitempty"`
	Volumes          []volumeMount     `json:"volumes,omitempty"`
	ImageVolumes     []imageMount      `json:"image_volumes,omitempty"`
	RestartPolicy    string            `json:"restart_policy,omitempty"`
	StopSignal       int               `json:"stop_signal,omitempty"`
	StopTimeout      uint              `json:"stop_timeout"`
	LogConfiguration logConfig         `json:"log_configuration"`
	Health           healthConfig      `json:"healthconfig"`
	ManagePassword   bool              `json:"manage_password"`
	NetNS            *namespace        `json:"netns,omitempty"`
	Resources        *resources        `json:"resource_limits,omitempty"`

	User            string   `json:"user,omitempty"`
	Groups          []string `json:"groups,omitempty"`
	Privileged      bool     `json:"privileged"`
	ReadOnly        bool     `json:"read_only_filesystem,omitempty"`
	NoNewPrivileges bool     `json:"no_new_privileges"`
	CapAdd          []string `json:"cap_add,omitempty"`
	CapDrop         []string `json:"cap_drop,omitempty"`

	Seccomp  string     `json:"seccomp_profile_path,omitempty"`
	AppArmor string     `json:"apparmor_profile,omitempty"`
	SELinux  []string   `json:"selinux_opts,omitempty"`
	Unmask   []string   `json:"unmask,omitempty"`
	PIDNS    *namespace `json:"pidns,omitempty"`
	OOMScore *int       `json:"oom_score_adj,omitempty"`
}

type logConfig struct {
	Driver string `json:"driver"`
}

type healthConfig struct {
	Test []string
}

// noHealthCheck: an image's HEALTHCHECK would start timers nobody looks at; Kubernetes ignores it. There
// must be no Interval: with one, Podman has systemd make a timer all the same, 10 ms of work for each
// container (5.8).
func noHealthCheck() healthConfig { return healthConfig{Test: []string{"NONE"}} }

// resources is the part of the OCI LinuxResources podup sets.
type resources struct {
	Memory *memoryLimit `json:"memory,omitempty"`
	CPU    *cpuLimit    `json:"cpu,omitempty"`
	Huge   []hugeLimit  `json:"hugepageLimits,omitempty"`
}

type hugeLimit struct {
	Page  string `json:"pageSize"` // "2MB"
	Limit uint64 `json:"limit"`
}

type memoryLimit struct {
	Limit int64 `json:"limit"`
	Swap  int64 `json:"swap"`
}

type cpuLimit struct {
	Shares uint64 `json:"shares,omitempty"`
	Quota  int64  `json:"quota,omitempty"`
	Period uint64 `json:"period,omitempty"`
}

// neverRestart is every container's policy: one that ends is a supervisor's to start again. Where an
// engine did so as well, there would be two owners, and its way knows no hooks.
const neverRestart = "no"

// containerSpec translates a container into a request. It asks the engine only what a field cannot be
// filled without, and makes the host directories and sub-paths the mounts need.
func (c *Client) containerSpec(ctx context.Context, con translate.Container, name, doing string) (containerSpec, error) {
	spec := containerSpec{
		Name:         name,
		Pod:          con.Pod,
		Image:        con.Image,
		RawImageName: con.Image,
		Labels:       con.Labels(),
		Entrypoint:   con.Entrypoint,
		Command:      con.Command,
		WorkDir:      con.WorkingDir,
		// A kubelet's runtimes make a missing working directory; Podman would fail the start.
		CreateWorkingDir: con.WorkingDir != "",
		Terminal:         con.TTY,
		Stdin:            con.Stdin,
		RestartPolicy:    neverRestart,
		StopSignal:       stopSignals()[con.StopSignal],
		StopTimeout:      uint((con.Grace + time.Second - 1) / time.Second),
		// journald takes half a second for a tail, k8s-file a millisecond (5.8, 5.4).
		LogConfiguration: logConfig{"k8s-file"},
		Health:           noHealthCheck(),
		Resources:        resourcesOf(con.Resources),
	}
	addEnv(&spec, con.Env)
	if err := c.addSecurity(ctx, &spec, con, doing); err != nil {
		return containerSpec{}, err
	}
	if err := c.addMounts(ctx, &spec, con, doing); err != nil {
		return containerSpec{}, err
	}
	if err := c.addMessage(ctx, &spec, con, doing); err != nil {
		return containerSpec{}, err
	}
	if err := c.addNames(ctx, &spec, con, doing); err != nil {
		return containerSpec{}, err
	}
	addConfinement(&spec, con)
	_, memory, err := c.allocatable(ctx)
	if err != nil {
		return containerSpec{}, fmt.Errorf("%s: %w", doing, err)
	}
	spec.OOMScore = c.oomScore(con, memory)
	return spec, nil
}

// addEnv gives the container what a kubelet gives: the image's variables, its own, and not Podman's
// container=podman and the proxies of the service.
func addEnv(spec *containerSpec, env []translate.EnvVar) {
	spec.UnsetEnv = []string{"container"}
	for _, v := range env {
		if v.Name == "container" {
			spec.UnsetEnv = nil
		}
		if v.Secret != "" {
			if spec.EnvSecrets == nil {
				spec.EnvSecrets = map[string]string{}
			}
			spec.EnvSecrets[v.Name] = v.Secret
			continue
		}
		if spec.Env == nil {
			spec.Env = map[string]string{}
		}
		spec.Env[v.Name] = v.Value
	}
}

// resourcesOf sets swap to the limit: without it Podman allows as much swap again.
func resourcesOf(r translate.Resources) *resources {
	var limits resources
	if r.MemoryLimit > 0 {
		limits.Memory = &memoryLimit{Limit: r.MemoryLimit, Swap: r.MemoryLimit}
	}
	if r.CPUShares > 0 || r.CPUQuota > 0 {
		limits.CPU = &cpuLimit{Shares: r.CPUShares, Quota: r.CPUQuota, Period: r.CPUPeriod}
	}
	if r.HugePages2Mi > 0 {
		limits.Huge = append(limits.Huge, hugeLimit{"2MB", uint64(r.HugePages2Mi)})
	}
	if r.HugePages1Gi > 0 {
		limits.Huge = append(limits.Huge, hugeLimit{"1GB", uint64(r.HugePages1Gi)})
	}
	if limits.Memory == nil && limits.CPU == nil && limits.Huge == nil {
		return nil
	}
	return &limits
}

// addSecurity sets user, groups, capabilities and the rest of a security context.
func (c *Client) addSecurity(ctx context.Context, spec *containerSpec, con translate.Container, doing string) error {
	s := con.Security
	spec.Privileged = s.Privileged
	spec.NoNewPrivileges = s.NoNewPrivileges
	spec.CapDrop = s.CapDrop
	for _, gid := range s.SupplementalGroups {
		spec.Groups = append(spec.Groups, strconv.FormatInt(gid, 10))
	}
	var imageUser string
	if s.RunAsUser == nil && (s.RunAsGroup != nil || s.RunAsNonRoot || len(s.CapAdd) > 0) {
		image, err := c.image(ctx, doing, con.Image)
		if err != nil {
			return explainCreate(con, err)
		}
		imageUser, _, _ = strings.Cut(image.Config.User, ":")
	}
	if err := checkNonRoot(s, imageUser); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	spec.User = userOf(s, imageUser)
	// For a user whom the image's passwd does not know HOME would be empty; a kubelet's runtimes make it /,
	// which Podman does with a line of its own for that user (5.8).
	spec.ManagePassword = s.RunAsUser != nil
	// For a user other than root Podman makes an added capability ambient, which no kubelet's runtime
	// does: there it is in the bounding set only, and a program has it by its file alone.
	if root := s.RunAsUser == nil && isRoot(imageUser) || s.RunAsUser != nil && *s.RunAsUser == 0; root {
		spec.CapAdd = s.CapAdd
	}
	if s.ReadOnlyRoot {
		return c.addReadOnlyRoot(ctx, spec, con, doing)
	}
	return nil
}

// userOf is the "user:group" of a container; empty is the image's. Podman takes ":55" for user 0, so
// that a group alone needs the image's user beside it.
func userOf(s translate.Security, imageUser string) string {
	var user string
	switch {
	case s.RunAsUser != nil:
		user = strconv.FormatInt(*s.RunAsUser, 10)
	case s.RunAsGroup != nil && imageUser != "":
		user = imageUser
	case s.RunAsGroup != nil:
		user = "0"
	}
	if s.RunAsGroup != nil {
		user += ":" + strconv.FormatInt(*s.RunAsGroup, 10)
	}
	return user
}

func isRoot(imageUser string) bool {
	return imageUser == "" || imageUser == "root" || imageUser == "0"
}

// checkNonRoot is kubelet: kuberuntime/security_context_others.go verifyRunAsNonRoot.
func checkNonRoot(s translate.Security, imageUser string) error {
	switch {
	case !s.RunAsNonRoot:
		return nil
	case s.RunAsUser != nil && *s.RunAsUser == 0:
		return fmt.Errorf("runAsNonRoot is true and runAsUser is 0")
	case s.RunAsUser != nil:
		return nil
	case isRoot(imageUser) && imageUser != "root":
		return fmt.Errorf("runAsNonRoot is true and the image runs as root; give a runAsUser")
	}
	if _, err := strconv.ParseInt(imageUser, 10, 64); err != nil {
		return fmt.Errorf("runAsNonRoot is true and the image's user %q is no number, so that it cannot be known not to be root; give a runAsUser", imageUser)
	}
	return nil
}

// addReadOnlyRoot makes the root file system read-only. Podman makes /dev/shm read-only with it, which
// a kubelet's runtimes do not: the pod's own is mounted over it.
func (c *Client) addReadOnlyRoot(ctx context.Context, spec *containerSpec, con translate.Container, doing string) error {
	spec.ReadOnly = true
	for _, m := range con.Mounts {
		if m.Path == "/dev/shm" {
			return nil
		}
	}
	var found infra
	err := c.on(ctx, container, translate.InfraName(con.Pod), "look at", func(id, looking string) error {
		return c.call(ctx, get(looking, "/containers/"+id+"/json", nil), &found)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	spec.Mounts = append(spec.Mounts, bindMount{
		Type: "bind", Source: shmOf(found), Destination: "/dev/shm", Options: []string{"bind", "rw", "nosuid", "nodev", "noexec"},
	})
	return nil
}
