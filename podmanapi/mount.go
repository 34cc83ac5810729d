package podmanapi

import (
	"context"
	"fmt"

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
			spec.Mounts = append(spec.Mounts, bindMount{Destination: m.Path, Type: "bind", Source: source, Options: bindOptions(m)})
		case m.Image != "":
			spec.ImageVolumes = append(spec.ImageVolumes, imageMount{Source: m.Image, Destination: m.Path, SubPath: rooted(m.SubPath)})
		default:
			if m.SubPath != "" {
				if err := c.makeSubPath(ctx, con.Pod, m); err != nil {
					return fmt.Errorf("%s: mount %s: %w", doing, m.Path, err)
				}
			}
			spec.Volumes = append(spec.Volumes, volumeMount{Name: m.Volume, Dest: m.Path, Options: volumeOptions(m), SubPath: m.SubPath})
		}
	}
	return nil
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
