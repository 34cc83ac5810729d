package podmanapi

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// Project is one project an engine holds. Containers are those of the manifests, without infra
// containers and holders; Created is when the oldest part was made; Units says that units have made pods of it.
type Project struct {
	Name                      string
	Pods, Containers, Running int
	Created                   time.Time
	Units                     bool
}

// Inventory gives every project of the engine, sorted by name: also those of which only volumes,
// claims or releases, are left.
func (c *Client) Inventory(ctx context.Context) ([]Project, error) {
	const doing = "list projects"
	type created struct {
		Labels    map[string]string
		CreatedAt time.Time
	}
	var containers, ofUnits []listed
	var volumes, claims []created
	labelled := func(labels ...string) map[string][]string { return map[string][]string{"label": labels} }
	list := func(into *[]created, filter map[string][]string) error {
		return c.call(ctx, get(doing, "/volumes/json", url.Values{"filters": {filters(filter)}}), into)
	}
	err := together(
		func() (err error) { containers, err = c.list(ctx, doing, labelled(translate.LabelProject)); return },
		func() (err error) { ofUnits, err = c.list(ctx, doing, labelled(translate.LabelUnit)); return },
		func() error { return list(&volumes, labelled(translate.LabelProject)) },
		func() error {
			return list(&claims, labelled(translate.LabelUnit, translate.LabelRole+"="+translate.RoleClaim))
		},
	)
	if err != nil {
		return nil, err
	}
	projects := map[string]*Project{}
	part := func(name string, created time.Time) *Project {
		p := projects[name]
		if p == nil {
			p = &Project{Name: name, Created: created}
			projects[name] = p
		}
		if created.Before(p.Created) {
			p.Created = created
		}
		return p
	}
	for _, v := range slices.Concat(volumes, claims) {
		if project := projectOf(volume, v.Labels); project != "" {
			part(project, v.CreatedAt)
		}
	}
	// A container of either may have both labels, one of them empty, or from its image.
	containers = slices.DeleteFunc(containers, func(l listed) bool { return l.Labels[translate.LabelProject] == "" })
	ofUnits = slices.DeleteFunc(ofUnits, func(l listed) bool { return unitOf(l.Labels) == "" })
	for _, l := range slices.Concat(containers, ofUnits) {
		name, role := l.Labels[translate.LabelProject], l.Labels[translate.LabelRole]
		units := name == ""
		if units {
			name = unitOf(l.Labels)
		}
		p := part(name, l.Created)
		p.Units = p.Units || units
		switch {
		case l.IsInfra:
			p.Pods++
		case units || role == translate.RoleApp || role == translate.RoleInit || role == translate.RoleSidecar:
			p.Containers++
			if status, _ := statusOf(l, c.alive); status == plan.Running {
				p.Running++
			}
		}
	}
	all := make([]Project, 0, len(projects))
	for _, p := range projects {
		all = append(all, *p)
	}
	slices.SortFunc(all, func(a, b Project) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}
