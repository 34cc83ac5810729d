package podmantest

import (
	"archive/tar"
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

func volumeCases() []scenario {
	return []scenario{
		{"an emptyDir can be written by any user, whoever came first", func(c *trial) {
			data := c.volume(translate.EmptyDir, "data")
			c.must("volume", c.CreateVolume(c.ctx, data))
			var apps []translate.Container
			for i, user := range []int64{1234, 0, 77} {
				name := fmt.Sprintf("user%d", user)
				app := c.app(name, "write", fmt.Sprintf("/data/%d", i), name, "then", "mode", "/data")
				app.Mounts = []translate.Mount{mounts(data, "/data")}
				app.Security.RunAsUser = &user
				apps = append(apps, app)
			}
			c.create(c.pod(apps...))
			for _, app := range apps {
				if got := c.output(app.EngineName()); got != "0777" {
					c.Errorf("%s sees mode %s", app.Name, got)
				}
			}
		}},
		{"an emptyDir keeps its content when its container is replaced", func(c *trial) {
			data := c.volume(translate.EmptyDir, "data")
			c.must("volume", c.CreateVolume(c.ctx, data))
			app := c.app("app", "write", "/data/file", "kept")
			app.Mounts = []translate.Mount{mounts(data, "/data")}
			c.create(c.pod(app))
			c.output(app.EngineName())
			c.must("remove", c.RemoveContainer(c.ctx, app.EngineName()))
			app.Command = []string{"cat", "/data/file"}
			_, err := c.CreateContainer(c.ctx, app, app.EngineName())
			c.must("create", err)
			if got := c.output(app.EngineName()); got != "kept" {
				c.Errorf("the file holds %q", got)
			}
		}},
		{"a Memory volume lives as long as the pod and has its size", func(c *trial) {
			v := c.volume(translate.Memory, "mem")
			v.Size = 64 << 10
			c.must("volume", c.CreateVolume(c.ctx, v))
			writer, reader := c.app("writer", "write", "/m/file", "kept"), c.app("reader", "cat", "/m/file")
			glutton := c.app("glutton", "write", "/m/big", strings.Repeat("x", 80<<10))
			user := int64(1234)
			writer.Security.RunAsUser = &user
			for _, one := range []*translate.Container{&writer, &reader, &glutton} {
				one.Mounts = []translate.Mount{mounts(v, "/m")}
			}
			p := c.pod(writer, reader, glutton)
			p.Held = []string{v.Name}
			c.create(p)
			c.output(writer.EngineName())
			c.eventually("the writer is cleaned up", func() bool { return c.raw.container(writer.EngineName()).State.Status == "exited" })
			if got := c.output(reader.EngineName()); got != "kept" {
				c.Errorf("the file holds %q", got)
			}
			c.must("start the glutton", c.StartContainer(c.ctx, glutton.EngineName()))
			c.ends(glutton.EngineName(), 1)
			if got := c.tail(glutton.EngineName()); !strings.Contains(got, "no space left") {
				c.Errorf("the glutton says %q", got)
			}
			// The holder is made once, comes and goes with the pod.
			c.must("hold again", c.HoldVolumes(c.ctx, p))
			holder := translate.HolderName(p.Name)
			if got := c.raw.container(holder); got.State.Status != "initialized" || got.Config.Labels[translate.LabelRole] != translate.RoleHolder {
				c.Errorf("holder %+v", got)
			}
			c.down(p, v)
			if c.raw.exists("containers", holder) {
				c.Error("the holder outlives the pod")
			}
		}},
		{"a subPath that is not there is made, also in a Memory volume", func(c *trial) {
			data, mem := c.volume(translate.EmptyDir, "data"), c.volume(translate.Memory, "mem")
			c.must("volume", c.CreateVolume(c.ctx, data))
			c.must("volume", c.CreateVolume(c.ctx, mem))
			app := c.app("app", "write", "/d/file", "x", "then", "write", "/m/file", "x")
			app.Mounts = []translate.Mount{
				{Path: "/d", Volume: data.Name, SubPath: "a/b"},
				{Path: "/m", Volume: mem.Name, SubPath: "c/d"},
			}
			whole := c.app("whole", "cat", "/data/a/b/file", "then", "cat", "/mem/c/d/file")
			whole.Mounts = []translate.Mount{mounts(data, "/data"), mounts(mem, "/mem")}
			user := int64(1234)
			app.Security.RunAsUser = &user
			p := c.pod(app, whole)
			p.Held = []string{mem.Name}
			c.create(p)
			c.output(app.EngineName())
			if got := c.output(whole.EngineName()); got != "x\nx" {
				c.Errorf("the files hold %q", got)
			}
			// What is there keeps the mode it has by now.
			c.raw.must("PUT", "/containers/"+translate.HolderName(p.Name)+"/archive?path=/1", directoryArchive("c/d", 0o750), nil)
			again := c.app("again", "mode", "/mem/c/d")
			again.Mounts = []translate.Mount{mounts(mem, "/mem"), {Path: "/m", Volume: mem.Name, SubPath: "c/d"}}
			_, err := c.CreateContainer(c.ctx, again, again.EngineName())
			c.must("create another on the same path", err)
			if got := c.output(again.EngineName()); got != "0750" {
				c.Errorf("the directory has mode %q", got)
			}
		}},
		{"the files of a volume have their content, their modes and their directories", func(c *trial) {
			v := c.volume(translate.Files, "conf", file("a.conf", "alpha\n", 0o644), file("deep/b.conf", "beta\n", 0o400), file("empty", "", 0o640))
			c.must("volume", c.CreateVolume(c.ctx, v))
			app := c.app("app", "cat", "/conf/a.conf", "then", "cat", "/conf/deep/b.conf", "then", "cat", "/conf/empty",
				"then", "mode", "/conf/a.conf", "then", "mode", "/conf/deep/b.conf", "then", "mode", "/conf/empty")
			app.Mounts = []translate.Mount{mounts(v, "/conf")}
			part := c.app("part", "cat", "/part")
			part.Mounts = []translate.Mount{{Path: "/part", Volume: v.Name, SubPath: "deep/b.conf", ReadOnly: true}}
			c.create(c.pod(app, part))
			if got := c.output(app.EngineName()); got != "alpha\nbeta\n0644\n0400\n0640" {
				c.Errorf("the container sees %q", got)
			}
			if got := c.output(part.EngineName()); got != "beta" {
				c.Errorf("with a subPath the container sees %q", got)
			}
		}},
		{"the files of a volume cannot be written and come with the volume", func(c *trial) {
			v := c.volume(translate.Files, "conf", file("a", "alpha\n", 0o666))
			c.must("volume", c.CreateVolume(c.ctx, v))
			app := c.app("app", "write", "/conf/a", "mine")
			app.Mounts = []translate.Mount{mounts(v, "/conf")}
			c.create(c.pod(app))
			c.must("start", c.StartContainer(c.ctx, app.EngineName()))
			c.ends(app.EngineName(), 1)
			if got := c.tail(app.EngineName()); !strings.Contains(got, "read-only") {
				c.Errorf("the container says %q", got)
			}
		}},
		{"the files of a volume change at once under a running container, and are never missing", func(c *trial) {
			text := func(i int) []translate.File {
				files := []translate.File{file("count", fmt.Sprintf("%d\n", i), 0o644), file("dir/other", fmt.Sprint(i), 0o600)}
				if i%2 == 0 {
					files = append(files, file("even", "", 0o644))
				}
				return files
			}
			v := c.volume(translate.Files, "conf", text(0)...)
			c.must("volume", c.CreateVolume(c.ctx, v))
			app := c.app("app", "watch", "/conf/count")
			app.Mounts = []translate.Mount{mounts(v, "/conf")}
			c.up(c.pod(app))
			log := func() []string { return strings.Split(c.tail(app.EngineName()), "\n") }
			const last = 15
			for i := 1; i <= last; i++ {
				c.eventually("the container sees the file", func() bool { return slices.Contains(log(), fmt.Sprint(i-1)) })
				v.Files = text(i)
				c.must("write", c.WriteVolume(c.ctx, v))
			}
			c.eventually("the container sees the last", func() bool { return slices.Contains(log(), fmt.Sprint(last)) })
			if seen := log(); slices.Contains(seen, "missing") || len(seen) != last+1 {
				c.Errorf("the container saw %v", seen)
			}
			// A key that is no longer there is gone, and writing the same again is no error.
			c.must("write again", c.WriteVolume(c.ctx, v))
			if out, code := c.exec(app.EngineName(), "ls", "/conf"); code != 0 || !strings.HasSuffix(out, "..data\ncount\ndir\n") {
				c.Errorf("the volume lists %d %q", code, out)
			}
		}},
		{"a confidential file is readable in the container and by nobody else on the host", func(c *trial) {
			v := c.volume(translate.Files, "creds", translate.File{Path: "token", Mode: 0o600, Data: translate.Conceal([]byte("key"), "hush-hush")})
			c.must("volume", c.CreateVolume(c.ctx, v))
			app := c.app("app", "cat", "/creds/token")
			app.Mounts = []translate.Mount{mounts(v, "/creds")}
			c.create(c.pod(app))
			if got := c.output(app.EngineName()); got != "hush-hush" {
				c.Errorf("the file holds %q", got)
			}
		}},
		{"a claim outlives the pod with its data", func(c *trial) {
			claim := c.volume(translate.Claim, "claim")
			c.must("claim", c.CreateVolume(c.ctx, claim))
			app := c.app("app", "write", "/c/file", "kept")
			app.Mounts = []translate.Mount{mounts(claim, "/c")}
			p := c.pod(app)
			c.create(p)
			c.output(app.EngineName())
			c.must("remove the pod", c.RemovePod(c.ctx, plan.RemovePod{Pod: p.Name}))
			if _, ok := c.now().Volumes[claim.Name]; !ok {
				c.Fatal("the claim is gone")
			}
			app.Command = []string{"cat", "/c/file"}
			c.must("claim again", c.CreateVolume(c.ctx, claim))
			c.create(c.pod(app))
			if got := c.output(app.EngineName()); got != "kept" {
				c.Errorf("the file holds %q", got)
			}
		}},
		{"a host path is mounted, read-only where asked", func(c *trial) {
			dir := c.hostDir("file", "from the host\n")
			reader, writer := c.app("reader", "cat", "/h/file"), c.app("writer", "write", "/h/new", "x")
			reader.Mounts = []translate.Mount{{Path: "/h", HostPath: dir, HostPathType: "Directory"}}
			writer.Mounts = []translate.Mount{{Path: "/h", HostPath: dir, ReadOnly: true}}
			c.create(c.pod(reader, writer))
			if got := c.output(reader.EngineName()); got != "from the host" {
				c.Errorf("the file holds %q", got)
			}
			c.must("start", c.StartContainer(c.ctx, writer.EngineName()))
			c.ends(writer.EngineName(), 1)
		}},
		{"a read-only root cannot be written, but its volumes can", func(c *trial) {
			data := c.volume(translate.EmptyDir, "data")
			c.must("volume", c.CreateVolume(c.ctx, data))
			app := c.app("app", "write", "/data/file", "x", "then", "write", "/file", "x")
			app.Mounts = []translate.Mount{mounts(data, "/data")}
			app.Security.ReadOnlyRoot = true
			c.create(c.pod(app))
			c.must("start", c.StartContainer(c.ctx, app.EngineName()))
			c.ends(app.EngineName(), 1)
			if got := c.tail(app.EngineName()); !strings.Contains(got, "write /file: read-only") {
				c.Errorf("the container says %q", got)
			}
		}},
	}
}

// directoryArchive is a tar archive of one directory.
func directoryArchive(name string, mode int64) []byte {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	_ = w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: mode}) // to memory
	_ = w.Close()
	return archive.Bytes()
}
