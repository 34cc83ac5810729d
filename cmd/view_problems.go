package cmd

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/podup/podup/manifest"
)

// renderProblems writes each problem as file:line:column: severity: path: message [rule], then the
// source line and a caret below the column. Source lines take at most width cells.
func renderProblems(w io.Writer, problems manifest.Problems, color palette, width int) {
	var text strings.Builder
	for _, problem := range problems {
		text.WriteString(problemLine(problem, color))
		text.WriteByte('\n')
		if source, caret, ok := excerpt(problem, width); ok {
			gutter := fmt.Sprintf("%5d | ", problem.Pos.Line)
			fmt.Fprintf(&text, "%s%s\n", color.faint(gutter), source)
			fmt.Fprintf(&text, "%s%s\n", color.faint(strings.Repeat(" ", len(gutter)-2)+"| "), color.green(caret))
		}
	}
	// One write, so that problems are not mixed with what else is written to the stream.
	_, _ = io.WriteString(w, text.String())
}

func problemLine(problem manifest.Problem, color palette) string {
	position := clean(problem.Pos.File)
	if position == "" {
		position = "<manifest>"
	}
	if problem.Pos.Line > 0 {
		position = fmt.Sprintf("%s:%d", position, problem.Pos.Line)
		if problem.Pos.Column > 0 {
			position = fmt.Sprintf("%s:%d", position, problem.Pos.Column)
		}
	}
	severity := color.red(string(problem.Severity))
	if problem.Severity == manifest.SeverityWarning {
		severity = color.yellow(string(problem.Severity))
	}
	path := ""
	if problem.Path != "" {
		path = clean(problem.Path) + ": "
	}
	// Messages may have several lines; those after the first are indented, so that each problem still
	// begins at the left edge.
	message := strings.ReplaceAll(cleanLines(problem.Message), "\n", "\n    ")
	return fmt.Sprintf("%s: %s: %s%s %s", color.bold(position), severity, path, message, color.faint("["+clean(problem.Rule)+"]"))
}

// tabStop is how many cells a tab in a source line takes at most.
const tabStop = 4

// confidentialPath matches fields whose source lines may show a Secret's values. A ConfigMap's look
// the same, and are left out as well.
var confidentialPath = regexp.MustCompile(`(?i)^(items\[\d+\]\.)?(data|stringdata)\b`)

// excerpt gives the source line a problem points at and a line with a caret below its column, both
// without the gutter that precedes them.
func excerpt(problem manifest.Problem, width int) (source, caret string, ok bool) {
	if problem.Source == "" || problem.Pos.Line <= 0 || confidentialPath.MatchString(problem.Path) {
		return "", "", false
	}
	const gutter = len("12345 | ")
	width = max(width-gutter, 16)

	at := min(max(problem.Pos.Column-1, 0), len(problem.Source))
	for at > 0 && at < len(problem.Source) && !utf8.RuneStart(problem.Source[at]) {
		at--
	}
	before := printable(problem.Source[:at], 0)
	column := cells.StringWidth(before)
	after := printable(problem.Source[at:], column)
	source = strings.TrimRight(before+after, " ")

	if problem.Pos.Column <= 0 {
		return truncate(source, width), "", true
	}
	if cells.StringWidth(source) <= width && column < width {
		return source, strings.Repeat(" ", column) + "^", true
	}
	// Three quarters of the room go to what stands before the caret: it says where one is.
	if room := width * 3 / 4; column > room {
		before = "…" + cells.TruncateLeft(before, column-room+1, "")
		column = cells.StringWidth(before)
	}
	source = truncate(strings.TrimRight(before+after, " "), width)
	return source, strings.Repeat(" ", column) + "^", true
}

// printable expands the tabs of a piece of a line that begins at a column, and cleans the rest.
func printable(text string, column int) string {
	var out strings.Builder
	for i, piece := range strings.Split(text, "\t") {
		if i > 0 {
			fill := tabStop - column%tabStop
			out.WriteString(strings.Repeat(" ", fill))
			column += fill
		}
		piece = clean(strings.ToValidUTF8(piece, "?"))
		out.WriteString(piece)
		column += cells.StringWidth(piece)
	}
	return out.String()
}
