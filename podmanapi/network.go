package podmanapi

import (
	"context"

	"github.com/podup/podup/translate"
)

// CreateNetwork makes a bridge on which containers find each other by name.
func (c *Client) CreateNetwork(ctx context.Context, n translate.Network) error {
	body := struct {
		Name       string            `json:"name"`
		Driver     string            `json:"driver"`
		DNSEnabled bool              `json:"dns_enabled"`
		Labels     map[string]string `json:"labels"`
	}{n.Name, "bridge", true, n.Labels()}
	var made object
	found, fresh, err := c.create(ctx, network, n.Name, n.Labels(), post("create network/"+n.Name, "/networks/create", nil, body), &made)
	if err != nil {
		return err
	}
	if !fresh {
		made = found
	}
	c.known.add(network, n.Name, made.ID)
	return nil
}

// HasNetwork says whether the engine has a network of this name or ID, whoever made it.
func (c *Client) HasNetwork(ctx context.Context, name string) (bool, error) {
	err := c.call(ctx, get("look for network/"+name, network.path()+element(name)+"/json", nil), nil)
	if missing(err) {
		return false, nil
	}
	return err == nil, err
}

// RemoveNetwork removes a network of the project.
func (c *Client) RemoveNetwork(ctx context.Context, name string) error {
	return c.remove(ctx, network, name, nil)
}
