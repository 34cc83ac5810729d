package podmanapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// apiVersion stands in every path. Podman 5 accepts any version there, even one it does not have:
// what counts is the Libpod-Api-Version header of its _ping.
const apiVersion = "v5.0.0"

// readTimeout ends a question to an engine that hangs. Changes have no limit: a stop takes as long as
// its grace, a create as long as it takes to chown an image.
const readTimeout = 30 * time.Second

// request is one call of the libpod API.
type request struct {
	doing  string // operation and object, how errors of it begin
	method string
	path   string // below /libpod; elements that are not constants escaped by url.PathEscape
	query  url.Values
	body   any // nil, io.Reader as it is, else encoded as JSON
	header http.Header
}

func get(doing, path string, query url.Values) request {
	return request{doing: doing, method: http.MethodGet, path: path, query: query}
}

func post(doing, path string, query url.Values, body any) request {
	return request{doing: doing, method: http.MethodPost, path: path, query: query, body: body}
}

func del(doing, path string, query url.Values) request {
	return request{doing: doing, method: http.MethodDelete, path: path, query: query}
}

// element is a name as one element of a path.
func element(name string) string { return url.PathEscape(name) }

// filters are the query of a list call.
func filters(f map[string][]string) string {
	text, err := json.Marshal(f)
	if err != nil { // maps of strings always marshal
		panic(err)
	}
	return string(text)
}

// send makes one request and returns a reply of 1xx, 2xx or 304; the caller closes its body.
//
// It does not go through bindings.Connection.DoRequest, which tries every request three times: with
// the body of a POST already consumed (so that a lost reply surfaces as "ContentLength=… with Body
// length 0" while the object may exist), and with sleeps that outlast a cancelled context.
func (c *Client) send(ctx context.Context, r request) (*http.Response, error) {
	body, contentType, err := encode(r.body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.doing, err)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, c.base+r.path, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.doing, err)
	}
	req.URL.RawQuery = r.query.Encode()
	for name, values := range r.header {
		req.Header[name] = values
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	reply, err := c.http.Do(req)
	if err != nil {
		return nil, c.transportError(ctx, r.doing, err)
	}
	if reply.StatusCode/100 <= 2 || reply.StatusCode == http.StatusNotModified {
		return reply, nil
	}
	defer reply.Body.Close()
	return nil, replyError(r.doing, reply)
}

// encode gives a body and its type. Without a JSON type the service reads a body as a form, and finds
// it empty.
func encode(body any) (io.Reader, string, error) {
	switch b := body.(type) {
	case nil:
		return nil, "", nil
	case io.Reader:
		return b, "application/octet-stream", nil
	default:
		text, err := json.Marshal(b)
		return bytes.NewReader(text), "application/json", err
	}
}

// createTime is how long a create that has begun is waited for after an interrupt. The service carries it
// to its end all the same (seen on 5.8): who does not wait leaves what appears a moment later.
const createTime = 3 * time.Second

// outlive gives a context that ends some time after its parent does.
func outlive(ctx context.Context, after time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(after)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-longer.Done():
		}
	})
	return longer, func() { stop(); cancel() }
}

// call makes a request and decodes its reply into out, which may be nil.
func (c *Client) call(ctx context.Context, r request, out any) error {
	if r.method != http.MethodGet {
		return c.once(ctx, r, out)
	}
	return c.read(ctx, r, out)
}

func (c *Client) once(ctx context.Context, r request, out any) error {
	reply, err := c.send(ctx, r)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	if out == nil {
		_, err = io.Copy(io.Discard, reply.Body) // the connection can be used again
	} else {
		err = json.NewDecoder(reply.Body).Decode(out)
	}
	if err == nil {
		return nil
	}
	var network interface{ Timeout() bool }
	if ctx.Err() != nil || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network) {
		return c.transportError(ctx, r.doing, err)
	}
	return fmt.Errorf("%s: the engine's answer is no JSON podup understands: %w", r.doing, err)
}

// readTries are the attempts at a question: a service that was killed is up again within 35-65 ms,
// started by its socket (5.8, 5.4).
const readTries = 3

// read asks a question, and asks again where the connection broke: that changes nothing.
func (c *Client) read(ctx context.Context, r request, out any) error {
	for try := 1; ; try++ {
		limited, cancel := context.WithTimeoutCause(ctx, readTimeout, errReadTimeout)
		err := c.once(limited, r, out)
		cancel()
		switch {
		case err == nil || ctx.Err() != nil:
			return err
		case errors.Is(err, errReadTimeout):
			return c.transportError(ctx, r.doing, context.DeadlineExceeded)
		case !Unreachable(err) || try == readTries:
			return err
		}
		if !pause(ctx, time.Duration(try)*100*time.Millisecond) {
			return fmt.Errorf("%s: %w", r.doing, context.Cause(ctx))
		}
	}
}

var errReadTimeout = errors.New("no answer in time")

// pause waits and says whether ctx still lives.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
