package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
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

// request is one call.
type request struct {
	method, path string
	body         any
}

// at makes calls at a time.
func (c *thinClient) at(ctx context.Context, requests ...request) error {
	var all sync.WaitGroup
	errs := make([]error, len(requests))
	for i, r := range requests {
		all.Go(func() { errs[i] = c.call(ctx, r.method, r.path, r.body) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// up observes, asks who has the names it needs, makes the volume of the pod and that of the releases, the
// pod, and its containers, while the infra container is started, as many calls at a time as podup makes;
// then it starts them in order.
func (c *thinClient) up(ctx context.Context, pod string, containers int) error {
	filter := func(key, value string) string {
		return "filters=" + url.QueryEscape(fmt.Sprintf(`{%q:[%q]}`, key, value))
	}
	mine, named := filter("label", "io.podup.project=floor"), filter("name", "^"+pod)
	observed := []request{
		{"GET", "/containers/json?all=true&" + mine, nil}, {"GET", "/volumes/json?" + mine, nil},
		{"GET", "/secrets/json", nil}, {"GET", "/networks/json", nil},
	}
	labels := object{"podup-bench": "floor"}
	infra := request{"GET", "/containers/" + pod + "-infra/json", nil}
	for _, step := range [][]request{
		{{"GET", "/_ping", nil}},
		{{"GET", "/volumes/podup.floor/json", nil}},
		append(observed, request{"GET", "/images/" + url.PathEscape(image+":1") + "/json", nil}),
		{{"GET", "/containers/json?all=true&" + named, nil}, {"GET", "/pods/json?" + named, nil}, {"GET", "/volumes/json?" + named, nil}},
		{{"GET", "/volumes/podup.floor/json", nil}},
		{{"POST", "/volumes/create", object{"Name": "podup.floor", "Labels": labels}}},
		{
			{"POST", "/volumes/create", object{"Name": pod + "-data", "Labels": labels, "Options": object{"o": "uid=0,gid=0"}}},
			{"POST", "/pods/create", object{"name": pod, "infra_name": pod + "-infra", "exit_policy": "continue", "labels": labels}},
		},
		{infra}, {infra},
	} {
		if err := c.at(ctx, step...); err != nil {
			return err
		}
	}
	work := make(chan func() error, containers+1)
	work <- func() error {
		return errors.Join(c.call(ctx, "POST", "/containers/"+pod+"-infra/start", nil), c.at(ctx, infra))
	}
	for i := range containers {
		work <- func() error {
			return c.call(ctx, "POST", "/containers/create", object{
				"name": fmt.Sprintf("%s-c%d", pod, i), "pod": pod, "image": image + ":1", "command": []string{"sleep", "forever"},
				"env": object{"LOG": "info"}, "labels": labels, "log_configuration": object{"driver": "k8s-file"},
				"volumes": []object{{"Name": pod + "-data", "Dest": "/data", "Options": []string{"nocopy"}}},
			})
		}
	}
	close(work)
	errs := make([]error, min(max(runtime.NumCPU(), 2), 8))
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			for do := range work {
				errs[i] = errors.Join(errs[i], do())
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if err := c.call(ctx, "GET", "/containers/json?all=true&"+filter("label", "io.podup.pod="+pod), nil); err != nil {
		return err
	}
	for i := range containers {
		if err := c.call(ctx, "POST", fmt.Sprintf("/containers/%s-c%d/start", pod, i), nil); err != nil {
			return err
		}
	}
	return c.at(ctx, observed...)
}

func (c *thinClient) down(ctx context.Context, pod string) error {
	for _, path := range []string{"/pods/" + pod + "?force=true&timeout=5", "/volumes/" + pod + "-data", "/volumes/podup.floor"} {
		if err := c.call(ctx, "DELETE", path, nil); err != nil {
			return err
		}
	}
	return nil
}
