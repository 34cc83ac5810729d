// Package podmanapi is podup's only way to Podman: the libpod REST API of version 5 and above, with
// request and reply types of its own. It absorbs how engines differ and what their replies leave
// out, and decides nothing about pods.
package podmanapi

import (
	"net/http"
	"sync"

	"github.com/podup/podup/translate"
)

// Client speaks to one engine. Its methods may be called from several goroutines.
//
// No method changes an object that lacks podup's project label, or that carries the label of another
// project than those this client has observed or created in. The name of such an object is resolved
// to the ID it had when its label was seen, and the engine is given the ID: a name that has meanwhile
// come to somebody else's object is never acted upon.
type Client struct {
	http    *http.Client
	base    string // URL up to the endpoint
	url     string // where the engine is, for the user
	version string // of the engine, such as "5.8.6"
	warn    func(string)

	// local engines share this machine's file system. peer are the credentials of the engine's end
	// of the socket where the kernel tells them.
	local  bool
	peer   peer
	socket *unixSocket // nil: not of this machine

	known    known
	keys     keys
	turns    turns
	messages messages
	info     sync.Mutex
	host     *hostInfo // guarded by info
}

// peer is the process at the other end of a socket. visible says that its process numbers are
// those podup sees: an engine outside podup's PID namespace has others.
type peer struct {
	uid     int // -1 unknown
	visible bool
}

// Close gives up the connections; a service podup has started ends a minute later.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// projectLabel is a filter for what a project owns.
func projectLabel(project string) map[string][]string {
	return map[string][]string{"label": {translate.LabelProject + "=" + project}}
}

// claimLabels is a filter for the claims' volumes that the units of a project have made.
func claimLabels(project string) map[string][]string {
	return map[string][]string{"label": {translate.LabelUnit + "=" + project, translate.LabelRole + "=" + translate.RoleClaim}}
}
