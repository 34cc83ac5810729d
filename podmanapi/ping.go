package podmanapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// oldest is the first major version podup works with: Podman 4 has no exit_policy per pod over the
// API, and its images, pods and pasta networks differ.
const oldest = 5

// errNotPodman is an answer Podman does not give.
var errNotPodman = errors.New("what listens there is not Podman")

// ping asks for the engine's version.
func (c *Client) ping(ctx context.Context) (version string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.base, "/libpod")+"/libpod/_ping", nil)
	if err != nil {
		return "", err
	}
	reply, err := c.http.Do(req)
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(reply.Body, errorLimit)) // only the headers count
	if version = reply.Header.Get("Libpod-Api-Version"); version == "" {
		return "", fmt.Errorf("%w: GET /_ping is answered with %s and no Libpod-Api-Version", errNotPodman, reply.Status)
	}
	return version, nil
}

// checkVersion refuses an engine that is too old.
func checkVersion(at address, version string) error {
	major, _, _ := strings.Cut(version, ".")
	number, err := strconv.Atoi(major)
	if err != nil {
		return &unreachable{fmt.Sprintf("engine %s calls itself version %q, which is no version of Podman", at.url, version), nil}
	}
	if number >= oldest {
		return nil
	}
	return &unreachable{fmt.Sprintf("Podman %s at %s is too old: podup needs Podman %d.0 or newer; %s",
		version, at.url, oldest, upgradeHint(osRelease())), nil}
}

// dialError says in one line what is wrong with an engine and what to do.
func dialError(ctx context.Context, at address, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("connect to Podman: %w", context.Cause(ctx))
	}
	say := func(format string, args ...any) error {
		return &unreachable{fmt.Sprintf("no Podman at %s (%s): ", at.url, at.from) + fmt.Sprintf(format, args...), err}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return say("there is no such socket; `systemctl --user start podman.socket` makes the user's own")
	case errors.Is(err, fs.ErrPermission):
		return say("permission denied; it belongs to another user, who would have to run podup. Without --url and CONTAINER_HOST podup uses your own rootless Podman")
	case errors.Is(err, syscall.ECONNREFUSED):
		return say("nobody listens there; start it, on its machine, with `systemctl --user start podman.socket`")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return say("it has not answered for %s: it hangs, or is not Podman. `systemctl --user restart podman.service` may help", connectTimeout)
	case errors.Is(err, errNotPodman):
		return say("%v", err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		// net/http says it in words alone (Go 1.26): the last where the end comes before the request.
		strings.Contains(err.Error(), "malformed HTTP"), strings.Contains(err.Error(), "server gave HTTP response"),
		strings.Contains(err.Error(), "server closed idle connection"):
		return say("what listens there does not answer as Podman does (%v)", innermost(err))
	}
	return say("%v", innermost(err))
}

// innermost is the first cause: the errors around it name URLs with hosts that do not exist.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
