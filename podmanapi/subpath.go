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
			archive := "/containers/" + id + "/archive"
			there := func(sub string) (bool, error) {
				query := url.Values{"path": {path.Join(mount.Destination, sub)}}
				err := c.once(ctx, request{doing: doing, method: "HEAD", path: archive, query: query}, nil)
				if missing(err) {
					return false, nil
				}
				return err == nil, err
			}
			absent, err := missingParts(m.SubPath, there)
			if err != nil || len(absent) == 0 {
				return err
			}
			query := url.Values{"path": {mount.Destination}}
			return c.call(ctx, request{doing: doing, method: "PUT", path: archive, query: query, body: directories(absent)}, nil)
		}
		return fmt.Errorf("%s: it does not hold volume/%s", doing, m.Volume)
	})
}

// missingParts are the directories down to sub that are not there: unpacking an archive would give the
// others its mode, which a container may have changed.
func missingParts(sub string, there func(string) (bool, error)) ([]string, error) {
	sub = path.Clean(sub)
	var parts []string
	for i, c := range sub + "/" {
		if c == '/' {
			parts = append(parts, sub[:i])
		}
	}
	for i, part := range parts {
		if exists, err := there(part); err != nil || !exists {
			return parts[i:], err
		}
	}
	return nil, nil
}

// directories is a tar archive of directories which any user may write to.
func directories(paths []string) *bytes.Buffer {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, name := range paths {
		// Writing to memory, of headers that are in order, does not fail.
		_ = w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o1777})
	}
	_ = w.Close()
	return &archive
}

// mountNumber is where a holder has its n-th volume.
func mountNumber(n int) string { return "/" + strconv.Itoa(n+1) }
