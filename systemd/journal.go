package systemd

import (
	"bufio"
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// entry is one of the journal, with the fields of it that say who wrote it (systemd.journal-fields(7)).
type entry struct {
	Message    message `json:"MESSAGE"`
	Program    string  `json:"_COMM"`
	Transport  string  `json:"_TRANSPORT"`
	Container  string  `json:"CONTAINER_NAME"` // conmon puts it to what the container writes (containers/conmon: ctr_logging.c)
	Event      string  `json:"PODMAN_EVENT"`   // of Podman's own records: create, start, died (podman: libpod/events/journal_linux.go)
	Invocation string  `json:"_SYSTEMD_INVOCATION_ID"`
	User       string  `json:"USER_INVOCATION_ID"` // these two are of what a service manager says of the unit
	System     string  `json:"INVOCATION_ID"`
}

// journalFields are those that an entry is read from.
const journalFields = "MESSAGE,_COMM,_TRANSPORT,CONTAINER_NAME,PODMAN_EVENT,_SYSTEMD_INVOCATION_ID,USER_INVOCATION_ID,INVOCATION_ID"

// message is a text, or the numbers of its bytes where these are no printable UTF-8 (systemd: JOURNAL_EXPORT_FORMATS.md).
type message string

func (m *message) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err == nil {
		*m = message(text)
		return nil
	}
	var numbers []uint16
	if err := json.Unmarshal(data, &numbers); err != nil {
		return nil //nolint:nilerr // a field that is there more than once: what else the entry says counts
	}
	raw := make([]byte, 0, len(numbers))
	for _, n := range numbers {
		raw = append(raw, byte(n))
	}
	*m = message(raw)
	return nil
}

// readEntries reads what journalctl --output=json writes; a line that is no entry is left out.
func readEntries(text []byte) []entry {
	var all []entry
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for lines.Scan() {
		var e entry
		if json.Unmarshal(lines.Bytes(), &e) == nil {
			all = append(all, e)
		}
	}
	return all
}

// run is the start of the unit that an entry belongs to; "" is unknown.
func (e entry) run() string {
	switch {
	case e.User != "":
		return e.User
	case e.System != "":
		return e.System
	case e.Program == "systemd":
		return "" // the manager's own
	}
	return e.Invocation
}

// own says that what the service runs wrote it: by way of conmon, or straight to the journal.
func (e entry) own() bool {
	if e.Event != "" {
		return false
	}
	return e.Container != "" || e.Transport == "stdout" && e.Program != "podman" && e.Program != "conmon"
}

// refused is Podman's reason why there is no container.
func (e entry) refused() bool {
	return e.Transport == "stdout" && e.Program == "podman" && strings.HasPrefix(string(e.Message), "Error")
}

// lastWords are the last n lines that say why a service does not run: what it wrote itself in its last run, else
// why Podman did not start that, else what it wrote in a run before, else what others said.
func lastWords(entries []entry, n int) []string {
	last, lastOwn := "", ""
	for _, e := range entries {
		if e.run() != "" {
			last = e.run()
		}
		if e.own() {
			lastOwn = e.run()
		}
	}
	for _, choose := range []func(entry) bool{
		func(e entry) bool { return e.own() && e.run() == last },
		func(e entry) bool { return e.refused() && e.run() == last },
		func(e entry) bool { return e.own() && e.run() == lastOwn },
		func(e entry) bool { return e.Event == "" },
		func(entry) bool { return true },
	} {
		var lines []string
		for _, e := range entries {
			if text := strings.TrimRight(string(e.Message), "\n"); text != "" && choose(e) {
				lines = append(lines, strings.Split(text, "\n")...)
			}
		}
		if len(lines) > 0 {
			return slices.Clone(lines[max(0, len(lines)-n):])
		}
	}
	return nil
}
