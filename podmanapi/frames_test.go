package podmanapi

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func frame(stream byte, content string) string {
	header := make([]byte, 8)
	header[0] = stream
	binary.BigEndian.PutUint32(header[4:], uint32(len(content)))
	return string(header) + content
}

func TestFrames(t *testing.T) {
	cases := []struct {
		name, stream, want string
		err                string
	}{
		{"nothing is a good end", "", "", ""},
		{"two streams keep their order", frame(1, "a") + frame(2, "b") + frame(1, "c"), "1:a 2:b 1:c", ""},
		{"an empty frame is one", frame(1, "") + frame(1, "x"), "1: 1:x", ""},
		{"content that looks like a header", frame(1, "\x02\x00\x00\x00\x00\x00\x00\x01"), "1:\x02\x00\x00\x00\x00\x00\x00\x01", ""},
		{"a stream cut within a header", frame(1, "a") + "\x01\x00\x00", "1:a", "unexpected EOF"},
		{"a stream cut within a frame", frame(1, "abc")[:9], "", "unexpected EOF"},
		{"the engine's own error", frame(1, "a") + frame(3, "no such\nsession\n"), "1:a", "the engine: no such; session"},
		{"no frames at all", "<html><body>", "", "no sequence of frames"},
		{"a length nobody sends", "\x01\x00\x00\x00\xff\xff\xff\xff", "", "no sequence of frames"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, reader := range []io.Reader{strings.NewReader(c.stream), iotest.OneByteReader(strings.NewReader(c.stream))} {
				var got []string
				err := readFrames(reader, func(stream byte, content []byte) error {
					got = append(got, fmt.Sprintf("%d:%s", stream, content))
					return nil
				})
				if strings.Join(got, " ") != c.want {
					t.Errorf("got %q, want %q", strings.Join(got, " "), c.want)
				}
				if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
					t.Errorf("error %v, want %q", err, c.err)
				}
			}
		})
	}
}

func TestAFailureToPassAFrameOnEndsTheReading(t *testing.T) {
	full := errors.New("disk full")
	err := readFrames(strings.NewReader(frame(1, "a")+frame(1, "b")), func(byte, []byte) error { return full })
	if !errors.Is(err, full) {
		t.Error(err)
	}
}

func TestLogLines(t *testing.T) {
	at := time.Date(2026, 11, 21, 2, 35, 43, 629878388, time.UTC)
	cases := []struct {
		name    string
		stream  byte
		content string
		want    LogLine
	}{
		{"a line of 5.8, in nanoseconds", 1, "2026-11-21T02:35:43.629878388Z out\n", LogLine{"stdout", at, "out", false}},
		{"a line of 5.4, in seconds and local time", 2, "2026-11-21T03:35:43+01:00 err\n", LogLine{"stderr", at.Truncate(time.Second), "err", false}},
		{"the first part of a line", 1, "2026-11-21T02:35:43.629878388Z par", LogLine{"stdout", at, "par", true}},
		{"an empty line", 1, "2026-11-21T02:35:43.629878388Z \n", LogLine{"stdout", at, "", false}},
		{"blanks at both ends stay", 1, "2026-11-21T02:35:43.629878388Z  a \n", LogLine{"stdout", at, " a ", false}},
		{"a terminal's line end", 1, "2026-11-21T02:35:43.629878388Z a\r\n", LogLine{"stdout", at, "a", false}},
		{"text without a time", 1, "hello there\n", LogLine{Stream: "stdout", Text: "hello there"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := logLine(c.stream, c.content)
			if !got.Time.Equal(c.want.Time) {
				t.Errorf("time %v, want %v", got.Time, c.want.Time)
			}
			got.Time, c.want.Time = time.Time{}, time.Time{}
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestLogQueryOfTimes(t *testing.T) {
	query := logQuery(LogOptions{Tail: -1, Since: time.Unix(1795223174, 250_000_000), Until: time.Unix(1795223175, 5)})
	if query.Get("since") != "1795223174.250000000" || query.Get("until") != "1795223175.000000005" || query.Has("tail") {
		t.Error(query)
	}
}

func FuzzFramesNeverPanic(f *testing.F) {
	f.Add([]byte(frame(1, "a") + frame(2, "b")))
	f.Add([]byte("\x01\x00\x00\x00\x00\x00\x00\x09abc"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		total := 0
		_ = readFrames(bytes.NewReader(stream), func(_ byte, content []byte) error {
			total += len(content)
			return nil
		})
		if total > len(stream) {
			t.Errorf("%d bytes of content in a stream of %d", total, len(stream))
		}
	})
}
