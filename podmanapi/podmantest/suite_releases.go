package podmantest

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/podup/podup/translate"
)

func releaseCases() []scenario {
	return []scenario{
		{"without a release volume there are no files, and looking makes none", func(c *trial) {
			files := c.Releases(c.project)
			if _, err := files.Read(c.ctx, "1.json"); !errors.Is(err, fs.ErrNotExist) {
				c.Errorf("read: %v", err)
			}
			if names, err := files.List(c.ctx); err != nil || len(names) > 0 {
				c.Errorf("list: %v %v", names, err)
			}
			if c.raw.exists("volumes", translate.ProjectObject(c.project)) {
				c.Error("there is a volume")
			}
		}},
		{"release files are written, read, listed, renamed and removed", func(c *trial) {
			files := c.Releases(c.project)
			data := bytes.Repeat([]byte{0, 1, 2, 0xff, '\n'}, 100_000)
			c.must("write", files.Write(c.ctx, "2.pending", data))
			c.must("write", files.Write(c.ctx, "1.deployed", []byte("one")))
			c.must("write", files.Write(c.ctx, "secrets/abc", []byte("hush")))
			c.names(files, "1.deployed", "2.pending", "secrets/abc")
			if got, err := files.Read(c.ctx, "2.pending"); err != nil || !bytes.Equal(got, data) {
				c.Errorf("read: %v, %d bytes of %d", err, len(got), len(data))
			}
			c.must("write over", files.Write(c.ctx, "1.deployed", []byte("uno")))
			if got, err := files.Read(c.ctx, "1.deployed"); err != nil || string(got) != "uno" {
				c.Errorf("read: %q, %v", got, err)
			}
			c.must("rename", files.Rename(c.ctx, "2.pending", "2.deployed"))
			c.must("remove", files.Remove(c.ctx, "1.deployed"))
			c.must("remove", files.Remove(c.ctx, "secrets/abc"))
			c.names(files, "2.deployed")
			if actual := c.now(); !actual.Release || len(actual.Volumes) > 0 {
				c.Errorf("release %v, volumes %+v", actual.Release, actual.Volumes)
			}
		}},
		{"release files are for their owner only", func(c *trial) {
			files := c.Releases(c.project)
			c.must("write", files.Write(c.ctx, "secrets/abc", []byte("hush")))
			var found struct {
				Mountpoint string
				Labels     map[string]string
			}
			c.raw.must("GET", "/volumes/"+translate.ProjectObject(c.project)+"/json", nil, &found)
			info, err := os.Stat(found.Mountpoint + "/secrets/abc")
			c.must("stat", err)
			if info.Mode().Perm() != 0o600 {
				c.Errorf("mode %s", info.Mode())
			}
			if found.Labels[translate.LabelProject] != c.project || found.Labels[translate.LabelRole] != translate.RoleRelease {
				c.Errorf("labels %v", found.Labels)
			}
		}},
		{"a volume of that name that is not podup's is no release volume", func(c *trial) {
			name := translate.ProjectObject(c.project)
			c.stranger("volumes", name, object{"Name": name})
			err := c.Releases(c.project).Write(c.ctx, "1.deployed", []byte("x"))
			c.refused("write", err)
			c.refused("remove", c.RemoveReleases(c.ctx, c.project))
			if !c.raw.exists("volumes", name) {
				c.Error("the volume is gone")
			}
		}},
		{"a name with a way out of the volume is refused", func(c *trial) {
			files := c.Releases(c.project)
			for _, name := range []string{"../x", "/etc/x", "secrets/../../x"} {
				if err := files.Write(c.ctx, name, []byte("x")); err == nil {
					c.Errorf("%s was written", name)
				}
			}
		}},
	}
}

func (c *trial) names(files Releases, want ...string) {
	c.Helper()
	got, err := files.List(c.ctx)
	c.must("list", err)
	if !slices.Equal(got, want) {
		c.Errorf("files %s, want %s", strings.Join(got, " "), strings.Join(want, " "))
	}
}
