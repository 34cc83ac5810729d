package podmanapi

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/podup/podup/translate"
)

// volumeRequest is the body of POST /volumes/create.
type volumeRequest struct {
	Name    string
	Labels  map[string]string
	Options map[string]string `json:",omitempty"`
}

// openMode is what a kubelet's volume directories have: any user may write. Secret or shared content
// is kept from other users of the machine by the store above it, which is 0700.
const openMode = 0o777

// CreateVolume makes a volume and gives it its first content.
//
// For a plain volume Podman does three things that a kubelet does not: its mode is 0755, its owner is
// the user of the last container that mounted it while it was empty, and the image's content is
// copied into it. The first is mended by chmod before anything uses it, the second by the uid and gid
// options, whatever their value, the third by nocopy on each mount (5.8, 5.4, rootless and rootful).
func (c *Client) CreateVolume(ctx context.Context, v translate.Volume) error {
	doing := "create volume/" + v.Name
	if !c.local && v.Kind != translate.Memory {
		return fmt.Errorf("%s: %w", doing, c.needsLocal("a volume"))
	}
	if v.Page > 0 {
		if info, err := c.hostInfo(ctx); err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		} else if info.Host.Security.Rootless {
			return fmt.Errorf("%s: only root may mount huge pages: use rootful Podman, or medium Memory", doing)
		}
	}
	mountpoint, err := c.makeVolume(ctx, v.Name, v.Labels(), volumeOptionsOf(v), doing)
	if err != nil || v.Kind == translate.Memory {
		return err
	}
	if err := setMode(mountpoint, openMode); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if v.Kind == translate.Files {
		if err := writeAtomically(mountpoint, v.Files); err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
	}
	if err := c.ownVolume(ctx, v, mountpoint); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// ownVolume gives the pod's own volume to the pod's group, if it has one.
func (c *Client) ownVolume(ctx context.Context, v translate.Volume, mountpoint string) error {
	if v.Group == nil {
		return nil
	}
	return c.own(ctx, Ownership{Dir: mountpoint, Group: *v.Group, ReadOnly: v.Kind == translate.Files})
}

func volumeOptionsOf(v translate.Volume) map[string]string {
	if v.Kind != translate.Memory {
		return map[string]string{"o": "uid=0,gid=0"}
	}
	// 1777 is what a kubelet's tmpfs has (seen on 1.36).
	if v.Page > 0 {
		// Its directory gets a mode of its own from a kubelet, 0777; of a size Podman knows nothing there
		// ("volume options size and inodes not supported", 5.8).
		options := fmt.Sprintf("pagesize=%dM,mode=0777", v.Page>>20)
		if v.Group != nil {
			options = fmt.Sprintf("pagesize=%dM,mode=2777,gid=%d", v.Page>>20, *v.Group)
		}
		return map[string]string{"type": "hugetlbfs", "device": "nodev", "o": options}
	}
	options := "mode=1777"
	if v.Group != nil {
		options = fmt.Sprintf("mode=3777,gid=%d", *v.Group)
	}
	if v.Size > 0 {
		options = fmt.Sprintf("size=%d,%s", v.Size, options)
	}
	return map[string]string{"type": "tmpfs", "device": "tmpfs", "o": options}
}

// makeVolume makes a volume, or finds the same made before, and gives its mountpoint.
func (c *Client) makeVolume(ctx context.Context, name string, labels, options map[string]string, doing string) (mountpoint string, err error) {
	var made object
	found, fresh, err := c.create(ctx, volume, name, labels,
		post(doing, "/volumes/create", nil, volumeRequest{name, labels, options}), &made)
	if err != nil {
		return "", err
	}
	if !fresh {
		made = found
	}
	c.known.add(volume, name, name)
	c.known.mount(name, made.Mountpoint)
	return made.Mountpoint, nil
}

// setMode gives a directory its mode. One that has it may belong to a container's user by now.
func setMode(path string, mode os.FileMode) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the engine keeps it at %s, and there is nothing here: does the engine's socket come from another machine or container? podup has to run beside the engine: %w", path, err)
	}
	if err != nil {
		return err
	}
	if info.Mode().Perm() == mode {
		return nil
	}
	return os.Chmod(path, mode)
}

// WriteVolume swaps the content of a Files volume, seen by running containers at once and whole.
func (c *Client) WriteVolume(ctx context.Context, v translate.Volume) error {
	doing := "write volume/" + v.Name
	if !c.local {
		return fmt.Errorf("%s: %w", doing, c.needsLocal("a volume's files"))
	}
	mountpoint, err := c.mountpoint(ctx, v.Name, doing)
	if err != nil {
		return err
	}
	if err := writeAtomically(mountpoint, v.Files); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if err := c.ownVolume(ctx, v, mountpoint); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// mountpoint gives the directory of a volume of the project.
func (c *Client) mountpoint(ctx context.Context, name, doing string) (string, error) {
	if path, ok := c.known.mountpoint(name); ok {
		return path, nil
	}
	if _, err := c.owned(ctx, volume, name, doing); err != nil {
		return "", err
	}
	path, _ := c.known.mountpoint(name)
	return path, nil
}

// RemoveVolume removes a volume of the project.
func (c *Client) RemoveVolume(ctx context.Context, name string) error {
	return c.remove(ctx, volume, name, nil)
}
