package podmanapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

var _ apply.Engine = (*Client)(nil)

const img = "localhost/podmanapi-bb:1"

type tt struct{ *testing.T }

func (t tt) ok(err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func took(t *testing.T, what string, f func() error) {
	t.Helper()
	s := time.Now()
	err := f()
	t.Logf("%-28s %6.1f ms", what, float64(time.Since(s).Microseconds())/1000)
	if err != nil {
		t.Fatal(what, err)
	}
}

func sh(script string) []string { return []string{"sh", "-c", script} }

func app(pod, name, script string) translate.Container {
	return translate.Container{Project: "podmanapi", Pod: pod, Name: name, Image: img, Entrypoint: sh(script), Restart: translate.RestartNo, Grace: 3 * time.Second}
}

func out(t *testing.T, c *Client, name string, cmd ...string) string {
	t.Helper()
	var o, e bytes.Buffer
	code, err := c.Exec(context.Background(), name, ExecOptions{Command: cmd, Out: &o, Err: &e})
	if err != nil {
		t.Fatal(err)
	}
	if code != 0 {
		t.Fatalf("%v: code %d %s", cmd, code, e.String())
	}
	return o.String()
}

func TestLive(t *testing.T) {
	if os.Getenv("LIVE") == "" {
		t.Skip()
	}
	ctx := context.Background()
	var c *Client
	took(t, "connect", func() (err error) { c, err = Connect(ctx, Options{}); return })
	took(t, "connect again", func() (err error) { c, err = Connect(ctx, Options{}); return })
	v, err := c.Version(ctx)
	t.Log(v, err, c.peer)
	l, err := c.Limits(ctx)
	t.Logf("%+v %v", l, err)
	proj := translate.Project{Name: "podmanapi"}
	clean := func() {
		a, err := c.Observe(ctx, proj)
		tt{t}.ok(err)
		for n := range a.Pods {
			tt{t}.ok(c.RemovePod(ctx, plan.RemovePod{Pod: n}))
		}
		for n := range a.Volumes {
			tt{t}.ok(c.RemoveVolume(ctx, n))
		}
		for _, n := range a.Networks {
			tt{t}.ok(c.RemoveNetwork(ctx, n))
		}
		for _, n := range a.Secrets {
			tt{t}.ok(c.RemoveSecret(ctx, n))
		}
		tt{t}.ok(c.RemoveReleases(ctx, "podmanapi"))
	}
	clean()
	defer clean()

	key := []byte("k")
	p := translate.Pod{Project: "podmanapi", Name: "pa-web", Hostname: "pa-web", Grace: 3 * time.Second,
		Ports: []translate.Port{{HostPort: 18999, ContainerPort: 80, Protocol: "tcp"}}, Held: []string{"pa-web-mem"}}
	sec := translate.Secret{Project: "podmanapi", Name: "podup.podmanapi.abc", Value: translate.Conceal(key, "s3cret")}
	a := app("pa-web", "a", "trap 'exit 0' TERM; echo out; echo err >&2; printf part; while :; do sleep 0.1; done")
	a.Env = []translate.EnvVar{{Name: "S", Secret: sec.Name}, {Name: "X", Value: "1=2,\n3"}}
	a.Mounts = []translate.Mount{
		{Path: "/d", Volume: "pa-web-d"}, {Path: "/sub", Volume: "pa-web-d", SubPath: "x/y"},
		{Path: "/cfg", Volume: "pa-web-cfg", ReadOnly: true}, {Path: "/one", Volume: "pa-web-cfg", SubPath: "k"},
		{Path: "/mem", Volume: "pa-web-mem"}, {Path: "/msub", Volume: "pa-web-mem", SubPath: "q/r"},
		{Path: "/host", HostPath: "/tmp/podmanapi-h p,a:th", HostPathType: "DirectoryOrCreate", ReadOnly: true},
		{Path: "/hsub", HostPath: "/tmp/podmanapi-h p,a:th", SubPath: "deep/er"},
		{Path: "/img", Image: img, SubPath: "bin"},
	}
	b := app("pa-web", "b", "trap '' TERM; while :; do sleep 0.1; done")
	b.Grace = time.Second
	uid, gid := int64(1234), int64(55)
	b.Security = translate.Security{RunAsUser: &uid, RunAsGroup: &gid, SupplementalGroups: []int64{77}, NoNewPrivileges: true, ReadOnlyRoot: true, CapDrop: []string{"ALL"}, CapAdd: []string{"NET_RAW"}}
	b.Mounts = []translate.Mount{{Path: "/d", Volume: "pa-web-d"}}
	b.Resources = translate.Resources{CPUShares: 100, MemoryLimit: 64 << 20, CPUQuota: 50000, CPUPeriod: 100000}
	ini := app("pa-web", "i", "echo init failing; exit 3")
	ini.Init = true
	p.Init, p.Apps = []translate.Container{ini}, []translate.Container{a, b}
	want := translate.Project{Name: "podmanapi", Pods: []translate.Pod{p}, Secrets: []translate.Secret{sec}}
	vols := []translate.Volume{
		{Project: "podmanapi", Name: "pa-web-d", Pod: "pa-web", Kind: translate.EmptyDir},
		{Project: "podmanapi", Name: "pa-web-mem", Pod: "pa-web", Kind: translate.Memory, Size: 1 << 20},
		{Project: "podmanapi", Name: "pa-web-cfg", Pod: "pa-web", Kind: translate.Files, Files: []translate.File{{Path: "k", Mode: 0o644, Data: translate.Plain("v1")}, {Path: "dir/z", Mode: 0o400, Data: translate.Conceal(key, "zz")}}},
	}
	want.Volumes = vols
	var act plan.Actual
	took(t, "observe empty", func() (err error) { act, err = c.Observe(ctx, want); return })
	if len(act.Pods) != 0 || len(act.Taken) != 0 || act.Images[img] == "" {
		t.Fatalf("%+v", act)
	}
	for _, v := range vols {
		took(t, "volume "+v.Name, func() error { return c.CreateVolume(ctx, v) })
		took(t, "volume again "+v.Name, func() error { return c.CreateVolume(ctx, v) })
	}
	took(t, "secret", func() error { return c.CreateSecret(ctx, sec) })
	took(t, "secret again", func() error { return c.CreateSecret(ctx, sec) })
	took(t, "pod", func() error { return c.CreatePod(ctx, p) })
	took(t, "pod again", func() error { return c.CreatePod(ctx, p) })
	took(t, "start pod", func() error { return c.StartPod(ctx, "pa-web") })
	took(t, "start pod again", func() error { return c.StartPod(ctx, "pa-web") })
	var f translate.Facts
	took(t, "facts", func() (err error) { f, err = c.Facts(ctx, "pa-web"); return })
	t.Logf("%+v", f)
	took(t, "hold", func() error { return c.HoldVolumes(ctx, p) })
	took(t, "hold again", func() error { return c.HoldVolumes(ctx, p) })
	for _, x := range p.Containers() {
		took(t, "create "+x.Name, func() error {
			w, err := c.CreateContainer(ctx, x, x.EngineName())
			if len(w) > 0 {
				t.Log(w)
			}
			return err
		})
		took(t, "create again "+x.Name, func() error { _, err := c.CreateContainer(ctx, x, x.EngineName()); return err })
	}
	took(t, "start init", func() error { return c.StartContainer(ctx, "pa-web-i") })
	took(t, "wait init", func() error {
		n, err := c.Wait(ctx, "pa-web-i")
		if n != 3 {
			t.Error(n)
		}
		return err
	})
	took(t, "tail init", func() error { n, err := c.Tail(ctx, "pa-web-i", 3); t.Logf("%q", n); return err })
	took(t, "start a", func() error { return c.StartContainer(ctx, "pa-web-a") })
	took(t, "start a again", func() error { return c.StartContainer(ctx, "pa-web-a") })
	took(t, "start b", func() error { return c.StartContainer(ctx, "pa-web-b") })
	took(t, "observe", func() (err error) { act, err = c.Observe(ctx, want); return })
	took(t, "observe", func() (err error) { act, err = c.Observe(ctx, want); return })
	t.Logf("%+v", act)
	env := out(t, c, "pa-web-a", "env")
	t.Logf("%q", env)
	if !strings.Contains(env, "S=s3cret\n") || !strings.Contains(env, "X=1=2,\n3\n") || strings.Contains(env, "container=") {
		t.Error("env")
	}
	t.Log(out(t, c, "pa-web-a", "sh", "-c", "ls -lnd /d /sub /cfg /mem /msub /host /hsub /img; ls -lna /cfg /cfg/; cat /cfg/k /cfg/dir/z /one; ls /img | head -2; touch /d/a /mem/m /msub/mm; touch /host/x || true; hostname; ls -lnR /mem"))
	t.Log(out(t, c, "pa-web-b", "sh", "-c", "id; touch /d/fromb; touch /x || true; echo hi > /dev/shm/x && cat /dev/shm/x; grep -E 'Cap|NoNew|Groups' /proc/self/status; cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/cpu/cpu.shares 2>/dev/null"))
	// write
	vols[2].Files = []translate.File{{Path: "k", Mode: 0o644, Data: translate.Plain("v2")}}
	took(t, "write", func() error { return c.WriteVolume(ctx, vols[2]) })
	t.Log(out(t, c, "pa-web-a", "sh", "-c", "ls -lna /cfg/; cat /cfg/k"))
	// logs
	took(t, "logs", func() error {
		return c.Logs(ctx, "pa-web-a", LogOptions{Tail: -1}, func(l LogLine) { t.Logf("%+v", l) })
	})
	// exec
	code, err := c.Exec(ctx, "pa-web-a", ExecOptions{Command: []string{"nosuch"}, Out: io.Discard, Err: io.Discard})
	t.Log("nosuch", code, err)
	var o bytes.Buffer
	code, err = c.Exec(ctx, "pa-web-a", ExecOptions{Command: sh("cat; exit 7"), In: strings.NewReader("hello"), Out: &o, Err: io.Discard})
	if o.String() != "hello" || code != 7 {
		t.Error(code, err, o.String())
	}
	sizes := make(chan TerminalSize, 2)
	sizes <- TerminalSize{100, 30}
	o.Reset()
	code, err = c.Exec(ctx, "pa-web-a", ExecOptions{Command: []string{"stty", "size"}, TTY: true, Out: &o, Resize: sizes})
	t.Logf("tty %q %d %v", o.String(), code, err)
	short, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	_, err = c.Exec(short, "pa-web-a", ExecOptions{Command: []string{"sleep", "777"}, Out: io.Discard, Err: io.Discard})
	cancel()
	t.Log(err, errors.Is(err, context.DeadlineExceeded))
	ps := out(t, c, "pa-web-a", "sh", "-c", "grep -l '^sleep.777' /proc/[0-9]*/cmdline; true")
	t.Logf("left: %q", ps)
	// follow
	short, cancel = context.WithTimeout(ctx, 300*time.Millisecond)
	err = c.Logs(short, "pa-web-a", LogOptions{Tail: 1, Follow: true}, func(l LogLine) {})
	cancel()
	t.Log(err)
	// replace
	took(t, "create new", func() error { _, err := c.CreateContainer(ctx, a, "pa-web-a.new"); return err })
	took(t, "stop", func() error { return c.StopContainer(ctx, plan.StopContainer{Name: "pa-web-a", Grace: -1}) })
	took(t, "stop again", func() error { return c.StopContainer(ctx, plan.StopContainer{Name: "pa-web-a", Grace: -1}) })
	took(t, "stop never started", func() error { return c.StopContainer(ctx, plan.StopContainer{Name: "pa-web-a.new", Grace: -1}) })
	took(t, "rename", func() error { return c.RenameContainer(ctx, "pa-web-a", "pa-web-a.old") })
	took(t, "rename again", func() error { return c.RenameContainer(ctx, "pa-web-a", "pa-web-a.old") })
	took(t, "rename", func() error { return c.RenameContainer(ctx, "pa-web-a.new", "pa-web-a") })
	took(t, "start", func() error { return c.StartContainer(ctx, "pa-web-a") })
	took(t, "remove", func() error { return c.RemoveContainer(ctx, "pa-web-a.old") })
	took(t, "remove again", func() error { return c.RemoveContainer(ctx, "pa-web-a.old") })
	if err := c.RenameContainer(ctx, "pa-web-a", "pa-web-b"); err == nil {
		t.Error("renamed onto")
	} else {
		t.Log(err)
	}
	t.Log(out(t, c, "pa-web-a", "sh", "-c", "ls /mem /d"))
	took(t, "set restart", func() error { return c.SetRestart(ctx, "pa-web-a", translate.RestartAlways) })
	tt{t}.ok(c.SetRestart(ctx, "pa-web-a", translate.RestartNo))
	// releases
	r := c.Releases("podmanapi")
	if _, err := r.Read(ctx, "key"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	took(t, "release write 1", func() error { return r.Write(ctx, "key", []byte("abc")) })
	took(t, "release write 2", func() error { return r.Write(ctx, "secrets/key", []byte("abc")) })
	took(t, "release rename", func() error { return r.Rename(ctx, "key", "key2") })
	names, err := r.List(ctx)
	t.Log(names, err)
	took(t, "inventory", func() error { i, err := c.Inventory(ctx); t.Logf("%+v", i); return err })
	// errors
	_, err = c.CreateContainer(ctx, app("pa-web", "bad", "x"), "pa-web-b")
	t.Log(err)
	bad := app("pa-web", "bad", "x")
	bad.Image = "localhost/nosuch:1"
	_, err = c.CreateContainer(ctx, bad, "pa-web-bad")
	t.Log(err)
	bad = app("pa-web", "bad", "x")
	bad.Entrypoint = []string{"/nosuch"}
	_, err = c.CreateContainer(ctx, bad, "pa-web-bad")
	tt{t}.ok(err)
	t.Log(c.StartContainer(ctx, "pa-web-bad"))
	t.Log(c.PullImage(ctx, "localhost:1/nosuch:1", func(p plan.PullProgress) { t.Log(p) }))
	other := translate.Pod{Project: "podmanapi", Name: "pa-two", Hostname: "pa-two", Ports: p.Ports}
	tt{t}.ok(c.CreatePod(ctx, other))
	took(t, "taken port (fails)", func() error { t.Log(c.StartPod(ctx, "pa-two")); return nil })
	other.Name, other.Ports = "pa-three", []translate.Port{{HostPort: 80, ContainerPort: 80, Protocol: "tcp"}}
	tt{t}.ok(c.CreatePod(ctx, other))
	t.Log(c.StartPod(ctx, "pa-three"))
	other.Name, other.Ports = "pa-four", []translate.Port{{HostIP: "9.9.9.9", HostPort: 18080, ContainerPort: 80, Protocol: "tcp"}}
	tt{t}.ok(c.CreatePod(ctx, other))
	t.Log(c.StartPod(ctx, "pa-four"))
	// network
	n := translate.Network{Project: "podmanapi", Name: "podup.podmanapi"}
	took(t, "network", func() error { return c.CreateNetwork(ctx, n) })
	took(t, "network again", func() error { return c.CreateNetwork(ctx, n) })
	np := translate.Pod{Project: "podmanapi", Name: "pa-net", Hostname: "pa-net", Network: n.Name}
	tt{t}.ok(c.CreatePod(ctx, np))
	took(t, "start bridged", func() error { return c.StartPod(ctx, "pa-net") })
	f, err = c.Facts(ctx, "pa-net")
	t.Logf("%+v %v", f, err)
	// foreign
	exec.Command("podman", "rm", "-f", "pa-foreign").Run()
	if o, err := exec.Command("podman", "create", "--name", "pa-foreign", img, "true").CombinedOutput(); err != nil {
		t.Fatal(string(o))
	}
	for _, err := range []error{c.StartContainer(ctx, "pa-foreign"), c.StopContainer(ctx, plan.StopContainer{Name: "pa-foreign"}), c.RemoveContainer(ctx, "pa-foreign"), c.RenameContainer(ctx, "pa-net-infra", "pa-foreign"), c.SetRestart(ctx, "pa-foreign", "no")} {
		if err == nil {
			t.Error("touched")
		} else {
			t.Log(err)
		}
	}
	_, err = c.CreateContainer(ctx, app("pa-web", "bad", "x"), "pa-foreign")
	t.Log(err)
	exec.Command("podman", "rm", "-f", "pa-foreign").Run()
	if o, err := exec.Command("podman", "run", "-d", "--pod", "pa-net", "--name", "pa-guest", img, "sleep", "100").CombinedOutput(); err != nil {
		t.Fatal(string(o))
	}
	err = c.RemovePod(ctx, plan.RemovePod{Pod: "pa-net"})
	t.Log(err)
	exec.Command("podman", "rm", "-f", "-t0", "pa-guest").Run()
	took(t, "stop pod", func() error { return c.StopPod(ctx, plan.StopPod{Pod: "pa-web", Grace: -1}) })
	act, err = c.Observe(ctx, want)
	for _, x := range act.Pods["pa-web"].Containers {
		t.Log(x.Name, x.Status, x.ExitCode)
	}
	t.Log(act.Pods["pa-web"].Infra)
	tt{t}.ok(c.StartPod(ctx, "pa-web"))
	tt{t}.ok(c.StartContainer(ctx, "pa-web-a"))
	t.Log(out(t, c, "pa-web-a", "sh", "-c", "ls /mem /msub"))
	took(t, "remove pod", func() error { return c.RemovePod(ctx, plan.RemovePod{Pod: "pa-web", Grace: -1}) })
	took(t, "remove pod again", func() error { return c.RemovePod(ctx, plan.RemovePod{Pod: "pa-web", Grace: -1}) })
	took(t, "remove volume", func() error { return c.RemoveVolume(ctx, "pa-web-d") })
	took(t, "remove volume again", func() error { return c.RemoveVolume(ctx, "pa-web-d") })
}

func TestTen(t *testing.T) {
	if os.Getenv("LIVE") == "" {
		t.Skip()
	}
	ctx := context.Background()
	c, err := Connect(ctx, Options{})
	tt{t}.ok(err)
	p := translate.Pod{Project: "podmanapi", Name: "pa-ten", Hostname: "x"}
	for i := range 10 {
		p.Apps = append(p.Apps, app("pa-ten", fmt.Sprint("c", i), "trap 'exit 0' TERM; while :; do sleep 0.05; done"))
	}
	want := translate.Project{Name: "podmanapi", Pods: []translate.Pod{p}}
	for range 3 {
		took(t, "observe none", func() error { _, err := c.Observe(ctx, want); return err })
		took(t, "up 10", func() error {
			tt{t}.ok(c.CreatePod(ctx, p))
			tt{t}.ok(c.StartPod(ctx, p.Name))
			errs := make(chan error)
			for _, x := range p.Apps {
				go func() { _, err := c.CreateContainer(ctx, x, x.EngineName()); errs <- err }()
			}
			for range p.Apps {
				tt{t}.ok(<-errs)
			}
			for _, x := range p.Apps {
				tt{t}.ok(c.StartContainer(ctx, x.EngineName()))
			}
			return nil
		})
		for range 3 {
			took(t, "observe ten", func() error { _, err := c.Observe(ctx, want); return err })
		}
		took(t, "list only", func() error { _, err := c.list(ctx, "x", projectLabel("podmanapi")); return err })
		took(t, "volumes", func() error { _, err := c.volumes(ctx, "x", projectLabel("podmanapi")); return err })
		took(t, "networks", func() error { var x []object; return c.call(ctx, get("x", "/networks/json", nil), &x) })
		took(t, "secrets", func() error { var x []object; return c.call(ctx, get("x", "/secrets/json", nil), &x) })
		took(t, "images list", func() error { var x []any; return c.call(ctx, get("x", "/images/json", nil), &x) })
		took(t, "image inspect", func() error { _, err := c.image(ctx, "x", img); return err })
		took(t, "image exists", func() error { return c.call(ctx, get("x", "/images/"+element(img)+"/exists", nil), nil) })
		took(t, "container inspect", func() error { _, err := c.inspect(ctx, container, "pa-ten-c1", "x"); return err })
		up := func() {
			tt{t}.ok(c.CreatePod(ctx, p))
			tt{t}.ok(c.StartPod(ctx, p.Name))
			errs := make(chan error)
			for _, x := range p.Apps {
				go func() { _, err := c.CreateContainer(ctx, x, x.EngineName()); errs <- err }()
			}
			for range p.Apps {
				tt{t}.ok(<-errs)
			}
			for _, x := range p.Apps {
				tt{t}.ok(c.StartContainer(ctx, x.EngineName()))
			}
		}
		took(t, "down 10 A", func() error { return c.RemovePod(ctx, plan.RemovePod{Pod: p.Name, Grace: 5 * time.Second}) })
		up()
		took(t, "down 10 B", func() error {
			return c.remove(ctx, pod, p.Name, map[string][]string{"force": {"true"}, "timeout": {"5"}})
		})
		up()
		took(t, "down 10 C", func() error {
			m, _ := c.members(ctx, p.Name, "x")
			errs := make(chan error)
			for _, l := range m {
				go func() {
					if l.IsInfra {
						errs <- nil
						return
					}
					errs <- c.call(ctx, del("x", "/containers/"+l.ID, map[string][]string{"force": {"true"}, "timeout": {"5"}}), nil)
				}()
			}
			for range m {
				tt{t}.ok(<-errs)
			}
			return c.remove(ctx, pod, p.Name, killed)
		})
		up()
		took(t, "down 10 D", func() error {
			m, _ := c.members(ctx, p.Name, "x")
			for _, l := range m {
				if !l.IsInfra {
					tt{t}.ok(c.call(ctx, post("x", "/containers/"+l.ID+"/kill", map[string][]string{"signal": {"TERM"}}, nil), nil))
				}
			}
			return c.remove(ctx, pod, p.Name, map[string][]string{"force": {"true"}, "timeout": {"5"}})
		})
		up()
		took(t, "down 10 Z", func() error { return c.remove(ctx, pod, p.Name, killed) })
	}
}
