package cmd

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/podup/podup/supervise"
)

const (
	// eventsSize is how large the file of events may grow before only the newest eventsKept are kept, or as
	// many as fill half of it.
	eventsSize = 1 << 20
	eventsKept = 1000
	// eventsPatience is how long an event waits for others to be written.
	eventsPatience = time.Second
)

func (r runtimeDir) eventsPath() string { return filepath.Join(r.path, ".events") }

// record adds an event to the file. Each is one write, so that a reader never sees a part of one from a
// podup that was killed; the lock is for the one that shortens the file.
func (r runtimeDir) record(e supervise.Event) error {
	if err := r.append(e); err != nil {
		return fmt.Errorf("write an event of pod %s: %w", e.Pod, err)
	}
	return nil
}

func (r runtimeDir) append(e supervise.Event) error {
	if err := r.make(); err != nil {
		return err
	}
	held, err := r.lockEvents()
	if err != nil {
		return err
	}
	defer held.release()
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(r.eventsPath(), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(append(line, '\n'))
	info, statErr := file.Stat()
	if err = errors.Join(err, statErr, file.Close()); err != nil || info.Size() <= eventsSize {
		return err
	}
	return r.shorten()
}

// shorten keeps the newest events. A follower finds another file, and where it was in it.
func (r runtimeDir) shorten() error {
	text, err := os.ReadFile(r.eventsPath())
	if err != nil {
		return err
	}
	kept := bytes.SplitAfter(text, []byte("\n"))
	first, size := len(kept), 0
	for first > 0 && len(kept)-first <= eventsKept && size+len(kept[first-1]) <= eventsSize/2 { // behind the last newline there is an empty one
		first--
		size += len(kept[first])
	}
	kept = kept[first:]
	next := r.eventsPath() + ".new"
	if err := os.WriteFile(next, bytes.Join(kept, nil), 0o600); err != nil {
		return err
	}
	return os.Rename(next, r.eventsPath())
}

func (r runtimeDir) lockEvents() (*lock, error) {
	for began := time.Now(); ; {
		held, err := tryAcquire(r.path, r.eventsPath()+".lock")
		if err == nil || !errors.Is(err, errHeld) && !errors.Is(err, errGone) || time.Since(began) > eventsPatience {
			return held, err
		}
		time.Sleep(time.Millisecond)
	}
}

// events are those that are kept, oldest first.
func (r runtimeDir) events() ([]supervise.Event, error) {
	reader := eventReader{path: r.eventsPath()}
	defer reader.close()
	return reader.next()
}

// eventReader reads a file of events as it grows.
type eventReader struct {
	path string
	file *os.File
	rest *bufio.Reader
	open []byte // a line without its end, yet
	last []byte // the last line that was given
}

// next gives the events since the last call. There may be none yet, nor a file.
func (r *eventReader) next() ([]supervise.Event, error) {
	var all []supervise.Event
	for {
		if r.file == nil {
			file, err := os.Open(r.path)
			if errors.Is(err, fs.ErrNotExist) {
				return all, nil
			}
			if err != nil {
				return all, fmt.Errorf("read the events: %w", err)
			}
			r.file, r.rest, r.open = file, bufio.NewReader(file), nil
			if err := r.resume(); err != nil {
				return all, err
			}
		}
		read, err := r.read()
		all = append(all, read...)
		if err != nil {
			return all, fmt.Errorf("read the events: %w", err)
		}
		if !r.replaced() {
			return all, nil
		}
		// What was written to the old file before the new one took its place has been read.
		if read, err = r.read(); err != nil {
			return append(all, read...), fmt.Errorf("read the events: %w", err)
		}
		all = append(all, read...)
		r.close()
	}
}

// resume goes behind the last line that was given, where the file has it.
func (r *eventReader) resume() error {
	if r.last == nil {
		return nil
	}
	text, err := io.ReadAll(r.file)
	if err != nil {
		return fmt.Errorf("read the events: %w", err)
	}
	offset := int64(0)
	if i := bytes.LastIndex(append([]byte("\n"), text...), append([]byte("\n"), r.last...)); i >= 0 {
		offset = int64(i + len(r.last))
	}
	_, err = r.file.Seek(offset, io.SeekStart)
	return err
}

func (r *eventReader) read() ([]supervise.Event, error) {
	var all []supervise.Event
	for {
		piece, err := r.rest.ReadBytes('\n')
		r.open = append(r.open, piece...)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		line := r.open
		r.open, r.last = nil, line
		var e supervise.Event
		if json.Unmarshal(line, &e) == nil { // one that was damaged is none
			all = append(all, e)
		}
	}
}

// replaced says whether another file has the name now.
func (r *eventReader) replaced() bool {
	own, err := r.file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(r.path)
	return err == nil && !os.SameFile(own, named)
}

func (r *eventReader) close() {
	if r.file != nil {
		_ = r.file.Close()
	}
	r.file = nil
}
