package podmanapi

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"net/url"
	"path"
	"strconv"

	"github.com/podup/podup/translate"
)

// makeSubPath makes the sub-path of a volume mount where it is missing: the engine would fail the
// container's start.
func (c *Client) makeSubPath(ctx context.Context, podName string, m translate.Mount) error {
	if !c.local {
		return c.needsLocal("a subPath")
	}
	found, err := c.inspect(ctx, volume, m.Volume, "look at volume/"+m.Volume)
	if err != nil {
		return err
	}
	if found.labels()[translate.LabelKind] == string(translate.Memory) {
		return c.makeHeldPath(ctx, podName, m)
	}
	return makeBelow(found.Mountpoint, m.SubPath)
}

// makeHeldPath makes a directory in a Memory volume. Its tmpfs is mounted only in the engine's own
// mount namespace, as long as the holder holds it, so the engine has to do it: through the holder.
func (c *Client) makeHeldPath(ctx context.Context, podName string, m translate.Mount) error {
	holder := translate.HolderName(podName)
	var found struct {
		Mounts []struct{ Name, Destination string }
	}
	return c.on(ctx, container, holder, "make a subPath in", func(id, doing string) error {
		if err := c.call(ctx, get(doing, "/containers/"+id+"/json", nil), &found); err != nil {
			return err
		}
		for _, mount := range found.Mounts {
			if mount.Name != m.Volume {
				continue
			}
			query := url.Values{"path": {mount.Destination}}
			r := request{doing: doing, method: "PUT", path: "/containers/" + id + "/archive", query: query, body: directories(m.SubPath)}
			return c.call(ctx, r, nil)
		}
		return fmt.Errorf("%s: it does not hold volume/%s", doing, m.Volume)
	})
}

// directories is a tar archive of a path's directories, which any user may write to.
func directories(sub string) *bytes.Buffer {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for i, c := range path.Clean(sub) + "/" {
		if c == '/' {
			// Writing to memory, of headers that are in order, does not fail.
			_ = w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: sub[:i] + "/", Mode: 0o1777})
		}
	}
	_ = w.Close()
	return &archive
}

// mountNumber is where a holder has its n-th volume.
func mountNumber(n int) string { return "/" + strconv.Itoa(n+1) }
