package translate_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/podup/podup/manifest"
	"github.com/podup/podup/translate"
)

var update = flag.Bool("update", false, "write what the tests get into their golden files")

// TestWant translates each testdata/*.txtar: manifests, perhaps a file "network" with the --network
// asked for, and in "want" what comes of them. The name of the file is the sentence it proves.
func TestWant(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) < 30 {
		t.Fatalf("%d golden files, %v", len(paths), err)
	}
	for _, path := range paths {
		sentence := strings.ReplaceAll(strings.TrimSuffix(filepath.Base(path), ".txtar"), "-", " ")
		t.Run(sentence, func(t *testing.T) { golden(t, path) })
	}
}

func golden(t *testing.T, path string) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	opts := options
	var sources []manifest.Source
	expected := -1
	for i, file := range archive.Files {
		switch {
		case file.Name == "want":
			expected = i
		case file.Name == "network":
			opts.Network = strings.TrimSpace(string(file.Data))
		default:
			sources = append(sources, manifest.Source{Name: file.Name, Dir: "/srv/shop", Data: file.Data})
		}
	}
	set, problems := manifest.Load(sources)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	got := render(translate.Want(set, opts))
	if *update {
		if expected < 0 {
			archive.Files = append(archive.Files, txtar.File{Name: "want"})
			expected = len(archive.Files) - 1
		}
		archive.Files[expected].Data = []byte(got)
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if expected < 0 || string(archive.Files[expected].Data) != got {
		t.Errorf("want:\n%s\ngot:\n%s", data(archive, expected), got)
	}
}

func data(archive *txtar.Archive, file int) []byte {
	if file < 0 {
		return nil
	}
	return archive.Files[file].Data
}

// render writes everything a project says. What a pod mostly has goes without saying: its own name
// as hostname, the engine's default network, 30 s of grace, restart policy always.
func render(p translate.Project, problems manifest.Problems) string {
	r := &renderer{}
	for _, problem := range problems {
		r.line(0, "%s", problem)
	}
	if problems.HasErrors() {
		return r.String()
	}
	if p.Network != nil {
		r.line(0, "network %s", p.Network.Name)
	}
	for _, volume := range p.Volumes {
		r.volume(volume)
	}
	for _, secret := range p.Secrets {
		r.line(0, "secret %s holds %q", secret.Name, secret.Value.Reveal())
	}
	for _, credential := range p.Credentials {
		r.line(0, "login for %s: %s", credential.Image, credential.Login.Reveal())
	}
	for _, pod := range p.Pods {
		r.pod(pod)
	}
	return r.String()
}

type renderer struct{ strings.Builder }

func (r *renderer) line(depth int, format string, args ...any) {
	r.WriteString(strings.Repeat("  ", depth) + fmt.Sprintf(format, args...) + "\n")
}

func (r *renderer) volume(v translate.Volume) {
	text := fmt.Sprintf("volume %s: %s", v.Name, v.Kind)
	if v.Pod != "" {
		text += " of pod " + v.Pod
	}
	if v.Size != 0 {
		text += fmt.Sprintf(", %d bytes", v.Size)
	}
	if v.Page > 0 {
		text += fmt.Sprintf(", of pages of %d bytes", v.Page)
	}
	if v.Group != nil {
		text += fmt.Sprintf(", group %d", *v.Group)
	}
	r.line(0, "%s", text)
	for _, file := range v.Files {
		kind := ""
		if file.Data.Confidential() {
			kind = "confidential "
		}
		r.line(1, "%s %s: %s%q", file.Mode, file.Path, kind, file.Data.Reveal())
	}
}

func (r *renderer) pod(p translate.Pod) {
	r.line(0, "pod %s", p.Name)
	if p.Hostname != p.Name {
		r.line(1, "hostname %s", p.Hostname)
	}
	if p.Network != "" {
		r.line(1, "network %s", p.Network)
	}
	if p.Aliases != nil {
		r.line(1, "answers to %s", strings.Join(p.Aliases, ", "))
	}
	if p.Grace.Seconds() != 30 {
		r.line(1, "grace %s", p.Grace)
	}
	if p.Deadline > 0 {
		r.line(1, "deadline %s", p.Deadline)
	}
	if p.ShareProcesses {
		r.line(1, "shares processes")
	}
	if n := p.Namespaces; n.HostPID || n.HostIPC || n.OwnUsers || n.Sysctls != nil {
		r.line(1, "namespaces %+v", n)
	}
	if n := p.Names; n.Domain != "" || n.Aliases != nil {
		r.line(1, "domain %q, aliases %v", n.Domain, n.Aliases)
	}
	if p.Names.DNS != nil {
		r.line(1, "dns %+v", *p.Names.DNS)
	}
	if p.Resources != (translate.Resources{}) {
		r.line(1, "resources %s", sizes(p.Resources))
	}
	if p.Request != (translate.Request{}) {
		r.line(1, "asks for %dm of CPU, %d bytes of memory", p.Request.CPU, p.Request.Memory)
	}
	for _, port := range p.Ports {
		r.line(1, "port %s to %d", port, port.ContainerPort)
	}
	for _, held := range p.Held {
		r.line(1, "hold %s", held)
	}
	for _, container := range p.Containers() {
		r.container(container)
	}
}

// sizes names huge pages only where there are any.
func sizes(r translate.Resources) string {
	text := fmt.Sprintf("%+v", r)
	return strings.NewReplacer(" HugePages2Mi:0", "", " HugePages1Gi:0", "").Replace(text)
}

func (r *renderer) container(c translate.Container) {
	kind := "container"
	switch {
	case c.Sidecar:
		kind = "sidecar"
	case c.Init:
		kind = "init container"
	}
	r.line(1, "%s %s", kind, c.EngineName())
	r.line(2, "image %s, pull %s", c.Image, c.Pull)
	if c.Entrypoint != nil {
		r.line(2, "entrypoint %q", c.Entrypoint)
	}
	if c.Command != nil {
		r.line(2, "command %q", c.Command)
	}
	if c.WorkingDir != "" {
		r.line(2, "in %s", c.WorkingDir)
	}
	for _, env := range c.Env {
		if env.Secret != "" {
			r.line(2, "env %s from secret %s%s", env.Name, env.Secret, env.Value)
		} else {
			r.line(2, "env %s=%q", env.Name, env.Value)
		}
	}
	for _, mount := range c.Mounts {
		r.mount(mount)
	}
	if c.StopSignal != "" {
		r.line(2, "stop signal %s", c.StopSignal)
	}
	for _, field := range c.Supervision() {
		if !slices.Contains([]string{"Always", "/dev/termination-log", "File"}, field.Value) && (!c.Init || c.Sidecar || field.Name != "restartPolicy") {
			r.line(2, "%s %s", field.Name, field.Value)
		}
	}
	if c.Grace.Seconds() != 30 {
		r.line(2, "grace %s", c.Grace)
	}
	if c.TTY || c.Stdin {
		r.line(2, "tty %t, stdin %t", c.TTY, c.Stdin)
	}
	if c.Resources != (translate.Resources{}) {
		r.line(2, "resources %s", sizes(c.Resources))
	}
	if c.RestartForCPU || c.RestartForMemory {
		r.line(2, "made anew for another amount of cpu %t, of memory %t", c.RestartForCPU, c.RestartForMemory)
	}
	r.security(c.Security)
	if c.NeedsFacts() {
		r.line(2, "needs facts")
	}
}

func (r *renderer) mount(m translate.Mount) {
	text := fmt.Sprintf("mount %s:", m.Path)
	for _, part := range []struct{ name, value string }{
		{"volume", m.Volume}, {"host path", m.HostPath}, {"of type", m.HostPathType}, {"image", m.Image},
		{"pull", string(m.ImagePull)}, {"sub-path", m.SubPath}, {"propagation", m.Propagation}, {"relabel", m.Relabel},
	} {
		if part.value != "" {
			text += " " + part.name + " " + fmt.Sprintf("%q", part.value)
		}
	}
	if m.ReadOnly {
		text += " read-only"
	}
	if m.Group != nil {
		text += fmt.Sprintf(" group %d", *m.Group)
	}
	if m.OnMismatch {
		text += " on mismatch"
	}
	r.line(2, "%s", text)
}

func (r *renderer) security(s translate.Security) {
	if s.RunAsUser != nil {
		r.line(2, "user %d", *s.RunAsUser)
	}
	if s.RunAsGroup != nil {
		r.line(2, "group %d", *s.RunAsGroup)
	}
	if len(s.SupplementalGroups) > 0 {
		r.line(2, "supplemental groups %d", s.SupplementalGroups)
	}
	if len(s.CapAdd)+len(s.CapDrop) > 0 {
		r.line(2, "capabilities add %q drop %q", s.CapAdd, s.CapDrop)
	}
	for _, profile := range []struct{ name, value string }{
		{"seccomp", s.Seccomp}, {"apparmor", s.AppArmor}, {"selinux", strings.Join(s.SELinux, " ")},
	} {
		if profile.value != "" {
			r.line(2, "%s %s", profile.name, profile.value)
		}
	}
	for _, flag := range []struct {
		name string
		set  bool
	}{
		{"strict groups", s.StrictGroups}, {"unmasked", s.Unmasked},
		{"privileged", s.Privileged}, {"read-only root", s.ReadOnlyRoot}, {"no new privileges", s.NoNewPrivileges}, {"not as root", s.RunAsNonRoot},
	} {
		if flag.set {
			r.line(2, "%s", flag.name)
		}
	}
}
