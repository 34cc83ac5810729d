package podmantest

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Image is what a container is made from. Program stands for the entrypoint and gets its arguments;
// it must return when its context ends. Exec, nil for none, runs what is executed in a running
// container; p.Args then holds the whole command.
type Image struct {
	Program    Program
	Exec       Program
	Entrypoint []string
	Command    []string
	Env        []string
	User       string
	WorkingDir string
	Labels     map[string]string

	isTest bool // only TestProgram can be executed in it
}

type image struct {
	Image
	id      string
	names   []string
	created time.Time
}

// Program puts an image that runs p under a reference into the engine's store.
func (s *Service) Program(reference string, p Program) { s.Image(reference, Image{Program: p}) }

// Image puts an image under a reference into the engine's store. The name it replaces goes to the
// new image, which has another ID.
func (s *Service) Image(reference string, i Image) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.images[reference] = s.newImage(reference, i)
}

// Registry makes a pull of reference find an image.
func (s *Service) Registry(reference string, i Image) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.registry[reference] = s.newImage(reference, i)
}

func (s *Service) newImage(reference string, i Image) *image {
	if i.Program == nil {
		i.Program = Interpret
	}
	return &image{Image: i, id: s.newID(), names: []string{reference}, created: time.Now()}
}

// lookupImage finds an image by reference, as Podman does: with ":latest" added, in localhost and
// docker.io, by ID. The caller holds mu.
func (s *Service) lookupImage(reference string) (string, *image) {
	last := reference[strings.LastIndex(reference, "/")+1:]
	if !strings.ContainsAny(last, ":@") {
		reference += ":latest"
	}
	for _, prefix := range []string{"", "localhost/", "docker.io/library/", "docker.io/"} {
		if found, ok := s.images[prefix+reference]; ok {
			return prefix + reference, found
		}
	}
	id := strings.TrimPrefix(strings.TrimSuffix(reference, ":latest"), "sha256:")
	for name, found := range s.images {
		if len(id) >= 3 && strings.HasPrefix(found.id, id) {
			return name, found
		}
	}
	return "", nil
}

func listImages(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	filters, err := c.filters("reference", "label", "id", "dangling")
	if err != nil {
		return answer{}, err
	}
	references := []string{}
	for reference := range s.images {
		references = append(references, reference)
	}
	slices.Sort(references)
	list := []any{}
	for _, reference := range references {
		one := s.images[reference]
		if len(filters["reference"]) > 0 && !slices.Contains(filters["reference"], reference) || !labelled(one.Labels, filters["label"]) || !named(one.id, filters["id"]) {
			continue
		}
		list = append(list, map[string]any{
			"Id": one.id, "ParentId": "", "RepoTags": []string{reference}, "Names": []string{reference},
			"RepoDigests": []string{one.digest(reference)}, "Digest": "sha256:" + one.id, "Created": one.created.Unix(),
			"Size": 1, "SharedSize": 0, "VirtualSize": 1, "Labels": one.Labels, "Containers": 0,
		})
	}
	return answer{status: http.StatusOK, body: list}, nil
}

func (i *image) digest(reference string) string {
	name := reference
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		name = name[:colon]
	}
	return name + "@sha256:" + i.id
}

func inspectImage(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	reference, found := s.lookupImage(c.name)
	if found == nil {
		return answer{}, notFound("image not known", "failed to find image %s: %s", c.name, c.name)
	}
	config := map[string]any{}
	for name, value := range map[string][]string{"Entrypoint": found.Entrypoint, "Cmd": found.Command, "Env": found.Env} {
		if len(value) > 0 {
			config[name] = value
		}
	}
	for name, value := range map[string]string{"User": found.User, "WorkingDir": found.WorkingDir} {
		if value != "" {
			config[name] = value
		}
	}
	return answer{status: http.StatusOK, body: map[string]any{
		"Id": found.id, "Digest": "sha256:" + found.id, "RepoTags": []string{reference}, "RepoDigests": []string{found.digest(reference)},
		"Created": found.created, "Config": config, "Architecture": "amd64", "Os": "linux", "Labels": found.Labels, "User": found.User,
		"NamesHistory": []string{reference},
	}}, nil
}

func imageExists(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, found := s.lookupImage(c.name); found == nil {
		return answer{}, notFound("failed to find image "+c.name, "")
	}
	return answer{status: http.StatusNoContent}, nil
}

// pullImage always answers 200: whether it worked is in the stream.
func pullImage(c *call) (answer, error) {
	reference, policy := c.query.Get("reference"), c.query.Get("policy")
	if reference == "" {
		return answer{}, internal("reference parameter cannot be empty", "")
	}
	c.w.Header().Set("Content-Type", "application/json")
	lines := json.NewEncoder(c.w)
	say := func(line any) {
		lines.Encode(line)
		c.w.(http.Flusher).Flush()
	}
	s := c.s
	s.mu.Lock()
	_, have := s.lookupImage(reference)
	offered := s.registry[reference]
	s.mu.Unlock()

	switch {
	case have != nil && (policy == "missing" || policy == "never"):
	case policy == "never":
		say(map[string]any{"error": reference + ": image not known"})
		return answer{streamed: true}, nil
	default:
		say(map[string]any{"stream": "Trying to pull " + reference + "...\n"})
		if offered == nil {
			say(map[string]any{"error": "unable to copy from source docker://" + reference + ": initializing source docker://" + reference + ": reading manifest: manifest unknown"})
			return answer{streamed: true}, nil
		}
		say(map[string]any{"stream": "Getting image source signatures\n"})
		say(map[string]any{"stream": "Copying blob sha256:" + offered.id + "\n"})
		say(map[string]any{"stream": "Writing manifest to image destination\n"})
		s.mu.Lock()
		s.images[reference] = offered
		s.mu.Unlock()
		have = offered
	}
	say(map[string]any{"images": []string{have.id}, "id": have.id})
	return answer{streamed: true}, nil
}

// importImage makes an image that runs the test program, whatever the archive holds, with the labels of its changes.
func importImage(c *call) (answer, error) {
	if _, err := io.Copy(io.Discard, c.r.Body); err != nil {
		return answer{}, err
	}
	reference := c.query.Get("reference")
	if reference == "" {
		return answer{}, internal("podmantest imports named images only", "unable to import tarball")
	}
	made := TestImage()
	made.Labels = map[string]string{}
	for _, change := range c.query["changes"] {
		if label, ok := strings.CutPrefix(change, "LABEL "); ok {
			name, value, _ := strings.Cut(label, "=")
			made.Labels[name] = value
		}
	}
	c.s.Image(reference, made)
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return answer{status: http.StatusOK, body: map[string]any{"Id": "sha256:" + c.s.images[reference].id}}, nil
}

func removeImage(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	reference, found := s.lookupImage(c.name)
	if found == nil {
		return answer{}, notFound("image not known", "%s", c.name)
	}
	for _, one := range s.containers {
		if one.image == found && !flag(c.query, "force") {
			return answer{}, &failure{http.StatusConflict, "image is in use by a container", "image used by " + one.id}
		}
	}
	delete(s.images, reference)
	return answer{status: http.StatusOK, body: map[string]any{"Deleted": []string{found.id}, "Untagged": []string{reference}, "ExitCode": 0}}, nil
}
