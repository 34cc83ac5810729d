package podmanapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Error is an answer of the engine that is not success.
type Error struct {
	Doing   string // "start container/web-app"
	Status  int    // HTTP
	Message string // the engine's own, on one line
}

func (e *Error) Error() string { return e.Doing + ": " + e.Message }

// unreachable is a failure to speak to a usable engine at all.
type unreachable struct {
	text string
	err  error // may be nil
}

func (e *unreachable) Error() string { return e.text }
func (e *unreachable) Unwrap() error { return e.err }

// Unreachable says whether err comes from having no engine to speak to: none there, gone, too old,
// or not a Podman.
func Unreachable(err error) bool {
	var u *unreachable
	return errors.As(err, &u)
}

// errorLimit is how much of an error reply is read: an HTML page is no message.
const errorLimit = 64 << 10

// replyError turns a reply that is not success into an Error. The body of libpod's errors is
// {"cause","message","response"}; message contains cause.
func replyError(doing string, reply *http.Response) *Error {
	e := &Error{Doing: doing, Status: reply.StatusCode}
	body, _ := io.ReadAll(io.LimitReader(reply.Body, errorLimit)) // what could be read is all there is to say
	var model struct{ Cause, Message string }
	if json.Unmarshal(body, &model) == nil && model.Message != "" {
		e.Message = oneLine(model.Message)
		return e
	}
	if text := oneLine(string(body)); text != "" && !strings.HasPrefix(text, "<") {
		e.Message = fmt.Sprintf("the engine answers %d: %s", reply.StatusCode, text)
		return e
	}
	e.Message = fmt.Sprintf("the engine answers %d %s", reply.StatusCode, http.StatusText(reply.StatusCode))
	return e
}

// oneLine joins the lines of a message: pasta's and crun's have several.
func oneLine(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, strings.TrimSuffix(line, ";"))
		}
	}
	return strings.Join(lines, "; ")
}

// transportError is for a request that got no reply. Once ctx has ended that is the reason, whatever
// the connection said.
func (c *Client) transportError(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", doing, context.Cause(ctx))
	}
	var outer *url.Error // names a URL with a host that does not exist
	if errors.As(err, &outer) {
		err = outer.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &unreachable{fmt.Sprintf("%s: Podman at %s has not answered for %s", doing, c.url, readTimeout), err}
	}
	return &unreachable{fmt.Sprintf("%s: the connection to Podman at %s broke: %v", doing, c.url, err), err}
}

// status gives the HTTP status of an engine's error, 0 for other errors.
func status(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// missing says that the engine has no such object.
func missing(err error) bool { return status(err) == http.StatusNotFound }

// vanished says that the engine lost an object of some kind while it did the operation: another call,
// such as one left behind by a podup that was killed, is removing it. The status is then 500 (5.8).
func vanished(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	for _, of := range []kind{container, pod, volume} {
		if strings.HasSuffix(e.Message, "no such "+string(of)) {
			return true
		}
	}
	return false
}

// foreign is an object podup must not touch.
type foreign struct{ doing, owner string }

// Foreign says whether err comes from an object that is not the project's, and that podup therefore
// leaves alone.
func Foreign(err error) bool {
	var f *foreign
	return errors.As(err, &f)
}

func (e *foreign) Error() string { return e.doing + ": it is " + e.owner }
