package podmanapi

import (
	"context"

	"github.com/podup/podup/translate"
)

// Demand is what a running pod of some project has asked for.
type Demand struct {
	Project, Pod string
	translate.Request
}

// Demands are those of all pods of podup that run.
func (c *Client) Demands(ctx context.Context) ([]Demand, error) {
	all, err := c.list(ctx, "list what pods ask for", map[string][]string{"label": {translate.LabelRequest}})
	if err != nil {
		return nil, err
	}
	var demands []Demand
	for _, l := range all {
		if project := l.Labels[translate.LabelProject]; project != "" && l.IsInfra && l.running() {
			demands = append(demands, Demand{project, l.PodName, translate.ReadRequest(l.Labels)})
		}
	}
	return demands, nil
}

// Capacity is the machine's size.
func (c *Client) Capacity(ctx context.Context) (translate.Request, error) {
	cpu, memory, err := c.allocatable(ctx)
	return translate.Request{CPU: cpu, Memory: memory}, err
}
