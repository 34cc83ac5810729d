package plan

import (
	"cmp"
	"slices"

	"github.com/podup/podup/translate"
)

// createNetwork comes before anything else that fails late: pods are removed for a new network.
func (d *differ) createNetwork() {
	network := d.want.Network
	if network == nil || slices.Contains(d.actual.Networks, network.Name) {
		return
	}
	c := d.change(ActionCreate, "network/"+network.Name, "does not exist")
	d.network = d.step(c, "", CreateNetwork{*network}, nil)
}

func (d *differ) createSecrets() {
	for _, secret := range d.want.Secrets {
		if !slices.Contains(d.actual.Secrets, secret.Name) {
			reason := "does not exist"
			if d.actual.heldFrom(secret.Source) {
				reason = "its value is another one"
			}
			c := d.change(ActionCreate, secretObject(secret.Name, secret.Source), reason)
			d.secrets[secret.Name] = d.step(c, "", CreateSecret{secret}, nil)
		}
	}
}

// removeShared removes what of the project no pod uses any more, after everything else: a pod that
// falls back to its old containers needs their secrets and its network.
func (d *differ) removeShared() {
	after := d.ends(0, d.next())
	if len(d.actual.Secrets) > 0 {
		used, known := d.usedSecrets()
		for _, name := range d.actual.secretsBySource() {
			if known && !used[name] {
				c := d.change(ActionRemove, d.actual.secretObject(name), "no container uses this value any more")
				d.step(c, "", RemoveSecret{name}, after)
			}
		}
	}
	if len(d.bystanders()) > 0 {
		return // one of them may be on it, and the engine refuses to remove a network in use
	}
	for _, name := range slices.Sorted(slices.Values(d.actual.Networks)) {
		if d.want.Network == nil || d.want.Network.Name != name {
			c := d.change(ActionRemove, "network/"+name, "no pod is on it any more")
			d.step(c, "", RemoveNetwork{name}, after)
		}
	}
}

// bystanders are the pods that stay as they are, whatever want says of them: those that were not
// selected, and orphans that are not pruned.
func (d *differ) bystanders() []string {
	var names []string
	for name, state := range d.actual.Pods {
		if state.ID != "" && (!d.opts.selects(name) || !d.wanted(name) && !d.opts.Prune) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// usedSecrets are the engine secrets that containers name when the plan is done. A container that
// has lost its secret does not start again, so that nothing is known where one definition is
// missing.
func (d *differ) usedSecrets() (used map[string]bool, known bool) {
	used = map[string]bool{}
	for _, secret := range d.want.Secrets {
		used[secret.Name] = true
	}
	add := func(pod translate.Pod) {
		for _, c := range pod.Containers() {
			for _, env := range c.Env {
				used[env.Secret] = true
			}
		}
	}
	for _, name := range d.bystanders() {
		found := false
		for _, past := range d.actual.Applied {
			if pod, ok := findPod(past, name); ok {
				add(pod)
				found = true
			}
		}
		if !found {
			return nil, false
		}
	}
	return used, true
}

// secretObject is what the user is shown of an engine secret, whose own name is a digest.
func secretObject(name, source string) string { return "secret/" + cmp.Or(source, name) }

func (a Actual) secretObject(name string) string { return secretObject(name, a.Sources[name]) }

// heldFrom says whether the engine has a value that came from a source.
func (a Actual) heldFrom(source string) bool {
	return source != "" && slices.ContainsFunc(a.Secrets, func(name string) bool { return a.Sources[name] == source })
}

// secretsBySource are the engine secrets in the order they are shown in.
func (a Actual) secretsBySource() []string {
	return slices.SortedFunc(slices.Values(a.Secrets), func(x, y string) int {
		return cmp.Or(cmp.Compare(a.Sources[x], a.Sources[y]), cmp.Compare(x, y))
	})
}
