package podmanapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/podup/podup/translate"
)

// kind is a kind of engine object that has a name and carries labels.
type kind string

// The kinds, in the words of plan.Change.Object.
const (
	container kind = "container"
	pod       kind = "pod"
	volume    kind = "volume"
	secret    kind = "secret"
	network   kind = "network"
)

// path begins the endpoints of one object of the kind.
func (k kind) path() string { return "/" + string(k) + "s/" }

// object is what the inspect calls of all kinds have in common. Volumes have no ID; their name
// stands for it.
type object struct {
	ID         string
	Name       string
	Labels     map[string]string                  // pods, volumes, networks
	Mountpoint string                             // volumes
	Config     struct{ Labels map[string]string } // containers
	Spec       struct {                           // secrets
		Name   string
		Labels map[string]string
	}
	InfraContainerID string // pods
}

func (o object) name() string {
	if o.Spec.Name != "" {
		return o.Spec.Name
	}
	return o.Name
}

func (o object) labels() map[string]string {
	switch {
	case o.Config.Labels != nil:
		return o.Config.Labels
	case o.Spec.Labels != nil:
		return o.Spec.Labels
	default:
		return o.Labels
	}
}

// known remembers objects whose project label has been seen, so that their next operation needs no
// look at the label.
type known struct {
	mu       sync.Mutex
	projects map[string]bool
	ids      map[kind]map[string]string // by name
	mounts   map[string]string          // mountpoints by volume name
	dirs     map[string]string          // static directories by container ID
}

// join makes project one of those whose objects the client may touch.
func (k *known) join(project string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.projects == nil {
		k.projects = map[string]bool{}
	}
	k.projects[project] = true
}

// owner says whose an object of a kind with these labels is, in words; it is empty for podup's own. A client
// that has neither observed nor made anything may touch what any project owns.
func (k *known) owner(of kind, labels map[string]string) string {
	project := projectOf(of, labels)
	k.mu.Lock()
	defer k.mu.Unlock()
	if project != "" && (len(k.projects) == 0 || k.projects[project]) {
		return ""
	}
	return ownerName(labels)
}

func (k *known) add(of kind, name, id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ids == nil {
		k.ids = map[kind]map[string]string{}
	}
	if k.ids[of] == nil {
		k.ids[of] = map[string]string{}
	}
	k.ids[of][name] = id
}

func (k *known) id(of kind, name string) (string, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	id, ok := k.ids[of][name]
	return id, ok
}

func (k *known) forget(of kind, name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.ids[of], name)
	if of == volume {
		delete(k.mounts, name)
	}
}

func (k *known) rename(of kind, from, to string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if id, ok := k.ids[of][from]; ok {
		delete(k.ids[of], from)
		k.ids[of][to] = id
	}
}

func (k *known) mount(name, path string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.mounts == nil {
		k.mounts = map[string]string{}
	}
	k.mounts[name] = path
}

func (k *known) mountpoint(name string) (string, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	path, ok := k.mounts[name]
	return path, ok
}

// keep remembers the static directory of a container: it stays where it is while there is the ID.
func (k *known) keep(id, dir string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dirs == nil {
		k.dirs = map[string]string{}
	}
	k.dirs[id] = dir
}

func (k *known) directory(id string) (string, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	dir, ok := k.dirs[id]
	return dir, ok
}

// inspect looks an object up by its exact name. The engine also takes the beginning of an ID for a
// name, so that a pod "cafe" that is gone may answer as somebody else's pod cafe4711….
func (c *Client) inspect(ctx context.Context, of kind, name, doing string) (object, error) {
	var found object
	if err := c.call(ctx, get(doing, of.path()+element(name)+"/json", nil), &found); err != nil {
		return object{}, err
	}
	if found.name() != name {
		return object{}, &Error{doing, http.StatusNotFound, "no such " + string(of)}
	}
	return found, nil
}

// owned resolves the name of an object that podup may touch to its ID.
func (c *Client) owned(ctx context.Context, of kind, name, doing string) (id string, err error) {
	found, err := c.inspect(ctx, of, name, doing)
	if err != nil {
		return "", err
	}
	if owner := c.known.owner(of, found.labels()); owner != "" {
		return "", &foreign{doing, owner}
	}
	if of == volume {
		c.known.mount(name, found.Mountpoint)
		return name, nil
	}
	c.known.add(of, name, found.ID)
	return found.ID, nil
}

// on does something to an object by the ID under which its label was seen. An object that was made
// anew since then, under the same name, is looked at again.
func (c *Client) on(ctx context.Context, of kind, name, verb string, do func(id, doing string) error) error {
	doing := fmt.Sprintf("%s %s/%s", verb, of, name)
	if id, ok := c.known.id(of, name); ok {
		err := do(id, doing)
		if !missing(err) {
			return err
		}
		c.known.forget(of, name)
	}
	id, err := c.owned(ctx, of, name, doing)
	if err != nil {
		return err
	}
	return do(id, doing)
}

// removeTries are the attempts at a removal that meets another one of the same object.
const removeTries = 5

// remove removes an object of the project; one that is gone is none.
func (c *Client) remove(ctx context.Context, of kind, name string, query url.Values) error {
	for try := 1; ; try++ {
		err := c.on(ctx, of, name, "remove", func(id, doing string) error {
			return c.call(ctx, del(doing, of.path()+element(id), query), nil)
		})
		if err == nil || missing(err) {
			c.known.forget(of, name)
			return nil
		}
		if !vanished(err) || try == removeTries || !pause(ctx, time.Duration(try)*50*time.Millisecond) {
			return err
		}
	}
}

// create makes an object, or finds it made before: by a call whose reply was lost, or by a run that
// was interrupted. want are the labels that prove it to be the same; created is called with the
// object that was there.
func (c *Client) create(ctx context.Context, of kind, name string, want map[string]string, r request, out any) (existed object, made bool, err error) {
	c.known.join(want[translate.LabelProject])
	done, err := c.turns.take(ctx, false)
	if err != nil {
		return object{}, false, fmt.Errorf("%s: %w", r.doing, err)
	}
	defer done()
	patient, cancel := outlive(ctx, createTime)
	defer cancel()
	err = c.call(patient, r, out)
	if err == nil {
		return object{}, true, nil
	}
	if ctx.Err() != nil {
		return object{}, false, fmt.Errorf("%s: %w", r.doing, ctx.Err())
	}
	// The status of a taken name is 409 for a pod and 500 for everything else, as for any failure, and
	// a broken connection says nothing: only looking tells.
	found, lookErr := c.inspect(ctx, of, name, r.doing)
	if lookErr != nil {
		return object{}, false, err
	}
	labels := found.labels()
	if owner := c.known.owner(of, labels); owner != "" {
		return object{}, false, fmt.Errorf("%s: the name is taken by a %s that is %s", r.doing, of, owner)
	}
	for key, value := range want {
		if labels[key] != value {
			return object{}, false, fmt.Errorf("%s: the project has one already, made from another definition", r.doing)
		}
	}
	return found, false, nil
}
