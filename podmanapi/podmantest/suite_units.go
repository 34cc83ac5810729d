package podmantest

import (
	"archive/tar"
	"bytes"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// unitCases are about what systemd units make: it has a label of its own, and no project.
func unitCases() []scenario {
	return []scenario{
		{"what units make is found by their label and removed, and nothing else is", func(c *trial) {
			mine := object{translate.LabelUnit: c.project}
			pod, volume, network := c.podName("-p"), c.podName("-v"), c.podName("-n")
			c.raw.must("POST", "/pods/create", object{"name": pod, "labels": mine}, nil)
			c.raw.must("POST", "/containers/create", object{"name": pod + "-app", "image": c.image, "pod": pod, "labels": mine}, nil)
			c.raw.must("POST", "/volumes/create", object{"Name": volume, "Label": mine}, nil)
			c.raw.must("POST", "/networks/create", object{"name": network, "driver": "bridge", "labels": mine}, nil)
			c.must("set a secret", c.SetUnitSecret(c.ctx, c.project, c.podName(".s"), translate.Plain("one")))
			all := []string{"pod/" + pod, "container/" + pod + "-app", "volume/" + volume, "network/" + network, "secret/" + c.podName(".s")}
			c.unitObjects(all...)
			if other, err := c.UnitObjects(c.ctx, c.project+"x"); err != nil || len(other) > 0 {
				c.Errorf("of another project: %q, %v", other, err)
			}
			taken, err := c.UnitTaken(c.ctx, c.project, all)
			if err != nil || len(taken) > 0 {
				c.Errorf("its own are taken: %v, %v", taken, err)
			}
			taken, err = c.UnitTaken(c.ctx, c.project+"x", all)
			if owners := slices.Compact(slices.Sorted(maps.Values(taken))); err != nil || len(taken) != len(all) || !slices.Equal(owners, []string{"units of " + c.project}) {
				c.Errorf("taken: %v, %v", taken, err)
			}
			for _, name := range all {
				if err := c.RemoveUnitObject(c.ctx, c.project+"x", name); err == nil || !strings.Contains(err.Error(), "it is of units of "+c.project) {
					c.Errorf("another project removes %s: %v", name, err)
				}
			}
			// No operation of podup's own touches them.
			if err := c.RemoveVolume(c.ctx, volume); err == nil {
				c.Error("a volume of units was removed like one of a project")
			}
			if err := c.RemovePod(c.ctx, plan.RemovePod{Pod: pod}); err == nil && !c.raw.exists("pods", pod) {
				c.Error("a pod of units was removed like one of a project")
			}
			c.unitObjects(all...)
			for _, name := range all {
				c.must("remove "+name, c.RemoveUnitObject(c.ctx, c.project, name))
				c.must("remove again "+name, c.RemoveUnitObject(c.ctx, c.project, name))
			}
			c.unitObjects()
		}},
		{"the data of a claim of units is their project's, and no other volume of units is", func(c *trial) {
			claim, other, stranger := c.podName("-claim"), c.podName("-other"), c.podName("-stranger")
			make := func(name string, labels object) {
				c.raw.must("POST", "/volumes/create", object{"Name": name, "Label": labels}, nil)
			}
			make(claim, object{translate.LabelUnit: c.project, translate.LabelRole: translate.RoleClaim})
			make(other, object{translate.LabelUnit: c.project})
			make(stranger, object{translate.LabelUnit: c.project + "x", translate.LabelRole: translate.RoleClaim})
			want := translate.Project{Name: c.project}
			for _, name := range []string{claim, other, stranger} {
				want.Volumes = append(want.Volumes, translate.Volume{Project: c.project, Name: name, Kind: translate.Claim})
			}
			actual, err := c.Observe(c.ctx, want)
			c.must("observe", err)
			if found := slices.Collect(maps.Keys(actual.Volumes)); !slices.Equal(found, []string{claim}) || actual.Volumes[claim].Role != translate.RoleClaim {
				c.Errorf("volumes of the project: %v", actual.Volumes)
			}
			taken := map[string]string{"volume/" + other: "units of " + c.project, "volume/" + stranger: "units of " + c.project + "x"}
			if !maps.Equal(actual.Taken, taken) {
				c.Errorf("taken: %v, want %v", actual.Taken, taken)
			}
			for _, name := range []string{other, stranger} {
				if err := c.RemoveVolume(c.ctx, name); err == nil || !strings.Contains(err.Error(), "it is of units of "+c.project) {
					c.Errorf("remove %s: %v", name, err)
				}
			}
			c.must("remove the claim", c.RemoveVolume(c.ctx, claim))
			c.unitObjects("volume/" + other)
			c.must("remove the other", c.RemoveUnitObject(c.ctx, c.project, "volume/"+other))
			c.must("remove the stranger", c.RemoveUnitObject(c.ctx, c.project+"x", "volume/"+stranger))
		}},
		{"what units have made is counted in the inventory", func(c *trial) {
			mine := object{translate.LabelUnit: c.project}
			pod := c.podName("-p")
			c.raw.must("POST", "/pods/create", object{"name": pod, "labels": mine}, nil)
			for _, name := range []string{pod + "-app", pod + "-once"} {
				c.raw.must("POST", "/containers/create", object{
					"name": name, "image": c.image, "pod": pod, "labels": object{translate.LabelUnit: c.project, translate.LabelProject: ""},
				}, nil)
			}
			c.raw.must("POST", "/containers/"+pod+"-app/start", nil, nil)
			c.inventory(Project{Name: c.project, Pods: 1, Containers: 2, Running: 1, Units: true})
			c.raw.must("POST", "/containers/"+pod+"-app/stop?timeout=0", nil, nil)
			c.inventory(Project{Name: c.project, Pods: 1, Containers: 2, Units: true})
			c.must("remove the pod", c.RemoveUnitObject(c.ctx, c.project, "pod/"+pod))
			c.inventory(Project{})
		}},
		{"a container of an image with labels of units is its project's", func(c *trial) {
			app := c.app("app", "sleep", "forever")
			app.Image = c.labelledImage("LABEL "+translate.LabelUnit+"="+c.project+"x", "LABEL "+translate.LabelRole+"="+translate.RoleClaim, "LABEL podmantest="+c.project)
			c.create(c.pod(app))
			var found struct {
				Config struct{ Labels map[string]string }
			}
			c.raw.must("GET", "/containers/"+app.EngineName()+"/json", nil, &found)
			if labels := found.Config.Labels; labels[translate.LabelUnit] != "" || labels[translate.LabelRole] != translate.RoleApp || labels["podmantest"] != c.project {
				c.Errorf("labels: %v", labels)
			}
			c.inventory(Project{Name: c.project, Pods: 1, Containers: 1})
			if objects, err := c.UnitObjects(c.ctx, c.project+"x"); err != nil || len(objects) > 0 {
				c.Errorf("of units: %q, %v", objects, err)
			}
			c.down(c.pod(app))
		}},
		{"a container of an image with labels of a project is the units'", func(c *trial) {
			name := c.podName("-app")
			image := c.labelledImage("LABEL "+translate.LabelProject+"="+c.project, "LABEL "+translate.LabelPod+"="+c.podName("-p"))
			c.raw.must("POST", "/containers/create", object{
				"name": name, "image": image, "labels": object{translate.LabelUnit: c.project, translate.LabelProject: ""},
			}, nil)
			if pods := c.now().Pods; len(pods) > 0 {
				c.Errorf("of the project: %v", pods)
			}
			c.unitObjects("container/" + name)
			c.must("remove it", c.RemoveUnitObject(c.ctx, c.project, "container/"+name))
		}},
		{"a project's objects are not the units'", func(c *trial) {
			app := c.app("app", "sleep", "forever")
			c.up(c.pod(app))
			for _, name := range []string{"pod/" + c.podName("-p"), "container/" + app.EngineName()} {
				taken, err := c.UnitTaken(c.ctx, c.project, []string{name})
				if err != nil || !maps.Equal(taken, map[string]string{name: "project " + c.project}) {
					c.Errorf("taken: %v, %v", taken, err)
				}
				if err := c.RemoveUnitObject(c.ctx, c.project, name); err == nil || !strings.Contains(err.Error(), "it is of project "+c.project) {
					c.Errorf("remove %s: %v", name, err)
				}
			}
			c.unitObjects()
		}},
		{"a secret of units gets another value, and one of somebody else does not", func(c *trial) {
			name := c.podName(".s")
			is := func(text string, found, same bool) {
				c.Helper()
				gotFound, gotSame, err := c.UnitSecret(c.ctx, c.project, name, translate.Plain(text))
				if err != nil || gotFound != found || gotSame != same {
					c.Errorf("%q is found: %v, the same: %v, %v", text, gotFound, gotSame, err)
				}
			}
			is("swordfish", false, false)
			for _, text := range []string{"swordfish", "line\nline\x00\u00fc", "\xff\xfe\x00", "swordfish"} {
				c.must("set", c.SetUnitSecret(c.ctx, c.project, name, translate.Plain(text)))
				is(text, true, true)
				for _, other := range []string{"octopus", "\xff\xfd\x00", "\ufffd\ufffd\x00"} {
					is(other, true, false)
				}
			}
			c.unitObjects("secret/" + name)
			if err := c.SetUnitSecret(c.ctx, c.project+"x", name, translate.Plain("octopus")); err == nil || !strings.Contains(err.Error(), "it is of units of "+c.project) {
				c.Errorf("another project sets it: %v", err)
			}
			is("swordfish", true, true)
			c.must("remove", c.RemoveUnitObject(c.ctx, c.project, "secret/"+name))
		}},
	}
}

// inventory wants the project to be listed once, as it is, but for when it was made.
func (c *trial) inventory(want Project) {
	c.Helper()
	all, err := c.Inventory(c.ctx)
	c.must("list the projects", err)
	var got []Project
	for _, p := range all {
		if p.Name == "" || p.Name == c.project && p.Created.IsZero() {
			c.Errorf("in the inventory: %+v", p)
		}
		if p.Name == c.project {
			p.Created = time.Time{}
			got = append(got, p)
		}
	}
	if len(got) > 1 || len(got) == 0 && want.Name != "" || len(got) == 1 && got[0] != want {
		c.Errorf("in the inventory: %+v, want %+v", got, want)
	}
}

// labelledImage imports an image with labels, which nothing can be started of, until the case is over.
func (c *trial) labelledImage(changes ...string) string {
	c.Helper()
	reference := "localhost/" + uniqueName() + ":1"
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	c.must("write an archive", errors.Join(writer.WriteHeader(&tar.Header{Name: "a", Mode: 0o644}), writer.Close()))
	query := url.Values{"reference": {reference}, "changes": changes}
	c.raw.must("POST", "/images/import?"+query.Encode(), archive.Bytes(), nil)
	c.Cleanup(func() { c.raw.must("DELETE", "/images/"+reference+"?force=true", nil, nil) })
	return reference
}

// unitObjects wants exactly these.
func (c *trial) unitObjects(want ...string) {
	c.Helper()
	got, err := c.UnitObjects(c.ctx, c.project)
	c.must("look at the units' objects", err)
	if !slices.Equal(got, want) {
		c.Errorf("the units' objects are %q, want %q", got, want)
	}
}
