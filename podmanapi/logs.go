package podmanapi

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// LogOptions choose from a container's log, which runs over all restarts of the same container.
type LogOptions struct {
	Follow       bool      // until the container ends
	Tail         int       // last lines; negative is all
	Since, Until time.Time // zero is no limit
}

// LogLine is a line of output without its end. One that was written in parts, or is longer than
// 16 KiB, comes in parts: all but the last are Partial.
type LogLine struct {
	Stream  string    // "stdout" or "stderr"
	Time    time.Time // with 5.4 in whole seconds
	Text    string
	Partial bool
}

// Logs gives a container's output line by line.
func (c *Client) Logs(ctx context.Context, name string, opts LogOptions, each func(LogLine)) error {
	return c.on(ctx, container, name, "read the log of", func(id, doing string) error {
		reply, err := c.send(ctx, get(doing, "/containers/"+id+"/logs", logQuery(opts)))
		if err != nil {
			return err
		}
		defer reply.Body.Close()
		err = readFrames(reply.Body, func(stream byte, content []byte) error {
			each(logLine(stream, string(content)))
			return nil
		})
		if err != nil {
			return c.transportError(ctx, doing, err)
		}
		return nil
	})
}

// Tail gives the container's last lines of output.
func (c *Client) Tail(ctx context.Context, name string, lines int) ([]string, error) {
	var tail []string
	partial := false
	err := c.Logs(ctx, name, LogOptions{Tail: lines}, func(line LogLine) {
		if partial {
			tail[len(tail)-1] += line.Text
		} else {
			tail = append(tail, line.Text)
		}
		partial = line.Partial
	})
	return tail, err
}

func logQuery(opts LogOptions) url.Values {
	query := url.Values{"stdout": {"true"}, "stderr": {"true"}, "timestamps": {"true"}}
	if opts.Follow {
		query.Set("follow", "true")
	}
	if opts.Tail >= 0 {
		query.Set("tail", strconv.Itoa(opts.Tail))
	}
	if !opts.Since.IsZero() {
		query.Set("since", unixTime(opts.Since))
	}
	if !opts.Until.IsZero() {
		query.Set("until", unixTime(opts.Until))
	}
	return query
}

// unixTime is seconds with a fraction, which the engine takes (5.8, 5.4).
func unixTime(t time.Time) string { return fmt.Sprintf("%d.%09d", t.Unix(), t.Nanosecond()) }

// logLine takes a frame apart: time, blank, text, and a line's end unless more of the line follows.
func logLine(stream byte, content string) LogLine {
	line := LogLine{Stream: "stdout"}
	if stream == streamStderr {
		line.Stream = "stderr"
	}
	stamp, text, found := strings.Cut(content, " ")
	when, err := time.Parse(time.RFC3339Nano, stamp)
	if !found || err != nil {
		text = content
	}
	line.Time = when
	line.Text, found = strings.CutSuffix(text, "\n")
	line.Partial = !found
	line.Text = strings.TrimSuffix(line.Text, "\r") // of a terminal
	return line
}
