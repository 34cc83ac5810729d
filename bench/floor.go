package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// thinClient makes the calls podup makes for a first up, with nothing around them: no manifest, no
// comparison, no progress, no process to start. What podup takes beyond it is podup's own share.
type thinClient struct {
	http http.Client
}

func newThinClient() *thinClient {
	socket := "/run/podman/podman.sock"
	if os.Getuid() != 0 {
		socket = filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "podman/podman.sock")
	}
	return &thinClient{http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
		MaxIdleConnsPerHost: 16,
	}}}
}

type object map[string]any

func (c *thinClient) call(ctx context.Context, method, path string, body any) error {
	var reader io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://d/v5.0.0/libpod"+path, reader)
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	missing := method == http.MethodGet && response.StatusCode == http.StatusNotFound
	if response.StatusCode >= http.StatusBadRequest && !missing {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, strings.TrimSpace(string(text)))
	}
	return nil
}

// up observes, makes the volume of the pod and that of the releases, the pod, the infra container, and
// its containers: created beside each other, started in order as soon as each is there.
func (c *thinClient) up(ctx context.Context, pod string, containers int) error {
	filter := url.QueryEscape(`{"label":["io.podup.project=floor"]}`)
	labels := object{"podup-bench": "floor"}
	for _, step := range []struct {
		method, path string
		body         any
	}{
		{"GET", "/_ping", nil},
		{"GET", "/containers/json?all=true&filters=" + filter, nil},
		{"GET", "/volumes/json?filters=" + filter, nil},
		{"GET", "/images/" + url.PathEscape(image+":1") + "/json", nil},
		{"POST", "/volumes/create", object{"Name": "podup.floor", "Labels": labels}},
		{"POST", "/volumes/create", object{"Name": pod + "-data", "Labels": labels, "Options": object{"o": "uid=0,gid=0"}}},
		{"POST", "/pods/create", object{"name": pod, "infra_name": pod + "-infra", "exit_policy": "continue", "labels": labels}},
		{"POST", "/containers/" + pod + "-infra/start", nil},
	} {
		if err := c.call(ctx, step.method, step.path, step.body); err != nil {
			return err
		}
	}
	created := make([]chan error, containers)
	var all sync.WaitGroup
	slots := make(chan struct{}, 8)
	for i := range containers {
		created[i] = make(chan error, 1)
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			created[i] <- c.call(ctx, "POST", "/containers/create", object{
				"name": fmt.Sprintf("%s-c%d", pod, i), "pod": pod, "image": image + ":1", "command": []string{"sleep", "forever"},
				"env": object{"LOG": "info"}, "labels": labels, "log_configuration": object{"driver": "k8s-file"},
				"volumes": []object{{"Name": pod + "-data", "Dest": "/data", "Options": []string{"nocopy"}}},
			})
		})
	}
	defer all.Wait()
	for i := range containers {
		if err := <-created[i]; err != nil {
			return err
		}
		if err := c.call(ctx, "POST", fmt.Sprintf("/containers/%s-c%d/start", pod, i), nil); err != nil {
			return err
		}
	}
	return c.call(ctx, "GET", "/containers/json?all=true&filters="+filter, nil)
}

func (c *thinClient) down(ctx context.Context, pod string) error {
	for _, path := range []string{"/pods/" + pod + "?force=true&timeout=5", "/volumes/" + pod + "-data", "/volumes/podup.floor"} {
		if err := c.call(ctx, "DELETE", path, nil); err != nil {
			return err
		}
	}
	return nil
}
