package quadlet_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/quadlet"
	"github.com/podup/podup/translate"
)

// TestWhatPodmanIsToldIsWhatIsWanted takes the units through Podman's own generator, and what it makes of
// them apart again.
func TestWhatPodmanIsToldIsWhatIsWanted(t *testing.T) {
	for _, file := range manifests(t) {
		project := wantedFile(t, file)
		for variant, opts := range variants(t) {
			t.Run(strings.TrimSuffix(path.Base(file), ".yaml")+" "+variant, func(t *testing.T) {
				set, err := quadlet.Generate(project, opts)
				if err != nil {
					t.Fatal(err)
				}
				services := converted(t, set, !opts.Root)
				for _, pod := range project.Pods {
					same(t, "pod "+pod.Name, parse(t, command(t, services[pod.Name+".pod"], "ExecStartPre"), 3), wantedPod(project, pod))
					for _, c := range pod.Containers() {
						service := services[pod.Name+"-"+c.Name+".container"]
						got := parse(t, command(t, service, "ExecStart"), 2)
						check := roundTrip{t, project, pod, c, opts, got}
						check.all()
					}
				}
				for _, v := range project.Volumes {
					if v.Kind != translate.Files {
						same(t, "volume "+v.Name, parse(t, command(t, services[v.Name+".volume"], "ExecStart"), 3), wantedVolume(project, v))
					}
				}
			})
		}
	}
}

// call is a call of podman.
type call struct {
	flags map[string][]string // "name" of "--name x", in the order of the values
	rest  []string
}

// parse takes a call of podman apart behind its first words ("podman run").
func parse(t testing.TB, argv []string, words int) call {
	t.Helper()
	valued := strings.Fields("--name --pod --cgroups --entrypoint --stop-timeout --stop-signal --pull --group-add --http-proxy -v --mount --label --env --secret " +
		"--user --workdir --security-opt --cap-add --cap-drop --memory --health-cmd --health-interval --health-timeout --health-retries " +
		"--health-start-period --health-on-failure --health-startup-cmd --health-startup-interval --health-startup-timeout --health-startup-success --log-driver " +
		"--hostname --network --network-alias --publish --add-host --dns --dns-option --dns-search --userns --exit-policy --infra-name --opt")
	c := call{flags: map[string][]string{}}
	for i := words; i < len(argv); i++ {
		word := argv[i]
		if !strings.HasPrefix(word, "-") {
			c.rest = argv[i:]
			return c
		}
		name, value, given := strings.Cut(word, "=")
		if !given && slices.Contains(valued, word) {
			if i++; i == len(argv) {
				t.Fatalf("%s without a value in %q", word, argv)
			}
			value = argv[i]
		}
		name = strings.TrimLeft(name, "-")
		if name == "exit-policy" { // the last counts
			delete(c.flags, name)
		}
		c.flags[name] = append(c.flags[name], value)
	}
	return c
}

func same(t testing.TB, what string, got, want call) {
	t.Helper()
	for _, flags := range []map[string][]string{got.flags, want.flags} {
		for _, values := range flags {
			slices.Sort(values)
		}
	}
	for name := range got.flags {
		if !slices.Equal(got.flags[name], want.flags[name]) {
			t.Errorf("%s: --%s is %q, want %q", what, name, got.flags[name], want.flags[name])
		}
	}
	for name := range want.flags {
		if _, ok := got.flags[name]; !ok {
			t.Errorf("%s: no --%s, want %q", what, name, want.flags[name])
		}
	}
	if !slices.Equal(got.rest, want.rest) {
		t.Errorf("%s: called with %q, want %q", what, got.rest, want.rest)
	}
}

func (c *call) add(name string, values ...string) {
	if len(values) > 0 {
		c.flags[name] = append(c.flags[name], values...)
	}
}

func wantedPod(project translate.Project, p translate.Pod) call {
	c := call{flags: map[string][]string{
		"infra-conmon-pidfile": {"%t/%N.pid"}, "replace": {""}, "infra-name": {p.Name + "-infra"}, "name": {p.Name},
		"label": {"io.podup.unit=" + project.Name},
	}}
	// Where a key is too new, the generator's own comes first and counts for nothing.
	c.add("exit-policy", "continue")
	if p.Hostname != quadlet.Node {
		c.add("hostname", p.Hostname)
	}
	if p.Network != "" {
		c.add("network", p.Network)
	}
	if p.Network != "host" {
		if translate.NamedNetwork(p.Network) {
			aliases := append([]string{p.Name}, p.Aliases...)
			if p.Hostname != p.Name {
				aliases = append(aliases, p.Hostname)
			}
			c.add("network-alias", aliases...)
		}
		for _, port := range p.Ports {
			text := fmt.Sprintf("%d:%d/%s", port.HostPort, port.ContainerPort, port.Protocol)
			if strings.Contains(port.HostIP, ":") {
				text = "[" + port.HostIP + "]:" + text
			} else if port.HostIP != "" {
				text = port.HostIP + ":" + text
			}
			c.add("publish", text)
		}
	}
	for _, alias := range p.Names.Aliases {
		for _, name := range alias.Names {
			c.add("add-host", name+":"+alias.IP)
		}
	}
	if dns := p.Names.DNS; dns != nil {
		c.add("dns", dns.Servers...)
		c.add("dns-option", dns.Options...)
		c.add("dns-search", dns.Searches...)
		if dns.Only && len(dns.Searches) == 0 {
			c.add("dns-search", ".")
		}
	}
	if p.Namespaces.OwnUsers {
		c.add("userns", "auto")
	}
	for _, s := range p.Namespaces.Sysctls {
		c.add("sysctl", s.Name+"="+s.Value)
	}
	switch {
	case p.ShareProcesses && p.Namespaces.HostIPC:
		c.add("share", "net,uts,pid")
	case p.ShareProcesses:
		c.add("share", "ipc,net,uts,pid")
	case p.Namespaces.HostIPC:
		c.add("share", "net,uts")
	}
	if r := p.Resources; r.MemoryLimit > 0 {
		c.add("memory", fmt.Sprint(r.MemoryLimit))
		c.add("memory-swap", fmt.Sprint(r.MemoryLimit))
	}
	if r := p.Resources; r.CPUShares > 0 {
		c.add("cpu-shares", fmt.Sprint(r.CPUShares))
	}
	if r := p.Resources; r.CPUQuota > 0 {
		c.add("cpus", fmt.Sprint(float64(r.CPUQuota)/float64(r.CPUPeriod)))
	}
	return c
}

func wantedVolume(project translate.Project, v translate.Volume) call {
	c := call{flags: map[string][]string{"ignore": {""}, "label": {"io.podup.unit=" + project.Name}}, rest: []string{v.Name}}
	if v.Pod == "" {
		c.add("label", "io.podup.role=claim")
	}
	c.add("opt", "nocopy")
	switch {
	case v.Page > 0 && v.Group != nil:
		c.add("opt", "type=hugetlbfs", "device=nodev", fmt.Sprintf("o=pagesize=%dM,mode=2777,gid=%d", v.Page>>20, *v.Group))
	case v.Page > 0:
		c.add("opt", "type=hugetlbfs", "device=nodev", fmt.Sprintf("o=pagesize=%dM,mode=0777", v.Page>>20))
	case v.Kind == translate.Memory:
		options := "o="
		if v.Size > 0 {
			options += fmt.Sprintf("size=%d,", v.Size)
		}
		if v.Group != nil {
			options += fmt.Sprintf("mode=3777,gid=%d", *v.Group)
		} else {
			options += "mode=1777"
		}
		c.add("opt", "type=tmpfs", "device=tmpfs", options)
	default:
		c.add("opt", "o=uid=0,gid=0")
	}
	return c
}

// roundTrip compares what podman run is called with, and what systemd does around it, with a container.
type roundTrip struct {
	*testing.T
	project translate.Project
	pod     translate.Pod
	c       translate.Container
	opts    quadlet.Options
	got     call
}

func (r roundTrip) all() {
	name := r.pod.Name + "-" + r.c.Name
	r.mounts()
	r.secrets()
	r.checks()
	r.argv()
	c, once := r.c, r.c.Init && !r.c.Sidecar
	want := call{flags: map[string][]string{
		"name": {name}, "replace": {""}, "rm": {""}, "pod": {r.pod.Name}, "label": {"io.podup.project=", "io.podup.unit=" + r.project.Name}, "http-proxy": {"false"},
		"stop-timeout": {fmt.Sprint(int64(c.Grace / time.Second))},
		"pull":         {map[translate.PullPolicy]string{"Always": "always", "IfNotPresent": "missing", "Never": "never"}[c.Pull]},
	}, rest: r.got.rest}
	if once {
		want.add("log-driver", "none")
	} else {
		want.add("d", "")
		want.add("sdnotify", "conmon")
	}
	want.add("cgroups", "no-conmon")
	r.settings(&want)
	same(r.T, name, call{flags: r.got.flags, rest: r.got.rest}, want)
}

// settings are the flags that are one word.
func (r roundTrip) settings(want *call) {
	c, s := r.c, r.c.Security
	named := false
	for _, v := range c.Env {
		named = named || v.Name == "container"
		if v.Secret == "" {
			want.add("env", v.Name+"="+strings.ReplaceAll(v.Value, quadlet.Node, host))
		}
	}
	if !named {
		want.add("unsetenv", "container")
	}
	for flag, text := range map[string]string{"workdir": c.WorkingDir, "stop-signal": c.StopSignal} {
		if text != "" {
			want.add(flag, text)
		}
	}
	for flag, set := range map[string]bool{"tty": c.TTY, "interactive": c.Stdin, "privileged": s.Privileged, "read-only": s.ReadOnlyRoot} {
		if set {
			want.add(flag, "")
		}
	}
	if s.ReadOnlyRoot {
		want.add("read-only-tmpfs", "false")
	}
	if c.HostPID {
		want.add("pid", "host")
	}
	if r.pod.Namespaces.HostIPC {
		want.add("ipc", "host")
	}
	if s.RunAsUser != nil {
		user := strconv.FormatInt(*s.RunAsUser, 10)
		if s.RunAsGroup != nil {
			user += ":" + strconv.FormatInt(*s.RunAsGroup, 10)
		}
		want.add("user", user)
	}
	for _, group := range s.SupplementalGroups {
		want.add("group-add", fmt.Sprint(group))
	}
	for _, capability := range s.CapDrop {
		want.add("cap-drop", strings.ToLower(capability))
	}
	if s.RunAsUser == nil || *s.RunAsUser == 0 {
		for _, capability := range s.CapAdd {
			want.add("cap-add", strings.ToLower(capability))
		}
	}
	for text, set := range map[string]bool{
		"no-new-privileges": s.NoNewPrivileges, "seccomp=" + s.Seccomp: s.Seccomp != "", "apparmor=" + s.AppArmor: s.AppArmor != "", "unmask=ALL": s.Unmasked,
	} {
		if set {
			want.add("security-opt", text)
		}
	}
	for _, option := range s.SELinux {
		want.add("security-opt", "label="+option)
	}
	res := c.Resources
	if res.MemoryLimit > 0 {
		want.add("memory", fmt.Sprint(res.MemoryLimit))
		want.add("memory-swap", fmt.Sprint(res.MemoryLimit))
	}
	if res.CPUShares > 0 {
		want.add("cpu-shares", fmt.Sprint(res.CPUShares))
	}
	if res.CPUQuota > 0 {
		want.add("cpu-quota", fmt.Sprint(res.CPUQuota))
		want.add("cpu-period", fmt.Sprint(res.CPUPeriod))
	}
	want.add("oom-score-adj", map[corev1.PodQOSClass]string{"": "1000", corev1.PodQOSBurstable: "999", corev1.PodQOSGuaranteed: "-997"}[res.Class])
	for _, flag := range []string{"v", "mount", "secret", "entrypoint", "no-healthcheck"} { // looked at by themselves
		want.add(flag, r.got.flags[flag]...)
	}
	for flag, values := range r.got.flags {
		if strings.HasPrefix(flag, "health-") {
			want.add(flag, values...)
		}
	}
}

func (r roundTrip) argv() {
	image, args := r.got.rest[0], r.got.rest[1:]
	if image != r.c.Image {
		r.Errorf("%s: image %s, want %s", r.c.Name, image, r.c.Image)
	}
	var argv []string
	if text := r.got.flags["entrypoint"]; len(text) > 0 {
		if err := json.Unmarshal([]byte(text[0]), &argv); err != nil {
			r.Error(err)
		}
	} else if len(r.c.Entrypoint) > 0 {
		r.Errorf("%s: no entrypoint", r.c.Name)
	}
	argv = append(argv, args...)
	want := slices.Concat(r.c.Entrypoint, r.c.Command)
	for i := range want {
		want[i] = strings.ReplaceAll(want[i], quadlet.Node, host)
	}
	if !slices.Equal(argv, want) {
		r.Errorf("%s: argv %q, want %q", r.c.Name, argv, want)
	}
}

// mounted is a mount as podman is told of it.
type mounted struct {
	kind, source, path, sub, propagation, label string
	readOnly                                    bool
}

func (r roundTrip) mounts() {
	var got []mounted
	option := func(m *mounted, word string) {
		switch name, value, _ := strings.Cut(word, "="); name {
		case "ro":
			m.readOnly = true
		case "rslave", "rshared", "rprivate":
			m.propagation = name
		case "z", "Z":
			m.label = name
		case "nocopy", "tmpfs-mode":
		case "type":
			m.kind = value
		case "source":
			m.source = value
		case "destination":
			m.path = value
		case "subpath":
			m.sub = value
		default:
			r.Errorf("%s: mount option %q", r.c.Name, word)
		}
	}
	for _, text := range r.got.flags["v"] {
		parts := strings.SplitN(text, ":", 3)
		m := mounted{kind: "volume", source: parts[0], path: parts[1]}
		if parts[0][0] == '/' {
			m.kind = "bind"
		}
		if len(parts) == 3 {
			for word := range strings.SplitSeq(parts[2], ",") {
				option(&m, word)
			}
		}
		got = append(got, m)
	}
	for _, text := range r.got.flags["mount"] {
		words, err := csv.NewReader(strings.NewReader(text)).Read()
		if err != nil {
			r.Fatalf("--mount %q: %v", text, err)
		}
		var m mounted
		for _, word := range words {
			option(&m, word)
		}
		got = append(got, m)
	}
	want := r.wantedMounts()
	byPath := func(a, b mounted) int { return strings.Compare(a.path, b.path) }
	slices.SortFunc(got, byPath)
	slices.SortFunc(want, byPath)
	if !reflect.DeepEqual(got, want) {
		r.Errorf("%s: mounts\n%+v, want\n%+v", r.c.Name, got, want)
	}
}

func (r roundTrip) wantedMounts() []mounted {
	var want []mounted
	shm := r.c.Security.ReadOnlyRoot
	for _, m := range r.c.Mounts {
		shm = shm && m.Path != "/dev/shm"
		one := mounted{path: m.Path, readOnly: m.ReadOnly, propagation: m.Propagation}
		volume := r.volume(m.Volume)
		switch {
		case m.HostPath != "":
			one.kind, one.source, one.label = "bind", path.Join(m.HostPath, m.SubPath), m.Relabel
			if slices.Contains([]string{"Socket", "CharDevice", "BlockDevice"}, m.HostPathType) {
				one.label = ""
			}
		case m.Image != "":
			one.kind, one.source, one.readOnly = "image", m.Image, false // as always
			if m.SubPath != "" {
				one.sub = "/" + m.SubPath
			}
		case volume.Kind == translate.Files && len(volume.Files) == 0:
			one.kind = "tmpfs"
		case volume.Kind == translate.Files:
			if m.SubPath != "" && slices.ContainsFunc(volume.Files, func(f translate.File) bool { return f.Path == m.SubPath && f.Data.Confidential() }) {
				continue // a secret, at this very place
			}
			one.kind, one.source, one.label = "bind", path.Join(unitsDir, "files", m.Volume, m.SubPath), "z"
		default:
			one.kind, one.source, one.sub = "volume", m.Volume, m.SubPath
		}
		want = append(want, one)
	}
	if shm {
		want = append(want, mounted{kind: "tmpfs", path: "/dev/shm"})
	}
	return want
}

func (r roundTrip) volume(name string) translate.Volume {
	for _, v := range r.project.Volumes {
		if v.Name == name {
			return v
		}
	}
	return translate.Volume{}
}

func (r roundTrip) secrets() {
	var want []string
	for _, v := range r.c.Env {
		if v.Secret != "" {
			want = append(want, fmt.Sprintf("%s-%s.%s,type=env,target=%s", r.pod.Name, r.c.Name, v.Name, v.Name))
		}
	}
	for _, m := range r.c.Mounts {
		volume := r.volume(m.Volume)
		for _, f := range volume.Files {
			if !f.Data.Confidential() || m.SubPath != "" && m.SubPath != f.Path {
				continue
			}
			target := path.Join(m.Path, f.Path)
			if m.SubPath != "" {
				target = m.Path
			}
			text := fmt.Sprintf("%s.%s,type=mount,target=%s,mode=%04o", volume.Name, strings.ReplaceAll(f.Path, "/", "."), target, f.Mode)
			if volume.Group != nil {
				text += fmt.Sprintf(",gid=%d", *volume.Group)
			}
			want = append(want, text)
		}
	}
	got := slices.Clone(r.got.flags["secret"])
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		r.Errorf("%s: secrets %q, want %q", r.c.Name, got, want)
	}
}

// checks are the probes that are commands.
func (r roundTrip) checks() {
	got := r.got.flags
	one := func(flag string) string { return strings.Join(got[flag], "|") }
	exec := func(p *corev1.Probe) bool { return p != nil && p.Exec != nil }
	live, start := r.c.Lifecycle.Liveness, r.c.Lifecycle.Startup
	if !exec(live) {
		if _, off := got["no-healthcheck"]; !off || one("health-cmd") != "" {
			r.Errorf("%s: the image's check would run: %q", r.c.Name, got)
		}
		return
	}
	r.command("health-cmd", live.Exec.Command)
	for flag, want := range map[string]string{
		"health-interval": fmt.Sprint(live.PeriodSeconds, "s"), "health-timeout": fmt.Sprint(live.TimeoutSeconds, "s"),
		"health-retries": fmt.Sprint(live.FailureThreshold), "health-on-failure": "kill",
	} {
		if one(flag) != want {
			r.Errorf("%s: --%s is %q, want %q", r.c.Name, flag, one(flag), want)
		}
	}
	if exec(start) {
		r.command("health-startup-cmd", start.Exec.Command)
		if want := fmt.Sprint(start.PeriodSeconds, "s"); one("health-startup-interval") != want {
			r.Errorf("%s: the startup probe comes every %s, want %s", r.c.Name, one("health-startup-interval"), want)
		}
	}
}

// command is what Podman makes of a check's value (podman: pkg/specgenutil, MakeHealthCheckFromCli).
func (r roundTrip) command(flag string, want []string) {
	text := strings.Join(r.got.flags[flag], "|")
	var argv []string
	if err := json.Unmarshal([]byte(text), &argv); err != nil {
		argv = strings.Fields(text)
	} else if r.opts.Podman.Before(quadlet.Version{Major: 5, Minor: 8, Patch: 2}) && len(argv) > 1 {
		argv = append([]string{"CMD"}, argv...)
	}
	if len(argv) < 2 || argv[0] != "CMD" || !slices.Equal(argv[1:], want) {
		r.Errorf("%s: --%s is %q, want the command %q", r.c.Name, flag, text, want)
	}
}
