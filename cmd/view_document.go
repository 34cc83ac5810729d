package cmd

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/podup/podup/manifest"
	"github.com/podup/podup/plan"
)

// defaultWidth is assumed for lines that are cut where there is no terminal to measure.
const defaultWidth = 80

// textDocument writes for people: problems to err, plans to out.
type textDocument struct {
	out, err           io.Writer
	outColor, errColor palette
	width              int // of err in cells; 0 is no terminal
}

func (d textDocument) Problems(problems manifest.Problems) {
	width := d.width
	if width == 0 {
		width = defaultWidth
	}
	renderProblems(d.err, problems, d.errColor, width)
}

// Plan writes the plan's own text in colour.
func (d textDocument) Plan(p plan.Plan) {
	_, _ = io.WriteString(d.out, paintPlan(p.String(), d.outColor))
}

// paintPlan colours each line that begins with an action by it.
func paintPlan(plain string, color palette) string {
	var text strings.Builder
	for line := range lines(plain) {
		line = clean(line)
		blanks := len(line) - len(strings.TrimLeft(line, " "))
		action, _, _ := strings.Cut(line[blanks:], " ")
		end := blanks + len(action)
		text.WriteString(line[:blanks] + color.action(plan.Action(action), action) + line[end:] + "\n")
	}
	return text.String()
}

// jsonDocument writes one JSON document for each call.
type jsonDocument struct{ out io.Writer }

type problemJSON struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Path     string `json:"path"`
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Message  string `json:"message"`
}

func problemsJSON(problems manifest.Problems) []problemJSON {
	out := make([]problemJSON, 0, len(problems))
	for _, p := range problems {
		out = append(out, problemJSON{
			File: p.Pos.File, Line: p.Pos.Line, Column: p.Pos.Column,
			Path: p.Path, Rule: p.Rule, Severity: string(p.Severity), Message: p.Message,
		})
	}
	return out
}

func (d jsonDocument) Problems(problems manifest.Problems) {
	_ = writeJSON(d.out, struct {
		FormatVersion string        `json:"formatVersion"`
		Problems      []problemJSON `json:"problems"`
	}{formatVersion, problemsJSON(problems)})
}

type changeJSON struct {
	Action  string   `json:"action"`
	Object  string   `json:"object"`
	Reasons []string `json:"reasons"`
}

func changesJSON(changes []plan.Change) []changeJSON {
	out := make([]changeJSON, 0, len(changes))
	for _, c := range changes {
		out = append(out, changeJSON{string(c.Action), c.Object, orEmpty(c.Reasons)})
	}
	return out
}

type conflictJSON struct {
	Object string `json:"object"`
	Owner  string `json:"owner"`
}

func (d jsonDocument) Plan(p plan.Plan) {
	conflicts := make([]conflictJSON, 0, len(p.Conflicts))
	for _, c := range p.Conflicts {
		conflicts = append(conflicts, conflictJSON(c))
	}
	_ = writeJSON(d.out, struct {
		FormatVersion string         `json:"formatVersion"`
		Project       string         `json:"project"`
		Changes       []changeJSON   `json:"changes"`
		Orphans       []string       `json:"orphans"`
		Conflicts     []conflictJSON `json:"conflicts"`
		Missing       []string       `json:"missing"` // images
		Notes         []string       `json:"notes"`
	}{formatVersion, p.Project, changesJSON(p.Changes), orEmpty(p.Orphans), conflicts, orEmpty(p.Missing), orEmpty(p.Notes)})
}

// orEmpty makes a list that is written as [] rather than null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// writeJSON writes one indented document.
func writeJSON(w io.Writer, document any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(document)
}

// streamDocument reports problems into the JSON stream on standard error, so that every line there
// is JSON; plans stay text on standard output.
type streamDocument struct {
	textDocument
	stream *jsonStream
}

func (d streamDocument) Problems(problems manifest.Problems) {
	for _, p := range problemsJSON(problems) {
		_ = d.stream.problem(p)
	}
}
