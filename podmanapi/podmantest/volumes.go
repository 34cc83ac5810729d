package podmantest

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// volume is a directory. That of a tmpfs is not its mountpoint: from outside the user namespace of a
// rootless engine the mount is not to be seen, and its content is gone when the last holder is.
type volume struct {
	name       string
	labels     map[string]string
	options    map[string]string
	created    time.Time
	mountpoint string
	content    string // where the containers' files are
	size       int64  // of a tmpfs, 0 is unlimited
}

func (v *volume) tmpfs() bool { return v.options["type"] == "tmpfs" }

func (s *Service) volumeIndex(name string) int {
	return slices.IndexFunc(s.volumes, func(v *volume) bool { return v.name == name })
}

func (s *Service) newVolume(name string, labels, options map[string]string) (*volume, error) {
	if err := s.checkLocks(); err != nil {
		return nil, err
	}
	if name == "" {
		name = s.newID()
	}
	v := &volume{
		name: name, labels: labels, options: options, created: time.Now(),
		mountpoint: filepath.Join(s.dir, "volumes", name, "_data"),
	}
	v.content = v.mountpoint
	mode := fs.FileMode(0o755)
	if v.tmpfs() {
		v.content = filepath.Join(s.dir, "tmpfs", name)
		mode = 0o777
		for option := range strings.SplitSeq(options["o"], ",") {
			key, value, _ := strings.Cut(option, "=")
			switch key {
			case "mode":
				bits, err := strconv.ParseUint(value, 8, 12)
				if err != nil {
					return nil, internal(err.Error(), "tmpfs option %q", option)
				}
				mode = fs.FileMode(bits & 0o777)
			case "size":
				v.size = parseSize(value)
			}
		}
		if err := os.MkdirAll(v.mountpoint, 0o755); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(v.content, 0o755); err != nil {
		return nil, err
	}
	if err := os.Chmod(v.content, mode); err != nil { // the umask took bits away
		return nil, err
	}
	s.volumes = append(s.volumes, v)
	return v, nil
}

// parseSize reads a size as tmpfs does: a number with k, m or g.
func parseSize(text string) int64 {
	unit := int64(1)
	switch {
	case strings.HasSuffix(text, "k"):
		unit = 1 << 10
	case strings.HasSuffix(text, "m"):
		unit = 1 << 20
	case strings.HasSuffix(text, "g"):
		unit = 1 << 30
	}
	number, _ := strconv.ParseInt(strings.TrimRight(text, "kmg"), 10, 64)
	return number * unit
}

// full reports whether a tmpfs cannot hold more bytes.
func (v *volume) full(more int) bool {
	if v.size == 0 {
		return false
	}
	used := int64(more)
	filepath.WalkDir(v.content, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			used += info.Size()
		}
		return nil
	})
	return used > v.size
}

// users are the containers that mount the volume.
func (s *Service) users(v *volume) []*container {
	return slices.DeleteFunc(slices.Clone(s.containers), func(c *container) bool {
		return !slices.ContainsFunc(c.spec.Volumes, func(mount namedVolume) bool { return mount.Name == v.name })
	})
}

// release empties the tmpfs volumes nobody holds any more. A container holds its volumes from when
// it is initialised until it is cleaned up after its end.
func (s *Service) release() {
	for _, v := range s.volumes {
		held := slices.ContainsFunc(s.users(v), func(c *container) bool { return c.up() || c.keeps || c.state == stateStopped })
		if !v.tmpfs() || held {
			continue
		}
		entries, err := os.ReadDir(v.content)
		if err != nil {
			s.t.Errorf("podmantest: %v", err)
		}
		for _, entry := range entries {
			if err := os.RemoveAll(filepath.Join(v.content, entry.Name())); err != nil {
				s.t.Errorf("podmantest: %v", err)
			}
		}
	}
}

func (v *volume) report(users int) map[string]any {
	options := map[string]string{}
	for name, value := range v.options {
		options[name] = value
	}
	for option := range strings.SplitSeq(v.options["o"], ",") {
		if key, value, ok := strings.Cut(option, "="); ok && (key == "uid" || key == "gid") {
			options[strings.ToUpper(key)] = value
		}
	}
	labels := v.labels
	if labels == nil {
		labels = map[string]string{}
	}
	return map[string]any{
		"Name": v.name, "Driver": "local", "Mountpoint": v.mountpoint, "CreatedAt": v.created, "Labels": labels,
		"Scope": "local", "Options": options, "MountCount": users, "NeedsCopyUp": true,
	}
}

func createVolume(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	var body struct {
		Name           string
		Label, Labels  map[string]string
		Options        map[string]string
		IgnoreIfExists bool
	}
	if err := c.decode(&body); err != nil {
		return answer{}, err
	}
	if i := s.volumeIndex(body.Name); i >= 0 {
		if body.IgnoreIfExists {
			return answer{status: http.StatusCreated, body: s.volumes[i].report(0)}, nil
		}
		return answer{}, internal("volume already exists", "volume with name %s already exists", body.Name)
	}
	if body.Labels == nil {
		body.Labels = body.Label
	}
	v, err := s.newVolume(body.Name, body.Labels, body.Options)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, body: v.report(0)}, nil
}

func listVolumes(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	filters, err := c.filters("label", "name", "driver", "scope", "dangling")
	if err != nil {
		return answer{}, err
	}
	list := []any{}
	for _, v := range s.volumes {
		if labelled(v.labels, filters["label"]) && named(v.name, filters["name"]) {
			list = append(list, v.report(len(s.users(v))))
		}
	}
	return answer{status: http.StatusOK, body: list}, nil
}

func inspectVolume(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.volumeIndex(c.name)
	if i < 0 {
		return answer{}, notFound("no such volume", "")
	}
	return answer{status: http.StatusOK, body: s.volumes[i].report(len(s.users(s.volumes[i])))}, nil
}

func volumeExists(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.volumeIndex(c.name) < 0 {
		return answer{}, notFound("no such volume", "")
	}
	return answer{status: http.StatusNoContent}, nil
}

func noVolume(name string) error {
	return notFound("no such volume", "no volume with name %q found", name)
}

func removeVolume(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.volumeIndex(c.name)
	if i < 0 {
		return answer{}, noVolume(c.name)
	}
	if users := s.users(s.volumes[i]); len(users) > 0 {
		return answer{}, &failure{http.StatusConflict, "volume is being used",
			"volume " + c.name + " is being used by the following container(s): " + users[0].id}
	}
	if err := os.RemoveAll(filepath.Dir(s.volumes[i].mountpoint)); err != nil {
		return answer{}, err
	}
	if err := os.RemoveAll(s.volumes[i].content); err != nil {
		return answer{}, err
	}
	s.volumes = slices.Delete(s.volumes, i, i+1)
	return answer{status: http.StatusNoContent}, nil
}
