package cmd

import (
	"encoding/json"
	"io"
	"sync"
	"time"

	"github.com/podup/podup/apply"
	"github.com/podup/podup/plan"
)

// jsonStream writes NDJSON: one object a line, the first of them the version.
type jsonStream struct {
	mu      sync.Mutex
	encoder *json.Encoder
	begun   bool
}

type versionLine struct {
	FormatVersion string `json:"formatVersion"`
	Type          string `json:"type"`
}

func newJSONStream(out io.Writer) *jsonStream {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return &jsonStream{encoder: encoder}
}

// write adds a line. The version goes before the first one only, so that a command that reports
// nothing writes nothing.
func (s *jsonStream) write(line any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.begun {
		s.begun = true
		if err := s.encoder.Encode(versionLine{formatVersion, "version"}); err != nil {
			return err
		}
	}
	return s.encoder.Encode(line)
}

// message adds a line that says something in words: a note, a warning or an error.
func (s *jsonStream) message(kind, text string) error {
	return s.write(struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	}{kind, text})
}

func (s *jsonStream) problem(p problemJSON) error {
	return s.write(struct {
		Type string `json:"type"`
		problemJSON
	}{"problem", p})
}

// jsonProgress reports progress as a stream for programs. The types of its lines: version, plan,
// change, warning, note, problem, end, and error for what podup itself says at the end.
type jsonProgress struct {
	stream *jsonStream
	now    func() time.Time

	mu    sync.Mutex
	track *track
}

func newJSONProgress(stream *jsonStream, now func() time.Time) *jsonProgress {
	return &jsonProgress{stream: stream, now: now, track: newTrack(plan.Plan{}, now)}
}

type changeLine struct {
	Type    string    `json:"type"`
	Time    time.Time `json:"time"`
	Action  string    `json:"action"`
	Object  string    `json:"object"`
	State   string    `json:"state"` // working, done, failed, skipped, undone
	Text    string    `json:"text,omitempty"`
	Seconds float64   `json:"seconds"`
	Error   string    `json:"error,omitempty"`
}

func (v *jsonProgress) Begin(p plan.Plan) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.track = newTrack(p, v.now)
	_ = v.stream.write(struct {
		Type    string       `json:"type"`
		Time    time.Time    `json:"time"`
		Project string       `json:"project"`
		Changes []changeJSON `json:"changes"`
	}{"plan", v.now(), p.Project, changesJSON(p.Changes)})
}

func (v *jsonProgress) Event(e apply.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	c, what := v.track.event(e)
	if c == nil || what == unchanged || what == progresses && e.Text == "" {
		return
	}
	line := changeLine{
		Type: "change", Time: v.now(), Action: string(c.Action), Object: c.Object, State: string(c.state),
		Text: e.Text, Seconds: c.elapsed(v.now()).Round(time.Millisecond).Seconds(),
	}
	if what == takenBack {
		line.State = string(apply.Undone)
	}
	if e.Err != nil {
		line.Error = e.Err.Error()
	}
	_ = v.stream.write(line)
}

func (v *jsonProgress) End(r apply.Result) (shown bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, warning := range r.Warnings {
		_ = v.stream.message("warning", warning)
	}
	end := struct {
		Type  string    `json:"type"`
		Time  time.Time `json:"time"`
		OK    bool      `json:"ok"`
		Error string    `json:"error,omitempty"`
	}{Type: "end", Time: v.now(), OK: r.Err == nil}
	if r.Err != nil {
		end.Error = r.Err.Error()
	}
	_ = v.stream.write(end)
	return v.track.shown(r)
}

func (v *jsonProgress) Note(text string) { _ = v.stream.message("note", text) }
