package podmantest

import "time"

type namedVolume struct {
	Name    string
	Dest    string
	Options []string
	SubPath string
}

// containerSpec is what the service understands of specgen.SpecGenerator.
type containerSpec struct {
	Name          string            `json:"name"`
	Pod           string            `json:"pod"`
	Image         string            `json:"image"`
	Entrypoint    []string          `json:"entrypoint"`
	Command       []string          `json:"command"`
	WorkDir       string            `json:"work_dir"`
	Env           map[string]string `json:"env"`
	SecretEnv     map[string]string `json:"secret_env"`
	UnsetEnv      []string          `json:"unsetenv"`
	User          string            `json:"user"`
	Labels        map[string]string `json:"labels"`
	Terminal      bool              `json:"terminal"`
	Stdin         bool              `json:"stdin"`
	Init          bool              `json:"init"`
	Hostname      string            `json:"hostname"`
	RestartPolicy string            `json:"restart_policy"`
	StopSignal    int               `json:"stop_signal"`
	StopTimeout   *uint             `json:"stop_timeout"`
	ReadOnly      bool              `json:"read_only_filesystem"`
	Volumes       []namedVolume     `json:"volumes"`
	Mounts        []struct {
		Destination string   `json:"destination"`
		Type        string   `json:"type"`
		Source      string   `json:"source"`
		Options     []string `json:"options"`
	} `json:"mounts"`
	ImageVolumes []struct {
		Source      string
		Destination string
		ReadWrite   bool
		SubPath     string
	} `json:"image_volumes"`
	Secrets []struct {
		Source string
	} `json:"secrets"`
	Log struct {
		Driver string `json:"driver"`
		Path   string `json:"path"`
	} `json:"log_configuration"`
	Resources struct {
		CPU struct {
			Shares uint64 `json:"shares"`
			Quota  int64  `json:"quota"`
			Period uint64 `json:"period"`
		} `json:"cpu"`
		Memory struct {
			Limit int64 `json:"limit"`
			Swap  int64 `json:"swap"`
		} `json:"memory"`
	} `json:"resource_limits"`
	Health struct {
		Test    []string
		Timeout time.Duration
	} `json:"healthconfig"`
	Privileged bool     `json:"privileged"`
	CapAdd     []string `json:"cap_add"`
	CapDrop    []string `json:"cap_drop"`
	Groups     []string `json:"groups"`
}
