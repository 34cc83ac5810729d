package manifest

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var yamlError = regexp.MustCompile(`^yaml: (?:line (\d+): )?((?s).*)$`)

// syntaxProblem makes a problem of a parser's error, which is text only.
func syntaxProblem(t *text, c chunk, err error) Problem {
	message, line := err.Error(), 0
	if match := yamlError.FindStringSubmatch(message); match != nil {
		line, _ = strconv.Atoi(match[1])
		message = match[2]
	}
	column := 0
	if broken, ok := jsonError(c.data); ok {
		message = broken.Error()
		line, column = advance(1, 1, c.data[:max(int(broken.Offset)-1, 0)])
	} else {
		line = culprit(c, line)
	}
	if line > 0 {
		line += c.line - 1
	}
	confidential := secretKind.MatchString(c.data)
	if confidential && strings.HasPrefix(message, "unknown anchor") {
		message = "unknown anchor referenced"
	}
	content := t.line(line)
	body := strings.TrimLeft(content, " \t")
	indent := content[:len(content)-len(body)]
	if strings.Contains(indent, "\t") {
		message = "a tab stands in the indentation: YAML is indented with spaces only"
	} else if meant := hint(message); meant != "" {
		message += ": " + meant
	}
	made := Problem{Pos: Pos{File: t.name, Line: line}, Rule: "yaml-syntax", Message: message, Severity: SeverityError}
	if line > 0 {
		made.Pos.Column = len(indent) + 1
		if column > 0 {
			made.Pos = t.pos(line, column)
		}
		if !confidential && len(content) <= widestExcerpt {
			made.Source = content
		}
	}
	return made
}

// jsonError is what is wrong with text that was meant as JSON: it begins with {".
func jsonError(data string) (*json.SyntaxError, bool) {
	opened, ok := strings.CutPrefix(strings.TrimSpace(data), "{")
	if !ok || !strings.HasPrefix(strings.TrimSpace(opened), `"`) {
		return nil, false
	}
	var broken *json.SyntaxError
	ok = errors.As(json.Unmarshal([]byte(data), new(any)), &broken)
	return broken, ok
}

// hint says in the words of a user what the parser means.
func hint(message string) string {
	switch message {
	case "did not find expected key":
		return "check the indentation, and for quotes that end too early"
	case "could not find expected ':'":
		return "a name without a colon, or a line indented too little"
	case "did not find expected '-' indicator":
		return "check the indentation of the list"
	case "mapping values are not allowed in this context":
		return "check the indentation, and quote values that hold a colon and a blank"
	case "found character that cannot start any token":
		return "quote values that begin with %, @ or `"
	case "found unexpected end of stream":
		return "a quote is not closed"
	case "did not find expected alphabetic or numeric character":
		return "quote values that begin with * or &"
	default:
		return ""
	}
}

// culprit finds the line of a document, counted from 1, that breaks it. The parser often names the
// start of the enclosing block; the line after the longest prefix that still parses is nearer. The
// search supposes that every longer prefix fails; where that is not so, in a quoted or bracketed
// value of several lines, the parser's line stands.
func culprit(c chunk, reported int) int {
	const largest = 256 << 10
	if len(c.data) > largest {
		return reported
	}
	lines := slices.Collect(strings.Lines(c.data))
	fails := func(n int) bool {
		_, err := parseYAML(chunk{data: strings.Join(lines[:n], ""), line: 1})
		return err != nil
	}
	low, high := 0, len(lines) // the prefix of low lines parses, the one of high does not
	for high-low > 1 {
		if middle := (low + high) / 2; fails(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	for n := high + 1; n <= min(high+20, len(lines)); n++ {
		if !fails(n) {
			return reported
		}
	}
	return high
}
