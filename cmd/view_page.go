package cmd

import "strings"

// page is text of labels and what stands beside them, wrapped to a width.
type page struct {
	width int
	color palette
	text  strings.Builder
}

// heading begins a part.
func (p *page) heading(indent int, text string) {
	p.text.WriteString(strings.Repeat(" ", indent) + p.color.bold(clean(text)) + "\n")
}

// field writes a label and text beside it; lines beyond the first stand below the text. An empty text
// leaves the field out.
func (p *page) field(indent, labelWidth int, label, text string, paint func(string) string) {
	if text == "" {
		return
	}
	if paint == nil {
		paint = func(text string) string { return text }
	}
	head := strings.Repeat(" ", indent) + pad(clean(label), labelWidth)
	for i, line := range wrapWords(text, p.width-indent-labelWidth) {
		if i > 0 {
			head = strings.Repeat(" ", indent+labelWidth)
		}
		p.text.WriteString(strings.TrimRight(head+paint(line), " ") + "\n")
	}
}

// quote writes lines of output as they are, but for what would steer the terminal. A line that is wider than
// the page goes on below itself, further in.
func (p *page) quote(indent int, lines []string) {
	mark := strings.Repeat(" ", indent) + "| "
	for _, line := range lines {
		width := max(p.width-indent-2, 20)
		for i, part := range wrapExact(clean(line), width, width-quoteIndent) {
			if i > 0 {
				part = strings.Repeat(" ", quoteIndent) + part
			}
			p.text.WriteString(strings.TrimRight(mark+part, " ") + "\n")
		}
	}
}

// quoteIndent is how much further in a quoted line goes on.
const quoteIndent = 2

// wrapExact breaks a line without changing a character of it but the blanks where it breaks: the first part
// has at most first cells, the others rest. A word that would leave half a part empty is broken itself.
func wrapExact(line string, first, rest int) []string {
	var out []string
	for width := first; cells.StringWidth(line) > width; width = rest {
		head := cells.Truncate(line, width, "")
		if head == "" { // not even one character has room
			break
		}
		if at := strings.LastIndexByte(head, ' '); line[len(head)] != ' ' && cells.StringWidth(head[:max(at, 0)]) >= width/2 {
			head = head[:at]
		}
		out, line = append(out, head), strings.TrimLeft(line[len(head):], " ")
	}
	return append(out, line)
}

// wrapWords breaks text, cleaned, at blanks into lines of at most width cells, and words that are longer
// than that where the line ends.
func wrapWords(text string, width int) []string {
	var out []string
	line := ""
	for _, word := range strings.Fields(clean(text)) {
		if line != "" && cells.StringWidth(line)+1+cells.StringWidth(word) <= width {
			line += " " + word
			continue
		}
		if line != "" {
			out = append(out, line)
		}
		for cells.StringWidth(word) > width {
			head := cells.Truncate(word, max(width, 2), "")
			out, word = append(out, head), word[len(head):]
		}
		line = word
	}
	return append(out, line)
}

// fieldAfter is field with a column of its own before the text that is wrapped.
func (p *page) fieldAfter(indent, labelWidth int, label, column, text string, paint func(string) string) {
	if paint == nil {
		paint = func(text string) string { return text }
	}
	column = clean(column)
	left := indent + labelWidth + cells.StringWidth(column)
	head := strings.Repeat(" ", indent) + pad(clean(label), labelWidth) + paint(column)
	for i, line := range wrapWords(text, max(p.width-left, 20)) {
		if i > 0 {
			head = strings.Repeat(" ", left)
		}
		p.text.WriteString(strings.TrimRight(head+line, " ") + "\n")
	}
}
