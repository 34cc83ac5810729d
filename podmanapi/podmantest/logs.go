package podmantest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// logLine is one line of a container's log, which runs over its restarts. A partial one has no
// newline; what follows on its stream is another entry.
type logLine struct {
	stream  string
	time    time.Time
	text    string
	partial bool
}

// logWriter cuts what a process writes into lines. Nothing is logged once the run is over.
type logWriter struct {
	s      *Service
	c      *container
	run    *process
	stream string
}

func (w *logWriter) Write(data []byte) (int, error) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	if w.c.run != w.run {
		return len(data), nil
	}
	for rest := data; len(rest) > 0; {
		line, after, whole := bytes.Cut(rest, []byte("\n"))
		w.c.log = append(w.c.log, logLine{stream: w.stream, time: time.Now(), text: string(line), partial: !whole})
		rest = after
	}
	w.s.change()
	for _, a := range w.c.attached {
		a.write(w.stream, data)
	}
	return len(data), nil
}

// containerLogs sends frames: a byte for the stream, three of nothing, four for the length, the text.
// Following ends with the container's run.
func containerLogs(c *call) (answer, error) {
	s := c.s
	streams := map[string]byte{}
	if flag(c.query, "stdout") {
		streams["stdout"] = 1
	}
	if flag(c.query, "stderr") {
		streams["stderr"] = 2
	}
	if len(streams) == 0 {
		return answer{}, &failure{http.StatusBadRequest, "Bad Request: you must choose at least one stream for " + c.r.URL.String(), ""}
	}
	since, err := logTime(c.query.Get("since"))
	if err != nil {
		return answer{}, err
	}
	until, err := logTime(c.query.Get("until"))
	if err != nil {
		return answer{}, err
	}
	tail := -1
	if text := c.query.Get("tail"); text != "" && text != "all" {
		if tail, err = strconv.Atoi(text); err != nil {
			return answer{}, &failure{http.StatusBadRequest, err.Error(), "failed to parse query parameter 'tail'"}
		}
	}
	layout := "2006-01-02T15:04:05.000000000Z07:00"
	s.mu.Lock()
	one, err := c.container()
	if err != nil {
		s.mu.Unlock()
		return answer{}, err
	}
	if !s.atLeast(5, 6) {
		layout = time.RFC3339 // seen on 5.4.2
	}
	run := one.run
	next := tailStart(one.log, tail)
	s.mu.Unlock()

	c.w.WriteHeader(http.StatusOK)
	flush := c.w.(http.Flusher).Flush
	flush()
	var fresh []logLine
	for {
		over := false
		err := s.until(c.r.Context(), func() (bool, error) {
			fresh = one.log[next:]
			next = len(one.log)
			over = !flag(c.query, "follow") || run == nil || one.run != run
			return over || len(fresh) > 0, nil
		})
		if err != nil {
			return answer{streamed: true}, nil
		}
		for _, line := range fresh {
			stream, wanted := streams[line.stream]
			if !wanted || !since.IsZero() && line.time.Before(since) || !until.IsZero() && line.time.After(until) {
				continue
			}
			text := line.text
			if flag(c.query, "timestamps") {
				text = line.time.Format(layout) + " " + text
			}
			if !line.partial {
				text += "\n"
			}
			if writeFrame(c.w, stream, text) != nil {
				return answer{streamed: true}, nil
			}
		}
		flush()
		if over {
			return answer{streamed: true}, nil
		}
	}
}

// tailStart is the index of the first of the last whole lines; partial ones come with theirs.
func tailStart(log []logLine, lines int) int {
	if lines < 0 {
		return 0
	}
	for i := len(log) - 1; i >= 0; i-- {
		if !log[i].partial {
			lines--
		}
		if lines < 0 {
			return i + 1
		}
	}
	return 0
}

// logTime reads a time as Podman's API does: seconds with a fraction, or RFC 3339.
func logTime(text string) (time.Time, error) {
	if text == "" || text == "0" {
		return time.Time{}, nil
	}
	if whole, fraction, _ := strings.Cut(text, "."); strings.Trim(whole+fraction, "0123456789") == "" {
		seconds, err := strconv.ParseInt(whole, 10, 64)
		if err == nil {
			nanoseconds, _ := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
			return time.Unix(seconds, nanoseconds), nil
		}
	}
	parsed, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, &failure{http.StatusBadRequest, err.Error(), "failed to parse query parameter"}
	}
	return parsed, nil
}

func writeFrame(to io.Writer, stream byte, text string) error {
	header := make([]byte, 8)
	header[0] = stream
	binary.BigEndian.PutUint32(header[4:], uint32(len(text)))
	_, err := fmt.Fprintf(to, "%s%s", header, text)
	return err
}
