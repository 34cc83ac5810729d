package podmanapi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// PullImage asks the image's registry for it, also where a copy is in the store: with each of the
// logins the manifests have for it, then with those of the engine's own user (podman login). Of
// failures the first is told.
func (c *Client) PullImage(ctx context.Context, image string, report func(plan.PullProgress)) error {
	var first error
	for _, login := range append(c.keys.of(image), "") {
		err := c.pullWith(ctx, image, login, report)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if first == nil {
			first = err
		}
	}
	return first
}

func (c *Client) pullWith(ctx context.Context, image, login string, report func(plan.PullProgress)) error {
	doing := "pull image/" + image
	query := url.Values{"reference": {image}, "policy": {"always"}}
	r := post(doing, "/images/pull", query, nil)
	if login != "" {
		r.header = http.Header{"X-Registry-Auth": {base64.URLEncoding.EncodeToString([]byte(login))}}
	}
	reply, err := c.send(ctx, r)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	message, err := pullStream(reply.Body, report)
	switch {
	case err != nil:
		return c.transportError(ctx, doing, err)
	case message != "":
		return &Error{Doing: doing, Status: reply.StatusCode, Message: message}
	}
	return nil
}

var errCutShort = errors.New("the engine's report ends in the middle")

// pullStream reads the report of a pull. A failure comes with status 200, as an "error" in the stream
// (5.8, 5.4); a pull is done only when the stream names the image.
func pullStream(stream io.Reader, report func(plan.PullProgress)) (failure string, err error) {
	decoder := json.NewDecoder(stream)
	done := false
	for {
		var line struct {
			Stream string
			Error  string
			ID     string
			Images []string
		}
		err := decoder.Decode(&line)
		switch {
		case errors.Is(err, io.EOF) && (done || failure != ""):
			return failure, nil
		case errors.Is(err, io.EOF):
			return "", errCutShort
		case err != nil:
			return "", err
		}
		if line.Error != "" {
			failure = oneLine(line.Error)
		}
		if text := strings.TrimSpace(line.Stream); text != "" && report != nil {
			report(plan.PullProgress{Text: text})
		}
		done = done || line.ID != "" || len(line.Images) > 0
	}
}

// wantedImages are the images a project names, each once, sorted.
func wantedImages(want translate.Project) []string {
	var images []string
	for _, p := range want.Pods {
		for _, con := range p.Containers() {
			images = append(images, con.Image)
			for _, m := range con.Mounts {
				if m.Image != "" {
					images = append(images, m.Image)
				}
			}
		}
	}
	slices.Sort(images)
	return slices.Compact(images)
}

// imageConfig is what of an image's configuration decides about a container.
type imageConfig struct {
	ID     string
	Config struct{ User string }
}

func (c *Client) image(ctx context.Context, doing, name string) (imageConfig, error) {
	var found imageConfig
	return found, c.call(ctx, get(doing, "/images/"+element(name)+"/json", nil), &found)
}

// imageIDs gives the IDs of those of the images that are in the engine's store.
func (c *Client) imageIDs(ctx context.Context, names []string) (map[string]string, error) {
	ids := make([]string, len(names))
	var questions []func() error
	for i, name := range names {
		questions = append(questions, func() error {
			found, err := c.image(ctx, "look for image/"+name, name)
			if err != nil && !missing(err) {
				return err
			}
			ids[i] = found.ID
			return nil
		})
	}
	if err := together(questions...); err != nil {
		return nil, err
	}
	images := map[string]string{}
	for i, name := range names {
		if ids[i] != "" {
			images[name] = ids[i]
		}
	}
	return images, nil
}
