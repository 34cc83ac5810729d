package podmanapi

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/podup/podup/translate"
)

// bindMount is an OCI mount.
type bindMount struct {
	Destination string   `json:"destination"`
	Type        string   `json:"type"`
	Source      string   `json:"source"`
	Options     []string `json:"options"`
}

// volumeMount is specgen.NamedVolume, whose JSON has Go's names.
type volumeMount struct {
	Name    string
	Dest    string
	Options []string
	SubPath string `json:",omitempty"`
}

// imageMount is specgen.ImageVolume.
type imageMount struct {
	Source      string
	Destination string
	ReadWrite   bool
	SubPath     string `json:"subPath,omitempty"`
}

// addMounts translates the container's mounts, and makes what they need on the machine.
func (c *Client) addMounts(ctx context.Context, spec *containerSpec, con translate.Container, doing string) error {
	for _, m := range con.Mounts {
		switch {
		case m.HostPath != "":
			source, err := c.hostSource(m)
			if err != nil {
				return fmt.Errorf("%s: mount %s: %w", doing, m.Path, err)
			}
			if c.local && m.Relabel != "" && !ordinary(source) {
				m.Relabel = "" // with another label, a socket's or a device's owner could lose it
			}
			spec.Mounts = append(spec.Mounts, bindMount{Destination: m.Path, Type: "bind", Source: source, Options: bindOptions(m)})
		case m.Image != "":
			spec.ImageVolumes = append(spec.ImageVolumes, imageMount{Source: m.Image, Destination: m.Path, SubPath: rooted(m.SubPath)})
		default:
			if err := c.ownMount(ctx, m); err != nil {
				return fmt.Errorf("%s: mount %s: %w", doing, m.Path, err)
			}
			if m.SubPath != "" {
				if err := c.makeSubPath(ctx, con.Pod, m); err != nil {
					return fmt.Errorf("%s: mount %s: %w", doing, m.Path, err)
				}
				if err := c.ownSubPath(ctx, m); err != nil {
					return fmt.Errorf("%s: mount %s: %w", doing, m.Path, err)
				}
			}
			spec.Volumes = append(spec.Volumes, volumeMount{Name: m.Volume, Dest: m.Path, Options: volumeOptions(m), SubPath: m.SubPath})
		}
	}
	return nil
}

// ordinary says whether a path is a directory or file, and so can be given an SELinux label.
func ordinary(path string) bool {
	info, err := os.Stat(path)
	return err == nil && (info.IsDir() || info.Mode().IsRegular())
}

// ownMount gives a volume that may be older than the pod to the pod's group. The pod's own have been
// given to it when they were made, unless another definition made them.
func (c *Client) ownMount(ctx context.Context, m translate.Mount) error {
	return c.ownPart(ctx, m, "", m.OnMismatch)
}

// ownSubPath does so with what podup may have made below it: without root, podup is not of the group,
// and what it makes does not inherit it.
func (c *Client) ownSubPath(ctx context.Context, m translate.Mount) error {
	first, _, _ := strings.Cut(m.SubPath, "/")
	return c.ownPart(ctx, m, first, true)
}

// ownPart: of a Memory volume the tmpfs has the group from its mount options.
func (c *Client) ownPart(ctx context.Context, m translate.Mount, sub string, onMismatch bool) error {
	if m.Group == nil {
		return nil
	}
	found, err := c.inspect(ctx, volume, m.Volume, "look at volume/"+m.Volume)
	if err != nil {
		return err
	}
	kind := translate.VolumeKind(found.labels()[translate.LabelKind])
	if kind == translate.Memory || kind == translate.Files && sub != "" {
		return nil
	}
	return c.own(ctx, Ownership{
		Dir: found.Mountpoint, Sub: sub, Group: *m.Group, ReadOnly: kind == translate.Files, OnMismatch: onMismatch || kind != translate.Claim,
	})
}

// rooted is a sub-path of an image, which Podman wants to begin with a slash.
func rooted(path string) string {
	if path == "" {
		return ""
	}
	return "/" + path
}

// bindOptions: a kubelet's binds are recursive.
func bindOptions(m translate.Mount) []string {
	options := []string{"rbind", access(m)}
	if m.Propagation != "" {
		options = append(options, m.Propagation)
	}
	if m.Relabel != "" {
		options = append(options, m.Relabel)
	}
	return options
}

// volumeOptions: nocopy keeps the image's content at that path, its mode and its owner out of the
// volume, as a kubelet's runtimes do.
func volumeOptions(m translate.Mount) []string {
	options := []string{"nocopy", access(m)}
	if m.Propagation != "" {
		options = append(options, m.Propagation)
	}
	return options
}

func access(m translate.Mount) string {
	if m.ReadOnly {
		return "ro"
	}
	return "rw"
}
