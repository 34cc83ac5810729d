package cmd

import (
	"hash/fnv"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/fatih/color"

	"github.com/podup/podup/podmanapi"
)

// logLine is a whole line of one container.
type logLine struct {
	container string // containerPath
	time      time.Time
	text      string
}

// logPrinter writes lines with aligned, coloured prefixes. Safe for concurrent use.
type logPrinter struct {
	out        io.Writer
	color      palette
	timestamps bool
	noPrefix   bool

	mu     sync.Mutex
	width  int
	colors map[string]color.Attribute
}

// prefixColors leaves out red and black: the one means failure, the other is unreadable on most
// terminals.
func prefixColors() []color.Attribute {
	return []color.Attribute{
		color.FgCyan, color.FgYellow, color.FgGreen, color.FgMagenta, color.FgBlue,
		color.FgHiCyan, color.FgHiYellow, color.FgHiGreen, color.FgHiMagenta, color.FgHiBlue,
	}
}

// add makes room for a container's name and gives it a colour: the one its name hashes to, so that
// it is the same each time, else the next that is free.
func (p *logPrinter) add(container string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.colors[container]; known {
		return
	}
	if p.colors == nil {
		p.colors = map[string]color.Attribute{}
	}
	p.width = max(p.width, cells.StringWidth(clean(container)))
	hash := fnv.New32a()
	_, _ = io.WriteString(hash, container)
	all := prefixColors()
	first := int(hash.Sum32()) % len(all)
	used := map[color.Attribute]bool{}
	if len(p.colors) < len(all) {
		for _, c := range p.colors {
			used[c] = true
		}
	}
	for i := range all {
		if c := all[(first+i)%len(all)]; !used[c] {
			p.colors[container] = c
			return
		}
	}
}

// print writes a line. The text goes through as the container wrote it, as with kubectl logs.
func (p *logPrinter) print(line logLine) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := make([]byte, 0, len(line.text)+64)
	if !p.noPrefix {
		text = append(text, p.color.paint(pad(clean(line.container), p.width)+" |", p.colors[line.container])...)
		text = append(text, ' ')
	}
	if p.timestamps && !line.time.IsZero() {
		text = append(text, p.color.faint(line.time.Format(time.RFC3339Nano))...)
		text = append(text, ' ')
	}
	text = append(text, line.text...)
	text = append(text, '\n')
	_, err := p.out.Write(text)
	return err
}

// maxLine bounds how much of a line without an end is kept in memory, in bytes.
const maxLine = 1 << 20

// lineJoiner makes whole lines of the pieces in which the engine keeps long ones. The streams of a
// container are independent: their pieces interleave.
type lineJoiner struct {
	container string
	open      map[string]*logLine // by stream
}

// add takes a piece and gives the line it completes, if any.
func (j *lineJoiner) add(piece podmanapi.LogLine) (logLine, bool) {
	line := j.open[piece.Stream]
	if line == nil {
		line = &logLine{container: j.container, time: piece.Time}
	}
	line.text += piece.Text
	if piece.Partial && len(line.text) < maxLine {
		if j.open == nil {
			j.open = map[string]*logLine{}
		}
		j.open[piece.Stream] = line
		return logLine{}, false
	}
	delete(j.open, piece.Stream)
	return *line, true
}

// rest gives the lines that were never ended.
func (j *lineJoiner) rest() []logLine {
	var rest []logLine
	for _, stream := range []string{"stdout", "stderr"} {
		if line := j.open[stream]; line != nil {
			rest = append(rest, *line)
			delete(j.open, stream)
		}
	}
	return rest
}

// logPosition says how far a container's log has been read. Engines give the lines of one write the
// same time, and Podman 5.4 gives whole seconds: so it is the last time together with what was read
// of that time.
type logPosition struct {
	time   time.Time
	pieces []uint64 // hashes
}

func (p *logPosition) add(piece podmanapi.LogLine) {
	if piece.Time.IsZero() {
		return
	}
	if !piece.Time.Equal(p.time) {
		p.time = piece.Time
		p.pieces = nil
	}
	hash := fnv.New64a()
	_, _ = io.WriteString(hash, piece.Stream+" "+piece.Text)
	p.pieces = append(p.pieces, hash.Sum64())
}

// skipper lets through what lies behind the position at which an earlier reading ended.
type skipper struct {
	floor logPosition
	at    logPosition
	past  bool
}

// fresh says whether a piece has not been read before. Only the beginning of a reading is compared:
// a clock that was set back must not hide what came after. The earlier reading may have begun in
// the middle of its last second (--tail), so its pieces may be preceded by older ones.
func (s *skipper) fresh(piece podmanapi.LogLine) bool {
	if s.past || s.floor.time.IsZero() {
		return true
	}
	if piece.Time.After(s.floor.time) {
		s.past = true
		return true
	}
	s.at.add(piece)
	from := len(s.at.pieces) - len(s.floor.pieces)
	s.past = piece.Time.Equal(s.floor.time) && from >= 0 && slices.Equal(s.at.pieces[from:], s.floor.pieces)
	return false
}
