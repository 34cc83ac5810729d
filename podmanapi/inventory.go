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
// containers and holders; Created is when the oldest part was made.
type Project struct {
	Name                      string
	Pods, Containers, Running int
	Created                   time.Time
}

// Inventory gives every project of the engine, sorted by name: also those of which only volumes,
// claims or releases, are left.
func (c *Client) Inventory(ctx context.Context) ([]Project, error) {
	const doing = "list projects"
	everybody := map[string][]string{"label": {translate.LabelProject}}
	var containers []listed
	var volumes []struct {
		Labels    map[string]string
		CreatedAt time.Time
	}
	err := together(
		func() (err error) { containers, err = c.list(ctx, doing, everybody); return },
		func() error {
			return c.call(ctx, get(doing, "/volumes/json", url.Values{"filters": {filters(everybody)}}), &volumes)
		},
	)
	if err != nil {
		return nil, err
	}
	projects := map[string]*Project{}
	part := func(labels map[string]string, created time.Time) *Project {
		name := labels[translate.LabelProject]
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
	for _, v := range volumes {
		part(v.Labels, v.CreatedAt)
	}
	for _, l := range containers {
		p := part(l.Labels, l.Created)
		switch role := l.Labels[translate.LabelRole]; {
		case l.IsInfra:
			p.Pods++
		case role == translate.RoleApp || role == translate.RoleInit || role == translate.RoleSidecar:
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
