package manifest

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// chunk is the text of one document, or of several JSON ones.
type chunk struct {
	data   string
	line   int // of its first line in the file
	column int // of its first character, zero for one
}

// split cuts a file at its document markers. A line that begins with "---" or "..." and ends there
// or goes on with a blank is a marker wherever it stands (YAML 1.2, 9.1), even in a quoted scalar, so
// no parser is needed, and a syntax error in one document hides nothing of the next. The marker
// stays with the document it opens: columns on its line are right.
func split(data string) []chunk {
	var chunks []chunk
	start, startLine, line := 0, 1, 1
	cut := func(end, nextLine int) {
		if end > start {
			chunks = append(chunks, chunk{data: data[start:end], line: startLine})
		}
		start, startLine = end, nextLine
	}
	for offset := 0; offset < len(data); line++ {
		end := len(data)
		if i := strings.IndexByte(data[offset:], '\n'); i >= 0 {
			end = offset + i + 1
		}
		switch content := data[offset:end]; {
		case marker(content, "---") && !directives(data[start:offset]):
			cut(offset, line)
		case marker(content, "..."):
			cut(end, line+1)
		}
		offset = end
	}
	cut(len(data), line)
	return chunks
}

func marker(line, mark string) bool {
	rest, ok := strings.CutPrefix(line, mark)
	return ok && (rest == "" || strings.ContainsRune(" \t\r\n", rune(rest[0])))
}

// directives reports whether text is only what may stand before a document's "---", and some of it.
func directives(text string) bool {
	if !strings.HasPrefix(text, "%") && !strings.Contains(text, "\n%") {
		return false
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '%' && line[0] != '#' {
			return false
		}
	}
	return true
}

// blank reports whether a chunk has nothing but comments, blanks and markers.
func (c chunk) blank() bool {
	for line := range strings.Lines(c.data) {
		if marker(line, "---") || marker(line, "...") {
			line = line[3:]
		}
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return false
		}
	}
	return true
}

// asJSON gives the JSON documents of a chunk that is nothing else, one after another, as `jq` and
// kubectl write them. JSON goes its own way because YAML is not quite a superset of it: a parser of
// YAML refuses "\ud83d\ude00", which many JSON writers make of an emoji.
func (c chunk) asJSON() ([]chunk, bool) {
	data, line := c.data, c.line
	if marker(data, "---") {
		end := strings.IndexByte(data, '\n') + 1
		if end == 0 || strings.TrimSpace(data[3:end]) != "" {
			return nil, false
		}
		data, line = data[end:], line+1
	}
	if trimmed := strings.TrimLeft(data, " \t\r\n"); !strings.HasPrefix(trimmed, "{") {
		return nil, false
	}
	if rest := strings.TrimRight(data, " \t\r\n"); strings.HasSuffix(rest, "\n...") {
		data = strings.TrimSuffix(rest, "...")
	}
	var found []chunk
	decoder := json.NewDecoder(strings.NewReader(data))
	offset, column := 0, 1
	for len(found) < maxJSONDocuments {
		var one json.RawMessage
		if err := decoder.Decode(&one); err != nil {
			break
		}
		end := int(decoder.InputOffset())
		line, column = advance(line, column, data[offset:end-len(one)])
		found = append(found, chunk{data: string(one), line: line, column: column})
		line, column = advance(line, column, string(one))
		offset = end
	}
	if strings.TrimSpace(data[offset:]) != "" {
		return nil, false
	}
	return found, len(found) > 0
}

// maxJSONDocuments bounds what a file of nothing but "{}{}{}" costs.
const maxJSONDocuments = 10_000

// advance moves a position, in characters, over text.
func advance(line, column int, over string) (int, int) {
	if lines := strings.Count(over, "\n"); lines > 0 {
		line, column = line+lines, 1
		over = over[strings.LastIndexByte(over, '\n')+1:]
	}
	return line, column + utf8.RuneCountInString(over)
}
