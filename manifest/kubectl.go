package manifest

import (
	"fmt"
	"slices"
	"strings"
)

// unlikeKubectl warns of documents that YAML allows and kubectl reads otherwise, or not at all: it cuts a file
// at lines that begin with "---" and at nothing else, and of each piece it reads the first document
// (apimachinery: pkg/util/yaml/decoder.go, as of 0.36; a test asks it).
func unlikeKubectl(t *text, chunks []chunk) Problems {
	k := kubectlReader{text: t}
	for _, c := range chunks {
		k.read(c)
	}
	return k.found
}

// kubectlReader goes through a file as kubectl does.
type kubectlReader struct {
	text   *text
	before bool // something stands above in the same piece
	found  Problems
}

// read goes through a document up to its first line of content.
func (k *kubectlReader) read(c chunk) {
	line := c.line - 1
	for content := range strings.Lines(c.data) {
		line++
		if !k.line(c, line, content) {
			break
		}
	}
	k.before = k.before || !c.blank()
}

// line says whether the document's content is still to come.
func (k *kubectlReader) line(c chunk, line int, content string) bool {
	body := strings.TrimSpace(content)
	switch {
	case marker(content, "---"):
		if rest := strings.TrimSpace(content[3:]); rest != "" && rest[0] != '#' {
			k.warn(c, line, 1+strings.Index(content, rest), "yaml-marker-line",
				`kubectl refuses a document that begins on the line of its "---": begin it on the next line`)
		}
		k.before = false
		return false
	case body == "" || body[0] == '#':
	case marker(content, "..."):
		if !k.before {
			k.warn(c, line, 1, "yaml-end-marker", `kubectl refuses "..." where no document stands before it: remove this line`)
		}
	case body[0] == '%':
		if !k.before {
			k.warn(c, line, 1, "yaml-directive",
				"kubectl refuses a file that begins with a directive: remove this line, Kubernetes reads every file as the same YAML")
		}
		k.before = true
	default:
		if k.before {
			k.warn(c, line, 1+strings.Index(content, body), "yaml-end-marker",
				`kubectl overlooks a document that only "..." parts from the one before: put "---" on a line before it`)
		}
		return false
	}
	return true
}

func (k *kubectlReader) warn(c chunk, line, column int, rule, message string) {
	made := Problem{Pos: Pos{File: k.text.name, Line: line, Column: column}, Rule: rule, Severity: SeverityWarning, Message: message}
	if source := k.text.line(line); len(source) <= widestExcerpt && !k.text.secret(line) && !secretKind.MatchString(c.data) {
		made.Source = source
	}
	k.found = append(k.found, made)
}

// nested warns of a List among the items of a List, which kubectl takes for an object of a kind it does not
// know (cli-runtime: pkg/resource/visitor.go, FlattenListVisitor).
func (w *walker) nested(kind *Field) {
	w.warnings = append(w.warnings, Problem{
		Pos: kind.Pos, Path: kind.Path, Rule: "kubernetes-nested-list", Severity: SeverityWarning, Source: w.text.excerpt(kind),
		Message: "kubectl cannot read a List in a List: write its items into the outer one",
	})
}

// bounded are so many warnings as anybody would read.
func bounded(warnings Problems) Problems {
	if len(warnings) <= maxProblems {
		return warnings
	}
	return append(slices.Clone(warnings[:maxProblems]), Problem{
		Pos: Pos{File: warnings[maxProblems].Pos.File}, Rule: "podup-too-many", Severity: SeverityWarning,
		Message: fmt.Sprintf("stopped after %d warnings of this kind", maxProblems),
	})
}
