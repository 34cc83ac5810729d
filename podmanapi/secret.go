package podmanapi

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/podup/podup/translate"
)

// CreateSecret stores a value. Its name comes from the value, so one that exists holds the same.
func (c *Client) CreateSecret(ctx context.Context, s translate.Secret) error {
	labels, err := json.Marshal(s.Labels())
	if err != nil {
		return err
	}
	query := url.Values{"name": {s.Name}, "labels": {string(labels)}}
	var made object
	// One that holds the same value may have been made for another source of it.
	same := map[string]string{translate.LabelProject: s.Project}
	found, fresh, err := c.create(ctx, secret, s.Name, same,
		post("create secret/"+s.Name, "/secrets/create", query, strings.NewReader(s.Value.Reveal())), &made)
	if err != nil {
		return err
	}
	if !fresh {
		made = found
	}
	c.known.add(secret, s.Name, made.ID)
	return nil
}

// RemoveSecret removes a secret of the project.
func (c *Client) RemoveSecret(ctx context.Context, name string) error {
	return c.remove(ctx, secret, name, nil)
}
